"""The login dialog of Instagram Login: a professional account looks at what an app asks for, and returns with a code.

Source: Meta reference 4.6. The address that the account returns to ends in ``#_``. A refusal has no ``error_code``.
"""

import re
from urllib.parse import parse_qs, urlencode, urlsplit

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from heliograph.simulator.graph.flavours import INSTAGRAM_LOGIN, INSTAGRAM_PREFIX
from heliograph.simulator.login import Asked, DialogError
from heliograph.simulator.models import Account
from heliograph.simulator.world import World

PATH = f"{INSTAGRAM_PREFIX}/oauth/authorize"
_DENIED = {
    "error": "access_denied",
    "error_reason": "user_denied",
    "error_description": "The user denied your request",
}


def read(world: World, query: dict[str, str]) -> Asked:
    """The dialog's query. Raises :class:`DialogError` with a text for the developer."""
    app = world.state.apps.get(query.get("client_id", ""))
    if app is None or not app.instagram:
        raise DialogError("Invalid platform app: client_id names no Instagram app of the simulator.")
    uri = query.get("redirect_uri", "")
    if urlsplit(uri).scheme not in ("http", "https"):
        raise DialogError("The redirect_uri must be an absolute http or https address.")
    if query.get("response_type", "code") != "code":
        raise DialogError("The response_type must be code.")
    wanted = [scope for scope in re.split(r"[,\s]+", query.get("scope", "")) if scope]
    unknown = [scope for scope in wanted if scope not in INSTAGRAM_LOGIN.all_scopes]
    if unknown or not wanted:
        # The names of the other flavour, and those that ended in January 2025, are refused alike.
        raise DialogError(f"Invalid Scopes: {', '.join(unknown) or 'none'}.")
    return Asked(app, uri, query.get("state"), tuple(dict.fromkeys(wanted)))


def allow(world: World, asked: Asked, account: Account, scopes: list[str]) -> str:
    """The address to return to when the account allows some scopes."""
    granted = [scope for scope in asked.scopes if scope in scopes]
    owner_id = world.state.pages[account.page_id].owner_id
    code = world.grants.give(asked.app.id, owner_id, granted, {}, asked.redirect_uri, account.id)
    return _back(asked, {"code": code}) + "#_"


def deny(asked: Asked) -> str:
    """The address to return to when the account refuses."""
    return _back(asked, _DENIED)


def _back(asked: Asked, answer: dict[str, str]) -> str:
    if asked.state is not None:
        answer = {**answer, "state": asked.state}
    return f"{asked.redirect_uri}{'&' if '?' in asked.redirect_uri else '?'}{urlencode(answer)}"


class InstagramDialog:
    """The dialog as a page. ``as`` in its address picks the account by its username, by default the first one."""

    def __init__(self, world: World, templates: jinja2.Environment, headers: dict[str, str]) -> None:
        self._world = world
        self._templates = templates
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Show the dialog, or take its form."""
        request = Request(scope, receive)
        try:
            response = await self._respond(request)
        except DialogError as problem:
            response = self._page(400, problem=str(problem))
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        asked = read(self._world, dict(request.query_params))
        accounts = {one.username: one for one in self._world.state.accounts.values()}
        account = accounts.get(request.query_params.get("as", ""), next(iter(accounts.values()), None))
        if account is None:
            raise DialogError("The simulator has no account that could log in. Make one first.")
        if request.method == "POST":
            form = parse_qs((await request.body()).decode("latin-1"))
            if form.get("decision") != ["allow"]:
                return RedirectResponse(deny(asked), 303)
            return RedirectResponse(allow(self._world, asked, account, form.get("scope", [])), 303)
        links = [
            (str(request.url.include_query_params(**{"as": name})), f"@{name}")
            for name in accounts
            if name != account.username
        ]
        action = str(request.url.include_query_params(**{"as": account.username}))
        return self._page(200, asked=asked, account=account, others=links, action=action)

    def _page(self, status: int, **words: object) -> Response:
        return HTMLResponse(
            self._templates.get_template("instagram_dialog.html").render(**words),
            status,
            {**self._headers, "Cache-Control": "no-store"},
        )
