"""What a viewer is answered: types, ranges, headers. Pure.

The file's first bytes decide what it is: Meta's CDN is known to declare wrongly, and its links have no extension
(gotcha 9). A browser must not take a stranger's file for a page of ours.
"""

import hashlib
import re
from collections.abc import Mapping

from heliograph.channels.instagram.media.cdn import BeyondError, Range
from heliograph.channels.instagram.media.sources import Source
from heliograph.messaging.media_types import HEAD_BYTES, UNKNOWN, extension_of, media_type_of, served_as, shown_inline

# What the webhook's word for an attachment says of files whose first bytes leave it open, such as MP4.
_HINTS = {"image": "image/jpeg", "picture": "image/jpeg", "video": "video/mp4", "audio": "audio/mp4"}
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
_POLICY = "default-src 'none'; sandbox"
# Meta wants stories to be in no cache; other files may be taken back at any time, so no cache that people share has them.
_NEVER = "no-store"
_SHORT = "private, max-age=300"


def type_of(kind: str, head: bytes, declared: str) -> str:
    """The media type of a file that begins with ``head``; ``kind`` is the attachment's type at Meta."""
    hint = _HINTS.get(kind)
    found = media_type_of(head[:HEAD_BYTES], hint or declared, "")
    # A hint that no byte bears out is Meta's word, or a guess of ours.
    return UNKNOWN if found == hint and media_type_of(head[:HEAD_BYTES], "", "") == UNKNOWN else found


def wanted_range(header: str | None, if_range: str | None, etag: str | None) -> Range | None:
    """The one range that is asked for; None: all of it (RFC 9110 14.2: what is no range is ignored)."""
    match = _RANGE.fullmatch(header or "")
    if match is None or (if_range is not None and if_range != etag):
        return None
    first, last = (int(text) if text else None for text in match.groups())
    if (first is None and not last) or (first is not None and last is not None and last < first):
        return None
    return Range(first, last)


def bounds(wanted: Range, total: int) -> tuple[int, int]:
    """First and last byte of a range of a file. Raises :class:`BeyondError`."""
    if wanted.first is None:
        assert wanted.last is not None
        first, last = max(0, total - wanted.last), total - 1
    else:
        first, last = wanted.first, total - 1 if wanted.last is None else min(wanted.last, total - 1)
    if first >= total:
        raise BeyondError(total)
    return first, last


def etag_of(source: Source) -> str | None:
    """The file of a message is always the same one; a person's picture changes; a story nobody is to remember."""
    if source.is_story:
        return None
    return f'"{hashlib.sha256(source.url.encode()).hexdigest()[:32] if source.person else source.key}"'


def headers(kind: str, media_type: str, etag: str | None) -> dict[str, str]:
    """The headers of a file, but for length and range. Without an ``etag`` it is to be in no cache."""
    name = ("file" if kind == "file" else kind.rpartition("_")[2]) + extension_of(media_type)
    made: Mapping[str, str | None] = {
        "content-type": served_as(media_type),
        "content-disposition": f'{"inline" if shown_inline(media_type) else "attachment"}; filename="{name}"',
        "x-content-type-options": "nosniff",
        "content-security-policy": _POLICY,
        "cross-origin-resource-policy": "cross-origin",
        "referrer-policy": "no-referrer",
        "accept-ranges": "bytes",
        "etag": etag,
        "cache-control": _SHORT if etag else _NEVER,
    }
    return {name: value for name, value in made.items() if value is not None}
