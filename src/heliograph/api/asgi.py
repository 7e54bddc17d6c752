"""The outermost layer: prefix, raw path, metrics, and the last catch of what nobody expected."""

import time
from typing import Any
from urllib.parse import quote

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from heliograph.api.errors import internal_error
from heliograph.telemetry import metrics
from heliograph.telemetry.logs import get_logger

log = get_logger("api")

# Base addresses of the original carry it (Sunshine reference 4.5).
PREFIX = "/sc"

_METHODS = frozenset({"GET", "POST", "PATCH", "DELETE", "PUT", "HEAD", "OPTIONS"})


class Front:
    """Wraps the framework's app. Routes on the path as it was sent: ``%2F`` in an external id stays inside it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 0

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        path = _raw_path(scope)
        inner: dict[str, Any] = {**scope, "path": path, "root_path": PREFIX if path.startswith(PREFIX + "/") else ""}
        try:
            await self._app(inner, receive, watch)
        except ClientDisconnect:
            return
        except Exception:
            operation = getattr(inner.get("route"), "operation_id", None)
            log.exception("request failed", method=scope["method"], operation=operation)
            if not status:
                await internal_error()(scope, receive, watch)
        finally:
            method = scope["method"] if scope["method"] in _METHODS else "OTHER"
            metrics.API_REQUESTS.labels(method, f"{status // 100}xx").inc()
            metrics.API_SECONDS.observe(time.perf_counter() - started)


def _raw_path(scope: Scope) -> str:
    raw = scope.get("raw_path")
    return raw.decode("latin-1").partition("?")[0] if raw else quote(scope["path"], safe="/:@!$&'()*+,;=~-._")
