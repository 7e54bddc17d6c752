"""The HTTP side of delivery: one POST, its verdict."""

import asyncio
import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit
from weakref import WeakValueDictionary

import aiohttp

from heliograph.delivery.guard import AddressRefusedError, Network, guarded_socket
from heliograph.delivery.schedule import TIMEOUT_SECONDS

# POSTs to one host at a time. Waiting for a place is our affair: the customer's 20 seconds begin afterwards.
_MOST_PER_HOST = 64
_MOST_ANSWER_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """How a POST ended. ``status`` is None when no HTTP answer came; ``error`` says why it did not count as delivered."""

    status: int | None
    error: str | None
    seconds: float

    @property
    def delivered(self) -> bool:
        """Any 2xx in time."""
        return self.status is not None and 200 <= self.status < 300


class Sender:
    """Posts to customers' servers: guarded addresses, no redirects, answers read but not kept."""

    def __init__(self, allowed: Sequence[Network], *, timeout: float = TIMEOUT_SECONDS) -> None:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, socket_factory=guarded_socket(allowed)),
            timeout=aiohttp.ClientTimeout(total=timeout),
            headers={"Content-Type": "application/json", "User-Agent": "Heliograph"},
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
        )
        self._gates: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections."""
        await self._session.close()

    async def post(self, url: str, body: bytes, secret: str) -> Answer:
        """POST ``body``, and tell how it ended. Never raises for what the other side does."""
        try:
            host = urlsplit(url).netloc
        except ValueError as failure:
            return Answer(None, f"{type(failure).__name__}: {failure}", 0.0)
        gate = self._gates.setdefault(host, asyncio.Semaphore(_MOST_PER_HOST))
        async with gate:
            return await self._post(url, body, secret)

    async def _post(self, url: str, body: bytes, secret: str) -> Answer:
        start = time.monotonic()
        try:
            async with self._session.post(
                url, data=body, headers={"X-API-Key": secret}, allow_redirects=False
            ) as response:
                # The status is the verdict. The body is read for the connection's sake, whatever becomes of it.
                with contextlib.suppress(TimeoutError, aiohttp.ClientError, OSError):
                    await response.content.read(_MOST_ANSWER_BYTES)
                error = None if 200 <= response.status < 300 else f"HTTP {response.status}"
                return Answer(response.status, error, time.monotonic() - start)
        except TimeoutError:
            reason = "no answer in time"
        except aiohttp.ClientConnectorError as failure:
            cause = failure.os_error
            reason = (
                str(cause) if isinstance(cause, AddressRefusedError) else f"no connection: {cause.strerror or cause}"
            )
        except (aiohttp.ClientError, OSError, ValueError) as failure:
            reason = f"{type(failure).__name__}: {failure}"
        except asyncio.CancelledError:
            raise
        return Answer(None, reason, time.monotonic() - start)
