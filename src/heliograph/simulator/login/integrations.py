"""*Business integrations*: the apps that a person let in, and the button that removes one (Meta reference 4.3).

Removing kills the app's tokens, forgets what the dialog remembers, and tells the app by its deauthorize callback.
"""

from urllib.parse import parse_qs

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from heliograph.simulator.login import answer, permissions, person
from heliograph.simulator.login.asked import DialogError
from heliograph.simulator.login.dialog import covered
from heliograph.simulator.models import App, Consent, Owner
from heliograph.simulator.world import World

PATH = "/settings/business-integrations"
META_PATH = "/settings"
"""Meta's own address is ``/settings?tab=business_tools``; it leads here."""


class Integrations:
    """The page over one world. ``as`` in its address picks the person."""

    def __init__(self, world: World, templates: jinja2.Environment, headers: dict[str, str]) -> None:
        self._world = world
        self._templates = templates
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Show the page, or remove an app."""
        request = Request(scope, receive)
        try:
            response = await self._respond(request)
        except DialogError as problem:
            response = self._page("dialog_problem.html", 404, problem=str(problem))
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        world = self._world
        owner = person.person(world, request)
        if request.method == "POST":
            form = parse_qs((await request.body()).decode("latin-1"))
            app = world.state.apps.get(form.get("app_id", [""])[0])
            if app is None:
                raise DialogError("There is no such app any more.")
            self._remove(app, owner)
            target = request.url.include_query_params(**{"as": owner.id, "removed": app.name})
            return RedirectResponse(f"{PATH}?{target.query}", 303)
        links = [(one, str(request.url.replace(query="").include_query_params(**{"as": one.id})))
                 for one in person.people(world)]  # fmt: skip
        response = self._page(
            "integrations.html",
            owner=owner,
            people=links,
            apps=[self._told(world.state.apps[key], owner) for key in world.consents.apps_of(owner.id)],
            removed=request.query_params.get("removed"),
            action=f"{PATH}?as={owner.id}",
        )
        person.remember(response, owner)
        return response

    def _remove(self, app: App, owner: Owner) -> None:
        self._world.callbacks.remove_app(app, owner.id)
        self._world.callbacks.deauthorize_soon(app, owner.id)
        self._world.faults.changed()
        self._world.hub.publish("world", {})

    def _told(self, app: App, owner: Owner) -> dict[str, object]:
        consent: Consent | None = self._world.consents.of(app.id, owner.id)
        pages = answer.pages_of(self._world, owner)
        return {
            "app": app,
            "scopes": [permissions.meaning(scope) for scope in consent.scopes if scope in permissions.MEANINGS]
            if consent
            else [],
            "declined": [permissions.meaning(scope) for scope in consent.declined] if consent else [],
            "pages": [page.name for page in pages if consent and covered(consent, "pages_", page.id)],
            "consent": consent,
        }

    def _page(self, name: str, status: int = 200, **words: object) -> Response:
        body = self._templates.get_template(name).render(**words)
        return HTMLResponse(body, status, {**self._headers, "Cache-Control": "no-store"})
