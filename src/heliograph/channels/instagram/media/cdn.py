"""The HTTP client of Meta's CDN: one file, or a range of it, from hosts of Meta's and no others."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urljoin

import aiohttp

from heliograph.channels.instagram.media.hosts import Hosts, Trust
from heliograph.delivery.guard import guarded_socket
from heliograph.telemetry.logs import get_logger

log = get_logger("instagram")

CONNECT_SECONDS = 5.0
# So long may the CDN be silent, before its answer and within it.
SILENCE_SECONDS = 10.0
CHUNK_BYTES = 64 * 1024

_MOST_REDIRECTS = 3
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_LAPSED = frozenset({403, 404, 410})
_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)")
_UNSATISFIED = re.compile(r"bytes \*/(\d{1,18})")


class LapsedError(Exception):
    """The link is good no more (5.4, gotcha 10). A fresh one may be."""


class GoneError(Exception):
    """Meta has the file no more, or gives it to nobody. The text says what is known."""


class UnavailableError(Exception):
    """Not now. The text says why; ``retry_after`` is in seconds."""

    def __init__(self, text: str, retry_after: float = 5.0) -> None:
        super().__init__(text)
        self.retry_after = retry_after


class BeyondError(Exception):
    """The range begins after the end of the file, which has ``total`` bytes."""

    def __init__(self, total: int | None) -> None:
        super().__init__("the range begins after the end of the file")
        self.total = total


@dataclass(frozen=True, slots=True)
class Range:
    """From ``first`` to ``last``, to the end without it; without ``first`` the last ``last`` bytes."""

    first: int | None
    last: int | None

    def header(self) -> str:
        """The value of ``Range``."""
        first, last = ("" if one is None else one for one in (self.first, self.last))
        return f"bytes={first}-{last}"


@dataclass(frozen=True, slots=True)
class Opened:
    """A file that is coming in, from its byte ``first`` on.

    ``total``: bytes of the whole file, None when the CDN does not say. ``partial``: the range that was asked for.
    ``declared`` is what the CDN calls it.
    """

    answer: aiohttp.ClientResponse
    first: int
    total: int | None
    partial: bool
    declared: str

    async def read(self) -> bytes:
        """The next bytes, empty at the end. Raises :class:`UnavailableError`."""
        try:
            return await self.answer.content.read(CHUNK_BYTES)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise UnavailableError(f"Meta's CDN broke off: {type(error).__name__}") from error


class Cdn:
    """Fetches media. At most what ``read`` returns is in memory."""

    def __init__(self, hosts: Hosts) -> None:
        self.hosts = hosts
        self._sessions: dict[Trust, aiohttp.ClientSession] = {}

    async def close(self) -> None:
        """Close all connections."""
        for session in self._sessions.values():
            await session.close()
        self._sessions.clear()

    @asynccontextmanager
    async def open(self, url: str, wanted: Range | None = None) -> AsyncIterator[Opened]:
        """Open what a link leads to. Leaving closes the connection, read to its end or not.

        Raises :class:`LapsedError`, :class:`GoneError`, :class:`UnavailableError`, :class:`BeyondError`.
        """
        answer = await self._answer(url, wanted)
        try:
            yield _opened(answer, wanted)
        finally:
            answer.close()

    async def _answer(self, url: str, wanted: Range | None) -> aiohttp.ClientResponse:
        headers = {"Accept-Encoding": "identity", "Accept": "*/*"}
        if wanted is not None:
            headers["Range"] = wanted.header()
        for _ in range(_MOST_REDIRECTS + 1):
            trust = self.hosts.trust(url)
            if trust is None:
                log.warning("link to a host that is not Meta's")
                raise GoneError("The link does not lead to Meta's CDN; HELIOGRAPH_MEDIA_HOSTS names its hosts.")
            try:
                answer = await self._session(trust).get(url, headers=headers, allow_redirects=False)
            except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
                raise UnavailableError(f"Meta's CDN cannot be reached: {type(error).__name__}") from error
            if answer.status not in _REDIRECTS:
                return answer
            url = urljoin(url, answer.headers.get("Location", ""))
            answer.close()
        raise UnavailableError("Meta's CDN redirects without end")

    def _session(self, trust: Trust) -> aiohttp.ClientSession:
        session = self._sessions.get(trust)
        if session is None:
            guard = guarded_socket(()) if trust is Trust.PUBLIC else None
            session = self._sessions[trust] = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, socket_factory=guard),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                timeout=aiohttp.ClientTimeout(total=None, connect=CONNECT_SECONDS, sock_read=SILENCE_SECONDS),
            )
        return session


def _opened(answer: aiohttp.ClientResponse, wanted: Range | None) -> Opened:
    status = answer.status
    if status in _LAPSED:
        raise LapsedError
    if status == 416 and wanted is not None:
        told = _UNSATISFIED.fullmatch(answer.headers.get("Content-Range", ""))
        raise BeyondError(int(told[1]) if told else None)
    if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise UnavailableError("Meta's CDN answers in an encoding that nobody asked for")
    declared = answer.headers.get("Content-Type", "")
    if status == 200:
        return Opened(answer, 0, answer.content_length, False, declared)
    if status == 206 and wanted is not None:
        told = _CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
        if told and wanted.first in (None, int(told[1])):
            return Opened(answer, int(told[1]), None if told[3] == "*" else int(told[3]), True, declared)
    raise UnavailableError(f"Meta's CDN answers {status}")
