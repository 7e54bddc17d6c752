"""Our own public address, asked as anybody outside would: with the certificate checked, and no redirect followed."""

import asyncio
import ssl
import time

import aiohttp
import orjson

from heliograph.channels.instagram.doctor.facts import PublicUrl, Reached

_TIMEOUT = aiohttp.ClientTimeout(total=5.0)
# Many integrations are examined at once, and all have this one address.
_GOOD_FOR_SECONDS = 30.0
_LARGEST = 1024


class OwnAddress:
    """Asks ``{url}/healthz``. ``tls`` is what certificates are checked with; None: as the system does."""

    def __init__(self, url: str, tls: ssl.SSLContext | None = None) -> None:
        self.url = url
        self._tls = tls
        self._known: PublicUrl | None = None
        self._known_until = 0.0
        self._asking = asyncio.Lock()

    async def ask(self) -> PublicUrl:
        """What came of it, at most half a minute ago. Raises nothing."""
        async with self._asking:
            if self._known is None or time.monotonic() > self._known_until:
                self._known = PublicUrl(self.url, *await self._ask())
                self._known_until = time.monotonic() + _GOOD_FOR_SECONDS
            return self._known

    async def _ask(self) -> tuple[Reached, str]:
        try:
            async with (
                aiohttp.ClientSession(timeout=_TIMEOUT, cookie_jar=aiohttp.DummyCookieJar()) as session,
                session.get(f"{self.url}/healthz", allow_redirects=False, ssl=self._tls or True) as response,
            ):
                if 300 <= response.status < 400:
                    return Reached.REDIRECT, f"HTTP {response.status}"
                body = await response.content.read(_LARGEST)
                if response.status == 200 and _is_ours(body):
                    return Reached.WELL, ""
                return Reached.SOMEBODY_ELSE, f"HTTP {response.status}"
        except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientConnectorSSLError) as error:
            return Reached.CERTIFICATE, str(getattr(error, "certificate_error", error))[:200]
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            return Reached.NO_ANSWER, type(error).__name__


def _is_ours(body: bytes) -> bool:
    try:
        return bool(orjson.loads(body) == {"status": "ok"})
    except orjson.JSONDecodeError:
        return False
