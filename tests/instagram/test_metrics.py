"""What the metrics of backfill and of the commitment tell an operator, as ``/metrics`` shows them."""

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from heliograph.operate import Operate
from tests.instagram.backfills import Threads, ago, backfill
from tests.instagram.house import House, Shop, new_mid, now_ms, unique
from tests.instagram.meta import PlayedMeta, in_thread
from tests.simulator.support import eventually

HOUR = 3_600


@pytest.fixture(autouse=True)
def _at_once(house: House) -> Iterator[None]:
    """Nobody keeps Meta's pace."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(house.channel.pace, "_limits", {})
        yield


def shown(house: House) -> dict[str, float]:
    """The samples of ``/metrics``, by name and labels."""
    said: list[bytes] = []

    async def nothing() -> None:
        pass

    async def send(message: dict[str, Any]) -> None:
        said.append(message.get("body", b""))

    operate = Operate(house.database, ["send"], nothing)
    house.loop.run(operate({"path": "/metrics", "method": "GET"}, None, send))
    lines = re.findall(r"^(heliograph_(?:backfill|commitment)\S+) (\S+)$", b"".join(said).decode(), re.M)
    return {name: float(value) for name, value in lines}


def grown(before: dict[str, float], after: dict[str, float], of: str) -> dict[str, float]:
    """What of this became more or less, and by how much; not when it was made, nor how long it took."""
    change = {name: after[name] - before.get(name, 0.0) for name in after if name.startswith(f"heliograph_{of}")}
    return {name: by for name, by in change.items() if by and not re.search(r"_created|_bucket|_sum|_last_", name)}


def counted(house: House, before: dict[str, float], more: dict[str, float]) -> dict[str, float]:
    """Wait until so much more is counted of backfill: that happens just after it is written down. The samples then."""
    try:
        eventually(lambda: grown(before, shown(house), "backfill") == more)
    except AssertionError:
        raise AssertionError(grown(before, shown(house), "backfill")) from None
    return shown(house)


def test_a_run_is_counted_with_what_it_found_and_what_nobody_can_read(
    house: House, shop: Shop, meta: PlayedMeta
) -> None:
    threads, person = Threads(meta, shop), unique("5846")
    # Old enough that no webhook of theirs is waited for.
    said = [(new_mid(), ago(minutes=40 - number)) for number in range(21)]
    for mid, at in said:
        threads.says(person, mid, at=at)
    # Meta names them all, and lets 20 of them be read (5.2).
    names = [in_thread(mid, "", by=person, at=at) for mid, at in reversed(said)]
    meta.answers["GET", f"t{person}/messages"] = (200, {"data": names})
    before = shown(house)
    run = backfill(shop, ago(hours=1))
    after = counted(
        house,
        before,
        {
            "heliograph_backfill_messages_total": 20.0,
            "heliograph_backfill_unreadable_total": 1.0,
            'heliograph_backfill_runs_total{reason="asked",state="done"}': 1.0,
            "heliograph_backfill_seconds_count": 1.0,
        },
    )
    assert after["heliograph_backfill_last_found"] == run["found"] == 20.0
    assert time.time() - 60 < after["heliograph_backfill_last_end_timestamp_seconds"] <= time.time()
    took = after["heliograph_backfill_seconds_sum"] - before["heliograph_backfill_seconds_sum"]
    assert 0 < took < 60


def test_a_run_that_finds_nothing_counts_as_one(house: House, shop: Shop, meta: PlayedMeta) -> None:
    Threads(meta, shop)
    before = shown(house)
    backfill(shop)
    ended = {
        'heliograph_backfill_runs_total{reason="asked",state="done"}': 1.0,
        "heliograph_backfill_seconds_count": 1.0,
    }
    after = counted(house, before, ended)
    assert after["heliograph_backfill_last_found"] == 0.0


def test_owed_answers_are_counted_by_state_and_the_oldest_is_told(house: House, shop: Shop) -> None:
    before = shown(house)
    people = {hours: unique("5846") for hours in (1, 22, 30, 40)}
    for hours, person in people.items():
        shop.given(shop.text(person, at=now_ms(hours=hours)))
    after = shown(house)
    owed = {state: f'heliograph_commitments{{state="{state}"}}' for state in ("open", "soon", "late")}
    more = grown(before, after, "commitments")
    assert {state: more[name] for state, name in owed.items()} == {"open": 1.0, "soon": 1.0, "late": 2.0}
    # Other tests leave people of their own without an answer.
    since = house.value("select min(since) from commitments")
    waiting = (datetime.now(UTC) - since).total_seconds()
    assert waiting >= 40 * HOUR
    assert waiting - 60 < after["heliograph_commitment_oldest_seconds"] <= waiting

    shop.given(shop.echo(people[40], new_mid(), text="sorry for the wait"))
    assert shown(house)[owed["late"]] == after[owed["late"]] - 1
