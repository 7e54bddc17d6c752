"""What stands behind ``/sdk.js``: the page that hands the dialog's answer to the page which opened it, and the login status.

    page ── FB.login ──▶ popup: dialog ──▶ popup: arbiter ── postMessage, to that page's origin only ──▶ page

The answer travels in the popup's fragment and by ``postMessage``; no server sees it, except the app's own.
"""

import re

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import Receive, Scope, Send

from heliograph.simulator import signed_request
from heliograph.simulator.login import answer, person
from heliograph.simulator.login.asked import ARBITER, Asked, DialogError, check_origin
from heliograph.simulator.world import World

SCRIPT = re.compile(r"(/[a-z]{2}_[A-Z]{2})?/sdk\.js")
STATUS = "/x/oauth/status"
LOGOUT = "/x/oauth/logout"
ARBITERS = (ARBITER, f"{ARBITER}/")


class Sdk:
    """The addresses that the script asks, and the page that the popup ends on."""

    def __init__(self, world: World, templates: jinja2.Environment, headers: dict[str, str]) -> None:
        self._world = world
        self._templates = templates
        self._headers = {**headers, "Cache-Control": "no-store"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        if scope["path"] in ARBITERS:
            response: Response = HTMLResponse(self._templates.get_template("arbiter.html").render(), 200, self._headers)
        else:
            response = self._status(request)
        await response(scope, receive, send)

    def _status(self, request: Request) -> Response:
        """Who is logged in, for the app's own pages: other origins learn nothing."""
        app = self._world.state.apps.get(request.query_params.get("client_id", ""))
        origin = request.headers.get("origin", "")
        if app is None or app.instagram:
            return self._refused("Invalid App ID: client_id names no app of the simulator.")
        try:
            check_origin(app, origin)
        except DialogError as problem:
            return self._refused(str(problem))
        shared = {**self._headers, "Access-Control-Allow-Origin": origin, "Access-Control-Allow-Credentials": "true"}
        shared["Vary"] = "Origin"
        if request.url.path == LOGOUT:
            left = JSONResponse({"status": "unknown", "authResponse": None}, 200, shared)
            person.forget(left)
            return left
        owner = person.known(self._world, request)
        consent = self._world.consents.of(app.id, owner.id) if owner else None
        if owner is None or consent is None:
            return JSONResponse({"status": "not_authorized" if owner else "unknown", "authResponse": None}, 200, shared)
        told: dict[str, object] = dict(answer.token_answer(self._world, Asked(app, "", None, ()), consent))
        told["signed_request"] = signed_request.of_login(app.secret, owner.id, self._world.clock.now_ms() // 1000)
        return JSONResponse({"status": "connected", "answer": told}, 200, shared)

    def _refused(self, message: str) -> Response:
        return JSONResponse({"error": {"message": message}}, 400, self._headers)
