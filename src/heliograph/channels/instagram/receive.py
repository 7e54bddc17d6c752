"""Meta's webhooks come in here (Meta reference 1.2 to 1.4): a plain ASGI callable, the hot path.

    bytes ──▶ signature over the raw bytes ──▶ items ──▶ journal + inbound lanes, one group commit ──▶ 200

Invariant: what got a 200 is on disk. Nothing is judged here; whatever is signed is kept and answered 200.

Callback: ``/webhooks/instagram/{facebook app id}``. Without an id every known app's secret is tried, for apps that were
set up by hand.
"""

import hmac
import time
from typing import Any
from urllib.parse import parse_qs

from heliograph.channels.instagram.accounts import FacebookApp, FacebookApps
from heliograph.channels.instagram.envelope import items
from heliograph.lanes import enqueue_with
from heliograph.storage import Database, GroupCommit
from heliograph.telemetry import metrics
from heliograph.telemetry.logs import get_logger

log = get_logger("instagram")

CALLBACK_PATH = "/webhooks/instagram"
INBOUND_LANE = "inbound"
LARGEST_BODY = 1024 * 1024
# So many webhooks waiting for their 200 at once are a flood; and so long it counts as one after the last sign of it.
_FLOOD = 24
_FLOOD_SECONDS = 0.02
_MOST_DRAINED = 8 * LARGEST_BODY
# Strangers can knock as often as they like: every refusal is counted, and one a reason is logged in this many seconds.
_LOG_EVERY_SECONDS = 10.0
# ``sha256=`` and 64 hexadecimal digits.
_SIGNATURE_LENGTH = 71

# Journal and lanes in one statement, which is its own transaction: one round trip and one commit for a whole batch.
_RECEIVE = enqueue_with(f"""written as (
    insert into journal (facebook_app_id, body)
    select facebook_app_id, body from unnest($1::text[], $2::bytea[]) with ordinality as j (facebook_app_id, body, ord)
    order by ord
    returning id
), numbered as (
    select id, row_number() over (order by id) as webhook from written
), wanted as (
    select '{INBOUND_LANE}' as kind, i.key, '' as grp, n.id || ':' || i.path as payload, i.ord
    from unnest($3::int[], $4::text[], $5::text[]) with ordinality as i (webhook, key, path, ord)
    join numbered n on n.webhook = i.webhook
)""")  # noqa: S608  the only thing put in is a constant above

_Received = tuple[str, bytes, list[tuple[str, str]]]  # Facebook app, body, (lane key, path) of each item


def callback_url(public_url: str, facebook_app_id: str) -> str:
    """The address that Meta is told to call for this app."""
    return f"{public_url}{CALLBACK_PATH}/{facebook_app_id}"


def signature_fits(secret: str, body: bytes, header: bytes) -> bool:
    """Whether ``X-Hub-Signature-256`` is that of these bytes. Constant time."""
    wanted = b"sha256=" + hmac.digest(secret.encode(), body, "sha256").hex().encode()
    return hmac.compare_digest(wanted, header)


