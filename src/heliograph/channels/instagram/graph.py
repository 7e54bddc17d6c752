"""The HTTP client of Meta's Graph API. Knows hosts, proofs, envelopes; knows nothing of our tables."""

import hashlib
import hmac
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import orjson

from heliograph.telemetry import metrics

# Differences below this between our clock and Meta's are the network's, not the clock's.
CLOCK_TOLERANCE = timedelta(minutes=2)


@dataclass(eq=False)
class GraphError(Exception):
    """Meta answered with an error. ``subcode`` is None when there is none."""

    status: int
    code: int
    subcode: int | None
    message: str
    transient: bool = False

    def __str__(self) -> str:
        sub = f"/{self.subcode}" if self.subcode else ""
        return f"{self.message} (code {self.code}{sub})"


class NotSentError(Exception):
    """No connection could be made: Meta has surely not seen the request."""


class NoAnswerError(Exception):
    """The request was, or may have been, written and no usable answer came: its outcome is unknown."""


@dataclass(frozen=True, slots=True)
class Caller:
    """The account that a call is made for, and the Facebook app that it is connected by."""

    account_id: str
    facebook_app: str


class Graph:
    """Calls to one Graph host, with one connection pool. Tokens are given per call and never logged."""

    def __init__(self, url: str, version: str, *, timeout: float) -> None:
        self.url = url
        self._base = f"{url}/{version}"
        self.version = version
        # Hears the headers of every answer, with the app secret that the call was made with, and for whom.
        self.heard: Callable[[Mapping[str, str], str | None, Caller | None], None] | None = None
        self._skew = timedelta()
        self._timeout = aiohttp.ClientTimeout(total=timeout, connect=min(timeout, 5.0))
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=256),
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._session.close()

    def now(self) -> datetime:
        """The time by Meta's clock, as its last answer told: windows are Meta's, so its clock decides."""
        return datetime.now(UTC) + self._skew

    async def call(
        self,
        method: str,
        path: str,
        token: str,
        *,
        secret: str | None = None,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        timeout: float | None = None,
        name: str = "",
        caller: Caller | None = None,
    ) -> dict[str, Any]:
        """One call; returns the answer's JSON object. ``secret`` adds ``appsecret_proof`` (Meta reference 4.4).

        Raises :class:`GraphError`, :class:`NotSentError`, :class:`NoAnswerError`. ``timeout`` is in seconds.
        ``caller`` is whom the call is for: what Meta tells of its limits concerns them.
        """
        query = dict(params or {})
        if secret is not None:
            query["appsecret_proof"] = hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest()
        started = time.perf_counter()
        status = "none"
        try:
            async with self._session.request(
                method,
                f"{self._base}{path}",
                params=query,
                data=orjson.dumps(body) if body is not None else None,
                headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
                allow_redirects=False,
                timeout=self._timeout if timeout is None else aiohttp.ClientTimeout(total=timeout),
            ) as response:
                status = str(response.status)
                self._note_clock(response.headers.get("Date"))
                if self.heard is not None:
                    self.heard(response.headers, secret, caller)
                return _answer(response.status, await response.read())
        except GraphError as error:
            # Meta quotes a token that it cannot read; this text goes into logs, tables and events.
            error.message = without(error.message, token, *token.split("|"), secret, query.get("input_token"))
            raise
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotSentError(f"no connection to Meta: {error}") from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise NoAnswerError(f"no answer of Meta's: {type(error).__name__}") from error
        finally:
            metrics.GRAPH_CALLS.labels(name or "other", status).inc()
            if name == "send":
                metrics.SEND_SECONDS.observe(time.perf_counter() - started)

    def _note_clock(self, date: str | None) -> None:
        if date is None:
            return
        try:
            skew = parsedate_to_datetime(date) - datetime.now(UTC)
        except (TypeError, ValueError):
            return
        self._skew = skew if abs(skew) > CLOCK_TOLERANCE else timedelta()


def without(text: str, *secrets: str | None) -> str:
    """``text`` with every one of ``secrets`` masked."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, "***")
    return text


def _answer(status: int, raw: bytes) -> dict[str, Any]:
    try:
        answer = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise _not_metas(status) from error
    if not isinstance(answer, dict):
        raise _not_metas(status)
    # A 200 can carry an error as well (Meta reference 2).
    told = answer.get("error")
    if isinstance(told, dict):
        raise GraphError(
            status,
            _int(told.get("code")) or 0,
            _int(told.get("error_subcode")),
            str(told.get("message", "")),
            told.get("is_transient") is True,
        )
    if status >= 400:
        raise _not_metas(status)
    return answer


def _not_metas(status: int) -> GraphError | NoAnswerError:
    """What an answer without Meta's envelope tells: it is some proxy's.

    With 4xx or 503 the request went no further. Any other, such as a gateway's time-out, may come after Meta has acted.
    """
    if 400 <= status < 500 or status == 503:
        return GraphError(status, 0, None, f"HTTP {status} without a readable answer", status in (429, 503))
    return NoAnswerError(f"HTTP {status} without a readable answer")


def _int(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError):
        return None
