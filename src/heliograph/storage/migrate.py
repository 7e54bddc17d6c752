"""Numbered SQL migrations, forward only, under an advisory lock so that many processes may start at once."""

import hashlib
from importlib import resources
from typing import NamedTuple

from heliograph.storage.database import Database
from heliograph.telemetry.logs import get_logger

log = get_logger("storage")

# Any constant will do, as long as every Heliograph uses the same one ("helio" in ASCII).
_LOCK = 0x68656C696F

# Seconds that a migration, or the wait for another process's, may take: tables can be large.
_PATIENCE = 6 * 3600.0


class Migration(NamedTuple):
    """One file of ``storage/migrations``: ``0001_name.sql``."""

    number: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """So that an edited migration is noticed."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


class MigrationError(Exception):
    """The database and this version of Heliograph do not fit together."""


def all_migrations() -> list[Migration]:
    """The migrations of this version, in order."""
    files = [f for f in resources.files("heliograph.storage.migrations").iterdir() if f.name.endswith(".sql")]
    found = []
    for file in sorted(files, key=lambda f: f.name):
        number, _, name = file.name.removesuffix(".sql").partition("_")
        found.append(Migration(int(number), name, file.read_text()))
    return found


async def pending(database: Database) -> list[str]:
    """The migrations of this version that have not run on this database. Changes nothing."""
    if await database.fetchval("select to_regclass('schema_migrations')") is None:
        return [migration.name for migration in all_migrations()]
    applied = {row["number"] for row in await database.fetch("select number from schema_migrations")}
    return [migration.name for migration in all_migrations() if migration.number not in applied]


async def newer(database: Database) -> bool:
    """Whether a newer version of Heliograph has been at this database; it must have been migrated at least once."""
    newest = await database.fetchval("select coalesce(max(number), 0) from schema_migrations")
    return bool(newest > all_migrations()[-1].number)


async def migrate(database: Database) -> list[str]:
    """Bring the schema up to date; returns the names of the migrations that ran.

    Raises :class:`MigrationError` when the database is newer than this version, or a migration was edited.
    """
    known = all_migrations()
    ran = []
    async with database.pool.acquire() as connection, connection.transaction():
        await connection.execute("select pg_advisory_xact_lock($1)", _LOCK, timeout=_PATIENCE)
        await connection.execute(
            "create table if not exists schema_migrations (number int primary key, name text not null,"
            " checksum text not null, applied_at timestamptz not null default now())"
        )
        rows = await connection.fetch("select number, name, checksum from schema_migrations order by number")
        applied = {row["number"]: row["checksum"] for row in rows}
        newest = max(applied, default=0)
        if newest > known[-1].number:
            raise MigrationError(
                f"the database is at migration {newest}, this version knows {known[-1].number}: "
                "start the newer version of Heliograph, or restore a backup"
            )
        for migration in known:
            if migration.number not in applied:
                await connection.execute(migration.sql, timeout=_PATIENCE)
                await connection.execute(
                    "insert into schema_migrations (number, name, checksum) values ($1, $2, $3)",
                    migration.number,
                    migration.name,
                    migration.checksum,
                )
                ran.append(migration.name)
            elif applied[migration.number] != migration.checksum:
                raise MigrationError(f"migration {migration.number} ({migration.name}) was edited after it had run")
    if ran:
        log.info("migrated", migrations=ran)
    return ran
