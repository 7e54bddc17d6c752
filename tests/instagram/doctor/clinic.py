"""A connected account on the simulator, and the doctor who is asked about it through the API."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from heliograph.channels.instagram.meta import pauses
from tests.instagram.house import House, Shop
from tests.instagram.instagram_owner import InstagramOwner
from tests.instagram.owner import Owner
from tests.simulator.support import Simulator, eventually


@dataclass(frozen=True)
class Patient:
    """An owner's account, connected, and one customer of it."""

    owner: Owner
    shop: Shop
    person: str

    @classmethod
    def connected(cls, house: House, simulator: Simulator, kind: type[Owner] = Owner) -> "Patient":
        owner = kind.new(house, simulator)
        shop, _ = owner.connect()
        patient = cls(owner, shop, owner.customer())
        patient.is_written_to()
        return patient

    @classmethod
    def by_instagram(cls, house: House, simulator: Simulator) -> "Patient":
        return cls.connected(house, simulator, InstagramOwner)

    @property
    def house(self) -> House:
        return self.shop.house

    @property
    def path(self) -> str:
        return f"/v2/apps/{self.shop.app_id}/integrations/{self.shop.integration_id}"

    @property
    def status(self) -> str:
        return str(self.house.api("GET", self.path)["integration"]["status"])

    def is_written_to(self, text: str = "hello") -> None:
        """The customer writes, and it arrives."""
        self.owner.says(self.person, text)
        eventually(lambda: text in self.shop.texts(self.person))
        eventually(lambda: self.row("last_event_at"))

    def row(self, column: str) -> Any:
        """A column of the account's row."""
        return self.house.value(
            f"select {column} from instagram_accounts where integration_id = $1", self.shop.integration_id
        )

    # The doctor -----------------------------------------------------------------------------------------------

    def examined(self) -> dict[str, Any]:
        """Examined now; the report."""
        return dict(self.house.api("POST", f"{self.path}/health", status=200)["health"])

    def finding(self, check: str, report: dict[str, Any] | None = None) -> dict[str, Any]:
        """What one check finds, now or in a report."""
        (found,) = [one for one in (report or self.examined())["findings"] if one["check"] == check]
        return dict(found)

    def grows_older(self, by: timedelta) -> None:
        """The last report, and what was repaired before it, were so much earlier."""
        sql = "select findings from integration_health where integration_id = $1"
        findings = self.house.value(sql, self.shop.integration_id)
        for one in findings:
            if one["repaired_at"] is not None:
                one["repaired_at"] = (datetime.fromisoformat(one["repaired_at"]) - by).isoformat()
        sql = "update integration_health set findings = $2, checked_at = checked_at - $3::interval where integration_id = $1"
        self.house.execute(sql, self.shop.integration_id, findings, by)

    def told(self) -> list[tuple[str, str, str]]:
        """What webhooks were told of it: the integration's status, the state before and since."""
        sql = "select body from events where app_id = $1 and type = 'integration:health' order by seq"
        payloads = [json.loads(row["body"])["payload"] for row in self.house.rows(sql, self.shop.app_id)]
        return [(one["integration"]["status"], one["health"]["before"], one["health"]["state"]) for one in payloads]

    def calls(self) -> int:
        """How many calls about its Page or account Meta has had."""
        ids, owner = {self.owner.page, self.owner.account}, self.owner
        entries = owner.simulator.read("/wire", limit=1000)["entries"]
        return sum(one["kind"] == "graph" and not ids.isdisjoint(one["path"].split("/")) for one in entries)

    def is_subscribed(self) -> bool:
        """Whether Meta sends the webhooks of Page or account to the app."""
        owner = self.owner
        return bool(owner.subscription() if isinstance(owner, InstagramOwner) else owner.page_subscription())

    # What happens ---------------------------------------------------------------------------------------------

    def switch(self, name: str, on: bool = True, **more: Any) -> None:
        """Something happens to the connection, or is undone."""
        body = {"account_id": self.owner.account, "app_id": self.owner.facebook_app, "on": on, **more}
        self.owner.simulator.control(f"/connection/{name}", 200, **body)

    def is_restricted(self, name: str) -> None:
        """Every send gets this error from now on; an empty name is none."""
        self._patch(f"/accounts/{self.owner.account}/rules", restriction=name)

    def app_is(self, **how: Any) -> None:
        """Mode, access level, roles of the app."""
        self._patch(f"/apps/{self.owner.facebook_app}", **how)

    def _patch(self, path: str, **body: Any) -> None:
        answer = self.owner.simulator.call("PATCH", f"/_simulator{path}", body)
        assert answer.status == 200, answer.body

    def is_left_alone(self) -> bool:
        """Whether the account was paused."""
        sql = "select count(*) from instagram_pauses where subject = $1"
        return bool(self.house.value(sql, pauses.account(self.owner.account)))

    def may_be_asked_again(self) -> None:
        """Pauses are over."""
        self.house.execute("update instagram_pauses set until_at = now(), slow_until = now()")

    def owned_by_another_app(self) -> None:
        """Another app takes the customer's conversation."""
        self._acts("take")

    def owned_by_nobody(self) -> None:
        """That one lets it go."""
        self._acts("release")

    def _acts(self, action: str) -> None:
        inbox = self.owner.simulator.read(f"/accounts/{self.owner.account}/routing")["inboxes"]
        who = next(iter(inbox))
        body = {"account_id": self.owner.account, "person": self.person, "app_id": who, "action": action}
        self.owner.simulator.control("/app-acts", 200, **body)

    def orders(self, **fault: Any) -> None:
        """Calls that match go wrong, the next one by default."""
        answer = self.owner.simulator.call("POST", "/_simulator/faults", fault)
        assert answer.status == 201, answer.body

    def meta_is_down(self) -> None:
        """No call is answered, until :meth:`meta_is_back`."""
        self.orders(match="any", status=503, code=2, count=50)

    def meta_is_back(self) -> None:
        """Nothing is on order any more."""
        assert self.owner.simulator.call("POST", "/_simulator/faults/clear", {}).status == 200

    def logs_in_again(self) -> None:
        """The owner gives a new token."""
        self.house.api("PATCH", self.path, {"pageAccessToken": self.owner.new_token()}, 200)

    def is_answered(self, text: str) -> bool:
        """The business writes; whether it comes to the phone."""
        outcome = self.shop.outcome(self.shop.post(self.person, text))
        return outcome[:1] == ["channel"] and self.owner.on_the_phone(self.person)[-1] == text
