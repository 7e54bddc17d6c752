"""A vendor's customer: a browser without any session here, who comes by an invitation. Driven as a browser would."""

import base64
import html
import re
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from heliograph.messaging import keys
from heliograph.storage import SecretBox
from tests.connect.installation import INSTAGRAM_SCOPES, KEY, SCOPES, Installation, post
from tests.simulator.support import Answer

BACK = "https://desk.example.org/instagram?tab=new"


@dataclass
class Vendor:
    """A vendor: an app here, and a key of it."""

    place: Installation
    app_id: str
    header: dict[str, str]

    def call(self, method: str, path: str = "", body: Any = None) -> Answer:
        return self.place.call(method, f"/v2/apps/{self.app_id}/invitations{path}", body, headers=self.header)

    def invites(self, **more: Any) -> dict[str, Any]:
        """Make an invitation."""
        answer = self.call("POST", "", {"returnUrl": BACK, "state": "c-1", "brandName": "Harbour Desk", **more})
        assert answer.status == 201, answer.body
        return dict(answer.json["invitation"])

    def sees(self, invitation: dict[str, Any]) -> dict[str, Any]:
        """How an invitation stands."""
        return dict(self.call("GET", f"/{invitation['id']}").json["invitation"])


def vendor(place: Installation, *logins: str) -> Vendor:
    """A vendor with Facebook apps of its own: one for each login."""
    app_id = place.new_app()
    for login in logins or ("facebook",):
        place.facebook_app(app_id) if login == "facebook" else place.instagram_app(app_id)

    async def key() -> dict[str, Any]:
        async with place.database.transaction() as connection:
            return await keys.create_key(connection, SecretBox([KEY]), "app", app_id, None, "Vendor")

    made = place.run(key())
    shown = base64.b64encode(f"{made['id']}:{made['secret']}".encode()).decode()
    return Vendor(place, app_id, {"Authorization": f"Basic {shown}"})


@dataclass
class Guest:
    """One browser. ``at`` is where it is, ``page`` what it shows."""

    place: Installation
    cookies: dict[str, str] = field(default_factory=dict)
    at: str = ""
    page: Answer | None = None

    @property
    def text(self) -> str:
        assert self.page
        return html.unescape(self.page.body.decode())

    @property
    def status(self) -> int:
        assert self.page
        return self.page.status

    def goes(self, address: str, form: dict[str, Any] | None = None) -> "Guest":
        """Go to an address of the server, and on from there while it is the server's."""
        while True:
            parts = urlsplit(address)
            self.at = address
            if parts.netloc and parts.port != self.place.port:
                return self
            path = parts.path + (f"?{parts.query}" if parts.query else "")
            sent = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
            self.page = self.place.call("GET" if form is None else "POST", path, form=form, headers=sent)
            for name, value in self.page.headers.items():
                if name.lower() == "set-cookie":
                    self.cookies |= {key: one.value for key, one in SimpleCookie(value).items()}
            if self.page.status not in (302, 303):
                return self
            address, form = self.page.headers["location"], None

    def hidden(self, form: str = "") -> dict[str, str]:
        """The hidden fields of the page's forms."""
        return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', self.text))

    def presses(self, **fields: Any) -> "Guest":
        """Send the page's form with a button's fields."""
        return self.goes(urlsplit(self.at).path, {**self.hidden(), **fields})

    def decides(self, who: str, decision: str = "allow", **form: Any) -> "Guest":
        """In Meta's dialog: as somebody, with these Pages."""
        parts = urlsplit(self.at)
        assert parts.port == self.place.meta.port, (self.at, self.page and self.page.body)
        wanted = SCOPES if "dialog" in parts.path else INSTAGRAM_SCOPES
        form = {"decision": decision, "scope": wanted, **form}
        query = urlencode([*parse_qsl(parts.query), ("as", who)])
        answer = post(self.place.meta.port, f"{parts.path}?{query}", urlencode(form, doseq=True))
        assert answer.status == 303, answer.body
        return self.goes(answer.headers["location"].partition("#")[0])

    def logs_in(self, invitation: dict[str, Any], made: dict[str, Any], **form: Any) -> "Guest":
        """From the link to the chooser, by Facebook."""
        form.setdefault("page", [made["page_id"]])
        return self.goes(invitation["url"]).presses(login="facebook").decides(made["owner_user_id"], **form)

    def link(self, words: str) -> str:
        """Where a link of the page leads."""
        assert self.page
        found = re.search(rf'<a[^>]*href="([^"]*)"[^>]*>{re.escape(words)}', self.page.body.decode())
        assert found, self.text
        return html.unescape(found[1])
