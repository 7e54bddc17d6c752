"""Processes of a run: started with their output in a file, stopped by their pid whatever happens."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from pathlib import Path

import psutil

from bench.connections import HOST

_STOP_SECONDS = 12.0
_ROOT = Path(__file__).parent.parent  # where `bench` can be imported from


def free_port() -> int:
    """A port that nobody uses just now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


class Process:
    """A Python module as a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self._process = process
        self._log = log
        self.pid = process.pid

    @classmethod
    async def start(cls, log: Path, module: str, *arguments: str, env: dict[str, str] | None = None) -> "Process":
        """Run ``python -m module``. A session of its own keeps a Ctrl-C for us to handle."""
        with log.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", module, *arguments,
                env=clean_env() | (env or {}), stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output,
                cwd=_ROOT, start_new_session=True,
            )  # fmt: skip
        return cls(process, log)

    async def answers(self, port: int, path: str = "/", seconds: float = 30) -> None:
        """Wait until a GET is answered with 200; raise with the end of the log when the process ends before."""
        deadline = asyncio.get_running_loop().time() + seconds
        while True:
            if self._process.returncode is not None or asyncio.get_running_loop().time() > deadline:
                raise RuntimeError(f"a process did not start:\n{self._log.read_text()[-2000:]}")
            with contextlib.suppress(OSError):
                if await _get(port, path) in (200, 401):
                    return
            await asyncio.sleep(0.05)

    async def stop(self) -> None:
        """SIGTERM, patience, SIGKILL."""
        if self._process.returncode is None:
            self._process.terminate()
            try:
                await asyncio.wait_for(self._process.wait(), _STOP_SECONDS)
            except TimeoutError:
                self._process.kill()
                await self._process.wait()


def clean_env() -> dict[str, str]:
    """Our environment without any setting of Heliograph's: a bench must not touch somebody's real database or Meta."""
    return {name: value for name, value in os.environ.items() if not name.startswith("HELIOGRAPH_")}


def postmaster(data_dir: Path) -> int | None:
    """The pid of the embedded PostgreSQL, if it runs."""
    with contextlib.suppress(OSError, ValueError, IndexError, psutil.NoSuchProcess):
        pid = int((data_dir / "postgres" / "postmaster.pid").read_text().split("\n")[0])
        if psutil.Process(pid).name().startswith("postgres"):
            return pid
    return None


def parent_of(pid: int) -> int:
    """The pid of a process's parent: of a backend of PostgreSQL, the postmaster."""
    return int(psutil.Process(pid).ppid())


async def stop_postgres(data_dir: Path) -> None:
    """Stop an embedded PostgreSQL that its server left behind (a server that had to be killed)."""
    pid = postmaster(data_dir)
    if pid is not None:
        os.kill(pid, signal.SIGINT)
        with contextlib.suppress(psutil.NoSuchProcess, psutil.TimeoutExpired):
            await asyncio.to_thread(psutil.Process(pid).wait, 10)


async def _get(port: int, path: str) -> int:
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode())
        line = await reader.readline()
        return int(line.split(b" ")[1]) if b" " in line else 0
    finally:
        writer.close()
