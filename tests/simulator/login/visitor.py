"""A person at the login dialog, by plain HTTP: opens it, presses buttons, and an app that exchanges what comes back."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.simulator.support import Answer, Seeded

BACK = "https://shop.example/back"
SCOPES = "pages_show_list,pages_messaging,instagram_basic,instagram_manage_messages"


class Visitor:
    """One person and one app."""

    def __init__(self, seeded: Seeded, owner: str | None = None) -> None:
        self.seeded = seeded
        self.simulator = seeded.simulator
        self.app = seeded.facts["facebook_app_id"]
        self.owner = owner or next(one["id"] for one in seeded.simulator.read("/owners")["owners"])

    def query(self, **changed: Any) -> dict[str, str]:
        asked = {"client_id": self.app, "redirect_uri": BACK, "scope": SCOPES, "state": "s", "as": self.owner}
        return {name: value for name, value in {**asked, **changed}.items() if value is not None}

    def opens(self, **changed: Any) -> Answer:
        return self.simulator.call("GET", "/v23.0/dialog/oauth", query=self.query(**changed))

    def presses(self, decision: str, form: list[tuple[str, str]] | None = None, **changed: Any) -> dict[str, str]:
        """What comes back in the address."""
        body = "&".join(f"{name}={value}" for name, value in [("decision", decision), *(form or [])])
        answer = self.simulator.call("POST", "/v23.0/dialog/oauth", body.encode(), query=self.query(**changed))
        assert answer.status == 303, answer.body
        parts = urlsplit(answer.headers["location"])
        return {name: values[0] for name, values in {**parse_qs(parts.query), **parse_qs(parts.fragment)}.items()}

    def allows(self, scopes: str = SCOPES, pages: tuple[str, ...] | None = None, **changed: Any) -> dict[str, str]:
        """Ticks these scopes and Pages, by default all."""
        chosen = [("assets", "all")] if pages is None else [("page", one) for one in pages]
        return self.presses("allow", [*chosen, *(("scope", one) for one in scopes.split(",") if one)], **changed)

    def exchanges(self, code: str, redirect_uri: str | None = BACK, **more: str) -> Answer:
        secret = {"client_id": self.app, "client_secret": self.seeded.facts["facebook_app_secret"]}
        where = {} if redirect_uri is None else {"redirect_uri": redirect_uri}
        return self.simulator.get("/v23.0/oauth/access_token", **secret, **where, code=code, **more)

    def token(self, back: dict[str, str]) -> str:
        answer = self.exchanges(back["code"])
        assert answer.status == 200, answer.body
        return str(answer.json["access_token"])

    def debug(self, token: str) -> dict[str, Any]:
        app_token = self.seeded.app_token
        return dict(self.simulator.get("/debug_token", input_token=token, access_token=app_token).json["data"])

    def granular(self, token: str) -> dict[str, list[str] | None]:
        return {one["scope"]: one.get("target_ids") for one in self.debug(token)["granular_scopes"]}
