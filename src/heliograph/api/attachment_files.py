"""The addresses of attachments, and what stands behind them: plain ASGI beside the API, open to whoever knows one.

A browser must not take a stranger's file for a page of ours: only passive types are served as what they are, everything
else is bytes to be downloaded, and the policy forbids whatever should run all the same.
"""

import asyncio
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from heliograph.api.errors import ApiError, not_found
from heliograph.messaging import attachments
from heliograph.messaging.attachments import PIECE_BYTES
from heliograph.messaging.media_types import served_as, shown_inline
from heliograph.storage import Database

# Sunshine reference 1.3.
ATTACHMENTS_PATH = "/sc/attachments/v2/"

# A file never changes. Browsers keep it; caches that many share forget a deleted one as fast as the original's do.
_CACHE = "public, max-age=31536000, s-maxage=900, immutable"
_POLICY = "default-src 'none'; sandbox"

_LONGEST_NAME = 100
_ID = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
_UNWANTED = re.compile(r"[\x00-\x1f\x7f/\\]+")


def attachment_url(public_url: str, attachment_id: str, name: str) -> str:
    """The address of an attachment."""
    return f"{public_url}{ATTACHMENTS_PATH}{attachment_id}/{quote(name)}"


def attachment_of(public_url: str, url: str) -> str | None:
    """The attachment that an address is of; None for an address that is not one of ours."""
    try:
        ours, theirs = urlsplit(public_url), urlsplit(url)
        if (ours.scheme, ours.hostname, ours.port) != (theirs.scheme, theirs.hostname, theirs.port):
            return None
    except ValueError:
        return None
    return _id_in(theirs.path, ours.path)


def safe_name(name: str) -> str:
    """A file's name as a segment of a path: no directories, no control characters, not too long. May be empty."""
    kept = _UNWANTED.sub("/", name).rpartition("/")[2].strip(" .")
    if len(kept) <= _LONGEST_NAME:
        return kept
    stem, dot, extension = kept.rpartition(".")
    if not dot or len(extension) > 10:
        return kept[:_LONGEST_NAME]
    return stem[: _LONGEST_NAME - len(extension) - 1] + dot + extension


class AttachmentFiles:
    """Serves attachments, piece by piece: at no time is more than one in memory, or a connection held while sending."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        try:
            await self._serve(scope, receive, send, await self._found(scope))
        except ApiError as error:
            error.headers.setdefault("Cache-Control", "no-store")
            await error.response()(scope, receive, send)

    async def _found(self, scope: Scope) -> Mapping[str, Any]:
        if scope["method"] not in ("GET", "HEAD"):
            raise ApiError(405, "Method not allowed", headers={"Allow": "GET, HEAD"})
        attachment_id = _id_in(scope["path"])
        found = None
        if attachment_id is not None:
            async with self._database.pool.acquire() as connection:
                found = await attachments.served(connection, attachment_id)
        if found is None:
            raise not_found("attachment")
        return found

    async def _serve(self, scope: Scope, receive: Receive, send: Send, found: Mapping[str, Any]) -> None:
        asked = Headers(scope=scope)
        headers = _headers(found)
        if _names(asked.get("if-none-match"), headers["etag"]):
            await _start(send, 304, {name: headers[name] for name in ("etag", "cache-control")})
            await send({"type": "http.response.body", "body": b""})
            return
        wanted = asked.get("range") if asked.get("if-range") in (None, headers["etag"]) else None
        part = _range(wanted, found["size"])
        first, last = part or (0, found["size"] - 1)
        if part:
            headers["content-range"] = f"bytes {first}-{last}/{found['size']}"
        headers["content-length"] = str(last - first + 1)
        await _start(send, 206 if part else 200, headers)
        if scope["method"] == "HEAD":
            await send({"type": "http.response.body", "body": b""})
            return
        # Sending to a client that is gone fails nowhere: without this the rest would be read for nobody.
        gone = asyncio.ensure_future(_gone(receive))
        try:
            await self._send(send, gone, found["id"], first, last)
        finally:
            gone.cancel()

    async def _send(self, send: Send, gone: "asyncio.Future[None]", attachment_id: str, first: int, last: int) -> None:
        at = first
        while at <= last and not gone.done():
            number, offset = divmod(at, PIECE_BYTES)
            async with self._database.pool.acquire() as connection:
                piece = await attachments.read_piece(connection, attachment_id, number)
            if piece is None:
                raise ConnectionAbortedError("the attachment was deleted while it was being sent")
            part = piece[offset : offset + last - at + 1]
            at += len(part)
            await send({"type": "http.response.body", "body": part, "more_body": at <= last})


async def _gone(receive: Receive) -> None:
    """Wait until the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _headers(found: Mapping[str, Any]) -> dict[str, str]:
    media_type = found["media_type"]
    where = "inline" if shown_inline(media_type) else "attachment"
    return {
        "content-type": served_as(media_type),
        "content-disposition": f"{where}; filename*=UTF-8''{quote(found['name'], safe='')}",
        "x-content-type-options": "nosniff",
        "content-security-policy": _POLICY,
        "cross-origin-resource-policy": "cross-origin",
        "accept-ranges": "bytes",
        "etag": f'"{found["id"]}"',
        "cache-control": _CACHE,
    }


async def _start(send: Send, status: int, headers: Mapping[str, str]) -> None:
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})


def _id_in(path: str, prefix: str = "") -> str | None:
    if not path.startswith(prefix + ATTACHMENTS_PATH):
        return None
    attachment_id, slash, name = path.removeprefix(prefix + ATTACHMENTS_PATH).partition("/")
    return attachment_id if slash and name and _ID.fullmatch(attachment_id) else None


def _names(header: str | None, etag: str) -> bool:
    tags = [tag.strip().removeprefix("W/") for tag in (header or "").split(",")]
    return etag in tags or "*" in tags


def _range(header: str | None, size: int) -> tuple[int, int] | None:
    """First and last byte of the one range that is asked for; None: all of it. Raises a 416."""
    match = _RANGE.fullmatch(header or "")
    begin, end = match.groups() if match else ("", "")
    if not begin and not end:
        return None
    first = int(begin) if begin else max(0, size - int(end))
    last = min(int(end), size - 1) if begin and end else size - 1
    if begin and end and int(end) < first:
        return None  # RFC 9110 has what is no range ignored
    if first >= size:
        raise ApiError(416, "The range begins after the end of the file", headers={"Content-Range": f"bytes */{size}"})
    return first, last
