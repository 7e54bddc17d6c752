"""A server as it stands behind a proxy, beside one that was stopped; and the proxies before it, one after the other."""

import asyncio
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from heliograph.channels.instagram.accounts.records import FacebookApps
from heliograph.commands.keys import make_key
from heliograph.dashboard import members, passwords
from heliograph.opening.storage import open_box
from heliograph.settings import Settings
from tests.dashboard.house import PASSWORD
from tests.deploy.proxies import NAMES, Ports, running
from tests.e2e.stack import Server, free_port
from tests.support import open_directory, opened

EMAIL = "noa@lumen.example"
FACEBOOK_APP, SECRET = "1122334455", "a secret of the app at Meta"
KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="


@dataclass(frozen=True)
class Place:
    """Where a server runs, and what opens it."""

    server: Server
    ports: Ports
    database_url: str
    key: dict[str, Any]


@dataclass(frozen=True)
class Front:
    """The same by its proxy."""

    place: Place
    name: str
    certificate: Path

    @property
    def url(self) -> str:
        return f"https://localhost:{self.place.ports.https}"


@pytest.fixture(scope="module")
def place(database_url: str) -> Iterator[Place]:
    """A server process with an owner, an account key and an app at Meta."""
    with open_directory() as directory, socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # and nobody listens: so it stays closed
        ports = Ports(free_port(), closed.getsockname()[1], free_port(), free_port())
        given = {
            "HELIOGRAPH_PUBLIC_URL": f"https://localhost:{ports.https}",
            "HELIOGRAPH_PORT": str(ports.server),
            "HELIOGRAPH_DATABASE_URL": database_url,
            "HELIOGRAPH_SECRET_KEY": KEY,
        }
        settings = Settings(database_url=database_url, secret_key=KEY)
        key = asyncio.run(_furnish(settings))
        server = Server({**_without_settings(), **given}, directory / "server.log")
        server.start()
        try:
            yield Place(server, ports, database_url, key)
        finally:
            server.terminate()


@pytest.fixture(scope="module", params=NAMES)
def front(request: pytest.FixtureRequest, place: Place) -> Iterator[Front]:
    """The server behind nginx, then behind Caddy."""
    with open_directory() as directory, running(request.param, directory, place.ports) as certificate:
        yield Front(place, request.param, certificate)


def _without_settings() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("HELIOGRAPH_")}


async def _furnish(settings: Settings) -> dict[str, Any]:
    async with opened(settings.database_url.get_secret_value(), largest=2) as database:
        async with database.transaction() as connection:
            owner = await members.invite(connection, EMAIL, "Noa Berg", "owner", (), datetime.now(UTC))
            await members.set_password(connection, owner, await passwords.hash_of(PASSWORD))
        await FacebookApps(database, open_box(settings)).save(FACEBOOK_APP, SECRET)
    return await make_key(settings, scope="account", app_id=None, name="Test")
