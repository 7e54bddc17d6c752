"""The login dialog: a person looks at what an app asks for, chooses, and is sent back with a code.

Source: Meta's manual login flow. The person may leave out permissions and Pages ("Choose what you allow"); the token
then lacks the scope, or has it for the chosen assets only. A refusal comes back as ``error=access_denied``.
"""

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode, urlsplit

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from heliograph.simulator.graph.flavours import FACEBOOK_LOGIN
from heliograph.simulator.models import App, Owner
from heliograph.simulator.world import World

PATH = re.compile(r"(/v\d{1,3}\.\d{1,2})?/dialog/oauth/?")
_DENIED = {
    "error": "access_denied",
    "error_code": "200",
    "error_description": "Permissions error",
    "error_reason": "user_denied",
}


class DialogError(Exception):
    """The dialog can not be shown, and there is nowhere to send the person back to."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What an app asks for."""

    app: App
    redirect_uri: str
    state: str | None
    scopes: tuple[str, ...]


def read(world: World, query: dict[str, str]) -> Asked:
    """The dialog's query. Raises :class:`DialogError` with a text for the developer."""
    app = world.state.apps.get(query.get("client_id", ""))
    if app is None or app.instagram:
        raise DialogError("Invalid App ID: client_id names no app of the simulator.")
    uri = query.get("redirect_uri", "")
    if urlsplit(uri).scheme not in ("http", "https"):
        raise DialogError("The redirect_uri must be an absolute http or https address.")
    wanted = re.split(r"[,\s]+", query.get("scope", "public_profile"))
    unknown = [scope for scope in wanted if scope and scope not in FACEBOOK_LOGIN.all_scopes]
    if unknown:
        # What Meta shows for scopes of the other flavour, too.
        raise DialogError(f"Invalid Scopes: {', '.join(unknown)}.")
    return Asked(app, uri, query.get("state"), tuple(dict.fromkeys([*wanted, "public_profile"])))


def allow(world: World, asked: Asked, owner: Owner, scopes: list[str], page_ids: list[str]) -> str:
    """The address to return to when the person allows some scopes for some of their Pages.

    An app in Development mode is refused to everybody without a role on it, as if the person had refused.
    """
    if not asked.app.live and owner.id not in asked.app.roles:
        return deny(asked)
    pages = [
        page
        for page in world.state.pages.values()
        if page.owner_id == owner.id and not page.hidden and page.id in page_ids
    ]
    accounts = [page.account_id for page in pages if page.account_id]
    targets = {
        scope: [page.id for page in pages] if scope.startswith("pages_") else accounts
        for scope in scopes
        if scope.startswith(("pages_", "instagram_"))
    }
    granted = [scope for scope in asked.scopes if scope in scopes or scope == "public_profile"]
    code = world.grants.give(asked.app.id, owner.id, granted, targets, asked.redirect_uri)
    return _back(asked, {"code": code}) + "#_=_"


def deny(asked: Asked) -> str:
    """The address to return to when the person refuses."""
    return _back(asked, _DENIED)


def _back(asked: Asked, answer: dict[str, str]) -> str:
    if asked.state is not None:
        answer = {**answer, "state": asked.state}
    return f"{asked.redirect_uri}{'&' if '?' in asked.redirect_uri else '?'}{urlencode(answer)}"


class Dialog:
    """The dialog as a page. ``as`` in its address picks the user, by default the first one."""

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
        owners = list(self._world.state.owners.values())
        owner = self._world.state.owners.get(request.query_params.get("as", ""), owners[0] if owners else None)
        if owner is None:
            raise DialogError("The simulator has no user who could log in. Make an account first.")
        if request.method == "POST":
            form = parse_qs((await request.body()).decode("latin-1"))
            if form.get("decision") != ["allow"]:
                return RedirectResponse(deny(asked), 303)
            return RedirectResponse(allow(self._world, asked, owner, form.get("scope", []), form.get("page", [])), 303)
        links = [(str(request.url.include_query_params(**{"as": one.id})), one.name) for one in owners if one != owner]
        pages = [page for page in self._world.state.pages.values() if page.owner_id == owner.id and not page.hidden]
        usernames = {account.page_id: account.username for account in self._world.state.accounts.values()}
        action = str(request.url.include_query_params(**{"as": owner.id}))
        return self._page(200, asked=asked, owner=owner, others=links, pages=pages, usernames=usernames, action=action)

    def _page(self, status: int, **words: object) -> Response:
        return HTMLResponse(
            self._templates.get_template("dialog.html").render(**words),
            status,
            {**self._headers, "Cache-Control": "no-store"},
        )
