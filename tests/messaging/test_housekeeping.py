"""Rows that are old enough go, and no others: what a waiting job names stays, whoever else is at it."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from heliograph.channels.instagram.journal.entries import filing_job, inbound_job
from heliograph.channels.instagram.journal.entries import pruning as journal_pruning
from heliograph.channels.instagram.journal.leftovers import Leftover, keep, replay
from heliograph.events import WEBHOOK_LANE
from heliograph.lanes import NewJob, enqueue
from heliograph.messaging import housekeeping
from heliograph.messaging.housekeeping import Housekeeper, prunings
from heliograph.storage import Database, new_id
from heliograph.telemetry import metrics
from tests.support import opened, run, wait_until

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
ALL = [*prunings(events=30 * DAY, idempotency_keys=DAY), *journal_pruning(30 * DAY)]
TABLES = {one.table: one for one in ALL}

# A row of each table, written at $1; with its key.
INSERTS = {
    "idempotency_keys": """insert into idempotency_keys (app_id, key, request_hash, created_at)
                           values ('app', gen_random_uuid()::text, '', $1) returning created_at as key""",
    "delivery_attempts": """insert into delivery_attempts (app_id, webhook_id, event_ids, attempt, outcome, duration_ms,
                            created_at) values ('app', 'hook', '{}', 1, 'delivered', 0, $1) returning id as key""",
    "early_changes": """with app as (
                            insert into apps (id, display_name) values (gen_random_uuid()::text, 'Test') returning id
                        ), integration as (
                            insert into integrations (id, app_id, type) select id, id, 'instagram' from app returning id
                        )
                        insert into early_changes (app_id, integration_id, person, mid, kind, author, at, change,
                            created_at) select id, id, '5', 'm', 'edit', '', now(), '{}', $1 from integration
                        returning id as key""",
    "journal": "insert into journal (facebook_app_id, body, received_at) values ('app', '', $1) returning id as key",
}


@pytest.fixture(autouse=True)
def _small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(housekeeping, "ROWS_AT_ONCE", 3)


def keeper(database: Database, tables: Any = ALL) -> Housekeeper:
    return Housekeeper(database, tables, clock=lambda: NOW, every=0.01, pause=0)


async def empty(database: Database) -> None:
    await database.execute(f"truncate {', '.join(TABLES)}, journal_leftovers, jobs, lanes, conversation_retention")


async def write(database: Database, table: str, *ages: timedelta) -> list[Any]:
    """Rows of these ages, oldest first; their keys."""
    keys = []
    for age in sorted(ages, reverse=True):
        if table == "events":
            keys.append(new_id())
            await database.execute(
                "insert into events (id, app_id, type, body, created_at) values ($1, 'app', 't', '{}', $2)",
                keys[-1],
                NOW - age,
            )
        else:
            keys.append(await database.fetchval(INSERTS[table], NOW - age))
    return keys


async def there(database: Database, table: str) -> list[Any]:
    key = TABLES[table].key
    return [row["key"] for row in await database.fetch(f"select {key} as key from {table} order by {key}")]


@pytest.mark.parametrize("table", sorted(TABLES))
def test_what_is_older_goes_in_small_steps_and_the_rest_stays(database_url: str, table: str) -> None:
    keeps = TABLES[table].keep

    async def check() -> None:
        async with opened(database_url) as database:
            await empty(database)
            ages = [keeps + timedelta(seconds=n) for n in range(1, 9)] + [
                keeps - timedelta(seconds=n) for n in range(3)
            ]
            keys = await write(database, table, *ages)
            before = metrics.ROWS_PRUNED.labels(table)._value.get()
            assert await keeper(database).prune(TABLES[table]) == 8
            assert await there(database, table) == keys[8:]
            assert metrics.ROWS_PRUNED.labels(table)._value.get() == before + 8
            assert await keeper(database).prune(TABLES[table]) == 0

    run(check())


@pytest.mark.parametrize("count", [0, 3, 6])
def test_it_ends_at_the_end_of_a_table(database_url: str, count: int) -> None:
    async def check() -> None:
        async with opened(database_url) as database:
            await empty(database)
            await write(database, "events", *[31 * DAY] * count)
            assert await keeper(database).prune(TABLES["events"]) == count

    run(check())


def test_events_that_wait_for_their_webhook_stay_and_all_after_them(database_url: str) -> None:
    async def check() -> None:
        async with opened(database_url) as database:
            await empty(database)
            keys = await write(database, "events", *(DAY * days for days in range(31, 40)))
            async with database.transaction() as connection:
                await enqueue(connection, [NewJob(WEBHOOK_LANE, f"hook/{n}", keys[n], "hook") for n in (8, 4, 6)])
            assert await keeper(database).prune(TABLES["events"]) == 4
            assert await there(database, "events") == keys[4:]
            await database.execute("truncate jobs, lanes")
            assert await keeper(database).prune(TABLES["events"]) == 5

    run(check())


def test_webhooks_that_are_still_to_be_filed_or_applied_stay(database_url: str) -> None:
    async def check() -> None:
        async with opened(database_url) as database:
            for job in (
                lambda keys: filing_job("app", [keys[4], keys[7]]),
                lambda keys: inbound_job(keys[4], "0.messaging.2", "app", "account", "person"),
            ):
                await empty(database)
                keys = await write(database, "journal", *(DAY * days for days in range(31, 40)))
                async with database.transaction() as connection:
                    await enqueue(connection, [filing_job("other", [keys[8]]), job(keys)])
                assert await keeper(database).prune(TABLES["journal"]) == 4
                assert await there(database, "journal") == keys[4:]

    run(check())


def test_a_number_with_more_digits_is_a_later_one(database_url: str) -> None:
    """Jobs hold numbers as text: 10 comes after 9 all the same."""

    async def check() -> None:
        async with opened(database_url) as database:
            await empty(database)
            await database.execute("alter sequence journal_id_seq restart with 8")
            keys = await write(database, "journal", *(DAY * days for days in range(31, 36)))
            assert keys == [8, 9, 10, 11, 12]
            async with database.transaction() as connection:
                await enqueue(connection, [inbound_job(n, "0", "app", "a", "p") for n in (10, 9, 11)])
            assert await keeper(database).prune(TABLES["journal"]) == 1
            assert await there(database, "journal") == [9, 10, 11, 12]

    run(check())


def test_leftovers_go_with_their_webhook(database_url: str) -> None:
    async def check() -> None:
        async with opened(database_url) as database:
            await empty(database)
            old, young = await write(database, "journal", 31 * DAY, DAY)
            async with database.transaction() as connection:
                await keep(connection, [Leftover(n, "0.messaging.0", "a", "p", "shape") for n in (old, young)])
            assert await keeper(database).prune(TABLES["journal"]) == 1
            assert [row["journal_id"] for row in await database.fetch("select * from journal_leftovers")] == [young]
            assert await replay(database) == 1

    run(check())


def test_a_keep_of_zero_is_for_ever() -> None:
    assert prunings(events=timedelta(), idempotency_keys=timedelta()) == []
    assert [one.table for one in prunings(events=timedelta(), idempotency_keys=DAY)] == ["idempotency_keys"]
    assert journal_pruning(timedelta()) == []


def test_who_is_at_a_table_already_is_left_alone(database_url: str) -> None:
    async def check() -> None:
        async with opened(database_url) as database:
            await empty(database)
            await write(database, "journal", *[31 * DAY] * 5)
            async with database.transaction() as connection:
                await connection.execute(housekeeping._ALONE, "journal")
                assert await keeper(database).prune(TABLES["journal"]) == 0
                assert await keeper(database).prune(TABLES["events"]) == 0
            assert await keeper(database).prune(TABLES["journal"]) == 5

    run(check())


def test_many_at_once_prune_each_row_once(database_url: str) -> None:
    async def check() -> None:
        async with opened(database_url) as database:
            await empty(database)
            keys = await write(database, "events", *[31 * DAY] * 40, *[DAY] * 4)
            gone = await asyncio.gather(*(keeper(database).prune(TABLES["events"]) for _ in range(4)))
            gone.append(await keeper(database).prune(TABLES["events"]))
            assert sum(gone) == 40
            assert await there(database, "events") == keys[40:]

    run(check())


def test_it_runs_by_itself_until_it_is_stopped_and_trouble_with_one_table_is_not_the_others(database_url: str) -> None:
    async def check() -> None:
        async with opened(database_url) as database:
            await empty(database)
            broken = housekeeping.Pruning("nowhere", "id", 0, "created_at", DAY)
            running = keeper(database, [broken, *ALL])
            running.start()
            for _ in range(2):
                for table in TABLES:
                    await write(database, table, 31 * DAY)
                await wait_until(lambda: _is_empty(database))
            await running.stop()
            await write(database, "events", 31 * DAY)
            await asyncio.sleep(0.05)
            assert len(await there(database, "events")) == 1

    async def _is_empty(database: Database) -> bool:
        return not [key for table in TABLES for key in await there(database, table)]

    run(check())


def test_silent_conversations_are_emptied_too(database_url: str) -> None:
    async def check() -> None:
        async with opened(database_url) as database:
            await empty(database)
            app, conversation = new_id(), new_id()
            await database.execute("insert into apps (id, display_name) values ($1, 'Test')", app)
            await database.execute(
                "insert into conversations (id, app_id, last_updated_at, message_count) values ($1, $2, $3, 1)",
                conversation,
                app,
                NOW - 2 * DAY,
            )
            await database.execute(
                "insert into messages (id, app_id, conversation_id, author_type, received, body)"
                " values ($1, $2, $3, 'business', $4, '{}')",
                new_id(),
                app,
                conversation,
                NOW - 2 * DAY,
            )
            await database.execute(
                "insert into conversation_retention (app_id, seconds, due_at) values ($1, 86400, $2)", app, NOW
            )
            await keeper(database, []).round()
            assert await database.fetchval("select count(*) from messages where app_id = $1", app) == 0

    run(check())
