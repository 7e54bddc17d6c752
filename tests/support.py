"""Helpers of all tests: run a coroutine, wait for a condition, start a process of one's own."""

import asyncio
import inspect
import itertools
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import textwrap
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import asyncpg

from heliograph.storage import Connection, Database

T = TypeVar("T")


def run(coroutine: Coroutine[Any, Any, T], *, seconds: float = 60) -> T:
    """Run a coroutine in an event loop of its own, with a deadline for the whole."""

    async def bounded() -> T:
        async with asyncio.timeout(seconds):
            return await coroutine

    return asyncio.run(bounded())


async def wait_until(condition: Callable[[], Any], seconds: float = 10, *, what: str = "") -> Any:
    """Wait until ``condition`` (plain or async) is true and return its value; fail after ``seconds``."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while True:
        value = condition()
        if inspect.isawaitable(value):
            value = await value
        if value:
            return value
        if loop.time() > deadline:
            raise AssertionError(f"after {seconds} s still not true: {what or inspect.getsource(condition).strip()}")
        await asyncio.sleep(0.01)


class Patience:
    """Seconds to wait in a property test: plenty, until one example has waited in vain. Shrinking it is quick then."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    async def wait_until(self, condition: Callable[[], Any], what: str) -> None:
        """As the function of this name."""
        try:
            await wait_until(condition, self.seconds, what=what)
        except AssertionError:
            self.seconds = 0.1
            raise


async def within(seconds: float, awaitable: Awaitable[T]) -> T:
    """Await something, with a deadline."""
    return await asyncio.wait_for(awaitable, seconds)


@asynccontextmanager
async def opened(url: str, *, largest: int = 10) -> AsyncIterator[Database]:
    """A pool on a test's database."""
    database = await Database.connect(url, largest=largest, patience=20)
    try:
        yield database
    finally:
        await database.close()


async def waits_for_a_lock(database: Database, sql_part: str) -> bool:
    """Whether some session of this database is blocked in a statement that contains ``sql_part``."""
    return bool(
        await database.fetchval(
            "select exists (select from pg_stat_activity where datname = current_database()"
            " and wait_event_type = 'Lock' and query like '%' || $1 || '%' and pid <> pg_backend_pid())",
            sql_part,
        )
    )


@contextmanager
def open_directory() -> Iterator[Path]:
    """A temporary directory that other system users can enter: run as root, the embedded PostgreSQL is one.

    pytest's ``tmp_path`` is 0700 all the way up.
    """
    with tempfile.TemporaryDirectory(prefix="heliograph-test-") as name:
        directory = Path(name)
        directory.chmod(0o755)
        yield directory


class Process:
    """A Python process of a test: a piece of source with arguments, whose printed lines can be awaited."""

    def __init__(self, source: str, *args: str, **environment: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(source), *args],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | environment,
        )

    def __enter__(self) -> "Process":
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._process.__exit__(None, None, None)

    async def line(self, seconds: float = 40) -> str:
        """The next line that it prints; empty when it has ended."""
        assert self._process.stdout is not None
        return (await within(seconds, asyncio.to_thread(self._process.stdout.readline))).strip()

    def kill(self) -> None:
        """SIGKILL: no handler runs, no transaction is rounded off."""
        self._process.kill()
        self._process.wait(10)

    def end(self, seconds: float = 30) -> tuple[int, str]:
        """Wait for its end; its exit code and the rest of its output."""
        output, _ = self._process.communicate(timeout=seconds)
        return self._process.returncode, output


async def on_server(url: str, *statements: str) -> None:
    """Run statements that want no transaction around them."""
    connection: Connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


def in_database(url: str, name: str) -> str:
    """The URL of another database on the same server."""
    head, _, query = url.partition("?")
    scheme, _, rest = head.partition("://")
    authority = rest.partition("/")[0]
    return f"{scheme}://{authority}/{name}" + (f"?{query}" if query else "")


def _own_ports() -> Iterator[int]:
    """The ports of this process, each once a round, from one by chance on."""
    worker, workers = os.environ.get("PYTEST_XDIST_WORKER", "gw0"), os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")
    own = range(19001 + int(worker.removeprefix("gw")), 32001, int(workers))
    first = secrets.randbelow(len(own))
    return itertools.cycle([*own[first:], *own[:first]])


_ports = _own_ports()


def free_port() -> int:
    """A loopback port for a server that is yet to start.

    It stays free until then: it is below those that the kernel gives to outgoing connections, the tests' other process
    has ports of its own, and this one comes back to it after thousands of others.
    """
    for port in itertools.islice(_ports, 1000):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
    raise AssertionError("no free port")


def fresh_name(what: str) -> str:
    """A name that no other test uses."""
    return f"{what}_{uuid.uuid4().hex[:12]}"