class WebhookReceiver:
    """The ASGI callable. One per process: its group commit is what makes it fast."""

    def __init__(self, database: Database, apps: FacebookApps) -> None:
        self._database = database
        self._apps = apps
        self._logged_at: dict[str, float] = {}
        self._waiting = 0
        self._flooded_at = float("-inf")
        self._journal: GroupCommit[_Received, None] = GroupCommit(self._write)

    def pressed(self) -> bool:
        """Whether webhooks come in floods just now: then their 200s, which Meta waits for, go before all other work."""
        return time.perf_counter() - self._flooded_at < _FLOOD_SECONDS

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Answer one request under :data:`CALLBACK_PATH`."""
        app_id = scope["path"][len(CALLBACK_PATH) :].strip("/")
        if scope["method"] == "POST":
            status, text = await self._post(app_id, scope, receive)
        elif scope["method"] == "GET":
            status, text = await self._verify(app_id, scope["query_string"])
        else:
            status, text = 405, b"GET or POST"
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [(b"content-type", b"text/plain"), (b"content-length", str(len(text)).encode())],
            }
        )
        await send({"type": "http.response.body", "body": text})

    async def _post(self, app_id: str, scope: dict[str, Any], receive: Any) -> tuple[int, bytes]:
        signature = b""
        for name, value in scope["headers"]:
            if name == b"x-hub-signature-256":
                signature = value
        if _announced(scope) > _MOST_DRAINED:
            return self._refuse(413, "too large")
        try:
            body = await _read(receive)
        except _BrokenOffError:
            return self._refuse(400, "broken off")
        if body is None:
            return self._refuse(413, "too large")
        start = time.perf_counter()
        app = await self._signer(app_id, body, signature)
        if app is None:
            return self._refuse(401, "signature missing" if not signature else "signature wrong")
        jobs = [(f"{app.id}/{item.account}/{item.person}", item.path) for item in items(body)]
        self._waiting += 1
        if self._waiting >= _FLOOD:
            self._flooded_at = start
        try:
            await self._journal.submit((app.id, body, jobs))
        except Exception as error:
            # Meta tries again what gets no 200.
            return self._refuse(503, "not stored", type(error).__name__)
        finally:
            self._waiting -= 1
        metrics.WEBHOOKS_RECEIVED.inc()
        metrics.WEBHOOK_SECONDS.observe(time.perf_counter() - start)
        return 200, b"ok"

    async def _signer(self, app_id: str, body: bytes, signature: bytes) -> FacebookApp | None:
        """The app whose secret signed this, or None."""
        if len(signature) != _SIGNATURE_LENGTH:
            return None
        if not app_id:
            return next((a for a in await self._apps.all() if signature_fits(a.secret, body, signature)), None)
        app = self._apps.cached(app_id)
        if app is not None and signature_fits(app.secret, body, signature):
            return app
        app = await self._apps.reload(app_id)
        return app if app is not None and signature_fits(app.secret, body, signature) else None

    def _refuse(self, status: int, reason: str, error: str = "") -> tuple[int, bytes]:
        metrics.WEBHOOKS_REFUSED.labels(reason).inc()
        now = time.monotonic()
        if now - self._logged_at.get(reason, -_LOG_EVERY_SECONDS) >= _LOG_EVERY_SECONDS:
            self._logged_at[reason] = now
            log.warning("webhook refused", status=status, reason=reason, error=error)
        return status, reason.encode()

    async def _write(self, batch: list[_Received]) -> list[None]:
        jobs = [(number, key, path) for number, one in enumerate(batch, 1) for key, path in one[2]]
        await self._database.execute(
            _RECEIVE,
            [one[0] for one in batch],
            [one[1] for one in batch],
            [job[0] for job in jobs],
            [job[1] for job in jobs],
            [job[2] for job in jobs],
        )
        return [None] * len(batch)

    async def _verify(self, app_id: str, query_string: bytes) -> tuple[int, bytes]:
        """The handshake: the challenge comes back when the token is ours (1.2)."""
        query = parse_qs(query_string.decode("ascii", "replace"))
        mode, token, challenge = (query.get(f"hub.{name}", [""])[0] for name in ("mode", "verify_token", "challenge"))
        apps = await self._apps.all() if not app_id else [await self._apps.reload(app_id)]
        known = [app for app in apps if app is not None]
        if mode == "subscribe" and any(hmac.compare_digest(app.verify_token.encode(), token.encode()) for app in known):
            return 200, challenge.encode()
        return self._refuse(403, "verification failed")


def _announced(scope: dict[str, Any]) -> int:
    """The body's length as its headers give it; 0 when they do not."""
    length = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
    return int(length) if length.isdigit() and len(length) < 20 else 0


class _BrokenOffError(Exception):
    """The caller went away in the middle of its request."""


async def _read(receive: Any) -> bytes | None:
    """The whole body, or None when it is larger than :data:`LARGEST_BODY`.

    A larger one is read on for a while and forgotten: a caller who is still writing does not see our answer.
    """
    chunks, size = [], 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise _BrokenOffError
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size <= LARGEST_BODY:
            chunks.append(chunk)
        if not message.get("more_body") or size > _MOST_DRAINED:
            return b"".join(chunks) if size <= LARGEST_BODY else None
