"""The login dialog of Instagram Login: a professional account looks at what an app asks for, and returns with a code.

Source: Meta reference 4.6. The address that the account returns to ends in ``#_``. A refusal has no ``error_code``. PKCE is
not part of it: a ``code_challenge`` is ignored.
"""

from collections.abc import Mapping
from urllib.parse import parse_qs, urlencode

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from heliograph.simulator.graph.flavours import INSTAGRAM_LOGIN, INSTAGRAM_PREFIX
from heliograph.simulator.login import permissions, person
from heliograph.simulator.login.asked import Asked, DialogError, check_redirect, words
from heliograph.simulator.models import Account, App
from heliograph.simulator.world import World

PATH = f"{INSTAGRAM_PREFIX}/oauth/authorize"
_DENIED = {
    "error": "access_denied",
    "error_reason": "user_denied",
    "error_description": "The user denied your request",
}


def read(apps: Mapping[str, App], query: Mapping[str, str]) -> Asked:
    """The dialog's query. Raises :class:`DialogError` with a text for the developer."""
    app = apps.get(query.get("client_id", ""))
    if app is None or not app.instagram:
        raise DialogError("Invalid platform app: client_id names no Instagram app of the simulator.")
    uri = query.get("redirect_uri", "")
    check_redirect(app, uri)
    if query.get("response_type", "code") != "code":
        raise DialogError("The response_type must be code.")
    wanted = words(query.get("scope", ""))
    unknown = [scope for scope in wanted if scope not in INSTAGRAM_LOGIN.all_scopes]
    if unknown or not wanted:
        # The names of the other flavour, and those that ended in January 2025, are refused alike.
        raise DialogError(f"Invalid Scopes: {', '.join(unknown) or 'none'}.")
    return Asked(
        app,
        uri,
        query.get("state"),
        tuple(dict.fromkeys(wanted)),
        reauthenticate=_on(query.get("force_reauth", "false")),
        facebook_login=_on(query.get("enable_fb_login", "true")),
    )


def _on(text: str) -> bool:
    return text.lower() in ("true", "1")


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
            response = self._page("dialog_problem.html", 400, problem=str(problem))
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        asked = read(self._world.state.apps, dict(request.query_params))
        accounts = {one.username: one for one in self._world.state.accounts.values()}
        named = request.query_params.get("as", "")
        first = next((one for one in accounts.values() if one.professional), None)
        account = accounts.get(named, first)
        if account is None:
            raise DialogError("The simulator has no account that could log in. Make one first.")
        if not account.professional:
            raise DialogError(f"@{account.username} is a personal account. Only professional accounts can log in here.")
        if request.method == "POST":
            form = parse_qs((await request.body()).decode("latin-1"))
            if form.get("decision") != ["allow"]:
                return RedirectResponse(deny(asked), 303)
            return RedirectResponse(allow(self._world, asked, account, form.get("scope", [])), 303)
        here = request.url.remove_query_params(["who"])
        links = [(one, str(here.include_query_params(**{"as": name}))) for name, one in accounts.items()]
        if "who" in request.query_params or (asked.reauthenticate and not named):
            return self._page("dialog_accounts.html", asked=asked, accounts=links, people=self._people(links))
        return self._page(
            "instagram_dialog.html",
            asked=asked,
            account=account,
            scopes=[(scope, permissions.meaning(scope), True, False) for scope in asked.scopes],
            action=str(request.url.include_query_params(**{"as": account.username})),
            switch=str(here.include_query_params(who="1")) if len(links) > 1 else None,
        )

    def _people(self, links: list[tuple[Account, str]]) -> list[tuple[str, Account, str]]:
        """Who can log in with Facebook instead, and the account which that leads to: the first one of their Pages."""
        found: dict[str, tuple[str, Account, str]] = {}
        known = {owner.id: owner.name for owner in person.people(self._world)}
        for account, link in links:
            owner_id = self._world.state.pages[account.page_id].owner_id
            if account.professional and owner_id in known:
                found.setdefault(owner_id, (known[owner_id], account, link))
        return list(found.values())

    def _page(self, name: str, status: int = 200, **words: object) -> Response:
        body = self._templates.get_template(name).render(**words)
        return HTMLResponse(body, status, {**self._headers, "Cache-Control": "no-store"})
