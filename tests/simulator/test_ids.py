"""Identifiers: the encoding of message ids, and the shapes of the others."""

import string
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heliograph.simulator import ids

THREAD = "340282366841710300949128171485755244501"
MID = (
    "aWdfZAG1faXRlbToxOklHTWVzc2FnZAUlEOjE3ODQxNDAwMDAwMDAwMDAxOjM0MDI4MjM2Njg0MTcxMDMwMDk0OTEyODE3MTQ4NTc1NTI0NDUwMToy"
    "OTk1MzcyODYwMjA0NDA1ODU3Njc5MDczOTgzOTA5MDY4OAZDZD"
)


def test_a_mid_has_the_form_and_length_of_real_ones() -> None:
    mid = ids.message_id("17841400000000001", THREAD, 1_623_794_881_218_868)
    assert mid == MID
    assert len(mid) == 164


def test_a_mid_decodes_to_account_thread_and_item() -> None:
    item = 1_623_794_881_218_868 << 64
    assert ids.unescape(MID) == f"ig_dm_item:1:IGMessageID:17841400000000001:{THREAD}:{item}"
    assert len(str(item)) == 35


@given(st.text())
def test_escaping_is_undone_by_unescaping(text: str) -> None:
    escaped = ids.escape(text)
    assert set(escaped) <= set(string.ascii_letters + string.digits)
    assert ids.unescape(escaped) == text


@pytest.mark.parametrize(
    ("raw", "base64", "escaped"),
    [
        ("do", "ZG8=", "ZAG8ZD"),
        ("\u0600x>", "2IB4Pg==", "2IB4PgZDZD"),
        ("a~", "YX4=", "YX4ZD"),
        ("??>", "Pz8+", "Pz8ZB"),
        ("???", "Pz8/", "Pz8ZC"),
    ],
)
def test_each_awkward_character_has_its_escape(raw: str, base64: str, escaped: str) -> None:
    assert ids.escape(raw) == escaped
    assert b64encode(raw.encode()).decode() == base64


@pytest.mark.parametrize("text", ["!!", "abc", "ZZZ"])
def test_what_is_no_escaped_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - of the standard library, with its own words
        ids.unescape(text)


@pytest.mark.parametrize(
    ("make", "lengths", "prefix"),
    [
        (ids.account_id, {17}, "17841"),
        (ids.scoped_id, {15, 16}, ""),
        (ids.thread_id, {39}, "34028236684171030"),
        (ids.access_token, {183}, "EAA"),
    ],
)
def test_ids_have_the_shapes_of_real_ones(make, lengths, prefix) -> None:
    made = {make() for _ in range(50)}
    assert len(made) == 50
    assert {len(one) for one in made} <= lengths
    assert all(one.startswith(prefix) for one in made)
