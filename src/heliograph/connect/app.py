"""The routes of this room."""

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from heliograph.channels.instagram.onboarding import Onboarding
from heliograph.connect.callback import Callback
from heliograph.connect.sheets import SHEETS
from heliograph.telemetry.logs import get_logger

log = get_logger("connect")

CONNECT_PATH = "/connect/"


def create_connect(onboarding: Onboarding, public_url: str) -> ASGIApp:
    """The ASGI application for every path under :data:`CONNECT_PATH`."""
    callback = Callback(onboarding, public_url)
    pages = Starlette(
        routes=[Route(f"{CONNECT_PATH}callback", callback.answer, methods=["GET"])],
        exception_handlers={404: _unknown, 405: _unknown, Exception: _went_wrong},
    )

    async def outermost(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await pages(scope, receive, send)
        except ClientDisconnect:
            return
        except Exception:
            # Answered already. The address holds a code, and is not logged.
            log.exception("a page failed", path=scope["path"][:100])

    return outermost


async def _went_wrong(_: Request, __: Exception) -> Response:
    return SHEETS.page("went_wrong.html", 500)


async def _unknown(_: Request, error: Exception) -> Response:
    return SHEETS.page("unknown.html", getattr(error, "status_code", 404))
