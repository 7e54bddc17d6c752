"""One house for all tests of the API; each test makes an app of its own in it."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.api.boards import board
from tests.api.groups import crowd
from tests.api.house import House, Key, Person
from tests.api.oauth import Browser, Partner, registered
from tests.conftest import Server

__all__ = ["board", "crowd"]


@pytest.fixture(scope="session")
def house(embedded_server: Server) -> Iterator[House]:
    """The running API."""
    with embedded_server.database(migrated=True) as url:
        house = House(url)
        house.start()
        try:
            yield house
        finally:
            house.stop()


@dataclass(frozen=True)
class Shop:
    """An app with an Instagram account, somebody who wrote to it, and a key."""

    app_id: str
    key: Key
    integration_id: str
    person: Person

    @property
    def path(self) -> str:
        return f"/v2/apps/{self.app_id}"

    @property
    def conversation(self) -> str:
        return f"{self.path}/conversations/{self.person.conversation_id}"


@pytest.fixture
def shop(house: House) -> Shop:
    """A new shop."""
    app_id, key = house.app()
    integration_id = house.connected(app_id)
    return Shop(app_id, key, integration_id, house.person(app_id, integration_id))


@pytest.fixture(scope="module")
def partner(house: House) -> Partner:
    """A registered OAuth client."""
    return registered(house)


@pytest.fixture
def browser(house: House) -> Browser:
    """A browser without cookies."""
    return Browser(house)
