"""The HTTP client of Meta's Graph API. Knows hosts, proofs, envelopes; knows nothing of our tables."""

import hashlib
import hmac
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import orjson

from heliograph.channels.instagram.meta.errors import passes
from heliograph.channels.instagram.meta.flavours import FACEBOOK, FLAVOURS, INSTAGRAM, Flavour
from heliograph.telemetry import metrics

# Differences below this between our clock and Meta's are the network's, not the clock's.
CLOCK_TOLERANCE = timedelta(minutes=2)
# The token's time is over (code, subcode).
EXPIRED = (190, 463)
_SECRET_PARAMS = ("input_token", "client_secret", "access_token", "code", "code_verifier", "fb_exchange_token")


@dataclass(eq=False)
class GraphError(Exception):
    """Meta answered with an error. ``subcode`` is None when there is none."""

    status: int
    code: int
    subcode: int | None
    message: str
    transient: bool = False
    # For whom the call was made.
    caller: "Caller | None" = None

    def __str__(self) -> str:
        sub = f"/{self.subcode}" if self.subcode else ""
        return f"{self.message} (code {self.code}{sub})"

    @property
    def passes(self) -> bool:
        """Whether it says nothing of what was asked about, and another time may tell."""
        return passes(self.code, self.subcode, transient=self.transient, status=self.status)


class NotSentError(Exception):
    """No connection could be made: Meta has surely not seen the request."""


class NoAnswerError(Exception):
    """The request was, or may have been, written and no usable answer came: its outcome is unknown."""


@dataclass(frozen=True, slots=True)
class Caller:
    """The account that a call is made for, and the Facebook app that it is connected by."""

    account_id: str
    facebook_app: str


@dataclass(frozen=True, slots=True)
class _Asked:
    """One call, whatever the token it is made with."""

    method: str
    path: str
    secret: str | None = field(default=None, repr=False)
    params: Mapping[str, str] | None = None
    body: Mapping[str, Any] | None = None
    timeout: float | None = None
    name: str = ""
    versioned: bool = True
    caller: Caller | None = None


class Token(str):
    """An access token that knows by which login it was given, and so which host it is for.

    ``integration_id`` and ``caller``: whose it is, when it is stored.
    """

    login: str
    integration_id: str
    caller: Caller | None

    def __new__(cls, text: str, login: str, integration_id: str = "", caller: Caller | None = None) -> "Token":
        """The token ``text`` of the flavour ``login``."""
        token = super().__new__(cls, text)
        token.login = login
        token.integration_id = integration_id
        token.caller = caller
        return token


def flavour_of(token: str) -> Flavour:
    """The flavour of a token; a plain text is one of Facebook Login."""
    return FLAVOURS[token.login if isinstance(token, Token) else FACEBOOK]


