"""What is put back, what others have beside it, and what is left to those who want it, too."""

from datetime import timedelta
from typing import Any

import pytest

from heliograph.channels.instagram.doctor import repairs
from heliograph.channels.instagram.doctor.facts import Facts
from tests.instagram.doctor.clinic import Patient
from tests.instagram.house import House
from tests.instagram.instagram_owner import InstagramOwner
from tests.instagram.owner import Owner
from tests.simulator.support import Simulator


def test_what_others_subscribed_stays_subscribed(patient: Patient) -> None:
    owner = patient.owner
    token = f"{owner.facebook_app}|{owner.secret}"
    app = patient.house.loop.run(patient.house.channel.apps.reload(owner.facebook_app))
    body = {
        "object": "instagram", "callback_url": patient.house.channel.doctor._callback(owner.facebook_app),
        "verify_token": app.verify_token, "fields": "messages,comments", "access_token": token,
    }  # fmt: skip
    assert owner.simulator.call("POST", f"/{owner.facebook_app}/subscriptions", form=body).status == 200
    found = patient.finding("app_subscription")
    assert (found["state"], found["repaired"]) == ("ok", True)
    assert {"messages", "comments", "standby", "messaging_seen"} <= set(owner.app_subscription()["fields"])
    assert patient.finding("app_subscription")["repaired"] is False


def test_a_callback_that_somebody_else_wants_is_put_back_once_and_then_told_of(
    patient: Patient, meta_of_its_own: Simulator, clinic: House
) -> None:
    other = Patient.connected(clinic, meta_of_its_own)
    theirs = clinic.channel.doctor._callback(other.owner.facebook_app)
    verify = clinic.loop.run(clinic.channel.apps.reload(other.owner.facebook_app)).verify_token
    for state, repaired in (("ok", True), ("broken", False), ("broken", False)):
        body = {
            "object": "instagram", "callback_url": theirs, "verify_token": verify, "fields": "messages",
            "access_token": f"{patient.owner.facebook_app}|{patient.owner.secret}",
        }  # fmt: skip
        answer = meta_of_its_own.call("POST", f"/{patient.owner.facebook_app}/subscriptions", form=body)
        assert answer.status == 200
        found = patient.finding("app_subscription")
        assert (found["state"], found["repaired"]) == (state, repaired), found
        assert patient.status == ("active" if repaired else "error")
    assert "another system" in found["finding"]
    assert patient.owner.app_subscription()["callback_url"] == theirs
    patient.grows_older(timedelta(hours=1))
    assert patient.finding("app_subscription")["repaired"] is True
    assert patient.examined()["status"] == "active"


def test_what_was_written_while_webhooks_were_away_is_brought_in(patient: Patient) -> None:
    patient.house.execute("update backfill_accounts set due_at = null where app_id = $1", patient.shop.app_id)
    patient.switch("page_unsubscribed")
    assert patient.finding("page_subscription")["repaired"]
    assert patient.house.value("select reason from backfill_accounts where app_id = $1", patient.shop.app_id) == (
        "reconnected"
    )
    assert patient.owner.page_subscription()


@pytest.mark.parametrize("kind", [Owner, InstagramOwner])
@pytest.mark.parametrize("how_far", ["leaving", "gone"])
def test_what_somebody_disconnects_meanwhile_is_not_put_back(
    clinic: House, meta_of_its_own: Simulator, monkeypatch: pytest.MonkeyPatch, kind: type[Owner], how_far: str
) -> None:
    patient = Patient.connected(clinic, meta_of_its_own, kind)
    shop, put_back = patient.shop, repairs.repair
    done = []

    async def late(*given: Any) -> Facts:
        await clinic.channel.disconnect(shop.app_id, shop.integration_id)
        if how_far == "gone":
            await clinic.database.execute("delete from integrations where id = $1", shop.integration_id)
        done.append(await put_back(*given))
        return done[0]

    patient.switch("page_unsubscribed")
    patient.switch("app_unsubscribed")
    monkeypatch.setattr(repairs, "repair", late)
    clinic.loop.run(clinic.channel.doctor.examine(shop.app_id, shop.integration_id))
    assert "page_subscription" in done[0].repaired
    assert patient.is_subscribed() is False
    if kind is Owner:
        assert patient.owner.app_subscription()["callback_url"] is None
    clinic.execute("delete from integrations where id = $1", shop.integration_id)


def test_one_whose_disconnecting_came_to_nothing_is_looked_after_again(clinic: House, patient: Patient) -> None:
    clinic.loop.run(clinic.channel.disconnect(patient.shop.app_id, patient.shop.integration_id))
    clinic.api("POST", f"{patient.path}/health", status=200)
    assert patient.is_subscribed() is False
    clinic.execute(
        "update instagram_accounts set leaving_at = leaving_at - interval '10 minutes' where integration_id = $1",
        patient.shop.integration_id,
    )
    assert patient.finding("page_subscription")["repaired"] is True
    assert patient.is_subscribed() is True
