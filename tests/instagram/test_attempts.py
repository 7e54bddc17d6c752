"""When a part is tried again that Meta did not take, in a house where each attempt is made by hand."""

from datetime import timedelta
from typing import Any

import pytest

from tests.instagram.by_hand import work
from tests.instagram.house import House
from tests.instagram.meta import PlayedMeta, refused


@pytest.mark.parametrize(
    ("told", "schedule"),
    [
        (refused(2, status=500), (1, 5, 30, 120, 600)),
        (refused(100, 2018294), (5,)),
    ],
)
def test_the_pauses_between_attempts(still: House, meta: PlayedMeta, told: Any, schedule: tuple[float, ...]) -> None:
    shop = still.shop()
    person = shop.person()
    meta.script(person, *[told] * len(schedule))
    message = shop.post(person, "Hi")
    for number, pause in enumerate(schedule, start=1):
        before = still.value("select now()")
        assert still.loop.run(work(still)) == 1
        after = still.value("select now()")
        (lane,) = still.rows("select due_at, lease from lanes where kind = 'send'")
        assert lane["lease"] == 0
        assert before + timedelta(seconds=pause) <= lane["due_at"] <= after + timedelta(seconds=pause)
        (row,) = shop.parts(message)
        assert (row["state"], row["attempts"], len(meta.asked[person])) == ("pending", number, number)
        still.execute("update lanes set due_at = now() where kind = 'send'")
    assert still.loop.run(work(still)) == 1
    assert shop.outcome(message) == ["channel"]
