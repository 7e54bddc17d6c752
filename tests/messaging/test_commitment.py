"""By when an answer is due, and when a rule answers by itself."""

from datetime import UTC, datetime, timedelta

import pytest

from heliograph.messaging.automatic import may_answer
from heliograph.messaging.commitment import State, due_at, state

WROTE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)  # a Monday


def test_an_answer_is_due_after_24_hours() -> None:
    assert due_at(WROTE) == WROTE + timedelta(hours=24)


@pytest.mark.parametrize(
    ("hours", "expected"),
    [(0, State.OPEN), (19.9, State.OPEN), (20, State.SOON), (23.9, State.SOON), (24, State.LATE), (200, State.LATE)],
)
def test_an_owed_answer_is_open_then_soon_late_then_late(hours: float, expected: State) -> None:
    assert state(WROTE, WROTE + timedelta(hours=hours)) is expected


NIGHT = {"from": "18:00", "to": "09:00"}
WEEKEND = {"days": ["sat", "sun"], "from": "00:00", "to": "23:59"}


@pytest.mark.parametrize(
    ("rule", "at", "answers"),
    [
        ({}, "2026-03-02T12:00", True),
        ({"hours": [{"from": "09:00", "to": "18:00"}]}, "2026-03-02T12:00", True),
        ({"hours": [{"from": "09:00", "to": "18:00"}]}, "2026-03-02T18:00", False),
        ({"hours": [NIGHT]}, "2026-03-02T12:00", False),
        ({"hours": [NIGHT]}, "2026-03-02T18:00", True),
        ({"hours": [NIGHT]}, "2026-03-03T08:59", True),
        ({"hours": [{**NIGHT, "days": ["fri"]}]}, "2026-03-07T03:00", True),  # Saturday, but Friday's night
        ({"hours": [{**NIGHT, "days": ["sat"]}]}, "2026-03-07T03:00", False),
        ({"hours": [NIGHT, WEEKEND]}, "2026-03-07T12:00", True),
        ({"hours": [WEEKEND]}, "2026-03-06T12:00", False),
        ({"hours": [{"from": "09:00", "to": "10:00"}], "timezone": "Asia/Tokyo"}, "2026-03-02T00:30", True),
        ({"hours": [{"from": "09:00", "to": "10:00"}], "timezone": "Asia/Tokyo"}, "2026-03-02T09:30", False),
    ],
)
def test_a_rule_answers_in_its_hours(rule: dict[str, object], at: str, answers: bool) -> None:
    assert may_answer(rule, datetime.fromisoformat(at).replace(tzinfo=UTC)) is answers
