"""The secret key and the database, as the settings name them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from heliograph.settings import Settings
from heliograph.storage import Database, SecretBox
from heliograph.storage.embedded import EmbeddedServer
from heliograph.storage.migrate import migrate
from heliograph.storage.secrets import load_or_make_key, parse_keys


def open_box(settings: Settings) -> SecretBox:
    """The key that secrets are sealed with: from the settings, or kept in the data directory."""
    given = settings.secret_key.get_secret_value()
    if given:
        return SecretBox(parse_keys(given))
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    return SecretBox(load_or_make_key(settings.data_dir / "secret.key"))


@asynccontextmanager
async def opened_url(settings: Settings) -> AsyncIterator[str]:
    """Where the database is that the settings name, or the embedded one, started or found, and stopped if nobody uses it."""
    url = settings.database_url.get_secret_value()
    if url:
        yield url
        return
    embedded = EmbeddedServer(settings.data_dir)
    try:
        yield await embedded.start()
    finally:
        await embedded.stop()


@asynccontextmanager
async def open_database(settings: Settings, *, migrated: bool = True) -> AsyncIterator[Database]:
    """The database that the settings name, or the embedded one; migrated, unless told not to; closed at the end."""
    async with opened_url(settings) as url:
        database = await Database.connect(url, largest=settings.database_connections)
        try:
            if migrated:
                await migrate(database)
            yield database
        finally:
            await database.close()
