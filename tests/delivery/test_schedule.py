"""The schedule of attempts (Sunshine reference 3.1)."""

from itertools import accumulate

import pytest

from heliograph.delivery import schedule
from heliograph.delivery.schedule import next_pause


def test_five_attempts_within_fifteen_minutes_ever_further_apart() -> None:
    """The first at once; the last no later than 15 minutes after it."""
    assert schedule.MOST_ATTEMPTS == 5
    assert list(accumulate(schedule.PAUSES)) == [15, 75, 315, 815]
    assert list(schedule.PAUSES) == sorted(schedule.PAUSES)


@pytest.mark.parametrize(
    ("attempts_made", "status", "pause"),
    [
        (1, 500, 15),
        (2, 502, 60),
        (3, 503, 240),
        (4, 504, 500),
        (5, 500, None),
        (6, 500, None),
        (1, None, 15),  # no answer: timeout, refused connection, broken off
        (4, None, 500),
        (5, None, None),
        (1, 429, 15),
        (1, 405, 15),
        (1, 408, 15),
        (1, 410, 15),
        (1, 302, 15),  # redirects are not followed
        (1, 400, None),
        (1, 401, None),
        (1, 403, None),
        (1, 404, None),
        (1, 406, None),
        (3, 404, None),
    ],
)
def test_when_to_try_again(attempts_made: int, status: int | None, pause: float | None) -> None:
    """Anything but the five final statuses is tried again, until the fifth attempt."""
    assert next_pause(attempts_made, status) == pause
