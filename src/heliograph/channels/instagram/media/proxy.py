"""The addresses of media, served: a plain ASGI callable beside the API, open to whoever was given one.

    path ──▶ signature ──▶ row ──┬─ copy ──▶ pieces ──▶ viewer
                                 └─ [a slot] ──▶ CDN ──▶ first bytes: what it is ──▶ viewer, chunk by chunk
                                                  └── lapsed ──▶ fresh link ──▶ CDN, once more

Invariant: while bytes flow nothing of the database is held, and a viewer who leaves takes the connection to the CDN along.
404: no address of ours. 410: it was one, and there is nothing behind it any more. 503: not now.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import orjson

from heliograph.channels.instagram.media import serving, sources
from heliograph.channels.instagram.media.addresses import Addresses
from heliograph.channels.instagram.media.cdn import (
    BeyondError,
    Cdn,
    GoneError,
    LapsedError,
    Opened,
    Range,
    UnavailableError,
)
from heliograph.channels.instagram.media.fresh import Fresh
from heliograph.channels.instagram.media.sources import Source
from heliograph.messaging import attachments
from heliograph.messaging.attachments import PIECE_BYTES
from heliograph.messaging.media_types import HEAD_BYTES, UNKNOWN
from heliograph.storage import Database
from heliograph.telemetry import metrics

# Files that are streamed at once, and how long a viewer waits for a place.
MOST_STREAMS = 64
PLACE_SECONDS = 3.0
# Nothing that people send on Instagram is larger; and nobody is served for longer.
LARGEST_FILE = 100 * 1024 * 1024
LONGEST_SECONDS = 600.0

_TOO_LARGE = f"The file is larger than {LARGEST_FILE} bytes."
_NOTHING = "There is nothing behind this address any more: the message was taken back or deleted."
_HEAD = Range(0, HEAD_BYTES - 1)


@dataclass(slots=True)
class _File:
    """What goes to the viewer: bytes ``first`` to ``last`` of ``total`` (None: not known)."""

    kind: str
    media_type: str
    first: int
    last: int | None
    total: int | None
    partial: bool
    chunks: AsyncIterator[bytes]


class Proxy:
    """Serves what our addresses name."""

    def __init__(self, database: Database, addresses: Addresses, cdn: Cdn, fresh: Fresh) -> None:
        self._database = database
        self._addresses = addresses
        self._cdn = cdn
        self._fresh = fresh
        self._places = asyncio.Semaphore(MOST_STREAMS)

    async def __call__(self, scope: Mapping[str, Any], receive: Any, send: Any) -> None:
        """ASGI."""
        asked = _asked(scope)
        outcome = "aborted"
        try:
            outcome = await self._answer(scope, asked, receive, send)
        except GoneError as error:
            outcome = await _refuse(send, 410, "gone", str(error))
        except BeyondError as error:
            told = {} if error.total is None else {"content-range": f"bytes */{error.total}"}
            outcome = await _refuse(send, 416, "beyond", "The range begins after the end of the file.", told)
        except UnavailableError as error:
            later = {"retry-after": str(max(1, round(error.retry_after)))}
            outcome = await _refuse(send, 503, "unavailable", str(error), later)
        finally:
            metrics.MEDIA_SERVED.labels(outcome).inc()

    async def _answer(self, scope: Mapping[str, Any], asked: Mapping[str, str], receive: Any, send: Any) -> str:
        if scope["method"] not in ("GET", "HEAD"):
            return await _refuse(send, 405, "refused", "Method not allowed.", {"allow": "GET, HEAD"})
        named = self._addresses.read(scope["path"])
        if named is None:
            return await _refuse(send, 404, "refused", "This is no address of a file.")
        source = await sources.find(self._database, named)
        if source is None:
            raise GoneError(_NOTHING)
        etag = serving.etag_of(source)
        if etag and _names(asked.get("if-none-match"), etag):
            await _start(send, 304, {"etag": etag, **_cached(source.kind, etag)})
            await send({"type": "http.response.body", "body": b""})
            return "unchanged"
        only_head = scope["method"] == "HEAD"
        wanted = None if only_head else serving.wanted_range(asked.get("range"), asked.get("if-range"), etag)
        async with self._file(source, wanted, only_head) as file:
            headers = serving.headers(source.kind, file.media_type, etag)
            if file.last is not None:
                headers["content-length"] = str(file.last - file.first + 1)
            if file.partial:
                headers["content-range"] = f"bytes {file.first}-{file.last}/{file.total if file.total else '*'}"
            await _start(send, 206 if file.partial else 200, headers)
            if only_head:
                await send({"type": "http.response.body", "body": b""})
                return "head"
            whole = await _stream(file, receive, send)
            return ("copy" if source.copy else "streamed") if whole else "left"

    @asynccontextmanager
    async def _file(self, source: Source, wanted: Range | None, only_head: bool) -> AsyncIterator[_File]:
        if source.copy is not None and source.size:
            yield self._copy(source, source.copy, source.size, wanted)
            return
        async with self._place(), self._opened(source, _HEAD if only_head else wanted) as opened:
            yield await self._from_cdn(source, opened, wanted, only_head)

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(PLACE_SECONDS):
                await self._places.acquire()
        except TimeoutError:
            raise UnavailableError("Too many files are served just now.", 2) from None
        try:
            yield
        finally:
            self._places.release()

    @asynccontextmanager
    async def _opened(self, source: Source, wanted: Range | None) -> AsyncIterator[Opened]:
        """Open the file at Meta, by a fresh link if the one we have lapsed."""
        self._fresh.check(source)
        async with contextlib.AsyncExitStack() as stack:
            try:
                try:
                    opened = await stack.enter_async_context(self._cdn.open(source.url, wanted))
                except LapsedError:
                    link = await self._fresh.link(source)
                    opened = await stack.enter_async_context(self._cdn.open(link, wanted))
            except LapsedError:
                trouble = GoneError("Meta has this file no more.")
                self._fresh.note(source, trouble)
                raise trouble from None
            except (GoneError, UnavailableError) as error:
                self._fresh.note(source, error)
                raise
            yield opened

    async def _from_cdn(self, source: Source, opened: Opened, wanted: Range | None, only_head: bool) -> _File:
        if opened.total is not None and opened.total > LARGEST_FILE:
            raise UnavailableError(_TOO_LARGE, 3600)
        head, media_type = b"", source.media_type
        if opened.first == 0:
            while len(head) < HEAD_BYTES and (chunk := await opened.read()):
                head += chunk
            media_type = serving.type_of(source.kind, head, opened.declared)
        elif media_type is None:
            media_type = await self._look(source)
        if source.mid is not None and media_type != source.media_type:
            async with self._database.transaction(relaxed=True) as connection:
                await sources.learn(connection, source.key, media_type, opened.total)
        total = opened.total
        if only_head or wanted is None:
            last = None if total is None else total - 1
            return _File(source.kind, media_type, 0, last, total, False, _all(head, opened, None))
        if opened.partial:
            length = opened.answer.content_length
            last = None if length is None else opened.first + length - 1
            if last is None:
                raise UnavailableError("Meta's CDN does not tell how much it sends")
            return _File(source.kind, media_type, opened.first, last, total, True, _all(head, opened, None))
        # The CDN took no notice of the range: the rest is passed over here.
        if total is None:
            return _File(source.kind, media_type, 0, None, None, False, _all(head, opened, None))
        first, last = serving.bounds(wanted, total)
        return _File(source.kind, media_type, first, last, total, True, _all(head, opened, (first, last)))

    async def _look(self, source: Source) -> str:
        """What a file is that is asked for from its middle: its first bytes tell."""
        async with self._opened(source, _HEAD) as opened:
            head = b""
            while len(head) < HEAD_BYTES and (chunk := await opened.read()):
                head += chunk
            return serving.type_of(source.kind, head, opened.declared)

    def _copy(self, source: Source, attachment_id: str, size: int, wanted: Range | None) -> _File:
        first, last = serving.bounds(wanted, size) if wanted else (0, size - 1)
        media_type = source.media_type or UNKNOWN
        chunks = self._pieces(attachment_id, first, last)
        return _File(source.kind, media_type, first, last, size, wanted is not None, chunks)

    async def _pieces(self, attachment_id: str, first: int, last: int) -> AsyncIterator[bytes]:
        at = first
        while at <= last:
            number, offset = divmod(at, PIECE_BYTES)
            async with self._database.pool.acquire() as connection:
                piece = await attachments.read_piece(connection, attachment_id, number)
            if piece is None:
                return  # taken back while it was being sent; too few bytes tell the viewer
            part = piece[offset : offset + last - at + 1]
            at += len(part)
            yield part


async def _all(head: bytes, opened: Opened, cut: tuple[int, int] | None) -> AsyncIterator[bytes]:
    """What was read already and what comes still; of it the bytes of ``cut``, both ends included."""
    at, chunk = 0, head
    first, last = cut or (0, LARGEST_FILE)
    while True:
        part = chunk[max(0, first - at) : max(0, last + 1 - at)]
        at += len(chunk)
        if part:
            yield part
        if at > last:
            return
        chunk = await opened.read()
        if not chunk:
            return


async def _stream(file: _File, receive: Any, send: Any) -> bool:
    """Send a file; False when the viewer left. What ends too soon breaks the connection: nobody is to take it for whole."""
    gone = asyncio.ensure_future(_gone(receive))
    sent = 0
    try:
        async with asyncio.timeout(LONGEST_SECONDS):
            while (chunk := await _next(file.chunks, gone)) is not None:
                sent += len(chunk)
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        if gone.done():
            return False
        if file.last is not None and sent != file.last - file.first + 1:
            raise ConnectionAbortedError("the file ended before its end")
        await send({"type": "http.response.body", "body": b""})
    except (UnavailableError, TimeoutError) as error:
        raise ConnectionAbortedError(str(error) or "it took too long") from error
    else:
        return True
    finally:
        gone.cancel()


async def _next(chunks: AsyncIterator[bytes], gone: "asyncio.Future[None]") -> bytes | None:
    """The next chunk; None at the end, or when the viewer left. Sending to one who left fails nowhere."""
    coming: asyncio.Future[bytes | None] = asyncio.ensure_future(anext(chunks, None))
    both: set[asyncio.Future[Any]] = {coming, gone}
    await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    if gone.done() and not coming.done():
        coming.cancel()
        await asyncio.wait({coming})
        return None
    return None if gone.done() else coming.result()


async def _gone(receive: Any) -> None:
    """Wait until the viewer has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _asked(scope: Mapping[str, Any]) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def _names(header: str | None, etag: str) -> bool:
    tags = [tag.strip().removeprefix("W/") for tag in (header or "").split(",")]
    return etag in tags or "*" in tags


def _cached(kind: str, etag: str | None) -> dict[str, str]:
    return {"cache-control": serving.headers(kind, UNKNOWN, etag)["cache-control"]}


async def _refuse(send: Any, status: int, outcome: str, text: str, headers: Mapping[str, str] | None = None) -> str:
    """Answer with an error in the API's own form; returns the outcome to count."""
    code = {404: "not_found", 405: "method_not_allowed", 410: "gone", 416: "bad_request"}.get(status, "unavailable")
    body = orjson.dumps({"errors": [{"code": code, "title": text}]})
    told = {"content-type": "application/json", "content-length": str(len(body)), "cache-control": "no-store"}
    await _start(send, status, {**told, **(headers or {})})
    await send({"type": "http.response.body", "body": body})
    return outcome


async def _start(send: Any, status: int, headers: Mapping[str, str]) -> None:
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
