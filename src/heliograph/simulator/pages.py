"""The simulator's own pages and their files."""

from importlib import resources
from typing import Final

import jinja2
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp

from heliograph.simulator import knobs, pictures
from heliograph.simulator.login import instagram, integrations, sdk
from heliograph.simulator.login.dialog import PATH, Dialog
from heliograph.simulator.world import World

_PACKAGE = "heliograph.simulator"
_STATIC = "/_simulator/static/"
_PICTURES = "/_simulator/pictures/"
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
SECURITY: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' http: https:; "
    "media-src 'self' http: https:; connect-src 'self'; form-action 'self' http: https:; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
"""Nothing inline, nothing from elsewhere. Pictures may come from anywhere, because a message may hold any link."""


class Pages:
    """Answers requests for pages and files; knows nothing of the APIs."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._files = {
            item.name: item.read_bytes()
            for item in resources.files(_PACKAGE).joinpath("static").iterdir()
            if item.is_file()
        }
        loader = jinja2.PackageLoader(_PACKAGE, "templates")
        self._templates = jinja2.Environment(loader=loader, autoescape=True)
        self._dialog = Dialog(world, self._templates, SECURITY)
        settings = integrations.Integrations(world, self._templates, SECURITY)
        script = sdk.Sdk(world, self._templates, SECURITY)
        self._parts: dict[str, ASGIApp] = {
            instagram.PATH: instagram.InstagramDialog(world, self._templates, SECURITY),
            integrations.PATH: settings,
            integrations.META_PATH: settings,
            **dict.fromkeys((*sdk.ARBITERS, sdk.STATUS, sdk.LOGOUT), script),
        }

    def find(self, method: str, path: str) -> ASGIApp | None:
        """The answer to a request for a page or file, None when it is for somebody else."""
        if PATH.fullmatch(path):
            return self._dialog
        if part := self._parts.get(path):
            return part
        if method not in ("GET", "HEAD"):
            return None
        if name := _NAMED.get(path):
            page = self._templates.get_template(name).render(**(knobs.words() if name == _FAULTS else {}))
            return HTMLResponse(page, headers={**SECURITY, "Cache-Control": "no-cache"})
        if path == "/favicon.ico":
            return self._file("mark.svg")
        if sdk.SCRIPT.fullmatch(path):
            script = self._file("sdk.js")
            # Meta's own snippet loads it with crossorigin="anonymous".
            script.headers["Access-Control-Allow-Origin"] = "*"
            return script
        if path.startswith(_STATIC):
            return self._file(path.removeprefix(_STATIC))
        if path.startswith(_PICTURES):
            return self._picture(path.removeprefix(_PICTURES).removesuffix(".png"))
        return None

    def _file(self, name: str) -> Response:
        body = self._files.get(name)
        suffix = name[name.rfind(".") :]
        if body is None or suffix not in _TYPES:
            return Response("Not found", 404, media_type="text/plain")
        return Response(body, media_type=_TYPES[suffix], headers={**SECURITY, "Cache-Control": "no-cache"})

    def _picture(self, key: str) -> Response:
        if key not in self._world.state.people and key not in self._world.state.accounts:
            return Response("Not found", 404, media_type="text/plain")
        return Response(pictures.portrait(key), media_type="image/png", headers={"Cache-Control": "max-age=3600"})


_FAULTS = "faults.html"
_NAMED = {
    "/": "phone.html",
    "/faults": _FAULTS,
    "/_simulator/docs": "docs.html",
    "/_simulator": "phone.html",
    "/_simulator/": "phone.html",
}
