"""`heliograph oauth`: the clients that may ask people for access to their apps."""

import base64
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from heliograph.commands.console import CommandError
from heliograph.messaging.oauth import clients
from heliograph.opening.storage import open_box, open_database
from heliograph.settings import Settings

LARGEST_ICON = 64 * 1024
_MOST_ADDRESSES = 20

# What a file begins with, and what it is.
_PICTURES = ((b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"<svg", "image/svg+xml"))


async def make_client(
    settings: Settings, *, name: str, redirect_uris: Sequence[str], remove_url: str | None, icon: bytes | None
) -> dict[str, str]:
    """Register a client: its id and secret. Raises CommandError for what cannot be right."""
    if not 1 <= len(name) <= 100 or not name.isprintable():
        raise CommandError("the name must have 1 to 100 printable characters")
    if not 1 <= len(redirect_uris) <= _MOST_ADDRESSES:
        raise CommandError(f"give 1 to {_MOST_ADDRESSES} redirect URIs")
    for address in (*redirect_uris, *([remove_url] if remove_url else [])):
        check_address(address)
    picture = None if icon is None else icon_of(icon)
    box = open_box(settings)
    async with open_database(settings) as database, database.transaction() as connection:
        return await clients.create(connection, box, name, list(dict.fromkeys(redirect_uris)), remove_url, picture)


async def list_clients(settings: Settings) -> list[dict[str, Any]]:
    """All clients without their secrets, with the apps that let them in."""
    async with open_database(settings) as database, database.transaction() as connection:
        rows = await clients.list_all(connection)
    return [{**row, "created_at": row["created_at"].isoformat()} for row in rows]


async def delete_client(settings: Settings, client_id: str) -> bool:
    """Delete a client with its tokens, integrations and webhooks; False when there is none of that id."""
    async with open_database(settings) as database, database.transaction() as connection:
        return await clients.delete(connection, client_id)


def check_address(address: str) -> None:
    """An address that a browser can be sent to, or we can call. Raises CommandError."""
    try:
        parts = urlsplit(address)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        valid = False
    if not valid or parts.fragment or "#" in address or len(address) > 2048 or not address.isascii():
        raise CommandError(f"{address} is not an http or https address without a fragment")
    if not address.isprintable() or " " in address or parts.username is not None:
        raise CommandError(f"{address} must hold no spaces and no user name")


def icon_of(picture: bytes) -> str:
    """A picture as a ``data:`` URL. Raises CommandError."""
    if len(picture) > LARGEST_ICON:
        raise CommandError(f"the icon is larger than {LARGEST_ICON // 1024} kB")
    for beginning, kind in _PICTURES:
        if picture.startswith(beginning):
            return f"data:{kind};base64,{base64.b64encode(picture).decode()}"
    raise CommandError("the icon must be a PNG, a JPEG, or an SVG that begins with <svg")
