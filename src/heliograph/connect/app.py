"""The routes of this room."""

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from heliograph.connect.callback import Callback
from heliograph.connect.chooser import Chooser
from heliograph.connect.invitation import InvitationPage
from heliograph.connect.pages import AGAIN_PATH, CHOOSE_PATH, EndedError
from heliograph.connect.services import Services
from heliograph.connect.sheets import SHEETS
from heliograph.messaging.invitations import PATH
from heliograph.telemetry.logs import get_logger

log = get_logger("connect")

CONNECT_PATH = "/connect/"


def create_connect(services: Services) -> ASGIApp:
    """The ASGI application for every path under :data:`CONNECT_PATH`."""
    callback, invitation, chooser = Callback(services), InvitationPage(services), Chooser(services)
    form = ["GET", "POST"]
    starlette = Starlette(
        routes=[
            Route(f"{CONNECT_PATH}callback", callback.answer, methods=["GET"]),
            Route(f"{PATH}{{code}}", invitation.by_link, methods=form),
            Route(f"{AGAIN_PATH}/{{id}}", invitation.again, methods=form),
            Route(f"{AGAIN_PATH}/{{id}}/{{popup}}", invitation.again, methods=form),
            Route(f"{CHOOSE_PATH}/{{attempt}}", chooser.answer, methods=form),
        ],
        exception_handlers={404: _unknown, 405: _unknown, EndedError: _ended, Exception: _went_wrong},
    )

    async def outermost(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await starlette(scope, receive, send)
        except ClientDisconnect:
            return
        except Exception:
            # Answered already. The address holds a code, and is not logged: which page it was, is.
            log.exception("a page failed", path="/".join(scope["path"].split("/")[:3])[:100])

    return outermost


async def _ended(_: Request, error: Exception) -> Response:
    assert isinstance(error, EndedError)
    return error.page


async def _went_wrong(_: Request, __: Exception) -> Response:
    return SHEETS.page("went_wrong.html", 500)


async def _unknown(_: Request, error: Exception) -> Response:
    return SHEETS.page("unknown.html", getattr(error, "status_code", 404))
