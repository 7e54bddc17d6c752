"""OAuth clients: programs that may ask people for access to an app. The operator registers them."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from heliograph.messaging import integrations
from heliograph.storage import Connection, SecretBox, new_id


@dataclass(frozen=True, slots=True)
class Client:
    """A client as its pages and its token requests need it."""

    id: str
    display_name: str
    secret: str
    redirect_uris: tuple[str, ...]
    icon: str | None


_INSERT = """
insert into oauth_clients (id, display_name, secret, redirect_uris, remove_url, icon) values ($1, $2, $3, $4, $5, $6)
"""
# All served by oauth_clients_pkey; integrations by integrations_of_oauth.
_FIND = "select * from oauth_clients where id = $1"
_LOCK = "select id from oauth_clients where id = $1 for update"
_DELETE = "delete from oauth_clients where id = $1"
_OF_CLIENT = "select id, app_id from integrations where type = $1 and type ~ '^[0-9a-f]{24}$' order by app_id"
_LIST = """
select c.id, c.display_name, c.redirect_uris, c.remove_url, c.icon is not null as icon, c.created_at,
       array(select i.app_id from integrations i where i.type = c.id and i.type ~ '^[0-9a-f]{24}$' order by i.app_id) as apps
from oauth_clients c order by c.id
"""


def place(client_id: str) -> str:
    """The place a client's secret is sealed for."""
    return f"oauth_client:{client_id}"


async def create(
    connection: Connection,
    box: SecretBox,
    display_name: str,
    redirect_uris: Sequence[str],
    remove_url: str | None = None,
    icon: str | None = None,
) -> dict[str, str]:
    """Register a client: its id and secret. ``icon`` is a ``data:`` URL."""
    client_id, secret = new_id(), secrets.token_urlsafe(32)
    sealed = box.seal(secret, place(client_id))
    await connection.execute(_INSERT, client_id, display_name, sealed, list(redirect_uris), remove_url, icon)
    return {"client_id": client_id, "client_secret": secret}


async def find(connection: Connection, box: SecretBox, client_id: str) -> Client | None:
    """One client, or None."""
    row = await connection.fetchrow(_FIND, client_id)
    if row is None:
        return None
    secret = box.open(row["secret"], place(client_id))
    return Client(row["id"], row["display_name"], secret, tuple(row["redirect_uris"]), row["icon"])


async def list_all(connection: Connection) -> list[dict[str, Any]]:
    """All clients without their secrets, each with the apps that let it in."""
    return [dict(row) for row in await connection.fetch(_LIST)]


async def delete(connection: Connection, client_id: str) -> bool:
    """Delete a client with its integrations and so its tokens, in every app; whether there was one.

    The client is not told: there is no secret left to tell it with.
    """
    if await connection.fetchval(_LOCK, client_id) is None:
        return False
    for row in await connection.fetch(_OF_CLIENT, client_id):
        await integrations.delete(connection, row["app_id"], row["id"])
    await connection.execute(_DELETE, client_id)
    return True
