"""Everything that can happen to a connection: found, told with its repair, and over again when it is put right.

One row for each switch of the simulator's table: a new one without a row fails.
"""

from dataclasses import dataclass

import pytest

from heliograph.simulator.connections import SWITCHES
from tests.instagram.doctor.clinic import Patient
from tests.instagram.house import House
from tests.instagram.instagram_owner import InstagramOwner
from tests.instagram.owner import Owner
from tests.simulator.support import Simulator


@dataclass(frozen=True)
class Row:
    """What the doctor finds: by which check, in which words of the finding, which word of the repair, and what it stops."""

    check: str
    words: str
    repair: str = ""
    state: str = "broken"
    stops: tuple[str, ...] = ("sending", "receiving")
    scope: str | None = None

    @property
    def more(self) -> dict[str, str]:
        """What the switch wants to know beside its name."""
        return {"scope": self.scope} if self.scope else {}


_MESSAGES = "instagram_business_manage_messages"
_REPAIRED = {"state": "ok", "stops": ()}
ROWS = {
    "app_removed": Row("token_valid", "removed the app", "Reconnect"),
    "checkpoint": Row("token_valid", "security check", "facebook.com"),
    "password_changed": Row("token_valid", "changed their password", "Reconnect"),
    "unconfirmed": Row("token_valid", "must confirm", "facebook.com"),
    "token_revoked": Row("token_valid", "was revoked", "Reconnect"),
    "role_lost": Row("token_valid", "no role on the Page", "Page access"),
    "token_expired": Row("token_valid", "has expired", "Reconnect"),
    "scope_dropped": Row("scope:instagram_manage_messages", "instagram_manage_messages was declined", "leave"),
    "asset_dropped": Row(
        "grants", "instagram_manage_messages does not cover this Instagram account", "allow everything"
    ),
    "unlinked": Row("page_link", "no Instagram account", "Linked accounts"),
    "messages_off": Row("message_access", "switched off", "Allow access to messages"),
    "app_unsubscribed": Row("app_subscription", "put it back", **_REPAIRED),
    "page_unsubscribed": Row("page_subscription", "put it back", **_REPAIRED),
    "human_agent_off": Row("human_agent", "lacks the feature Human Agent", "ask for Human Agent", "warning", ()),
    "proof_demanded": Row("app_secret_proof", "demands appsecret_proof", state="ok", stops=()),
    "not_live": Row("app_mode", "Development mode", "Live"),
    "tasks_lost": Row("tasks", "may no longer answer messages", "Page access", stops=("sending",)),
}
_ALIKE = (
    *("app_removed", "checkpoint", "password_changed", "unconfirmed", "token_revoked", "token_expired"),
    *("messages_off", "page_unsubscribed", "human_agent_off", "not_live"),
)
BY_INSTAGRAM = {name: ROWS[name] for name in _ALIKE} | {
    "scope_dropped": Row(f"scope:{_MESSAGES}", f"{_MESSAGES} was declined", "leave", scope=_MESSAGES),
}
# Of a Page, or of the app's subscription, which no call of this login tells of; its host takes no proof.
OF_FACEBOOK_ALONE = {"role_lost", "asset_dropped", "unlinked", "app_unsubscribed", "proof_demanded", "tasks_lost"}
LATE = "human_agent_off"


def test_there_is_a_row_for_every_switch() -> None:
    assert set(ROWS) == set(SWITCHES)
    assert set(BY_INSTAGRAM) == set(SWITCHES) - OF_FACEBOOK_ALONE


def test_a_healthy_connection_is_told_to_be_healthy(patient: Patient) -> None:
    report = patient.examined()
    assert [one for one in report["findings"] if one["state"] not in ("ok", "not_applicable")] == []
    assert (report["state"], report["status"], patient.status) == ("ok", "active", "active")
    assert None not in (report["lastWebhookAt"], report["checkedAt"])
    assert patient.told() == []


@pytest.mark.parametrize("name", sorted(set(ROWS) - {LATE}))
def test_what_happens_to_a_connection_is_found_and_told_and_passes(patient: Patient, name: str) -> None:
    is_found_and_passes(patient, name, ROWS[name])


