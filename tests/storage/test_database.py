"""The pool: clear errors instead of traces, values in their own types, transactions that are whole."""

import socket
import time

import asyncpg
import pytest

from heliograph.storage import Database, database
from heliograph.storage.database import DatabaseUnavailableError
from tests.support import fresh_name, in_database, opened, run


async def refusal(url: str, *, patience: float = 0.0) -> str:
    with pytest.raises(DatabaseUnavailableError) as caught:
        await Database.connect(url, patience=patience)
    return str(caught.value)


def test_a_server_that_is_not_there_is_named_with_the_way_out() -> None:
    """The error says what was tried and which setting to look at."""

    async def scene() -> None:
        with socket.socket() as deaf:
            deaf.bind(("127.0.0.1", 0))  # nobody listens on it, and nobody else can
            said = await refusal(f"postgresql://me:hunter2@127.0.0.1:{deaf.getsockname()[1]}/x")
        assert "HELIOGRAPH_DATABASE_URL" in said
        assert "embedded" in said
        assert "hunter2" not in said

    run(scene())


def test_a_server_that_accepts_and_says_nothing_does_not_hold_the_start_up_for_ever() -> None:
    """Patience counts for a dumb server too."""

    async def scene() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:  # the kernel accepts, nobody answers
            port = listening.getsockname()[1]
            start = time.monotonic()
            said = await refusal(f"postgresql://me@127.0.0.1:{port}/x", patience=0.2)
            assert time.monotonic() - start < 15
            assert "()" not in said

    run(scene())


@pytest.mark.parametrize(
    "at_first",
    [
        [ConnectionRefusedError(111, "refused")] * 2,
        [asyncpg.CannotConnectNowError("starting up"), TimeoutError()],
        [None, asyncpg.TooManyConnectionsError("sorry, too many clients already")],
    ],
)
def test_it_waits_for_a_server_that_is_still_starting(
    database_url: str, monkeypatch: pytest.MonkeyPatch, at_first: list[Exception | None]
) -> None:
    """Database and server may be started together: nothing listens at first, or not enough; then it is there."""
    create_pool = asyncpg.create_pool
    failures = at_first[::-1]
    opened_pools: list[asyncpg.Pool] = []

    async def opens_late(*args: object, **options: object) -> object:
        if failures and (failure := failures.pop()):
            raise failure
        opened_pools.append(await create_pool(*args, **options))
        return opened_pools[-1]

    monkeypatch.setattr(asyncpg, "create_pool", opens_late)

    async def scene() -> None:
        async with opened(database_url, largest=1) as db:
            assert await db.fetchval("select count(*) from messages") == 0
        assert not failures
        assert all(pool.is_closing() for pool in opened_pools), "a pool of a failed attempt stays open"

    run(scene())


def test_an_unknown_database_is_refused_at_once(each_database: str) -> None:
    """A typo is not something to wait for."""

    async def scene() -> None:
        start = time.monotonic()
        said = await refusal(in_database(each_database, "no_such_database"), patience=30)
        assert "no_such_database" in said
        assert time.monotonic() - start < 20

    run(scene())


@pytest.mark.parametrize(
    "url",
    [
        "garbage",
        "mysql://me:hunter2@127.0.0.1/x",
        "postgresql://me:hunter2@127.0.0.1:port/x",
        "postgresql://me:hunter2@127.0.0.1/x?sslmode=nonsense",
        # Characters that have to be percent-encoded in a password shift its pieces into other parts of the URL.
        "postgresql://me:hunter2/more@127.0.0.1:5432/x",
        "postgresql://me:hunter2#more@127.0.0.1:5432/x",
        "postgresql://me:hunter2?more@127.0.0.1:5432/x",
        "postgresql://me:[hunter2@127.0.0.1:5432/x",
    ],
)
def test_a_url_that_makes_no_sense_is_refused_without_showing_the_password(url: str) -> None:
    """Invariant 7: secrets appear in no error, nor in the one that caused it."""

    async def scene() -> None:
        with pytest.raises(DatabaseUnavailableError, match="HELIOGRAPH_DATABASE_URL") as caught:
            await Database.connect(url, patience=0)
        shown = f"{caught.value}"
        if caught.value.__cause__ is not None or not caught.value.__suppress_context__:
            shown += f"{caught.value.__cause__} {caught.value.__context__}"
        assert "hunter2" not in shown

    run(scene())


def test_an_old_server_is_refused_by_its_version(each_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL 15 is the oldest we test; the error names both versions."""

    async def scene() -> None:
        monkeypatch.setattr(database, "OLDEST_SERVER", 990000)
        assert "15 or newer" in await refusal(each_database)

    run(scene())


def test_json_travels_as_values(each_database: str) -> None:
    """json and jsonb columns take and give Python values, whatever letters are in them."""
    value = {"text": 'Grüße, 🌻 "quoted" \\ \n', "list": [1, 2.5, None, True], "nested": {"": {}}}

    async def scene() -> None:
        async with opened(each_database) as db:
            row = await db.fetchrow("select $1::json as a, $1::jsonb as b", value)
            assert row["a"] == value
            assert row["b"] == value

    run(scene())


def test_a_transaction_is_committed_whole_or_not_at_all(each_database: str) -> None:
    """An exception in the block takes everything back, and comes through."""

    async def scene() -> None:
        table = fresh_name("t")
        async with opened(each_database) as db:
            await db.execute(f"create table {table} (n int)")
            async with db.transaction() as connection:
                await connection.execute(f"insert into {table} values (1)")
            with pytest.raises(asyncpg.DivisionByZeroError):  # noqa: PT012  the block is the transaction
                async with db.transaction() as connection:
                    await connection.execute(f"insert into {table} values (2)")
                    await connection.execute("select 1/0")
            assert [row["n"] for row in await db.fetch(f"select n from {table}")] == [1]

    run(scene())
