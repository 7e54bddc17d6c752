"""Somebody on the simulator: a Facebook app, a Page with its account, a token, and customers who write."""

from dataclasses import dataclass
from typing import Any

from tests.instagram.house import House, Shop
from tests.simulator.support import Answer, Simulator


@dataclass(frozen=True)
class Owner:
    """An owner with an account that can be connected to apps of the house."""

    house: House
    simulator: Simulator
    facebook_app: str
    secret: str
    page: str
    account: str
    username: str
    token: str

    @classmethod
    def new(cls, house: House, simulator: Simulator) -> "Owner":
        app = simulator.control("/apps")
        made = simulator.control("/accounts")
        page = made["page_id"]
        token = simulator.control("/tokens", app_id=app["id"], page_id=page)["access_token"]
        return cls(
            house, simulator, app["id"], app["secret"], page, made["instagram_account_id"], made["username"], token
        )

    # Connecting -----------------------------------------------------------------------------------------------

    def new_token(self, **how: Any) -> str:
        """Another token of this app and Page."""
        body = {"app_id": self.facebook_app, "page_id": self.page, **how}
        return str(self.simulator.control("/tokens", **body)["access_token"])

    def request(self, **changes: Any) -> dict[str, Any]:
        """The body of CreateIntegration."""
        credentials = {"appId": self.facebook_app, "appSecret": self.secret, "pageAccessToken": self.token}
        return {"type": "instagram", **credentials, **changes}

    def connect(self, app_id: str = "", **changes: Any) -> tuple[Shop, dict[str, Any]]:
        """Connect to an app, a new one by default; the shop, and the integration as the API shows it."""
        app = app_id or self.house.new_app()
        answer = self.house.api("POST", f"/v2/apps/{app}/integrations", self.request(**changes), 201)
        made = answer["integration"]
        shop = Shop(self.house, app, made["id"], self.facebook_app, self.secret, self.account, self.page, self.token)
        return shop, made

    def refusal(self, **changes: Any) -> str:
        """Try to connect; the title of the 400."""
        app_id = self.house.new_app()
        answer = self.house.api("POST", f"/v2/apps/{app_id}/integrations", self.request(**changes), 400)
        (error,) = answer["errors"]
        assert error["code"] == "bad_request"
        assert self.house.rows("select 1 from integrations where app_id = $1", app_id) == []
        assert self.house.rows("select 1 from instagram_accounts where app_id = $1", app_id) == []
        return str(error["title"])

    def fault(self, **how: Any) -> None:
        """The next send goes wrong."""
        answer = self.simulator.call("POST", "/_simulator/faults", {"match": "send", **how})
        assert answer.status == 201, answer.body

    # The simulator's state ------------------------------------------------------------------------------------

    def app_subscription(self) -> dict[str, Any]:
        """What Meta sends to whom for this Facebook app."""
        (app,) = [one for one in self.simulator.read("/apps")["apps"] if one["id"] == self.facebook_app]
        return {"callback_url": app["callback_url"], "fields": app["fields"]}

    def page_subscription(self) -> list[str]:
        """The fields that the Page is subscribed to; empty when it is not."""
        answer: Answer = self.simulator.call(
            "GET", f"/v25.0/{self.page}/subscribed_apps", headers={"Authorization": f"Bearer {self.new_token()}"}
        )
        return [name for app in answer.json["data"] for name in app["subscribed_fields"]]

    # Customers ------------------------------------------------------------------------------------------------

    def customer(self) -> str:
        """A new person; their IGSID towards this account."""
        person = self.simulator.control("/people")["id"]
        return str(self.simulator.read(f"/people/{person}/igsid/{self.account}")["igsid"])

    def acts(self, person: str, what: str, status: int = 201, **body: Any) -> Any:
        """A person does something."""
        return self.simulator.control(f"/{what}", status, account_id=self.account, person=person, **body)

    def says(self, person: str, text: str, **more: Any) -> str:
        """A person writes; the mid."""
        return str(self.acts(person, "messages", text=text, **more)["mid"])

    def thread(self, person: str) -> list[dict[str, Any]]:
        """What stands on the phone, oldest first."""
        return list(self.simulator.read(f"/threads/{self.account}/{person}")["messages"])

    def on_the_phone(self, person: str) -> list[str]:
        """The texts of the business on the phone."""
        return [one["text"] for one in self.thread(person) if one["from"] == "business"]
