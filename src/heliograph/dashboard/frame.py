"""What a page is made with: who asks, for which app, and the frame around what the page shows.

A page is ``async def some_page(visit: Visit) -> Response``, and ends in :meth:`Guest.page`, :meth:`Guest.fragment` (a
piece for htmx) or :meth:`Guest.redirect`. Its route stands in its section's table (see :mod:`entry`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from heliograph.api.services import Services
from heliograph.dashboard import cookies, once, wording
from heliograph.dashboard.access import MOST_LISTED, App
from heliograph.dashboard.assets import Assets
from heliograph.dashboard.forms import TOKEN_FIELD, TOKEN_HEADER, Form
from heliograph.dashboard.live import Live
from heliograph.dashboard.members import Member
from heliograph.dashboard.sessions import Session
from heliograph.dashboard.tokens import form_token, new_token

if TYPE_CHECKING:
    from heliograph.dashboard.sections import Section

ROOT = "/dashboard"


@dataclass(frozen=True)
class House:
    """What all pages of a process share."""

    services: Services
    assets: Assets
    live: Live
    templates: jinja2.Environment
    sections: "Sequence[Section]"


@dataclass
class Guest:
    """Somebody who asks for a page and need not be signed in. ``form`` is what was sent, if it was sent."""

    request: Request
    house: House
    form: Form = field(default_factory=Form)

    @property
    def services(self) -> Services:
        """Database, box, channels, clock."""
        return self.house.services

    @property
    def now(self) -> datetime:
        """The time, aware UTC."""
        return self.house.services.clock()

    @property
    def by_htmx(self) -> bool:
        """Whether a piece of a page is asked for, not a page."""
        return self.request.headers.get("hx-request") == "true"

    @property
    def seed(self) -> str | None:
        """The cookie that the tokens of this browser's forms are made of; None when it has none yet."""
        return cookies.token(self.request, cookies.DOOR)

    def page(self, template: str, *, title: str, status: int = 200, **words: Any) -> Response:
        """A whole page. ``words`` are the template's own."""
        seed = self.seed or new_token()
        response = HTMLResponse(self._rendered(template, seed, {"title": title, **words}), status)
        if self.seed is None:
            cookies.put(self.request, response, cookies.DOOR, seed)
        return response

    def fragment(self, template: str, status: int = 200, **words: Any) -> Response:
        """A piece of a page, for htmx."""
        return HTMLResponse(self.rendered(template, **words), status)

    def rendered(self, template: str, **words: Any) -> str:
        """The text of a piece of a page."""
        return self._rendered(template, self.seed or "", words)

    def redirect(self, path: str, done: str = "") -> Response:
        """303 to another page of the dashboard; ``path`` begins after ``/dashboard``.

        ``done`` is a word of :data:`wording.DONE`, which that page then shows as a notice.
        """
        address = f"{ROOT}{path}" + (f"{'&' if '?' in path else '?'}done={quote(done)}" if done else "")
        if self.by_htmx:
            return Response(status_code=204, headers={"HX-Redirect": address})
        return RedirectResponse(address, 303)

    def problem(self, status: int, detail: str = "") -> Response:
        """A page, or a sentence for htmx, that says what is wrong and what to do."""
        words = wording.problem(status, detail)
        if self.by_htmx:
            return Response(f"{words.title}. {words.text}", status, media_type="text/plain")
        return self.page("problem.html", title=words.title, status=status, problem=words)

    def _rendered(self, template: str, seed: str, words: dict[str, Any]) -> str:
        return self.house.templates.get_template(template).render(**self._around(seed), **words)

    def _around(self, seed: str) -> dict[str, Any]:
        """What every template knows."""
        return {
            "root": ROOT,
            "form_token": form_token(seed),
            "form_token_field": TOKEN_FIELD,
            "form_token_header": TOKEN_HEADER,
            "form_once": new_token,
            "form_once_field": once.FIELD,
            "asset": self.house.assets.url,
            "now": self.now,
            "done_kind": "warn" if self.request.query_params.get("done") in wording.WARNS else "good",
            "done": wording.DONE.get(self.request.query_params.get("done", "")),
            "member": None,
            "app": None,
        }


@dataclass
class Visit(Guest):
    """Somebody who is signed in.

    ``app`` is the one that the path names, and that they may see; elsewhere the one they looked at last, or None.
    ``apps`` are those to switch to (none when a piece of a page is asked for).
    """

    session: Session = field(kw_only=True)
    cookie: str = field(kw_only=True, repr=False)
    chosen: App | None = field(kw_only=True, default=None)
    apps: Sequence[App] = field(kw_only=True, default=())

    @property
    def member(self) -> Member:
        """Who it is."""
        return self.session.member

    @property
    def app(self) -> App:
        """The app in the path. Only of pages whose route is :func:`entry.of_app`."""
        assert self.chosen is not None, "this page has no app in its path"
        return self.chosen

    @property
    def seed(self) -> str | None:
        """The session's own."""
        return self.cookie

    @property
    def live(self) -> Live:
        """What pages show as it happens (see :mod:`live`)."""
        return self.house.live

    def _around(self, seed: str) -> dict[str, Any]:
        here = self.request.url.path
        sections = [one for one in self.house.sections if not one.owner or self.member.is_owner]
        return super()._around(seed) | {
            "member": self.member,
            "app": self.chosen,
            "apps": self.apps,
            "more_apps": len(self.apps) >= MOST_LISTED,
            "here": here,
            "section": next((one for one in sections if one.holds(here)), None),
            "sections": [one for one in sections if one.in_rail and (self.chosen or not one.needs_app)],
        }
