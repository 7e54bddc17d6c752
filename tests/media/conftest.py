"""A house whose Meta has a CDN, and accounts in each of the media modes."""

from collections.abc import Iterator

import pytest

from tests.conftest import Server
from tests.instagram.conftest import _no_logs, loop, owner, simulator, town  # noqa: F401  fixtures
from tests.instagram.house import House, Shop
from tests.instagram.meta import Site
from tests.media.cdn import PlayedCdn
from tests.simulator.support import Loop


@pytest.fixture(scope="session")
def meta(loop: Loop) -> Iterator[PlayedCdn]:  # noqa: F811
    """Meta, scripted, with a CDN."""
    played = PlayedCdn()
    site = Site(loop, played.handle).start()
    played.url = site.url
    yield played
    site.stop()


@pytest.fixture(scope="session")
def house(loop: Loop, embedded_server: Server, meta: PlayedCdn) -> Iterator[House]:  # noqa: F811
    """A house whose Meta is scripted."""
    with embedded_server.database(migrated=True) as url:
        house = House(loop, url, meta.url).start()
        yield house
        house.stop()


@pytest.fixture
def shop(house: House) -> Shop:
    """An account whose media go by proxy."""
    return house.shop(media_mode="proxy")
