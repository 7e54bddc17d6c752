"""Token, secret, versions, repairs that fail, conversation routing: found end to end, and over when they are put right."""

from datetime import UTC, datetime, timedelta

import pytest

from heliograph.channels.instagram.accounts.records import token_place
from heliograph.channels.instagram.doctor import versions
from tests.instagram.doctor.clinic import Patient
from tests.instagram.house import House
from tests.instagram.instagram_owner import InstagramOwner
from tests.instagram.owner import Owner
from tests.simulator.support import Simulator

DAY = 24 * 3600


def has_token(patient: Patient, **how: object) -> None:
    """Another token stands in the place of the account's, as if that one had changed."""
    patient.house.execute(
        "update instagram_accounts set page_token = $2 where integration_id = $1",
        patient.shop.integration_id,
        patient.house.box.seal(patient.owner.new_token(**how), token_place(patient.shop.integration_id)),
    )


def test_a_token_of_another_kind_cannot_send(patient: Patient) -> None:
    has_token(patient, type="user")
    report = patient.examined()
    found = patient.finding("token_kind", report)
    assert (found["state"], found["stops"], report["status"]) == ("broken", ["sending"], "error")
    assert "of the kind USER" in found["finding"]
    assert "/me/accounts" in found["repair"][0]
    patient.logs_in_again()
    assert patient.finding("token_kind")["state"] == "ok"
    assert patient.is_answered("by a Page token")


def test_a_token_that_ends_soon_is_told_of(patient: Patient) -> None:
    has_token(patient, expires_in=6 * DAY)
    report = patient.examined()
    found = patient.finding("token_expiry", report)
    assert (found["state"], report["status"]) == ("warning", "active")
    assert any(step.startswith("Reconnect") for step in found["repair"])
    patient.logs_in_again()
    assert patient.finding("token_expiry")["state"] == "ok"


@pytest.mark.parametrize(("days", "words"), [(80, "ends on"), (95, "ended on")])
def test_the_end_of_data_access_is_told_of_and_a_login_puts_it_off(
    patient: Patient, meta_of_its_own: Simulator, days: int, words: str
) -> None:
    meta_of_its_own.control("/clock", 200, offset_seconds=days * DAY)
    patient.examined()  # Meta's answer tells the time
    report = patient.examined()
    found = patient.finding("data_access", report)
    assert (found["state"], report["status"]) == ("warning", "active")
    assert words in found["finding"]
    patient.logs_in_again()
    assert patient.finding("data_access")["state"] == "ok"


def test_a_wrong_app_secret_stops_everything_until_it_is_right(clinic: House, patient: Patient) -> None:
    apps, app_id = clinic.channel.apps, patient.shop.facebook_app
    clinic.loop.run(apps.save(app_id, "not-the-secret-0000"))
    report = patient.examined()
    found = patient.finding("app_secret_proof", report)
    assert (found["state"], found["stops"], report["status"]) == ("broken", ["sending", "receiving"], "error")
    assert "App settings, Basic" in found["repair"][0]
    assert patient.finding("token_valid", report)["state"] == "unknown"
    assert "app's secret" in patient.shop.failure(patient.shop.post(patient.person, "lost"))["message"]
    clinic.loop.run(apps.save(app_id, patient.shop.secret))
    assert patient.examined()["state"] == "ok"
    assert patient.is_answered("by the right secret")


def test_a_version_that_ends_soon_is_told_of(clinic: House, patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    today = datetime.now(UTC).date()
    monkeypatch.setattr(versions, "ENDS", {**versions.ENDS, "v25.0": today + timedelta(days=30)})
    report = patient.examined()
    found = patient.finding("graph_version", report)
    assert (found["state"], report["state"], report["status"]) == ("warning", "warning", "active")
    assert "HELIOGRAPH_GRAPH_VERSION" in found["repair"][0]
    monkeypatch.undo()
    assert clinic.graph.version in versions.ENDS
    assert patient.examined()["state"] == "ok"


# What was lost, what the repair meets, and the check.
REPAIRS = [
    (Owner, "app_unsubscribed", 2200, "app_subscription"),
    (Owner, "page_unsubscribed", 200, "page_subscription"),
    (InstagramOwner, "page_unsubscribed", 10, "page_subscription"),
]


@pytest.mark.parametrize(("kind", "switch", "code", "check"), REPAIRS)
def test_a_repair_that_meta_refuses_is_told_and_tried_again(
    clinic: House,
    meta_of_its_own: Simulator,
    kind: type[Owner],
    switch: str,
    code: int,
    check: str,
) -> None:
    meta_of_its_own.control("/clock", 200, offset_seconds=0)
    patient = Patient.connected(clinic, meta_of_its_own, kind)
    patient.switch(switch)
    patient.orders(match="subscribe", status=400, code=code, count=2)
    report = patient.examined()
    found = patient.finding(check, report)
    assert (found["state"], found["stops"], report["status"]) == ("broken", ["receiving"], "error"), found
    assert "could not put it back" in found["finding"]
    assert f"(code {code})" in found["finding"]
    assert patient.is_answered("sends go on")
    patient.meta_is_back()
    assert patient.finding(check)["repaired"] is True
    patient.is_written_to("heard again")
    assert patient.examined()["state"] == "ok"


def test_a_default_app_that_is_another_gets_the_conversations_and_is_told_of(patient: Patient) -> None:
    routing = f"/_simulator/accounts/{patient.owner.account}/routing"
    simulator = patient.owner.simulator
    inbox = next(iter(simulator.read(f"/accounts/{patient.owner.account}/routing")["inboxes"]))
    assert simulator.call("PUT", routing, {"default_app_id": inbox}).status == 200
    patient.is_written_to("who hears this?")
    patient.shop.failure(patient.shop.post(patient.person, "not ours"))
    found = patient.finding("thread_owner")
    assert found["state"] == "warning"
    assert "Conversation routing" in " ".join(found["repair"])
    assert simulator.call("PUT", routing, {}).status == 200
    patient.owned_by_nobody()
    patient.is_written_to("and now?")
    assert patient.is_answered("ours again")
    assert patient.examined()["state"] == "ok"
