"""Somebody on the simulator who connects by Instagram Login: an Instagram app, an account without a Page, a token."""

from typing import Any

from heliograph.channels.instagram.meta.callback import callback_url
from tests.instagram.house import House, Shop
from tests.instagram.owner import Owner
from tests.simulator.support import Simulator

DAY = 24 * 3600


class InstagramOwner(Owner):
    """As :class:`Owner`; ``facebook_app`` is the Instagram app, and the account stands for itself where a Page would."""

    @classmethod
    def new(cls, house: House, simulator: Simulator) -> "InstagramOwner":
        app = simulator.control("/instagram/apps")
        account = simulator.control("/instagram/accounts")
        key = account["instagram_account_id"]
        made = simulator.control("/instagram/tokens", app_id=app["id"], account_id=key, age_seconds=2 * DAY)
        return cls(house, simulator, app["id"], app["secret"], key, key, account["username"], made["access_token"])

    def new_token(self, **how: Any) -> str:
        """Another token of this app and account."""
        body = {"app_id": self.facebook_app, "account_id": self.account, **how}
        return str(self.simulator.control("/instagram/tokens", **body)["access_token"])

    def request(self, **changes: Any) -> dict[str, Any]:
        """The body of CreateIntegration."""
        return {**super().request(), "login": "instagram", **changes}

    def connect(self, app_id: str = "", **changes: Any) -> tuple[Shop, dict[str, Any]]:
        """Connect, and enter the webhook in Meta's dashboard, as the documentation says."""
        shop, made = super().connect(app_id, **changes)
        self.enter_webhook()
        return shop, made

    def enter_webhook(self) -> None:
        """What one does in Meta's dashboard."""
        app = self.house.loop.run(self.house.channel.apps.reload(self.facebook_app))
        assert app is not None
        self.simulator.control(
            "/instagram/webhook",
            200,
            app_id=app.id,
            callback_url=callback_url(self.house.url, app.id),
            verify_token=app.verify_token,
        )

    def subscription(self) -> list[str]:
        """The fields that the account is subscribed to."""
        answer = self.simulator.call(
            "GET", "/instagram/v25.0/me/subscribed_apps", headers={"Authorization": f"Bearer {self.new_token()}"}
        )
        return [name for app in answer.json["data"] for name in app["subscribed_fields"]]

    def rules(self, **knobs: Any) -> None:
        """Turn knobs of Meta's rules."""
        assert self.simulator.call("PATCH", "/_simulator/rules", knobs).status == 200

    def app_mode(self, **how: Any) -> None:
        """Change the Instagram app at Meta."""
        assert self.simulator.call("PATCH", f"/_simulator/apps/{self.facebook_app}", how).status == 200
