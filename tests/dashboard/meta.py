"""What a test of connecting needs at the simulated Meta: a Facebook app, people with Pages, and who writes."""

import re
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from playwright.sync_api import Page as ChromiumPage

from tests.dashboard.house import Browser, House, Page

SETTINGS = "/dashboard/settings/facebook-apps"


@dataclass
class Place:
    """An app here with a Facebook app of its own, and somebody with a Page at Meta. ``made`` names their ids."""

    house: House
    owner: Browser
    app_id: str
    facebook_app: str
    secret: str
    made: dict[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """Where its integrations are."""
        return f"/dashboard/apps/{self.app_id}/integrations"

    @property
    def person(self) -> str:
        """The Facebook user."""
        return str(self.made["owner_user_id"])

    @property
    def page_id(self) -> str:
        return str(self.made["page_id"])

    @property
    def account_id(self) -> str:
        return str(self.made["instagram_account_id"])

    @property
    def integration(self) -> dict[str, Any]:
        """The only account's integration, as the database has it."""
        (row,) = self.house.rows(
            "select i.*, a.page_id, a.account_id from integrations i join instagram_accounts a on a.integration_id = i.id"
            " where i.app_id = $1",
            self.app_id,
        )
        return row

    def says(self, text: str = "Is the harbour open?", name: str = "Maya Okafor") -> None:
        """Somebody writes to the account."""
        person = self.house.simulator.control("/people", name=name)["id"]
        self.house.simulator.control("/messages", account_id=self.account_id, person=person, text=text)

    def connect(self) -> str:
        """Connect the account with its token, as the quiet form does; the integration's path."""
        body = {"app_id": self.facebook_app, "page_id": self.page_id}
        token = self.house.simulator.control("/tokens", **body)["access_token"]
        fields = {"login": "facebook", "appId": self.facebook_app, "appSecret": self.secret, "pageAccessToken": token}
        done = self.owner.send(f"{self.path}/new", f"{self.path}/token", fields)
        return done.to.partition("?")[0]

    def logs_in(self, facebook_app: str = "", who: str = "", **form: Any) -> str:
        """Authenticate, allow all in Meta's dialog unless ``form`` says otherwise, and come back: the chooser's path."""
        sent = {"facebook_app": facebook_app or self.facebook_app}
        return self.returns(self.owner.send(f"{self.path}/new", f"{self.path}/new", sent), who, **form)

    def returns(self, onward: Page, who: str = "", **form: Any) -> str:
        """From the page that leads to Meta, through its dialog, to where one comes back."""
        found = re.search(r'url=(http[^"]+)"', onward.text)
        assert found, (onward.status, onward.words)
        parts = urlsplit(unescape(found[1]))
        query = parse_qs(parts.query)
        scopes = query["scope"][0].replace(" ", ",").split(",")
        default = {"decision": "allow", "scope": scopes, "page": self.page_id}
        path = f"{parts.path}?{parts.query}&{urlencode({'as': who or self.person})}"
        meta = Browser(self.house.simulator.port)
        back = urlsplit(meta.post(path, {**default, **form}).to)
        return self.owner.get(f"{back.path}?{back.query}").to.partition("#")[0]

    # In Chromium --------------------------------------------------------------------------------------------------

    def authenticate(self, page: ChromiumPage, button: str = "Authenticate") -> None:
        """Press it, and be at Meta as the person."""
        page.get_by_role("button", name=button, exact=True).click()
        page.wait_for_url("**/dialog/oauth**")
        page.goto(page.url + "&" + urlencode({"as": self.person}))

    def allow(self, page: ChromiumPage) -> None:
        """Press Continue in Meta's dialog, and be back at the chooser."""
        page.get_by_role("button", name="Continue", exact=True).click()
        page.wait_for_url("**/integrations/choose/**")


def place(house: House, owner: Browser, name: str = "Harbour", **account: Any) -> Place:
    """A new one of each. ``account``: what the simulator's ``POST /accounts`` takes."""
    app_id = house.app(name)
    made = house.simulator.control("/apps")
    account = {"page_name": "Harbour Tea", **account}
    found = house.simulator.control("/accounts", **account)
    fields = {"login": "facebook", "id": made["id"], "secret": made["secret"], "name": name, "for": app_id}
    added = owner.send(f"{SETTINGS}/new", SETTINGS, fields)
    assert added.status == 303, added.words
    return Place(house, owner, app_id, made["id"], made["secret"], found)
