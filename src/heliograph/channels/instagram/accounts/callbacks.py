"""Meta calls here when a person takes their consent back (Meta reference 4.5): a plain ASGI callable.

    POST …/{facebook app id}/deauthorize      the person removed the app     ──▶ noted + one job ──▶ 200
    POST …/{facebook app id}/data-deletion    and wants their data deleted   ──▶ noted + one job ──▶ 200 {url, code}

As with webhooks nothing is believed that is not signed, and a 200 means that it is on disk. Without an app's id every
known app's secret is tried. The same request again gets the same answer, and is done once.
"""

import hashlib
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import orjson

from heliograph.channels.instagram.accounts.records import FacebookApp, FacebookApps
from heliograph.channels.instagram.meta import signed_request
from heliograph.channels.instagram.meta.callback import (
    CALLBACK_PATH,
    LOG_EVERY_SECONDS,
    BrokenOffError,
    number,
    read_body,
)
from heliograph.channels.instagram.meta.signed_request import RefusedError, SignedRequest
from heliograph.lanes import NewJob, enqueue
from heliograph.messaging import owner_requests
from heliograph.messaging.owner_requests import DEPARTURE_LANE
from heliograph.storage import Database
from heliograph.telemetry import metrics
from heliograph.telemetry.logs import get_logger

log = get_logger("instagram")

LARGEST_BODY = 16 * 1024

# The last piece of the path, and what it asks for.
KINDS = {"deauthorize": "deauthorize", "data-deletion": "data_deletion"}


class _Refused(Exception):  # noqa: N818  an answer, not an error of ours
    def __init__(self, status: int, reason: str, error: str = "") -> None:
        super().__init__(reason)
        self.status = status
        self.error = error


def asked(path: str) -> bool:
    """Whether a path under :data:`CALLBACK_PATH` is one of these."""
    return path.rstrip("/").rpartition("/")[2] in KINDS


class OwnerCallbacks:
    """The ASGI callable. ``scope`` is what a data deletion takes beside the connection; ``status_url`` makes the address
    of the page about a confirmation code."""

    def __init__(
        self,
        database: Database,
        apps: FacebookApps,
        *,
        scope: str,
        status_url: Callable[[str], str],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._apps = apps
        self._scope = scope
        self._status_url = status_url
        self._clock = clock
        self._logged_at: dict[str, float] = {}

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Answer one request of :func:`asked`."""
        app_id, _, last = scope["path"][len(CALLBACK_PATH) :].strip("/").rpartition("/")
        try:
            answer = await self._answer(app_id, KINDS[last], scope, receive)
            status, content_type, body = 200, b"application/json", orjson.dumps(answer)
        except _Refused as refused:
            status, content_type, body = refused.status, b"text/plain", str(refused).encode()
            self._tell(KINDS[last], refused)
        headers = [(b"content-type", content_type), (b"content-length", str(len(body)).encode())]
        headers += [(b"allow", b"POST")] if status == 405 else []
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, app_id: str, kind: str, scope: dict[str, Any], receive: Any) -> dict[str, Any]:
        if scope["method"] != "POST":
            raise _Refused(405, "POST")
        text = await _signed_text(scope, receive)
        app = await self._signer(app_id, text)
        if app is None:
            raise _Refused(401, "signature wrong")
        try:
            request = signed_request.read(text, self._clock())
        except RefusedError as error:
            raise _Refused(400, str(error)) from None
        try:
            code = await self._note(kind, app, request, text)
        except Exception as error:
            raise _Refused(503, "not stored", type(error).__name__) from error
        return {"url": self._status_url(code), "confirmation_code": code} if kind == "data_deletion" else {}

    async def _signer(self, app_id: str, text: str) -> FacebookApp | None:
        """The app whose secret signed this, or None."""
        if not app_id:
            return next((app for app in await self._apps.all() if signed_request.is_signed(app.secret, text)), None)
        app = self._apps.cached(app_id)
        if app is not None and signed_request.is_signed(app.secret, text):
            return app
        app = await self._apps.reload(app_id)
        return app if app is not None and signed_request.is_signed(app.secret, text) else None

    async def _note(self, kind: str, app: FacebookApp, request: SignedRequest, text: str) -> str:
        """Write the request and its job; its confirmation code."""
        digest = hashlib.sha256(f"{kind}\0{text}".encode()).digest()
        scope = self._scope if kind == "data_deletion" else "connection"
        async with self._database.transaction() as connection:
            code, fresh = await owner_requests.receive(
                connection, digest, kind, scope, app.id, request.user_id, request.issued_at
            )
            if fresh is not None:
                # One lane for each person: what they ask is done in the order in which they asked.
                await enqueue(connection, [NewJob(DEPARTURE_LANE, f"{app.id}/{request.user_id}", str(fresh))])
        metrics.OWNER_REQUESTS.labels(kind, "repeated" if fresh is None else "received").inc()
        log.info("a person asks through Meta", kind=kind, facebook_app=app.id, repeated=fresh is None)
        return code

    def _tell(self, kind: str, refused: _Refused) -> None:
        reason = str(refused)
        metrics.OWNER_REQUESTS.labels(kind, "refused").inc()
        now = time.monotonic()
        if now - self._logged_at.get(reason, -LOG_EVERY_SECONDS) >= LOG_EVERY_SECONDS:
            self._logged_at[reason] = now
            log.warning(
                "a request of Meta's refused", kind=kind, status=refused.status, reason=reason, error=refused.error
            )


async def _signed_text(scope: dict[str, Any], receive: Any) -> str:
    """The form's one ``signed_request``. Raises :class:`_Refused`."""
    headers = dict(scope["headers"])
    if number(headers.get(b"content-length", b"")) > LARGEST_BODY:
        raise _Refused(413, "too large")
    try:
        body = await read_body(receive, LARGEST_BODY)
    except BrokenOffError:
        raise _Refused(400, "broken off") from None
    if body is None:
        raise _Refused(413, "too large")
    try:
        form = parse_qs(body.decode("ascii"), max_num_fields=10)
    except ValueError:  # UnicodeDecodeError is one
        raise _Refused(400, "no form") from None
    found = form.get("signed_request", [])
    if len(found) != 1:
        raise _Refused(401, "signature missing")
    if len(found[0]) > signed_request.LONGEST or not found[0].isascii() or found[0].count(".") != 1:
        raise _Refused(400, "signed_request")
    return found[0]
