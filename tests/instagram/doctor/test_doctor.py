"""When the doctor comes, what follows for the integration, and what the API tells."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from prometheus_client import generate_latest

from heliograph.channels.instagram.doctor import records, schedule
from heliograph.channels.instagram.doctor.facts import Facts
from heliograph.channels.instagram.meta import pauses
from heliograph.channels.instagram.notes import for_doctor
from heliograph.storage import new_id
from heliograph.telemetry.metrics import REGISTRY
from tests.instagram.doctor.clinic import Patient
from tests.instagram.house import House
from tests.instagram.test_signed_request import signed
from tests.simulator.support import eventually


@pytest.fixture
def on_duty(clinic: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for the doctor: the next look is made by the test, and comes as soon as it is wanted."""
    monkeypatch.setattr(for_doctor, "NOT_AGAIN_WITHIN", timedelta(0))


def look(house: House) -> None:
    """One look of the schedule, and all that follows from it."""
    house.loop.run(schedule.DoctorSchedule(house.database).look())
    eventually(lambda: not house.value("select count(*) from lanes where kind = 'doctor'"))


def due_in(patient: Patient) -> timedelta:
    due = patient.house.value(
        "select due_at - now() from integration_health where integration_id = $1", patient.shop.integration_id
    )
    assert isinstance(due, timedelta)
    return due


# When -------------------------------------------------------------------------------------------------------------


def test_one_that_is_connected_is_examined_soon_and_daily_from_then_on(clinic: House, patient: Patient) -> None:
    assert clinic.api("GET", f"{patient.path}/health")["health"]["checkedAt"] is None
    assert due_in(patient) <= timedelta(0)
    look(clinic)
    report = clinic.api("GET", f"{patient.path}/health")["health"]
    assert report["state"] == "ok"
    assert timedelta(hours=23) < due_in(patient) <= timedelta(days=1)


def test_who_is_broken_is_looked_at_every_quarter_of_an_hour(clinic: House, patient: Patient) -> None:
    patient.switch("messages_off")
    assert patient.examined()["state"] == "broken"
    assert timedelta(minutes=14) < due_in(patient) <= timedelta(minutes=15)


@pytest.mark.usefixtures("on_duty")
@pytest.mark.parametrize("switch", ["messages_off", "token_revoked"])
def test_when_sends_begin_to_fail_the_doctor_comes_and_they_resume_by_themselves(
    clinic: House, patient: Patient, switch: str
) -> None:
    assert patient.examined()["status"] == "active"
    patient.switch(switch)
    first = patient.shop.failure(patient.shop.post(patient.person, "one"))
    assert due_in(patient) <= timedelta(0)
    look(clinic)
    assert patient.status == "error"
    told = patient.shop.failure(patient.shop.post(patient.person, "two"))
    assert told["code"] == first["code"]
    assert told["underlyingError"]["code"] == first["underlyingError"]["code"]
    if switch == "token_revoked":
        patient.logs_in_again()
    else:
        patient.switch(switch, on=False)
        clinic.execute("update integration_health set due_at = now() where app_id = $1", patient.shop.app_id)
    look(clinic)
    assert patient.status == "active"
    assert patient.is_answered("three")
    assert patient.told() == [("error", "ok", "broken"), ("active", "broken", "ok")]


def test_who_was_just_examined_is_not_examined_for_every_message_that_fails(patient: Patient) -> None:
    patient.examined()
    patient.switch("messages_off")
    patient.shop.failure(patient.shop.post(patient.person, "one"))
    assert timedelta(seconds=30) < due_in(patient) <= timedelta(seconds=60)
    patient.shop.failure(patient.shop.post(patient.person, "two"))
    assert timedelta(seconds=30) < due_in(patient) <= timedelta(seconds=60)


@pytest.mark.usefixtures("on_duty")
def test_a_refusal_that_nothing_explains_is_lifted_once_and_then_held(patient: Patient) -> None:
    for expected in ("active", "error"):
        patient.owner.fault(status=400, code=190)
        patient.shop.failure(patient.shop.post(patient.person, "Hi"))
        assert patient.status == "error"
        assert patient.examined()["status"] == expected
    assert patient.finding("sends")["state"] == "broken"
    patient.house.execute(
        "update instagram_accounts set refused_at = now() - interval '1 hour' where integration_id = $1",
        patient.shop.integration_id,
    )
    assert patient.examined()["status"] == "active"
    assert patient.is_answered("Hi again")