class Graph:
    """Calls to the Graph API, with one connection pool. Tokens are given per call and never logged.

    Each login has a host of its own; a call goes to that of its :class:`Token`. Without ``instagram_url`` there is one host.
    """

    def __init__(self, url: str, version: str, *, timeout: float, instagram_url: str = "") -> None:
        self.url = url
        self._base = f"{url}/{version}"
        self._elsewhere = {INSTAGRAM: instagram_url} if instagram_url else {}
        self.version = version
        # Finds another token for one that Meta says has expired; None when there is none.
        self.renew: Callable[[Token], Awaitable[Token | None]] | None = None
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
        versioned: bool = True,
        caller: Caller | None = None,
    ) -> dict[str, Any]:
        """One call; returns the answer's JSON object. ``secret`` adds ``appsecret_proof`` (Meta reference 4.4).

        Where the token has expired and another is found, the call is made with that one: the first did nothing.
        Raises :class:`GraphError`, :class:`NotSentError`, :class:`NoAnswerError`. ``timeout`` is in seconds.
        What Meta tells of its limits, in headers or in an error, concerns ``caller``: that of the token, when none is given.
        """
        asked = _Asked(method, path, secret, params, body, timeout, name, versioned, caller)
        try:
            return await self._ask(asked, token)
        except GraphError as error:
            if (error.code, error.subcode) != EXPIRED or self.renew is None or not isinstance(token, Token):
                raise
            other = await self.renew(token)
            if other is None:
                raise
        return await self._ask(asked, other)

    async def refuses_all(self, token: str, error: GraphError) -> bool:
        """Whether an error is one that every call with this token gets: the account has no access (Meta reference 4.6).

        Instagram's host says that with 100 and no subcode, like a wrong parameter; only its text differs, and texts decide
        nothing. So the account is asked for its own id, which nothing else refuses.
        """
        if not flavour_of(token).alike or (error.code, error.subcode) != (100, None):
            return False
        try:
            await self._ask(_Asked("GET", "/me", params={"fields": "user_id"}, name="access"), token)
        except GraphError as other:
            return (other.code, other.subcode) == (100, None)
        except (NotSentError, NoAnswerError):
            return False
        return False

    async def _ask(self, asked: "_Asked", token: str) -> dict[str, Any]:
        method, path, secret, name, timeout = asked.method, asked.path, asked.secret, asked.name, asked.timeout
        body, flavour = asked.body, flavour_of(token)
        caller = asked.caller or (token.caller if isinstance(token, Token) else None)
        host = self._elsewhere.get(flavour.login)
        base = self._base if host is None else f"{host}/{self.version}" if asked.versioned else host
        query = dict(asked.params or {})
        if secret is not None and flavour.proof:
            query["appsecret_proof"] = hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest()
        request = self._session.request(
            method,
            f"{base}{path}",
            params=query,
            data=orjson.dumps(body) if body is not None else None,
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
            allow_redirects=False,
            timeout=self._timeout if timeout is None else aiohttp.ClientTimeout(total=timeout),
        )
        # Meta quotes a token that it cannot read; this text goes into logs, tables and events.
        secrets = token, *token.split("|"), secret, *map(query.get, _SECRET_PARAMS)
        started = time.perf_counter()
        try:
            return await self._told(
                request, name or "other", secrets, lambda headers: self._hear(headers, secret, caller)
            )
        except GraphError as error:
            error.caller = caller
            raise
        finally:
            if name == "send":
                metrics.SEND_SECONDS.observe(time.perf_counter() - started)

    async def exchange(self, url: str, form: Mapping[str, str]) -> dict[str, Any]:
        """A form without a token, as logins have them: ``url`` is whole, or a path of the Graph API. Raises as :meth:`call`.

        What is secret goes in the body: an address ends up in logs, on Meta's side too.
        """
        whole = url if url.startswith("http") else f"{self._base}{url}"
        request = self._session.post(whole, data=dict(form), allow_redirects=False, timeout=self._timeout)
        return await self._told(request, "login", [form.get(name) for name in _SECRET_PARAMS])

    async def _told(
        self,
        request: AbstractAsyncContextManager[aiohttp.ClientResponse],
        name: str,
        secrets: Iterable[str | None],
        hear: Callable[[Mapping[str, str]], None] = lambda _: None,
    ) -> dict[str, Any]:
        """What Meta answers to ``request``, or the error that it comes to, without ``secrets``."""
        status = "none"
        try:
            async with request as response:
                status = str(response.status)
                self._note_clock(response.headers.get("Date"))
                hear(response.headers)
                return _answer(response.status, await response.read())
        except GraphError as error:
            error.message = without(error.message, *secrets)
            raise
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotSentError(f"no connection to Meta: {error}") from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise NoAnswerError(f"no answer of Meta's: {type(error).__name__}") from error
        finally:
            metrics.GRAPH_CALLS.labels(name, status).inc()

    def _hear(self, headers: Mapping[str, str], secret: str | None, caller: Caller | None) -> None:
        if self.heard is not None:
            self.heard(headers, secret, caller)

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
    # The code exchange of Instagram Login has an error form of its own, without an envelope (4.6).
    if isinstance(answer.get("error_message"), str):
        raise GraphError(status, _int(answer.get("code")) or 0, None, answer["error_message"])
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
