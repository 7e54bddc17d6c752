"""The dashboard as an ASGI application: the table of sections, headers of every answer, and the last catch."""

import contextlib
from collections.abc import Sequence
from typing import Any

import jinja2
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from heliograph.api.services import Services
from heliograph.dashboard import links, wording
from heliograph.dashboard.assets import PATH as STATIC_PATH
from heliograph.dashboard.assets import Assets
from heliograph.dashboard.door import SECTION as DOOR
from heliograph.dashboard.entry import of_app, signed_in
from heliograph.dashboard.frame import ROOT, Guest, House, Visit
from heliograph.dashboard.health import SECTION as HEALTH
from heliograph.dashboard.integrations import SECTION as INTEGRATIONS
from heliograph.dashboard.live import Live
from heliograph.dashboard.sections import Section
from heliograph.dashboard.settings import SECTION as SETTINGS
from heliograph.dashboard.webhooks import SECTION as WEBHOOKS
from heliograph.telemetry.logs import get_logger

log = get_logger("dashboard")

# In the order of the rail. The first of the rail is where people come to.
SECTIONS: tuple[Section, ...] = (DOOR, INTEGRATIONS, WEBHOOKS, HEALTH, SETTINGS)

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_HEADERS = {
    b"content-security-policy": _POLICY.encode(),
    b"x-frame-options": b"DENY",
    b"x-content-type-options": b"nosniff",
    # Not "no-referrer": with that, browsers say of our own forms that they come from nowhere (Fetch, 3.2).
    b"referrer-policy": b"same-origin",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"cache-control": b"no-store",
}


def create_dashboard(services: Services) -> "Dashboard":
    """The dashboard of one process."""
    return Dashboard(services, SECTIONS)


class Dashboard:
    """An ASGI application for everything below ``/dashboard``."""

    def __init__(self, services: Services, sections: Sequence[Section]) -> None:
        assets = Assets(["heliograph.dashboard", *(one.package for one in sections)])
        self._house = House(services, assets, Live(services.database), _templates(sections), sections)
        routes = [
            Route(ROOT, _to_home),
            Route(f"{STATIC_PATH}{{hash}}/{{name}}", assets.serve),
            signed_in("/", _home),
            of_app("/apps/{appId}", _home),
            *(route for section in sections for route in section.routes),
            signed_in("/{rest:path}", _nothing),
        ]
        self._app = Starlette(routes=routes, exception_handlers={HTTPException: _refused, Exception: _broke})
        self._app.router.redirect_slashes = False
        self._app.state.house = self._house

    async def first_link(self) -> str | None:
        """The address where the first owner's account is made, or None when there is a member already."""
        services = self._house.services
        async with services.database.transaction() as connection:
            token = await links.for_first(connection, services.clock())
        return links.address_of(services.public_url, token) if token else None

    def stop(self) -> None:
        """End the streams of open pages: the server stops."""
        self._house.live.stop()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = list(message.get("headers", []))
                names = {name.lower() for name, _ in given}
                message["headers"] = [*given, *((name, value) for name, value in _HEADERS.items() if name not in names)]
            await send(message)

        try:
            await self._app(scope, receive, dressed)
        except ClientDisconnect:
            return
        except Exception:
            # Answered already, by the page below.
            log.exception("a page failed", method=scope.get("method"), route=_pattern(scope))


def _templates(sections: Sequence[Section]) -> jinja2.Environment:
    own = jinja2.PackageLoader("heliograph.dashboard", "templates")
    theirs = jinja2.PrefixLoader({one.name: jinja2.PackageLoader(one.package, "templates") for one in sections})
    shared = jinja2.PackageLoader("heliograph.look", "templates")
    environment = jinja2.Environment(
        loader=jinja2.ChoiceLoader([own, theirs, shared]),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {"short": wording.short, "exact": wording.exact, "ago": wording.ago, "clock": wording.clock}
    return environment


async def _to_home(_: Request) -> Response:
    return RedirectResponse(f"{ROOT}/", 307)


async def _home(visit: Visit) -> Response:
    """The first section of the app that they looked at last; or how to make an app."""
    if visit.chosen is None:
        return visit.page("no_app.html", title="No app yet")
    for section in visit.house.sections:
        if section.in_rail and (visit.member.is_owner or not section.owner):
            return RedirectResponse(section.address(visit.chosen.id), 303)
    raise HTTPException(404)


async def _nothing(_: Visit) -> Response:
    raise HTTPException(404)


async def _refused(request: Request, refused: Exception) -> Response:
    """What the router itself refuses: another method, a file that is not there."""
    status = refused.status_code if isinstance(refused, HTTPException) else 500
    return Guest(request, request.app.state.house).problem(status)


async def _broke(request: Request, _: Exception) -> Response:
    """Nothing of the error is told."""
    return Guest(request, request.app.state.house).problem(500)


def _pattern(scope: Scope) -> Any:
    """The route's pattern: paths may hold a link's token, which no log shall have."""
    with contextlib.suppress(AttributeError):
        return scope["route"].path if "route" in scope else None
    return None
