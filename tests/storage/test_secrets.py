"""Secrets at rest: readable with their key, in their place, unchanged; otherwise not at all."""

import base64
import stat
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heliograph.storage.secrets import SecretBox, SecretError, load_or_make_key, parse_keys
from tests.support import Process

KEYS = st.binary(min_size=32, max_size=32)


def encoded(key: bytes) -> str:
    return base64.urlsafe_b64encode(key).decode()


@given(KEYS, st.text(), st.text())
def test_what_was_sealed_is_read_again(key: bytes, plain: str, place: str) -> None:
    """Any text, any place."""
    assert SecretBox([key]).open(SecretBox([key]).seal(plain, place), place) == plain


@given(KEYS, st.text(min_size=8), st.text())
def test_the_sealed_form_holds_nothing_of_the_plain_one_and_differs_each_time(
    key: bytes, plain: str, place: str
) -> None:
    """Nonces are random: equal secrets cannot be told by equal ciphertexts."""
    box = SecretBox([key])
    one, two = box.seal(plain, place), box.seal(plain, place)
    assert one != two
    assert plain.encode() not in one


@given(KEYS, st.text(), st.text(), st.text())
def test_a_secret_copied_to_another_row_cannot_be_read(key: bytes, plain: str, place: str, other: str) -> None:
    """The place is part of what is authenticated."""
    sealed = SecretBox([key]).seal(plain, place)
    if place != other:
        with pytest.raises(SecretError):
            SecretBox([key]).open(sealed, other)


@given(KEYS, KEYS, st.text(min_size=8))
def test_another_key_cannot_read_it_and_the_error_says_what_to_do(key: bytes, other: bytes, plain: str) -> None:
    """The error names the key by its id and the setting, never the secret or the key."""
    sealed = SecretBox([key]).seal(plain, "webhook:1")
    if key != other:
        with pytest.raises(SecretError, match="HELIOGRAPH_SECRET_KEY") as caught:
            SecretBox([other]).open(sealed, "webhook:1")
        assert "webhook:1" in str(caught.value)
        assert encoded(key) not in str(caught.value)
        assert encoded(other) not in str(caught.value)


@given(KEYS, st.text(max_size=50), st.data())
def test_tampering_is_noticed(key: bytes, plain: str, data: st.DataObject) -> None:
    """A flipped bit anywhere, a cut or a longer end: a SecretError, never other text and never another exception."""
    sealed = SecretBox([key]).seal(plain, "place")
    if data.draw(st.booleans(), label="flip"):
        at = data.draw(st.integers(0, len(sealed) - 1))
        bit = 1 << data.draw(st.integers(0, 7))
        damaged = sealed[:at] + bytes([sealed[at] ^ bit]) + sealed[at + 1 :]
    elif data.draw(st.booleans(), label="cut"):
        damaged = sealed[: data.draw(st.integers(0, len(sealed) - 1))]
    else:
        damaged = sealed + data.draw(st.binary(min_size=1, max_size=8))
    with pytest.raises(SecretError):
        SecretBox([key]).open(damaged, "place")


def test_a_cut_at_any_length_is_noticed() -> None:
    """Half a row is a SecretError, wherever it was cut."""
    box = SecretBox([b"k" * 32])
    sealed = box.seal("secret", "place")
    for length in range(len(sealed)):
        with pytest.raises(SecretError):
            box.open(sealed[:length], "place")


@given(KEYS, KEYS, st.text())
def test_after_a_rotation_old_secrets_are_read_and_new_ones_need_the_new_key_alone(
    old: bytes, new: bytes, plain: str
) -> None:
    """New key first, old one behind it: both generations are readable; what is sealed now needs only the new one."""
    before = SecretBox([old]).seal(plain, "p")
    rotated = SecretBox([new, old])
    assert rotated.open(before, "p") == plain
    assert SecretBox([new]).open(rotated.seal(plain, "p"), "p") == plain


def test_a_box_needs_a_key() -> None:
    """Nothing is ever stored in the clear for want of a key."""
    with pytest.raises(SecretError):
        SecretBox([])


@given(st.lists(KEYS, min_size=1, max_size=3))
def test_keys_are_read_in_both_alphabets_of_base64(keys: list[bytes]) -> None:
    """Standard and URL-safe, separated by commas, with or without spaces, the current one first."""
    assert parse_keys(" , ".join(map(encoded, keys))) == keys
    assert parse_keys(",".join(base64.b64encode(key).decode() for key in keys)) == keys


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "key 1 has 0 bytes"),
        ("not base64!", "key 1 is not base64"),
        ("schlüssel", "key 1 is not base64"),
        (encoded(b"k" * 16), "key 1 has 16 bytes"),
        (encoded(b"k" * 32) + ",", "key 2 has 0 bytes"),
        (encoded(b"k" * 32) + "," + encoded(b"k" * 33), "key 2 has 33 bytes"),
    ],
)
def test_a_bad_key_is_refused_by_number_and_never_quoted(text: str, complaint: str) -> None:
    """The operator learns which key is wrong and why; the log learns no key."""
    with pytest.raises(SecretError, match=complaint) as caught:
        parse_keys(text)
    assert not text or text not in str(caught.value)


def test_the_key_in_the_data_directory_is_made_once_and_for_the_owner_only(tmp_path: Path) -> None:
    """Mode 0600, whatever the umask; the next start finds the same key."""
    path = tmp_path / "data" / "secret.key"
    made = load_or_make_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(made) == 1
    assert load_or_make_key(path) == made
    assert [found.name for found in path.parent.iterdir()] == ["secret.key"]


def test_processes_that_start_at_once_share_one_key(tmp_path: Path) -> None:
    """However their first starts interleave, nobody reads a half-made key and nobody keeps one of its own."""
    source = """
        import sys, threading
        from pathlib import Path
        from heliograph.storage.secrets import load_or_make_key
        found = [[] for _ in range(40)]
        start = threading.Barrier(8, timeout=10)
        def work():
            for number, keys in enumerate(found):
                start.wait()
                keys.append(load_or_make_key(Path(sys.argv[1]) / str(number))[0])
        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        for keys in found:
            assert len(keys) == 8 and len(set(keys)) == 1, keys
            print(keys[0].hex())
    """
    with ExitStack() as stack:
        processes = [stack.enter_context(Process(source, str(tmp_path))) for _ in range(3)]
        endings = [process.end() for process in processes]
    assert [code for code, _ in endings] == [0, 0, 0]
    assert len({output for _, output in endings}) == 1
