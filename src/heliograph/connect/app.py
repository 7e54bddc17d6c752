"""The routes of this room."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from heliograph.channels.instagram.onboarding import Onboarding
from heliograph.connect.callback import Callback
from heliograph.connect.sheets import SHEETS

CONNECT_PATH = "/connect/"


def create_connect(onboarding: Onboarding, public_url: str) -> Starlette:
    """The ASGI application for every path under :data:`CONNECT_PATH`."""
    callback = Callback(onboarding, public_url)
    return Starlette(
        routes=[Route(f"{CONNECT_PATH}callback", callback.answer, methods=["GET"])],
        exception_handlers={404: _unknown, 405: _unknown},
    )


async def _unknown(_: Request, error: Exception) -> Response:
    return SHEETS.page("unknown.html", getattr(error, "status_code", 404))
