"""How the installation stands: whether its key opens what is stored, of every kind."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from heliograph import installation
from heliograph.channels.health import Finding
from heliograph.messaging import apps, keys, webhooks
from heliograph.messaging.oauth import clients
from heliograph.storage import Database, SecretBox

OURS, ANOTHER = SecretBox([b"k" * 32]), SecretBox([b"o" * 32])

Store = Callable[[Database, SecretBox], Awaitable[object]]


async def _key(database: Database, box: SecretBox) -> None:
    async with database.transaction() as connection:
        await keys.create_key(connection, box, "account", None, None, "K")


async def _webhook(database: Database, box: SecretBox) -> None:
    async with database.transaction() as connection:
        app = await apps.create(connection, "A", {})
        await connection.execute("insert into integrations (id, app_id, type) values ('i', $1, 'custom')", app["id"])
        await connection.execute(
            "insert into webhooks (id, app_id, integration_id, target, triggers, secret)"
            " values ('w', $1, 'i', 'https://desk.example.org/', '{}', $2)",
            app["id"],
            box.seal("s", webhooks.place("w")),
        )


async def _client(database: Database, box: SecretBox) -> None:
    async with database.transaction() as connection:
        await clients.create(connection, box, "C", ["https://desk.example.org/"])


async def _verify_token(database: Database, box: SecretBox) -> None:
    await database.execute(
        "insert into facebook_apps (id, secret, verify_token) values ('1', $1, $2)",
        OURS.seal("s", "facebook_app:1:secret"),
        box.seal("v", "facebook_app:1:verify_token"),
    )


def found(url: str, store: Store, box: SecretBox) -> Finding:
    """What is said of the key after something was stored, and nothing else was."""

    async def ask() -> Finding:
        database = await Database.connect(url, largest=2)
        try:
            await database.execute("truncate apps, api_keys, oauth_clients, facebook_apps cascade")
            await store(database, box)
            return await installation.key(database, OURS)
        finally:
            await database.close()

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("store", "words"),
    [
        (_key, "API keys (1)"),
        (_webhook, "webhooks' secrets (1)"),
        (_client, "OAuth clients' secrets (1)"),
        (_verify_token, "their verify tokens (1)"),
    ],
    ids=["key", "webhook", "OAuth client", "verify token"],
)
def test_the_key_is_tried_on_every_kind_of_secret(database_url: str, store: Store, words: str) -> None:
    well = found(database_url, store, OURS)
    assert well.is_well
    assert words in well.finding
    ill = found(database_url, store, ANOTHER)
    assert not ill.is_well
    assert "HELIOGRAPH_SECRET_KEY does not hold" in ill.finding


def test_of_many_the_newest_are_tried(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation, "_MOST_TRIED", 2)

    async def store(database: Database, box: SecretBox) -> None:
        await _key(database, ANOTHER)
        for _ in range(2):
            await _key(database, box)

    assert "API keys (the newest 2)" in found(database_url, store, OURS).finding
