"""Ids: the shape that Sunshine's clients insist on, in the order they were made."""

import sys
import threading
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heliograph.storage import ids, is_id, new_id, new_ulid


def test_an_id_has_24_lowercase_hex_characters() -> None:
    """Sunshine's official clients refuse any other shape."""
    for _ in range(1000):
        made = new_id()
        assert len(made) == 24
        assert set(made) <= set("0123456789abcdef")
        assert is_id(made)


def test_an_id_begins_with_the_milliseconds_of_its_making() -> None:
    """Ids of several processes sort nearly in the order of their making."""
    before = time.time_ns() // 1_000_000
    made = new_id()
    stamp = int(made[:12], 16)
    # Ids made in a flood run ahead of the clock by at most the counter's overflow.
    assert before - 1 <= stamp <= time.time_ns() // 1_000_000 + 5


def test_each_id_of_a_process_is_greater_than_the_one_before() -> None:
    """Strictly, also within one millisecond."""
    made = [new_id() for _ in range(20_000)]
    assert made == sorted(set(made))


def test_ids_keep_growing_when_the_clock_stands_still_or_goes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that was set back, and more ids in one millisecond than the counter holds, break no order."""
    now = time.time_ns()
    moments = iter([now] * 70_000 + [now - 3_600_000_000_000] * 70_000)
    monkeypatch.setattr(ids.time, "time_ns", lambda: next(moments))
    made = [new_id() for _ in range(140_000)]
    assert made == sorted(set(made))


@pytest.fixture
def restless_threads() -> Iterator[None]:
    """Threads take turns as often as the interpreter lets them."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("restless_threads")
def test_threads_never_make_the_same_id() -> None:
    """Stamp and counter are taken under one lock: unique even without the random tail, and growing in each thread."""
    made: list[list[str]] = []

    def make() -> None:
        made.append([new_id() for _ in range(5_000)])

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    heads = [one[:16] for batch in made for one in batch]
    assert len(heads) == 40_000
    assert len(set(heads)) == len(heads)
    assert all(batch == sorted(batch) for batch in made)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0" * 23,
        "0" * 25,
        "0" * 23 + "g",
        "ABCDEF" + "0" * 18,
        "0" * 24 + "\n",
        " " + "0" * 23,
        "٣" * 24,
        "act_" + "0" * 24,
    ],
)
def test_what_is_not_an_id_is_refused(text: str) -> None:
    """No other length, case, alphabet or padding passes."""
    assert not is_id(text)


@given(st.text(alphabet="0123456789abcdefABCDEFg \n", max_size=26))
def test_is_id_knows_the_shape(text: str) -> None:
    """24 characters of 0-9 and a-f, and nothing else."""
    assert is_id(text) == (len(text) == 24 and set(text) <= set("0123456789abcdef"))


def test_a_ulid_is_26_characters_in_the_order_of_time_and_random_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock's milliseconds are its first ten characters; the other sixteen differ each time."""
    monkeypatch.setattr("time.time_ns", lambda: 1_469_918_176_385 * 1_000_000)
    made = {new_ulid() for _ in range(1000)}
    assert len(made) == 1000
    assert {one[:10] for one in made} == {"01ARYZ6S41"}
    assert all(len(one) == 26 and set(one) <= set("0123456789ABCDEFGHJKMNPQRSTVWXYZ") for one in made)
    assert len({one[10:13] for one in made}) > 900
