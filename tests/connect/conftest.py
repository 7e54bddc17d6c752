"""An installation whose Meta is the simulator, and the loop that both run in."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.conftest import Server
from tests.connect.installation import Installation
from tests.simulator.support import Loop, Simulator


@pytest.fixture(scope="module")
def connect_loop() -> Iterator[Loop]:
    """The loop of servers and Meta."""
    running = Loop()
    yield running
    running.close()


@pytest.fixture(scope="module")
def meta(connect_loop: Loop) -> Iterator[Simulator]:
    """Meta, simulated."""
    running = Simulator(connect_loop).start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def place(connect_loop: Loop, embedded_server: Server, meta: Simulator) -> Iterator[Installation]:
    """A whole server."""
    with embedded_server.database(migrated=True) as url:
        installation = Installation(connect_loop, url, meta).start()
        yield installation
        installation.stop()


@pytest.fixture(scope="module")
def browser(place: Installation, browser: Browser) -> Browser:
    """Chromium, started after the server: as long as it runs, no other loop can start in this thread."""
    return browser