@pytest.mark.parametrize("name", sorted(set(BY_INSTAGRAM) - {LATE}))
def test_by_instagram_login_the_same_is_found(clinic: House, meta_of_its_own: Simulator, name: str) -> None:
    is_found_and_passes(Patient.by_instagram(clinic, meta_of_its_own), name, BY_INSTAGRAM[name])


def is_found_and_passes(patient: Patient, name: str, row: Row) -> None:
    patient.switch(name, **row.more)
    report = patient.examined()
    found = patient.finding(row.check, report)
    assert found["state"] == row.state, report
    assert row.words in found["finding"]
    assert row.repair in " ".join(found["repair"])
    assert found["state"] == "ok" or (found["consequence"] and found["repair"] and found["link"].startswith("https://"))
    assert tuple(found["stops"]) == row.stops
    assert patient.status == report["status"] == ("error" if row.stops else "active")
    if row.stops:
        failure = patient.shop.failure(patient.shop.post(patient.person, "lost"))
        assert row.words in failure["message"]
        assert failure["code"] in ("unauthorized", "forbidden")
    if SWITCHES[name].undo is None:
        patient.logs_in_again()
        assert patient.status == "active"
    else:
        patient.switch(name, on=False, **row.more)
    after = patient.examined()
    assert (after["status"], patient.finding(row.check, after)["state"]) == ("active", "ok"), after
    assert patient.is_answered("found again")
    assert [told[0] for told in patient.told()] == (["error", "active"] if row.stops else [])


@pytest.mark.parametrize("kind", [Owner, InstagramOwner])
def test_the_feature_human_agent_is_missed_when_an_answer_is_late(
    clinic: House, meta_of_its_own: Simulator, kind: type[Owner]
) -> None:
    meta_of_its_own.control("/clock", 200, offset_seconds=0)
    patient = Patient.connected(clinic, meta_of_its_own, kind)
    patient.switch("human_agent_off")
    meta_of_its_own.control("/clock", 200, jump="25h")
    patient.examined()  # Meta's answer tells the time
    patient.shop.failure(patient.shop.post(patient.person, "late"))
    report = patient.examined()
    row, found = ROWS["human_agent_off"], patient.finding("human_agent", report)
    assert (found["state"], report["status"]) == (row.state, "active")
    assert row.words in found["finding"]
    assert row.repair in " ".join(found["repair"])
    patient.switch("human_agent_off", on=False)
    assert patient.is_answered("late, and allowed")
    assert patient.finding("human_agent")["state"] == "ok"


@pytest.mark.parametrize("scope", ["instagram_basic", "pages_manage_metadata", "pages_messaging"])
@pytest.mark.parametrize("switch", ["scope_dropped", "asset_dropped"])
def test_permissions_that_stop_no_message_are_told_of_all_the_same(patient: Patient, switch: str, scope: str) -> None:
    patient.switch(switch, scope=scope)
    report = patient.examined()
    found = patient.finding("grants" if switch == "asset_dropped" else f"scope:{scope}", report)
    assert scope in found["finding"]
    assert (found["state"], report["status"]) == ("warning" if scope == "pages_messaging" else "broken", "active")
    assert patient.is_answered("still")
    patient.switch(switch, on=False, scope=scope)
    assert patient.examined()["state"] == "ok"


def test_by_instagram_login_a_permission_that_stops_no_message_is_told_of(
    clinic: House, meta_of_its_own: Simulator
) -> None:
    patient = Patient.by_instagram(clinic, meta_of_its_own)
    patient.switch("scope_dropped", scope="instagram_business_basic")
    report = patient.examined()
    found = patient.finding("scope:instagram_business_basic", report)
    assert (found["state"], found["stops"], report["status"]) == ("broken", [], "active"), report
    patient.switch("scope_dropped", on=False, scope="instagram_business_basic")
    assert patient.examined()["state"] == "ok"


def test_by_instagram_login_a_healthy_connection_is_told_to_be_healthy(
    clinic: House, meta_of_its_own: Simulator
) -> None:
    report = Patient.by_instagram(clinic, meta_of_its_own).examined()
    assert [one for one in report["findings"] if one["state"] not in ("ok", "not_applicable")] == []
    assert report["state"] == "ok"
