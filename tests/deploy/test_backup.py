"""`heliograph backup` while the database runs, and the way back, embedded and into a server of one's own."""

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from heliograph.commands import backup
from heliograph.commands.console import CommandError
from heliograph.messaging import apps
from heliograph.settings import Settings
from heliograph.storage.embedded import EmbeddedServer
from heliograph.storage.migrate import migrate, pending
from tests.conftest import Server
from tests.support import on_server, open_directory, opened


def heliograph(data: Path, *arguments: object, **settings: str) -> "subprocess.CompletedProcess[str]":
    """A command, as it is typed."""
    env = {**os.environ, "HELIOGRAPH_DATA_DIR": str(data), "HELIOGRAPH_SECRET_KEY": "", "HELIOGRAPH_DATABASE_URL": ""}
    command = [sys.executable, "-m", "heliograph", *map(str, arguments)]
    return subprocess.run(command, env=env | settings, capture_output=True, text=True, timeout=120, check=False)


async def make(url: str, name: str) -> None:
    async with opened(url, largest=2) as database, database.transaction() as connection:
        await apps.create(connection, name, {})


async def names(url: str) -> list[str]:
    """The apps there; the schema is whole."""
    async with opened(url, largest=2) as database:
        assert await pending(database) == []
        return [row["display_name"] for row in await database.fetch("select display_name from apps")]


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
                await make(url, "Before")
                done = await asyncio.to_thread(heliograph, directory, "backup", directory / "backup.dump", "--json")
                assert done.returncode == 0, done.stderr
                told = json.loads(done.stdout)
                assert told["bytes"] == (directory / "backup.dump").stat().st_size > 10_000
                assert told["keyFile"] == str(directory / "secret.key")
                await make(url, "After")
            finally:
                await server.stop()

        asyncio.run(work())
        yield directory


def test_a_restored_database_is_that_of_the_backup(data: Path) -> None:
    refused = heliograph(data, "restore", data / "backup.dump")
    assert refused.returncode == 1
    assert "not empty" in refused.stderr
    assert f"move {data / 'postgres'} away" in " ".join(refused.stderr.split())
    (data / "postgres").rename(data / "postgres.old")
    (data / "broken.dump").write_bytes((data / "backup.dump").read_bytes()[:-2000])
    assert heliograph(data, "restore", data / "broken.dump").returncode == 1
    done = heliograph(data, "restore", data / "backup.dump")
    assert done.returncode == 0, "all or nothing: what the broken one began is not in the way" + done.stderr
    assert "secret.key" in done.stderr, "the key has to come back, too"

    async def work() -> list[str]:
        server = EmbeddedServer(data)
        try:
            return await names(await server.start())
        finally:
            await server.stop()

    assert asyncio.run(work()) == ["Before"]


def test_nobody_else_can_read_it(data: Path) -> None:
    assert (data / "backup.dump").stat().st_mode & 0o077 == 0


def test_it_moves_to_a_server_of_ones_own_and_from_there_to_another(
    data: Path, tmp_path: Path, embedded_server: Server
) -> None:
    with embedded_server.database(migrated=False) as first, embedded_server.database(migrated=False) as second:
        done = heliograph(tmp_path, "restore", data / "backup.dump", HELIOGRAPH_DATABASE_URL=first)
        assert done.returncode == 0, done.stderr
        for command, url in (("backup", first), ("restore", second)):
            key = {"HELIOGRAPH_DATABASE_URL": url, "HELIOGRAPH_SECRET_KEY": "A" * 43 + "="}
            done = heliograph(tmp_path, command, tmp_path / "again.dump", **key)
            assert done.returncode == 0, done.stderr
        assert asyncio.run(names(second)) == ["Before"]
        assert not (tmp_path / "postgres").exists()


def test_a_backup_that_fails_leaves_the_last_one(
    tmp_path: Path, embedded_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "backup.dump").write_bytes(b"the last one")
    monkeypatch.setattr(backup, "tool", lambda _: "/bin/false")
    with embedded_server.database(migrated=False) as url, pytest.raises(CommandError, match="pg_dump failed"):
        backup.backup(Settings(database_url=SecretStr(url), data_dir=tmp_path), tmp_path / "backup.dump")
    assert [one.name for one in tmp_path.iterdir()] == ["backup.dump"]
    assert (tmp_path / "backup.dump").read_bytes() == b"the last one"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("backup", "{here}/nowhere/backup.dump"), r"no directory .*nowhere\."),
        (("backup", "{here}/backup.dump"), r"no database in .*HELIOGRAPH_DATA_DIR"),
        (("restore", "{here}/backup.dump"), r"no file .*backup\.dump\."),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is_made(
    tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    done = heliograph(tmp_path, *(one.format(here=tmp_path) for one in arguments))
    assert done.returncode == 1
    assert re.search(words, " ".join(done.stderr.split()))
    assert list(tmp_path.iterdir()) == []


def test_a_server_too_old_for_these_programs_is_told_to_use_its_own(
    data: Path, tmp_path: Path, embedded_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "OLDEST", 99)
    with embedded_server.database(migrated=False) as url:
        settings = Settings(database_url=SecretStr(url), data_dir=tmp_path)
        for command, file in ((backup.backup, tmp_path / "new.dump"), (backup.restore, data / "backup.dump")):
            with pytest.raises(CommandError, match=r"PostgreSQL 18, and this needs 99: use pg_dump"):
                command(settings, file)
        assert list(tmp_path.iterdir()) == []


def test_a_password_is_in_no_list_of_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = tmp_path / "shown"
    (tmp_path / "pg_dump").write_text(f'#!/bin/sh\necho "$@ and $PGPASSWORD" > {shown}\n')
    (tmp_path / "pg_dump").chmod(0o755)
    monkeypatch.setattr(backup, "tool", lambda name: tmp_path / name)
    asyncio.run(backup._run("pg_dump", "postgresql://ada:s%40cret@db:5432/helio?sslmode=require", ["--format=custom"]))
    assert shown.read_text() == "--dbname=postgresql://ada@db:5432/helio?sslmode=require --format=custom and s@cret\n"