def test_an_account_that_is_paused_is_not_asked_about(clinic: House, patient: Patient) -> None:
    asked = patient.calls()

    async def pause() -> None:
        async with clinic.database.transaction() as connection:
            await pauses.pause(connection, [pauses.Stop(pauses.account(patient.owner.account), "test", 300.0)])

    clinic.loop.run(pause())
    answer = clinic.api("POST", f"{patient.path}/health", status=429)
    assert "left alone" in answer["errors"][0]["title"]
    clinic.loop.run(schedule.DoctorSchedule(clinic.database).look())
    eventually(lambda: due_in(patient) > timedelta(minutes=15))
    assert clinic.api("GET", f"{patient.path}/health")["health"]["checkedAt"] is None
    assert patient.calls() == asked
    clinic.execute("delete from jobs where kind = 'doctor' and key = $1", patient.shop.integration_id)
    clinic.execute("delete from lanes where kind = 'doctor' and key = $1", patient.shop.integration_id)


def test_while_meta_is_not_reached_nothing_is_judged(patient: Patient) -> None:
    patient.switch("messages_off")
    assert patient.examined()["status"] == "error"
    patient.switch("messages_off", on=False)
    patient.meta_is_down()
    report = patient.examined()
    assert patient.finding("token_valid", report)["state"] == "unknown"
    assert patient.finding("message_access", report)["state"] == "broken"
    assert report["status"] == "error"
    patient.meta_is_back()
    assert patient.examined()["status"] == "active"


def test_of_one_whom_meta_never_answered_about_nothing_is_known(patient: Patient) -> None:
    patient.meta_is_down()
    assert patient.examined()["state"] == "unknown"
    patient.meta_is_back()
    assert patient.examined()["state"] == "ok"
    assert patient.told() == []


def test_a_warning_outlasts_a_bad_hour_of_metas_and_is_told_once(patient: Patient) -> None:
    patient.switch("scope_dropped", scope="pages_messaging")
    assert patient.examined()["state"] == "warning"
    patient.meta_is_down()
    report = patient.examined()
    assert report["state"] == "unknown"
    assert patient.finding("scope:pages_messaging", report)["state"] == "warning"
    patient.meta_is_back()
    assert patient.examined()["state"] == "warning"
    assert patient.told() == [("active", "ok", "warning")]


@pytest.mark.parametrize("code", [4, 341, 613, 80001])
def test_a_limit_at_the_token_stops_nothing(patient: Patient, code: int) -> None:
    patient.orders(match="debug_token", status=400, code=code)
    report = patient.examined()
    assert (report["state"], report["status"]) == ("unknown", "active")
    assert patient.finding("app_secret_proof", report)["state"] == "unknown"
    assert patient.is_answered("goes")
    assert patient.examined()["state"] == "ok"


