"""Meta's webhooks come in here (Meta reference 1.2 to 1.4): a plain ASGI callable, the hot path.

    bytes ──▶ signature over the raw bytes ──▶ journal + one job to file it, one group commit ──▶ 200

Invariant: what got a 200 is on disk. Nothing is judged here, nor even parsed; whatever is signed is kept and answered 200.

Callback: ``/webhooks/instagram/{facebook app id}``. Without an id every known app's secret is tried, for apps that were
set up by hand.
"""

import hmac
import time
from typing import Any
from urllib.parse import parse_qs

from heliograph.channels.instagram.accounts.records import FacebookApp, FacebookApps
from heliograph.channels.instagram.journal.entries import FILING_LANE
from heliograph.channels.instagram.journal.flood import Flood
from heliograph.channels.instagram.meta.callback import (
    CALLBACK_PATH,
    LOG_EVERY_SECONDS,
    MOST_DRAINED,
    BrokenOffError,
    number,
    read_body,
)
from heliograph.lanes import enqueue_with
from heliograph.storage import Database, GroupCommit
from heliograph.telemetry import metrics
from heliograph.telemetry.logs import get_logger

log = get_logger("instagram")

# ``sha256=`` and 64 hexadecimal digits.
_SIGNATURE_LENGTH = 71

# One statement, which is its own transaction: one round trip and one commit for a whole batch, and for each Facebook app
# in it one job, in that app's lane. The job names the batch's rows: filing them one by one can wait, the 200 cannot.
_RECEIVE = enqueue_with(f"""written as (
    insert into journal (facebook_app_id, body)
    select facebook_app_id, body from unnest($1::text[], $2::bytea[]) with ordinality as j (facebook_app_id, body, ord)
    order by ord
    returning id, facebook_app_id
), wanted as (
    select '{FILING_LANE}' as kind, facebook_app_id as key, '' as grp, string_agg(id::text, ',' order by id) as payload,
        1 as ord
    from written group by facebook_app_id
)""")  # noqa: S608  the only thing put in is a constant above

_Received = tuple[str, bytes]  # Facebook app, body


def signature_fits(secret: str, body: bytes, header: bytes) -> bool:
    """Whether ``X-Hub-Signature-256`` is that of these bytes. Constant time."""
    wanted = b"sha256=" + hmac.digest(secret.encode(), body, "sha256").hex().encode()
    return hmac.compare_digest(wanted, header)


class WebhookReceiver:
    """The ASGI callable. One per process: its group commit is what makes it fast."""

    def __init__(self, database: Database, apps: FacebookApps, flood: Flood) -> None:
        self._database = database
        self._apps = apps
        self._logged_at: dict[str, float] = {}
        self._flood = flood
        self._journal: GroupCommit[_Received, None] = GroupCommit(self._write)

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
        signature = length = b""
        for name, value in scope["headers"]:
            if name == b"x-hub-signature-256":
                signature = value
            elif name == b"content-length":
                length = value
        if number(length) > MOST_DRAINED:
            return self._refuse(413, "too large")
        try:
            body = await read_body(receive)
        except BrokenOffError:
            return self._refuse(400, "broken off")
        if body is None:
            return self._refuse(413, "too large")
        start = time.perf_counter()
        app = await self._signer(app_id, body, signature)
        if app is None:
            return self._refuse(401, "signature missing" if not signature else "signature wrong")
        self._flood.came()
        try:
            await self._journal.submit((app.id, body))
        except Exception as error:
            # Meta tries again what gets no 200.
            return self._refuse(503, "not stored", type(error).__name__)
        finally:
            self._flood.went()
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
        if now - self._logged_at.get(reason, -LOG_EVERY_SECONDS) >= LOG_EVERY_SECONDS:
            self._logged_at[reason] = now
            log.warning("webhook refused", status=status, reason=reason, error=error)
        return status, reason.encode()

    async def _write(self, batch: list[_Received]) -> list[None]:
        await self._database.execute(_RECEIVE, [one[0] for one in batch], [one[1] for one in batch])
        metrics.WEBHOOKS_RECEIVED.inc(len(batch))
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
