"""Houses: one without workers (`door`), one with a scripted Meta (`house`), one with the simulator (`town`)."""

from collections.abc import Iterator
from datetime import timedelta

import aiohttp
import pytest
import structlog

from heliograph.channels.instagram.journal.entries import FILING_LANE, INBOUND_LANE
from heliograph.channels.instagram.meta import pauses
from heliograph.channels.instagram.sending import judging
from tests.conftest import Server
from tests.instagram.connecting import played
from tests.instagram.house import House, Shop
from tests.instagram.meta import PlayedMeta, Site
from tests.instagram.owner import Owner
from tests.simulator.support import Loop, Simulator

__all__ = ["played"]


def _drop(*_: object) -> structlog.typing.EventDict:
    raise structlog.DropEvent


@pytest.fixture(autouse=True)
def _no_logs() -> Iterator[None]:
    """Tests provoke errors by the dozen; drawing each traceback would take longer than the rest."""
    before = structlog.get_config()
    structlog.configure(processors=[_drop])
    yield
    structlog.configure(**before)


@pytest.fixture(scope="session")
def loop() -> Iterator[Loop]:
    """The loop in which servers, workers and Meta run."""
    running = Loop()
    yield running
    running.close()


@pytest.fixture(scope="session")
def meta(loop: Loop) -> Iterator[PlayedMeta]:
    """Meta, scripted."""
    played = PlayedMeta()
    site = Site(loop, played.handle).start()
    played.url = site.url
    yield played
    site.stop()


@pytest.fixture(scope="session")
def door(loop: Loop, embedded_server: Server) -> Iterator[House]:
    """A house where what is received comes to its inbound lanes, and no further."""
    with embedded_server.database(migrated=True) as url:
        house = House(loop, url, "http://127.0.0.1:1", works_on={FILING_LANE}).start()
        yield house
        house.stop()


@pytest.fixture(scope="session")
def house(loop: Loop, embedded_server: Server, meta: PlayedMeta) -> Iterator[House]:
    """A house whose Meta is scripted. The other servers of PostgreSQL have `town`."""
    with embedded_server.database(migrated=True) as url, pytest.MonkeyPatch.context() as patch:
        patch.setattr(judging, "ECHO_POLL_SECONDS", 0.05)
        house = House(loop, url, meta.url).start()
        yield house
        house.stop()


@pytest.fixture
def still(loop: Loop, each_server: Server, meta: PlayedMeta) -> Iterator[House]:
    """A house of the test's own that sends only when the test makes it (see `by_hand`)."""
    with each_server.database(migrated=True) as url:
        house = House(loop, url, meta.url, works_on={FILING_LANE, INBOUND_LANE}).start()
        yield house
        house.stop()


@pytest.fixture
def shop(house: House) -> Shop:
    """A connected account in the house with the scripted Meta."""
    return house.shop()


@pytest.fixture(scope="session")
def simulator(loop: Loop) -> Iterator[Simulator]:
    """Meta, simulated."""
    running = Simulator(loop).start()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def town(loop: Loop, each_server: Server, simulator: Simulator) -> Iterator[House]:
    """A house whose Meta is the simulator."""
    with each_server.database(migrated=True) as url, pytest.MonkeyPatch.context() as patch:
        patch.setattr(judging, "ECHO_POLL_SECONDS", 0.05)
        house = House(loop, url, f"http://127.0.0.1:{simulator.port}").start()
        yield house
        house.stop()


@pytest.fixture
def owner(town: House, simulator: Simulator) -> Owner:
    """Somebody with a Facebook app, a Page and an account on the simulator, not connected yet."""
    return Owner.new(town, simulator)


@pytest.fixture
def person(shop: Shop) -> str:
    """Somebody who has just written."""
    return shop.person()


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pauses between attempts, but short."""
    monkeypatch.setattr(judging, "PAUSES", {what: (0.01,) * len(row) for what, row in judging.PAUSES.items()})
    monkeypatch.setattr(judging, "ONCE_MORE", (0.01,))
    monkeypatch.setattr(pauses, "SCHEDULE", (0.01,) * len(pauses.SCHEDULE))


@pytest.fixture
def not_set_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Setting aside is a saving, made a moment after a pause: a test that ends the pause by hand would race with it."""

    async def nothing(*_: object, **__: object) -> None:
        pass

    monkeypatch.setattr(pauses, "set_aside", nothing)


@pytest.fixture
def short_patience(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer of Meta's is waited for two seconds, in whichever house the test is."""
    for name in {"house", "town"} & set(request.fixturenames):
        graph = request.getfixturevalue(name).graph
        monkeypatch.setattr(graph, "_timeout", aiohttp.ClientTimeout(total=2.0))


@pytest.fixture
def impatient(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unknown part is looked for in the thread at once."""
    monkeypatch.setattr(house.channel._messages.outbound, "_grace", timedelta())
