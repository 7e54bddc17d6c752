"""Accounts of the simulator that are connected to an app of the house, and what happens to their connection at Meta."""

import base64
import json
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any

from heliograph.messaging import keys
from heliograph.opening.storage import open_box
from tests.dashboard.house import Browser, House
from tests.simulator.support import eventually


@dataclass(frozen=True)
class Account:
    """A connected account."""

    house: House
    app_id: str
    id: str
    account: str
    facebook_app: str
    username: str

    @property
    def path(self) -> str:
        """Its page of Health."""
        return f"/dashboard/apps/{self.app_id}/health/{self.id}"

    def switch(self, name: str, on: bool = True) -> None:
        """Something happens to the connection, or is undone."""
        body = {"account_id": self.account, "app_id": self.facebook_app, "on": on}
        self.house.simulator.control(f"/connection/{name}", 200, **body)

    def is_written_to(self) -> None:
        """Somebody writes, and it arrives."""
        person = self.house.simulator.control("/people", name="Maya Okafor")["id"]
        self.house.simulator.control("/messages", account_id=self.account, person=person, text="Are you open?")
        sql = "select 1 from instagram_accounts where integration_id = $1 and last_webhook_at is not null"
        eventually(lambda: self.house.rows(sql, self.id))

    def is_checked(self, by: Browser) -> None:
        """Somebody presses "Check now" elsewhere."""
        done = by.send(self.path, f"{self.path}/check")
        assert done.to.endswith("done=checked"), done


def connect(house: House, app_id: str, **how: Any) -> Account:
    """Connect a new account by a new Facebook app, with the API. ``how``: what the simulator's account is made with."""
    simulator = house.simulator
    facebook, made = simulator.control("/apps"), simulator.control("/accounts", **how)
    token = simulator.control("/tokens", app_id=facebook["id"], page_id=made["page_id"])["access_token"]
    body = {"type": "instagram", "appId": facebook["id"], "appSecret": facebook["secret"], "pageAccessToken": token}

    async def key() -> dict[str, Any]:
        async with house.database.transaction() as connection:
            return await keys.create_key(connection, open_box(house._settings), "account", None, None, "test")

    made_key = house.run(key())
    pair = base64.b64encode(f"{made_key['id']}:{made_key['secret']}".encode()).decode()
    connection = HTTPConnection("127.0.0.1", house.port, timeout=20)
    headers = {"Authorization": f"Basic {pair}", "Content-Type": "application/json"}
    connection.request("POST", f"/v2/apps/{app_id}/integrations", json.dumps(body), headers)
    answer = connection.getresponse()
    text = answer.read()
    assert answer.status == 201, text
    connection.close()
    integration = json.loads(text)["integration"]["id"]
    return Account(house, app_id, integration, made["instagram_account_id"], facebook["id"], made["username"])
