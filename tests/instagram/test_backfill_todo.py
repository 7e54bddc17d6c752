"""Whose turn it is among the threads of a run, and when a thread is looked at again."""

from datetime import UTC, datetime, timedelta

import pytest

from heliograph.channels.instagram.backfill.todo import Entry, next_up

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PAST, FUTURE = NOW.timestamp() - 60, NOW.timestamp() + 60

FRESH = Entry("fresh", "p", PAST)
OLDER = Entry("older", "p", PAST - 60)
YOUNG = Entry("young", "p", FUTURE)
GAP = Entry("gap", "p", PAST - 300, looks=1)
TRIED = Entry("tried", "p", PAST - 300, tries=1)


@pytest.mark.parametrize(
    ("todo", "listing", "expected"),
    [
        ([], True, None),
        ([FRESH], True, FRESH),
        ([FRESH, OLDER], False, OLDER),
        ([YOUNG], False, None),
        ([YOUNG, FRESH], False, FRESH),
        ([GAP], False, GAP),
        ([GAP, TRIED], True, None),
        ([GAP, FRESH], True, FRESH),
    ],
)
def test_whose_turn_it_is(todo: list[Entry], listing: bool, expected: Entry | None) -> None:
    assert next_up(todo, NOW, listing=listing) == expected


def test_a_gap_is_looked_at_less_and_less_often() -> None:
    entry, pauses = Entry("gap", "p", 0.0, count=True, after="cursor", kept=(7,)), []
    for _ in range(6):
        entry = entry.look_again(NOW)
        pauses.append(timedelta(seconds=entry.at - NOW.timestamp()).seconds)
    assert pauses == [15, 30, 60, 120, 120, 120]
    assert (entry.count, entry.after, entry.kept) == (False, "", (7,))


def test_an_entry_is_the_same_after_it_was_stored() -> None:
    entry = Entry(
        "gap", "p", 1.0, oldest=2.0, missing=3, count=True, after="x", until=4.0, kept=(5, 6), looks=7, tries=8
    )
    assert Entry.of(entry.stored() | {"of a later version": 1}) == entry
