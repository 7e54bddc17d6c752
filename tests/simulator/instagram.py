"""Somebody on the simulator who logs in with Instagram: an Instagram app, an account without a Page, a token."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.simulator.support import Answer, Simulator

PREFIX = "/instagram"
SCOPES = "instagram_business_basic,instagram_business_manage_messages"
DAY = 24 * 3600


@dataclass(frozen=True)
class InstagramOwner:
    """An account, and the Instagram app that it lets in."""

    simulator: Simulator
    app_id: str
    secret: str
    account: str
    username: str
    token: str

    @classmethod
    def new(cls, simulator: Simulator, **token: Any) -> "InstagramOwner":
        app = simulator.control("/instagram/apps")
        account = simulator.control("/instagram/accounts")
        assert account["page_id"] is None
        key = account["instagram_account_id"]
        made = simulator.control("/instagram/tokens", app_id=app["id"], account_id=key, **token)
        return cls(simulator, app["id"], app["secret"], key, account["username"], made["access_token"])

    def ask(self, method: str, path: str, body: Any = None, token: str | None = None, **query: Any) -> Answer:
        """A call of graph.instagram.com."""
        bearer = {"Authorization": f"Bearer {token or self.token}"}
        return self.simulator.call(method, f"{PREFIX}/v25.0{path}", body, query=query, headers=bearer)

    def code(self, redirect_uri: str = "https://shop.example/back", scope: str = SCOPES, **how: Any) -> str:
        """Log in; the code."""
        asked = {"client_id": self.app_id, "redirect_uri": redirect_uri, "scope": scope, "account_id": self.account}
        there = self.simulator.control("/instagram/login", 200, **asked, **how)["redirect_to"]
        assert there.endswith("#_")
        return parse_qs(urlsplit(there).query)["code"][0]

    def exchange(self, code: str, redirect_uri: str = "https://shop.example/back", **changed: Any) -> Answer:
        """Exchange the code at api.instagram.com."""
        form = {
            "client_id": self.app_id,
            "client_secret": self.secret,
            "grant_type": "authorization_code",
            "redirect_uri": redirect_uri,
            "code": code,
            **changed,
        }
        return self.simulator.call("POST", f"{PREFIX}/oauth/access_token", form=form)

    def person(self) -> str:
        """A new person; the IGSID towards this account."""
        made = self.simulator.control("/people")
        return str(self.simulator.read(f"/people/{made['id']}/igsid/{self.account}")["igsid"])

    def later(self, seconds: float) -> None:
        """Move the simulator's clock on."""
        self.simulator.control("/clock", 200, advance_seconds=seconds)
