"""Meta's CDN, played beside its Graph API: links lapse, ranges are honoured or not, and files end where a test says."""

import asyncio
from dataclasses import dataclass, field

from aiohttp import web

from tests.instagram.meta import PlayedMeta, Told, _answer

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 1200  # more than one piece of an attachment
MP4 = b"\x00\x00\x00\x18ftypisom" + bytes(range(200)) * 2000


@dataclass
class File:
    """A file of the CDN. Its links have a number; only those of ``good`` work."""

    body: bytes
    declared: str = "application/octet-stream"
    good: set[str] = field(default_factory=lambda: {"1"})
    lapsed_status: int = 403
    ranges: bool = True
    tells_length: bool = True
    redirect: str | None = None
    status: int | None = None
    holds: asyncio.Event | None = None  # waited for after the first half
    ends_early: bool = False
    encoding: str | None = None


@dataclass
class PlayedCdn(PlayedMeta):
    """The Graph API, and the CDN at ``/cdn/``."""

    files: dict[str, File] = field(default_factory=dict)
    fetched: list[tuple[str, str, str | None]] = field(default_factory=list)  # name, link's number, Range
    streams: int = 0

    def put(self, name: str, body: bytes = PNG, **how: object) -> str:
        """Put a file up; its first link."""
        self.files[name] = File(body, **how)  # type: ignore[arg-type]
        return self.link(name)

    def link(self, name: str, number: int | str = 1) -> str:
        """A link to a file."""
        return f"{self.url}/cdn/?asset_id={name}&signature={number}"

    def tells(self, mid: str, told: dict[str, object] | Told) -> None:
        """What the Graph API says of a mid."""
        self.answers["GET", mid] = told if isinstance(told, tuple) else (200, {"id": mid, **told})

    def pictures(self, mid: str, *links: str) -> None:
        """The Graph API tells of a mid with these pictures."""
        self.tells(mid, {"attachments": {"data": [{"id": "1", "image_data": {"url": link}} for link in links]}})

    def times_read(self, mid: str) -> int:
        """How often the Graph API was asked for a mid."""
        return self.others.count(("GET", mid))

    async def handle(self, request: web.Request) -> web.StreamResponse:  # type: ignore[override]
        if not request.path.startswith("/cdn/"):
            return await super().handle(request)
        name, number = request.query["asset_id"], request.query["signature"]
        self.fetched.append((name, number, request.headers.get("Range")))
        file = self.files[name]
        if number not in file.good:
            return web.Response(status=file.lapsed_status, text="URL signature expired")
        if file.redirect is not None:
            return web.Response(status=302, headers={"Location": file.redirect})
        if file.status is not None:
            return _answer((file.status, {"no": "file"}))
        return await self._stream(request, file)

    async def _stream(self, request: web.Request, file: File) -> web.StreamResponse:
        status, body, headers = 200, file.body, {"Content-Type": file.declared}
        asked = request.http_range
        if "Range" in request.headers and file.ranges:
            total = len(file.body)
            first, last, _ = slice(asked.start, asked.stop).indices(total)
            if first >= total:
                return web.Response(status=416, headers={"Content-Range": f"bytes */{total}"})
            status, body = 206, file.body[first:last]
            headers["Content-Range"] = f"bytes {first}-{last - 1}/{total}"
        if file.encoding:
            headers["Content-Encoding"] = file.encoding
        response = web.StreamResponse(status=status, headers=headers)
        if file.tells_length:
            response.content_length = len(body)
        else:
            response.enable_chunked_encoding()
        self.streams += 1
        try:
            await response.prepare(request)
            half = len(body) // 2
            await response.write(body[:half])
            if file.holds is not None:
                await file.holds.wait()
            if file.ends_early:
                assert request.transport is not None
                request.transport.close()
                return response
            await response.write(body[half:])
            await response.write_eof()
        finally:
            self.streams -= 1
        return response
