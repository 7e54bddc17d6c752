"""The connection pool. Plain SQL through asyncpg; `json` and `jsonb` columns travel as Python values."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import orjson

from heliograph.telemetry.logs import get_logger

Connection = Any  # asyncpg ships no types; a connection or a pool's proxy of one
log = get_logger("storage")

# PostgreSQL 15 introduced nothing we could miss gracefully in older ones; it is the oldest we test.
OLDEST_SERVER = 150000


class DatabaseUnavailableError(Exception):
    """The database cannot be reached, or is not one Heliograph can use."""


def _dump(value: Any) -> str:
    return orjson.dumps(value).decode()


_TYPES = "select " + ", ".join(
    f"null::{name}[]"
    for name in ("text", "bytea", "bigint", "int", "smallint", "float8", "timestamptz", "json", "jsonb")
)


async def _prepare(connection: Connection) -> None:
    for name in ("json", "jsonb"):
        await connection.set_type_codec(name, schema="pg_catalog", encoder=_dump, decoder=orjson.loads)
    # asyncpg looks types up when a statement first needs them, some 20 ms each time: once and now, not amid a request.
    await connection.prepare(_TYPES)


async def _open_pool(url: str, largest: int, timeout: float, **settings: str) -> Any:
    return await asyncpg.create_pool(
        url,
        min_size=min(4, largest),
        max_size=largest,
        init=_prepare,
        reset=_keep_session,
        command_timeout=60,
        max_inactive_connection_lifetime=0,  # a connection is dear to open; the pool's size is the bound
        timeout=timeout,
        server_settings={
            "application_name": "heliograph",
            "timezone": "UTC",
            **settings,
        },
    )


async def _open_pools(url: str, largest: int, timeout: float) -> tuple[Any, Any]:
    pool = await _open_pool(url, largest, timeout)
    try:
        return pool, await _open_pool(url, min(4, largest), timeout, synchronous_commit="off")
    except BaseException:
        await pool.close()
        raise


async def _keep_session(_: Connection) -> None:
    """Nothing to reset on return to the pool: we set nothing per session, and the usual reset costs a round trip."""


class Database:
    """Connections to one PostgreSQL database.

    ``pool`` is for everything. ``relaxed`` is a smaller pool whose commits do not wait for the disk: for what a crash of
    PostgreSQL may undo without harm, such as a lease, or the note that a delivery was made (it is then made again).
    """

    def __init__(self, pool: Any, relaxed: Any, url: str) -> None:
        self.pool = pool
        self.relaxed = relaxed
        self.url = url

    @classmethod
    async def connect(cls, url: str, *, largest: int = 16, patience: float = 30.0) -> "Database":
        """Open the pool; wait up to ``patience`` seconds for a server that is still starting.

        Raises :class:`DatabaseUnavailableError` with what to do.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + patience
        while True:
            try:
                pool, relaxed = await _open_pools(url, largest, min(10.0, max(1.0, patience)))
                break
            except (OSError, asyncpg.CannotConnectNowError, asyncpg.TooManyConnectionsError) as error:
                if loop.time() > deadline:
                    raise DatabaseUnavailableError(
                        f"no PostgreSQL answered within {patience:.0f} s ({str(error) or 'no answer'}). "
                        "Check HELIOGRAPH_DATABASE_URL, or unset it to use the embedded server."
                    ) from error
                await asyncio.sleep(0.2)
            except (asyncpg.PostgresError, asyncpg.ClientConfigurationError) as error:
                raise DatabaseUnavailableError(f"HELIOGRAPH_DATABASE_URL was refused: {error}") from error
            except ValueError:
                # Its text quotes pieces of the URL, and a password that is not percent-encoded falls into pieces.
                raise DatabaseUnavailableError(
                    "HELIOGRAPH_DATABASE_URL is not of the form postgresql://user:password@host:port/database; "
                    "special characters in user and password must be percent-encoded"
                ) from None
        version = await pool.fetchval("select current_setting('server_version_num')::int")
        if version < OLDEST_SERVER:
            await asyncio.gather(pool.close(), relaxed.close())
            raise DatabaseUnavailableError(f"PostgreSQL 15 or newer is needed; this server is {version // 10000}")
        return cls(pool, relaxed, url)

    async def close(self) -> None:
        """Close the pools; connections still busy after five seconds are cut."""
        for pool in (self.relaxed, self.pool):
            try:
                await asyncio.wait_for(pool.close(), 5)
            except TimeoutError:
                pool.terminate()

    @asynccontextmanager
    async def transaction(self, *, relaxed: bool = False) -> AsyncIterator[Connection]:
        """A connection inside a transaction: committed on leaving, rolled back on an exception."""
        async with (self.relaxed if relaxed else self.pool).acquire() as connection, connection.transaction():
            yield connection

    async def fetch(self, sql: str, *args: Any) -> list[Any]:
        """All rows of one statement."""
        return list(await self.pool.fetch(sql, *args))

    async def fetchrow(self, sql: str, *args: Any) -> Any:
        """The first row, or None."""
        return await self.pool.fetchrow(sql, *args)

    async def fetchval(self, sql: str, *args: Any) -> Any:
        """The first value of the first row, or None."""
        return await self.pool.fetchval(sql, *args)

    async def execute(self, sql: str, *args: Any) -> str:
        """Run one statement; returns PostgreSQL's command tag."""
        return str(await self.pool.execute(sql, *args))
