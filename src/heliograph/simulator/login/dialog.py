"""The login dialog of Facebook Login as a page.

    who? ──▶ nothing remembered, or something new is asked ──▶ choose ──▶ back to the app
      │                                                          ▲
      └────▶ all of it was granted before ──▶ reconnect ─────────┴ (Edit previous settings)

``as`` in the address picks the person, ``edit`` shows the whole choice again, ``who`` the people to log in as.
"""

import re
from typing import Any
from urllib.parse import parse_qs

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from heliograph.simulator.login import answer, permissions, person
from heliograph.simulator.login.answer import Choice
from heliograph.simulator.login.asked import Asked, DialogError, read
from heliograph.simulator.models import Consent, Owner
from heliograph.simulator.world import World

PATH = re.compile(r"(/v\d{1,3}\.\d{1,2})?/dialog/oauth/?")


class Dialog:
    """The dialog over one world."""

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
        world = self._world
        asked = read(world.state.apps, dict(request.query_params))
        owner = person.person(world, request)
        edit = "edit" in request.query_params
        if request.method == "POST":
            form = parse_qs((await request.body()).decode("latin-1"))
            response: Response = RedirectResponse(self._decide(asked, owner, form, edit), 303)
            person.remember(response, owner)
            return response
        consent = world.consents.of(asked.app.id, owner.id)
        who = "who" in request.query_params or (asked.reauthenticate and "as" not in request.query_params)
        here = request.url.remove_query_params(["edit", "who"])
        links = [(one, str(here.include_query_params(**{"as": one.id}))) for one in person.people(world)]
        words: dict[str, Any] = {
            "asked": asked,
            "owner": owner,
            "action": str(request.url.include_query_params(**{"as": owner.id})),
            "back": str(here.include_query_params(**{"as": owner.id})),
            "edit": str(here.include_query_params(**{"as": owner.id, "edit": "1"})),
            "switch": str(here.include_query_params(who="1")) if len(links) > 1 else None,
        }
        if who:
            return self._page("dialog_who.html", asked=asked, people=links, of=self._pages_in_words, by="Facebook")
        if consent and not edit and answer.nothing_new(asked, consent):
            return self._page("dialog_reconnect.html", **words, **self._remembered(owner, consent))
        return self._page("dialog.html", **words, **self._to_choose(asked, owner, consent, edit))

    def _decide(self, asked: Asked, owner: Owner, form: dict[str, list[str]], edit: bool) -> str:
        decision = form.get("decision", [""])[0]
        consent = self._world.consents.of(asked.app.id, owner.id)
        if decision == "reconnect" and consent and answer.nothing_new(asked, consent):
            return answer.reconnect(self._world, asked, owner)
        if decision != "allow":
            return answer.deny(asked)
        every = form.get("assets") == ["all"]
        pages = form.get("page", [])
        # A form without the accounts' own list means those of the chosen Pages.
        listed = "accounts" in form
        of_pages = [self._world.state.pages[one].account_id or "" for one in pages if one in self._world.state.pages]
        accounts = form.get("account", []) if listed else of_pages
        choice = Choice(form.get("scope", []), None if every else pages, None if every else accounts)
        return answer.allow(self._world, asked, owner, choice, edit)

    def _to_choose(self, asked: Asked, owner: Owner, consent: Consent | None, edit: bool) -> dict[str, Any]:
        had = set(consent.scopes) if consent else set()
        declined = set(consent.declined) if consent and not asked.rerequest else set()
        scopes = [
            (scope, permissions.meaning(scope), scope not in declined, scope in had)
            for scope in answer.shown(asked, consent, edit)
        ]
        pages, accounts = [], []
        for page in answer.pages_of(self._world, owner):
            pages.append((page, covered(consent, "pages_", page.id)))
            if account := self._world.state.accounts.get(page.account_id or ""):
                accounts.append((account, page, covered(consent, "instagram_", account.id)))
        every = consent is not None and not consent.targets
        return {"scopes": scopes, "pages": pages, "accounts": accounts, "every": every, "consent": consent}

    def _remembered(self, owner: Owner, consent: Consent) -> dict[str, Any]:
        every = answer.pages_of(self._world, owner)
        accounts = [self._world.state.accounts.get(page.account_id or "") for page in every]
        return {
            "consent": consent,
            "meaning": permissions.meaning,
            "pages": [(page, covered(consent, "pages_", page.id)) for page in every],
            "accounts": [(one, covered(consent, "instagram_", one.id)) for one in accounts if one],
        }

    def _pages_in_words(self, owner: Owner) -> str:
        names = [page.name for page in answer.pages_of(self._world, owner)]
        if len(names) > 3:
            return f"{', '.join(names[:2])} and {len(names) - 2} more Pages"
        return ", ".join(names) or "no Pages"

    def _page(self, name: str, status: int = 200, **words: object) -> Response:
        body = self._templates.get_template(name).render(**words)
        return HTMLResponse(body, status, {**self._headers, "Cache-Control": "no-store"})


def covered(consent: Consent | None, kind: str, asset_id: str) -> bool:
    """Whether an asset is in every permission of its kind that was granted; everything is before anything was chosen."""
    if consent is None:
        return True
    scopes = [scope for scope in consent.scopes if scope.startswith(kind)]
    return all(asset_id in consent.targets.get(scope, [asset_id]) for scope in scopes)
