"""Where Meta calls us, and how a body of its is read: what webhooks and callbacks about a person share. Knows plain ASGI."""

from typing import Any

CALLBACK_PATH = "/webhooks/instagram"
LARGEST_BODY = 1024 * 1024
MOST_DRAINED = 8 * LARGEST_BODY
# Strangers can knock as often as they like: every refusal is counted, and one a reason is logged in this many seconds.
LOG_EVERY_SECONDS = 10.0


def callback_url(public_url: str, facebook_app_id: str) -> str:
    """The address that Meta is told to call for this app."""
    return f"{public_url}{CALLBACK_PATH}/{facebook_app_id}"


def number(header: bytes) -> int:
    """A length as a header gives it; 0 when it does not."""
    return int(header) if header.isdigit() and len(header) < 20 else 0


class BrokenOffError(Exception):
    """The caller went away in the middle of its request."""


async def read_body(receive: Any, largest: int = LARGEST_BODY) -> bytes | None:
    """The whole body, or None when it is larger than ``largest``. Raises :class:`BrokenOffError`.

    A larger one is read on for a while and forgotten: a caller who is still writing does not see our answer.
    """
    chunks, size = [], 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise BrokenOffError
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size <= largest:
            chunks.append(chunk)
        if not message.get("more_body") or size > MOST_DRAINED:
            return b"".join(chunks) if size <= largest else None
