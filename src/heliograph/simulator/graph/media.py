"""Fetching what a send refers to by URL, as Meta does before it accepts the message.

Source: the media table of Meta's send-message page. The simulator also follows plain http, to loopback addresses too.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

import aiohttp

from heliograph.simulator.errors import refuse
from heliograph.simulator.graph.sniff import fits, sniff
from heliograph.simulator.models import Asset
from heliograph.simulator.world import World

_MB = 1_000_000
_GIF = "image/gif"


@dataclass(frozen=True, slots=True)
class Kind:
    """What a type of media may be: content types, and bytes."""

    types: frozenset[str]
    limit: int


KINDS = {
    "image": Kind(frozenset({"image/png", "image/jpeg", "image/jpg", _GIF}), 8 * _MB),
    "video": Kind(
        frozenset({"video/mp4", "video/ogg", "video/x-msvideo", "video/avi", "video/quicktime", "video/webm"}), 25 * _MB
    ),
    "audio": Kind(
        frozenset({"audio/aac", "audio/mp4", "audio/m4a", "audio/x-m4a", "audio/wav", "audio/x-wav", "video/mp4"}),
        25 * _MB,
    ),
    "file": Kind(frozenset({"application/pdf"}), 25 * _MB),
}


async def fetch(world: World, kind: str, url: str) -> Asset:
    """Fetch a file and keep it on the CDN.

    Raises 100/2018008 when it can not be had, 2018294 for a video that takes too long, and what :func:`keep` raises.
    """
    rule, rules = KINDS[kind], world.rules
    seconds = rules.video_fetch_seconds if kind == "video" else rules.fetch_seconds
    body = bytearray()
    try:
        async with world.session.get(url, timeout=aiohttp.ClientTimeout(total=seconds)) as answer:
            if answer.status != 200:
                raise refuse("media_fetch")
            if answer.content_type not in rule.types:
                raise refuse("media_type")
            if (answer.content_length or 0) > rule.limit:
                raise refuse("media_large")
            async for chunk in answer.content.iter_chunked(64 * 1024):
                body += chunk
                if len(body) > rule.limit:
                    raise refuse("media_large")
            content_type = answer.content_type
    except TimeoutError:
        raise refuse("media_slow" if kind == "video" else "media_fetch") from None
    except (aiohttp.ClientError, OSError, ValueError):
        raise refuse("media_fetch") from None
    return keep(world, kind, content_type, urlsplit(url).path.rsplit("/", 1)[-1] or kind, bytes(body))


def keep(world: World, kind: str, content_type: str, name: str, body: bytes) -> Asset:
    """Keep a file on the CDN.

    Raises 100/2018047 when content type or bytes are not what ``kind`` says, 2018109 when it is too large.
    """
    rule, seen = KINDS[kind], sniff(body)
    if content_type not in rule.types or (seen is not None and not fits(seen, rule.types)):
        raise refuse("media_type")
    if _GIF in (content_type, seen) and not world.rules.gif_images:
        raise refuse("media_type")
    if len(body) > rule.limit:
        raise refuse("media_large")
    return world.cdn.keep(body, content_type, name)


def type_of(content_type: str) -> str | None:
    """The type of attachment for a content type, None when Instagram has none for it."""
    return next((name for name, rule in KINDS.items() if content_type in rule.types), None)
