"""`heliograph keys`: account and app keys, made beside the API, for the first door to open."""

from typing import Any

from heliograph.channels.instagram.accounts.records import FacebookApps
from heliograph.channels.instagram.meta.callback import callback_url
from heliograph.commands.console import CommandError
from heliograph.messaging.keys import create_key
from heliograph.opening.storage import open_box, open_database
from heliograph.settings import Settings


async def make_key(settings: Settings, *, scope: str, app_id: str | None, name: str) -> dict[str, Any]:
    """A new key of scope ``account`` or ``app``: id, displayName, secret."""
    box = open_box(settings)
    async with open_database(settings) as database, database.transaction() as connection:
        if app_id is not None and not await connection.fetchval("select true from apps where id = $1", app_id):
            raise CommandError(f"there is no app {app_id}")
        return await create_key(connection, box, scope, app_id, None, name)


async def list_keys(settings: Settings) -> list[dict[str, Any]]:
    """All account and app keys, without their secrets."""
    async with open_database(settings) as database:
        rows = await database.fetch(
            "select id, scope, app_id, display_name, created_at from api_keys order by created_at, id"
        )
    return [{**dict(row), "created_at": row["created_at"].isoformat()} for row in rows]


async def delete_key(settings: Settings, key_id: str) -> bool:
    """Delete a key; False when there is none of that id."""
    async with open_database(settings) as database:
        return (await database.execute("delete from api_keys where id = $1", key_id)) == "DELETE 1"


async def verify_token(settings: Settings, facebook_app_id: str) -> dict[str, str]:
    """Callback URL and verify token of a Facebook app, for setting it up by hand in Meta's dashboard."""
    async with open_database(settings) as database:
        app = await FacebookApps(database, open_box(settings)).reload(facebook_app_id)
    if app is None:
        raise CommandError(
            f"the Facebook app {facebook_app_id} is not known yet: create the integration once, then ask again"
        )
    return {"callback_url": callback_url(settings.reachable_at, app.id), "verify_token": app.verify_token}
