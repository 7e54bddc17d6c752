"""`heliograph backup` and `heliograph restore`: the database in one file, and a database of that file.

PostgreSQL's own pg_dump and pg_restore do it: those that the embedded server comes with, whatever else the machine has.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from heliograph.commands.console import CommandError
from heliograph.opening.storage import opened_url
from heliograph.settings import Settings
from heliograph.storage import Database
from heliograph.storage.embedded import tool
from heliograph.storage.migrate import newer

# What these programs write into a database, no older server understands.
OLDEST = 17
_LOOK_SECONDS = 0.2
_ANALYZE_SECONDS = 3600.0

_TABLES = """
select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'r' and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname not like 'pg_toast%'
"""


@dataclass(frozen=True, slots=True)
class Done:
    """What became of it: ``size`` in bytes; ``key_file`` is where the key is, or has to be, that opens its secrets."""

    file: str
    size: int
    seconds: float
    key_file: str | None

    def shown(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {"file": self.file, "bytes": self.size, "seconds": self.seconds, "keyFile": self.key_file}


def backup(settings: Settings, file: Path, progress: Callable[[int], None] = lambda _: None) -> Done:
    """Write the database into ``file``, whether servers run or not. An older file of that name stays until this is whole.

    ``progress`` hears how many bytes there are. Raises CommandError.
    """
    if not file.parent.is_dir():
        raise CommandError(f"there is no directory {file.parent}")
    if not settings.database_url.get_secret_value() and not (settings.data_dir / "postgres").exists():
        raise CommandError(f"there is no database in {settings.data_dir}. HELIOGRAPH_DATA_DIR names another directory")
    began, part = time.monotonic(), file.with_name(f"{file.name}.part")
    # Others must not read it: it holds what people wrote.
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    try:
        part.chmod(0o600)
        asyncio.run(_dump(settings, part, lambda: progress(part.stat().st_size)))
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
    return _done(settings, file, began)


def restore(settings: Settings, file: Path) -> Done:
    """Fill an empty database with what :func:`backup` wrote, all or nothing. Raises CommandError."""
    if not file.is_file():
        raise CommandError(f"there is no file {file}")
    began = time.monotonic()
    asyncio.run(_fill(settings, file))
    return _done(settings, file, began)


def _done(settings: Settings, file: Path, began: float) -> Done:
    key_file = None if settings.secret_key.get_secret_value() else str(settings.data_dir / "secret.key")
    return Done(str(file), file.stat().st_size, round(time.monotonic() - began, 1), key_file)


async def _dump(settings: Settings, part: Path, look: Callable[[], None]) -> None:
    async with opened_url(settings) as url:
        await _tables(url)
        await _run("pg_dump", url, ["--format=custom", "--no-owner", f"--file={part}"], look)


async def _fill(settings: Settings, file: Path) -> None:
    async with opened_url(settings) as url:
        tables = await _tables(url)
        if tables:
            where = "" if settings.database_url.get_secret_value() else f": move {settings.data_dir / 'postgres'} away"
            raise CommandError(
                f"the database is not empty, it has {tables} tables. Stop all servers, and restore into an empty one{where}"
            )
        await _run("pg_restore", url, ["--no-owner", "--single-transaction", str(file)])
        async with _connected(url) as database:
            async with database.pool.acquire() as connection:
                await connection.execute("analyze", timeout=_ANALYZE_SECONDS)
            if await newer(database):
                raise CommandError("it is restored, but a newer Heliograph wrote it: start that version")


async def _tables(url: str) -> int:
    """How many tables there are. Raises CommandError when the server is not one for these programs."""
    async with _connected(url) as database:
        version = int(await database.fetchval("show server_version_num")) // 10_000
        if version < OLDEST:
            raise CommandError(
                f"the server is PostgreSQL {version}, and this needs {OLDEST}: use pg_dump --format=custom and"
                f" pg_restore --no-owner of PostgreSQL {version}"
            )
        return int(await database.fetchval(_TABLES))


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[Database]:
    database = await Database.connect(url, largest=1)
    try:
        yield database
    finally:
        await database.close()


async def _run(name: str, url: str, arguments: list[str], look: Callable[[], None] = lambda: None) -> None:
    """One of PostgreSQL's programs, on this database; ``look`` is called while it works."""
    parts = urlsplit(url)
    # Whoever lists processes sees arguments.
    environment = {**os.environ, **({"PGPASSWORD": unquote(parts.password)} if parts.password else {})}
    open_url = url.replace(f":{parts.password}@", "@", 1) if parts.password else url
    process = await asyncio.create_subprocess_exec(
        tool(name), f"--dbname={open_url}", *arguments, env=environment, stderr=asyncio.subprocess.PIPE
    )
    ended = asyncio.ensure_future(process.communicate())
    try:
        while not (await asyncio.wait([ended], timeout=_LOOK_SECONDS))[0]:
            look()
    except asyncio.CancelledError:
        process.terminate()
        await ended
        raise
    _, said = await ended
    if process.returncode:
        raise CommandError((said.decode(errors="replace").strip().splitlines() or [f"{name} failed"])[0])
