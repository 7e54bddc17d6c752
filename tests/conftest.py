"""What all tests share: PostgreSQL servers, and migrated databases on them.

A test module takes ``database_url`` (the embedded server), or ``each_database`` to run once per server: the embedded
one and, when ``HELIOGRAPH_TEST_DATABASE_URL`` names it (superuser or createdb), a server of one's own.
Either is a database of the module's own, migrated, gone afterwards. ``empty_database`` is one test's own.
"""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
import structlog
from hypothesis import HealthCheck, settings

from heliograph.storage.embedded import EmbeddedServer
from heliograph.storage.migrate import migrate
from heliograph.telemetry.logs import configure_logging
from tests.browser import browser
from tests.support import fresh_name, in_database, on_server, open_directory, opened

__all__ = ["browser"]

OWN_SERVER = os.environ.get("HELIOGRAPH_TEST_DATABASE_URL", "")
SERVERS = ["embedded", *(["own"] if OWN_SERVER else [])]

# Servers that tests start come up sooner when they may keep what they compiled.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# The longest first, so that they run beside the others.
_LONGEST = ("tests/soak/", "tests/e2e/")

# Examples here talk to a server: no deadline for one of them, the test's own deadlines do that.
settings.register_profile("heliograph", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("heliograph")

# As in the product: without this, tracebacks would be drawn with all that was in hand, which takes seconds each.
configure_logging(level="INFO", as_json=True)
# To whatever stands behind the descriptor at the time, the capture of the test that runs; kept open to the end.
_STDERR = open(2, "wb", buffering=0, closefd=False)  # noqa: SIM115
structlog.configure(logger_factory=structlog.BytesLoggerFactory(_STDERR))


@pytest.fixture(scope="session", autouse=True)
def _commands_log_as_tests_do() -> Iterator[None]:
    """A command that is typed in this process leaves its logging as it is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("heliograph.cli.configure_logging", lambda **_: None)
        yield


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In the order of their folders, but for the longest."""
    items.sort(key=lambda item: not item.nodeid.startswith(_LONGEST))


@dataclass(frozen=True)
class Server:
    """A running PostgreSQL with a migrated template database."""

    url: str
    template: str

    @contextmanager
    def database(self, *, migrated: bool) -> Iterator[str]:
        """The URL of a database of one's own; dropped afterwards."""
        name = fresh_name("test")
        asyncio.run(
            on_server(self.url, f"create database {name} template {self.template if migrated else 'template0'}")
        )
        try:
            yield in_database(self.url, name)
        finally:
            asyncio.run(on_server(self.url, f"drop database {name} with (force)"))


@contextmanager
def _prepared(url: str) -> Iterator[Server]:
    template = fresh_name("template")

    async def prepare() -> None:
        await on_server(url, f"create database {template} template template0")
        async with opened(in_database(url, template), largest=1) as database:
            await migrate(database)

    asyncio.run(prepare())
    try:
        yield Server(url, template)
    finally:
        asyncio.run(on_server(url, f"drop database {template} with (force)"))


@pytest.fixture(scope="session")
def embedded_server() -> Iterator[Server]:
    """The embedded PostgreSQL, started once for all tests."""
    with open_directory() as directory:
        embedded = EmbeddedServer(directory)
        url = asyncio.run(embedded.start())
        try:
            # Tests kill processes of ours, never the machine: they need no disk flushes.
            asyncio.run(on_server(url, "alter system set fsync = off", "select pg_reload_conf()"))
            with _prepared(url) as server:
                yield server
        finally:
            asyncio.run(embedded.stop())


@pytest.fixture(scope="session")
def own_server() -> Iterator[Server]:
    """The server that ``HELIOGRAPH_TEST_DATABASE_URL`` names."""
    with _prepared(OWN_SERVER) as server:
        yield server


@pytest.fixture(scope="session", params=SERVERS)
def each_server(request: pytest.FixtureRequest) -> Server:
    """Every server to test on, one after the other."""
    server: Server = request.getfixturevalue(f"{request.param}_server")
    return server


@pytest.fixture(scope="module")
def database_url(embedded_server: Server) -> Iterator[str]:
    """A migrated database of this module's own, on the embedded server."""
    with embedded_server.database(migrated=True) as url:
        yield url


@pytest.fixture(scope="module")
def each_database(each_server: Server) -> Iterator[str]:
    """A migrated database of this module's own, on every server to test on."""
    with each_server.database(migrated=True) as url:
        yield url


@pytest.fixture
def empty_database(each_server: Server) -> Iterator[str]:
    """A database of this test's own with nothing in it, on every server to test on."""
    with each_server.database(migrated=False) as url:
        yield url
