"""Migrations: forward only, whole or not at all, by as many processes at once as like to start."""

import asyncio
from contextlib import AsyncExitStack

import asyncpg
import pytest

from heliograph.storage import Database, migrate
from heliograph.storage.migrate import Migration, MigrationError, all_migrations
from tests.support import Process, opened, run

NAMES = [migration.name for migration in all_migrations()]

START = """
    import asyncio, sys
    from heliograph.storage import Database
    from heliograph.storage.migrate import migrate
    async def main():
        database = await Database.connect(sys.argv[1], largest=1)
        print("ready", flush=True)
        while not await database.fetchval("select to_regclass('go') is not null"):
            await asyncio.sleep(0.005)
        print("ran", await migrate(database), flush=True)
        await database.close()
    asyncio.run(main())
"""


async def _applied(database: Database) -> list[int]:
    rows = await database.fetch("select number from schema_migrations order by number")
    return [row["number"] for row in rows]


def test_migrations_are_numbered_without_gaps() -> None:
    """0001, 0002, ...: a number says which schema a database has."""
    assert [migration.number for migration in all_migrations()] == list(range(1, len(NAMES) + 1))


def test_a_second_run_does_nothing(empty_database: str) -> None:
    """Every start migrates."""

    async def scene() -> None:
        async with opened(empty_database) as database:
            assert await migrate.migrate(database) == NAMES
            assert await migrate.migrate(database) == []

    run(scene())


def test_many_processes_may_start_at_once(empty_database: str) -> None:
    """Each migration runs once, in one of them; the others wait for it and find it done."""

    async def scene() -> None:
        async with AsyncExitStack() as stack:
            processes = [stack.enter_context(Process(START, empty_database)) for _ in range(4)]
            for process in processes:
                assert await process.line() == "ready"
            database = await stack.enter_async_context(opened(empty_database))
            await database.execute("create table go ()")
            endings = [process.end() for process in processes]
            assert [code for code, _ in endings] == [0] * 4
            assert sorted(output.splitlines()[-1] for _, output in endings) == sorted([f"ran {NAMES}"] + ["ran []"] * 3)
            assert await _applied(database) == list(range(1, len(NAMES) + 1))

    run(scene())


def test_an_edited_migration_is_refused(empty_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What has run is history: an edit would leave two databases with one number and two schemas."""

    async def scene() -> None:
        async with opened(empty_database) as database:
            await migrate.migrate(database)
            first = all_migrations()[0]
            edited = [first._replace(sql=first.sql + "\n-- harmless?"), *all_migrations()[1:]]
            monkeypatch.setattr(migrate, "all_migrations", lambda: edited)
            with pytest.raises(MigrationError, match="was edited"):
                await migrate.migrate(database)

    run(scene())


def test_a_newer_database_is_refused(empty_database: str) -> None:
    """An older version must not write into a schema that it does not know."""

    async def scene() -> None:
        async with opened(empty_database) as database:
            await migrate.migrate(database)
            await database.execute("insert into schema_migrations values (9999, 'from_the_future', 'x')")
            with pytest.raises(MigrationError, match="newer version"):
                await migrate.migrate(database)

    run(scene())


def test_a_migration_that_fails_leaves_nothing_behind(empty_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One transaction for all of them: after a failure the database is what it was, and a mended one runs through."""

    async def scene() -> None:
        known = all_migrations()
        number = len(known) + 1
        good = Migration(number, "good", "create table good (n int);")
        bad = Migration(number + 1, "bad", "create table half (n int); select 1/0;")
        async with opened(empty_database) as database:
            await migrate.migrate(database)
            monkeypatch.setattr(migrate, "all_migrations", lambda: [*known, good, bad])
            with pytest.raises(Exception, match="division by zero"):
                await migrate.migrate(database)
            assert await _applied(database) == [m.number for m in known]
            assert await database.fetchval("select to_regclass('good') is null and to_regclass('half') is null")
            monkeypatch.setattr(migrate, "all_migrations", lambda: [*known, good])
            assert await migrate.migrate(database) == ["good"]

    run(scene())


def test_a_migration_may_take_longer_than_a_request(empty_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pool's time limit for statements holds neither for a migration nor for the wait for another's."""

    async def scene() -> None:
        slow = Migration(1, "slow", "select pg_sleep(1.5);")
        monkeypatch.setattr(migrate, "all_migrations", lambda: [slow])
        async with asyncpg.create_pool(empty_database, min_size=2, max_size=2, command_timeout=1) as pool:
            database = Database(pool, pool, empty_database)
            ran = await asyncio.gather(migrate.migrate(database), migrate.migrate(database))
            assert sorted(ran) == [[], ["slow"]]

    run(scene())