def test_who_looked_earlier_and_comes_late_changes_nothing(
    clinic: House, patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    doctor, shop = clinic.channel.doctor, patient.shop
    row = clinic.loop.run(records.load(clinic.database, shop.app_id, shop.integration_id, datetime.now(UTC)))
    healthy = clinic.loop.run(doctor._facts(row))
    patient.switch("messages_off")
    assert patient.examined()["status"] == "error"

    async def as_it_was(_: object) -> Facts:
        return healthy

    monkeypatch.setattr(doctor, "_facts", as_it_was)
    report = patient.examined()
    assert (report["state"], report["status"], patient.status) == ("broken", "error", "error")
    assert patient.told() == [("error", "ok", "broken")]


# What stops what ---------------------------------------------------------------------------------------------------


def test_what_stops_webhooks_alone_stops_no_message(patient: Patient) -> None:
    patient.house.execute(
        "update instagram_accounts set last_event_at = null, heard_since = '2020-01-01' where integration_id = $1",
        patient.shop.integration_id,
    )
    patient.owner.simulator.control("/clock", 200, advance_seconds=600)
    patient.examined()  # the first answer tells the time
    report = patient.examined()
    assert patient.finding("webhooks", report)["stops"] == ["receiving"]
    assert (report["status"], patient.status) == ("error", "error")
    assert patient.is_answered("goes all the same")
    patient.is_written_to("now it came")
    assert patient.examined()["status"] == "active"


def test_a_token_that_cannot_be_renewed_stays_an_error_of_its_own(patient: Patient) -> None:
    patient.house.execute(
        "update integrations set status = 'error', settings = settings || '{\"tokenError\": \"x\"}' where id = $1",
        patient.shop.integration_id,
    )
    patient.house.execute(
        "update instagram_accounts set refresh_error = 'x' where integration_id = $1", patient.shop.integration_id
    )
    report = patient.examined()
    assert (report["status"], patient.finding("token_expiry", report)["state"]) == ("error", "broken")
    assert patient.is_answered("until its end")


# Those who took it back ---------------------------------------------------------------------------------------------


def deauthorized(patient: Patient, at: datetime) -> None:
    """Meta tells that the owner removed the app at that time."""
    owner_id = patient.row("owner_id")
    issued = int(at.timestamp())
    text = signed(patient.shop.secret, user_id=owner_id, issued_at=issued, expires=issued + 10**6)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    path = f"/webhooks/instagram/{patient.shop.facebook_app}/deauthorize"
    assert patient.house.http("POST", path, urlencode({"signed_request": text}).encode(), form).status == 200
    eventually(lambda: not patient.house.value("select count(*) from lanes where kind = 'departure'"))


def metas_now(patient: Patient) -> datetime:
    found = patient.house.loop.run(_now(patient.house))
    assert isinstance(found, datetime)
    return found


async def _now(house: House) -> datetime:
    return house.graph.now()


def test_a_deauthorization_that_comes_late_stops_no_account_that_was_connected_again(patient: Patient) -> None:
    deauthorized(patient, metas_now(patient) - timedelta(minutes=10))
    assert patient.status == "active"
    assert due_in(patient) <= timedelta(0)  # the doctor looks whether it is so
    assert patient.is_answered("connected again")


def test_an_owner_who_took_it_back_is_left_alone_by_the_doctor(patient: Patient) -> None:
    deauthorized(patient, metas_now(patient) + timedelta(seconds=1))
    assert patient.status == "inactive"
    asked = patient.calls()
    report = patient.examined()
    (found,) = report["findings"]
    assert (report["status"], report["state"], found["check"]) == ("inactive", "broken", "token_valid")
    assert "removed the app" in found["finding"]
    assert patient.calls() == asked
    assert patient.shop.failure(patient.shop.post(patient.person, "Hi"))["code"] == "unauthorized"
    patient.logs_in_again()
    assert patient.examined()["status"] == "active"
    assert patient.is_answered("back")


# The API and the facts of our own -----------------------------------------------------------------------------------


def test_others_integrations_are_not_there(clinic: House, patient: Patient) -> None:
    other = clinic.new_app()
    for method in ("GET", "POST"):
        for app, integration in ((other, patient.shop.integration_id), (patient.shop.app_id, new_id())):
            answer = clinic.api(method, f"/v2/apps/{app}/integrations/{integration}/health", status=404)
            assert answer["errors"][0]["code"] == "integration_not_found"


def test_an_integration_without_a_channel_cannot_be_examined(clinic: House) -> None:
    app = clinic.new_app()
    made = clinic.api("POST", f"/v2/apps/{app}/integrations", {"type": "whatsapp"}, 201)["integration"]
    for method in ("GET", "POST"):
        answer = clinic.api(method, f"/v2/apps/{app}/integrations/{made['id']}/health", status=400)
        assert "whatsapp" in answer["errors"][0]["title"]


def test_no_token_stands_in_a_report(patient: Patient) -> None:
    patient.switch("token_revoked")
    told = str(patient.examined()) + str(patient.house.rows("select findings from integration_health"))
    assert patient.shop.token not in told
    assert patient.shop.secret not in told


def test_webhooks_are_noted_when_they_come(clinic: House, patient: Patient) -> None:
    before = patient.row("last_webhook_at")
    assert datetime.now(UTC) - before < timedelta(minutes=1)
    assert patient.row("webhook_latency") < 30
    patient.is_written_to("another")
    eventually(lambda: patient.row("last_webhook_at") > before)
    doctor = clinic.channel.doctor
    found = clinic.loop.run(doctor.last_webhook_at(patient.shop.app_id, patient.shop.integration_id))
    assert found == patient.row("last_webhook_at")
    assert clinic.loop.run(doctor.last_webhook_at(clinic.new_app(), patient.shop.integration_id)) is None


def test_metrics_count_integrations_by_state(clinic: House, patient: Patient) -> None:
    patient.switch("messages_off")
    patient.examined()
    clinic.loop.run(clinic.channel.count())
    text = generate_latest(REGISTRY).decode()
    assert 'heliograph_findings{check="message_access",state="broken"}' in text
    assert 'heliograph_integrations{state="broken"}' in text
