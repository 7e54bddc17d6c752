"""When backfill runs by itself: downtime, connection, reconnection, interval; each account once, whoever looks."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from heliograph.channels.instagram.backfill import Schedule, pruning, schedule
from heliograph.messaging.housekeeping import Housekeeper
from tests.conftest import Server
from tests.instagram.backfills import Threads, ago, ask, ended, run_row, runs_of
from tests.instagram.house import House, Shop
from tests.instagram.meta import PlayedMeta
from tests.simulator.support import Loop


@pytest.fixture
def still(loop: Loop, each_server: Server, meta: PlayedMeta) -> Iterator[House]:
    """A house of this test's own that works on no lane: what is begun stays as it is."""
    with each_server.database(migrated=True) as url:
        house = House(loop, url, meta.url, works_on=()).start()
        # The database is a copy of one that nobody has looked at for a while.
        house.execute("update backfill_heartbeat set at = now()")
        yield house
        house.stop()


def _known(shop: Shop, due: str = "null", reason: str = "interval") -> Shop:
    """An account as connecting writes it down."""
    shop.house.execute(
        "insert into backfill_accounts (app_id, facebook_app_id, account_id, not_before, complete_to, due_at, reason)"
        f" values ($1, $2, $3, now() - interval '3 h', now() - interval '2 h', {due}, $4)",
        shop.app_id,
        shop.facebook_app,
        shop.account,
        reason,
    )
    return shop


def _look(house: House, every: float = 900.0) -> int:
    return int(house.loop.run(Schedule(house.database, every=every).look()))


def _due_in(shop: Shop) -> float | None:
    seconds = shop.house.value(
        "select extract(epoch from due_at - now())::float8 from backfill_accounts where account_id = $1", shop.account
    )
    return None if seconds is None else float(seconds)


def test_after_an_interval_each_account_is_looked_at_once_however_many_look(still: House) -> None:
    shops = [_known(still.shop(), "now() - interval '1 s'") for _ in range(5)]
    looks = [Schedule(still.database, every=900.0) for _ in range(4)]

    async def together() -> list[int]:
        return await asyncio.gather(*(one.look() for one in looks))

    assert sum(still.loop.run(together())) == 5
    for shop in shops:
        assert [run["reason"] for run in runs_of(shop)] == ["interval"]
        due = _due_in(shop)
        assert due is not None
        assert 0.75 * 900 < due < 1.25 * 900
    assert _look(still) == 0


def test_zero_is_never_but_for_a_cause(still: House) -> None:
    shop = _known(still.shop(), "now()", "reconnected")
    assert _look(still, 0.0) == 1
    assert _due_in(shop) is None
    assert _look(still, 0.0) == 0


def test_when_nothing_ran_for_a_while_every_account_is_due_soon_and_not_all_at_once(
    still: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "_ACCOUNTS_A_SECOND", 0.01)
    shops = [_known(still.shop(), "now() + interval '1 day'") for _ in range(6)]
    _look(still)
    still.execute("update backfill_heartbeat set at = now() - interval '10 min'")
    _look(still)
    due = [_due_in(shop) or 0.0 for shop in shops]
    assert all(seconds < 900 for seconds in due)
    assert max(due) - min(due) > 1
    reasons = still.rows("select distinct reason from backfill_accounts")
    assert [row["reason"] for row in reasons] == ["downtime"]


def test_a_short_absence_is_metas_to_bridge(still: House) -> None:
    shop = _known(still.shop(), "now() + interval '1 day'")
    still.execute("update backfill_heartbeat set at = now() - interval '20 s'")
    before = still.value("select now()")
    _look(still)
    assert (_due_in(shop) or 0.0) > 3600
    assert still.value("select at from backfill_heartbeat") >= before


def test_an_account_in_error_waits_for_its_token_and_not_for_the_interval(still: House) -> None:
    shop = _known(still.shop(), "now()")
    still.execute("update integrations set status = 'error' where id = $1", shop.integration_id)
    assert _look(still) == 0
    still.execute("update backfill_accounts set due_at = now(), reason = 'reconnected'")
    assert _look(still) == 1


def test_a_run_goes_back_to_the_last_complete_one_and_never_before_the_connection(
    house: House, meta: PlayedMeta
) -> None:
    shop = _known(house.shop())
    Threads(meta, shop)
    run = ended(shop, ask(shop))
    assert ago(hours=2, minutes=11) < run["since"] < ago(hours=2, minutes=9)
    again = ended(shop, ask(shop))
    assert again["since"] > ago(minutes=11)
    house.execute("update backfill_accounts set not_before = now() where account_id = $1", shop.account)
    assert ended(shop, ask(shop))["since"] > ago(minutes=1)


def test_what_is_asked_for_later_than_the_last_complete_run_leaves_no_gap(house: House, meta: PlayedMeta) -> None:
    shop = _known(house.shop())
    Threads(meta, shop)
    assert ended(shop, ask(shop, ago(minutes=5)))["since"] < ago(hours=2)


def test_a_deleted_integration_takes_its_runs_along(still: House) -> None:
    shop = _known(still.shop())
    ask(shop)
    still.execute("delete from apps where id = $1", shop.app_id)
    assert runs_of(shop) == []
    assert still.rows("select 1 from backfill_accounts where app_id = $1", shop.app_id) == []


def test_old_runs_are_pruned_but_not_one_that_still_waits(still: House) -> None:
    first, second = _known(still.shop()), _known(still.shop())
    over, waiting = ask(first), ask(second)
    still.execute("update backfill_runs set asked_at = now() - interval '100 days'")
    still.execute("delete from jobs where key = $1", first.integration_id)
    later = datetime.now(UTC) + timedelta(days=1)
    housekeeper = Housekeeper(still.database, pruning(timedelta(days=30)), clock=lambda: later)
    still.loop.run(housekeeper.round())
    assert runs_of(first) == []
    assert run_row(still, waiting)["id"] > over
