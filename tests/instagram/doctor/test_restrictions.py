"""What Meta holds against an account, or an app may not: found by what it refuses, and over when it takes a message.

One row for each restriction of the simulator's table: a new one without a row fails.
"""

from dataclasses import dataclass

import pytest

from heliograph.simulator.error_table import RESTRICTIONS
from tests.instagram.doctor.clinic import Patient
from tests.instagram.house import House
from tests.instagram.instagram_owner import InstagramOwner
from tests.instagram.owner import Owner
from tests.simulator.support import Simulator, eventually

pytestmark = pytest.mark.usefixtures("not_set_aside")

LOGINS = [Owner, InstagramOwner]


@dataclass(frozen=True)
class Row:
    """What `sends` finds after a refused message: the state, words of it, and of the repair."""

    state: str
    words: str
    repair: str
    status: str = "active"


ROWS = {
    "account_restricted": Row("warning", "for policy reasons", "Account status"),
    "business_blocked": Row("broken", "blocks this business", "Business Support Home"),
    "not_eligible": Row("broken", "does not let this account", "Account type"),
    "policy_block": Row("warning", "for a while", "Account status"),
    # The account is left alone for a while, and nothing has failed.
    "limit_volume": Row("ok", "no message", ""),
    # Access is gone: once it is tried again at once, the second time after an hour.
    "link_unverified": Row("broken", "nothing that can be seen explains it", "Reconnect", "error"),
    # Of a message only: where every call fails alike, see the access levels below.
    "no_role": Row("ok", "no message", ""),
}


@pytest.fixture(params=LOGINS, ids=["facebook", "instagram"])
def patient(request: pytest.FixtureRequest, clinic: House, meta_of_its_own: Simulator) -> Patient:
    """A connected account, by each login."""
    meta_of_its_own.control("/clock", 200, offset_seconds=0)
    return Patient.connected(clinic, meta_of_its_own, request.param)


def test_there_is_a_row_for_every_restriction() -> None:
    assert set(ROWS) == set(RESTRICTIONS)


@pytest.mark.parametrize("name", sorted(set(ROWS) - {"link_unverified", "limit_volume"}))
def test_a_restriction_is_found_by_what_it_refuses(patient: Patient, name: str) -> None:
    row = ROWS[name]
    patient.is_restricted(name)
    patient.shop.failure(patient.shop.post(patient.person, "refused"))
    patient.may_be_asked_again()
    report = patient.examined()
    found = patient.finding("sends", report)
    assert found["state"] == row.state, report
    assert row.words in found["finding"]
    assert row.repair in " ".join(found["repair"])
    # It stops nothing: the next message is tried.
    assert (report["status"], found["stops"]) == (row.status, [])
    patient.is_restricted("")
    assert patient.is_answered("taken again")
    assert patient.examined()["state"] == "ok"


def test_a_link_that_cannot_be_verified_is_tried_again_once_and_then_held(patient: Patient) -> None:
    row = ROWS["link_unverified"]
    patient.is_restricted("link_unverified")
    for status in ("active", "error"):
        patient.shop.failure(patient.shop.post(patient.person, "refused"))
        report = patient.examined()
        assert report["status"] == status
    found = patient.finding("sends", report)
    assert (found["state"], row.words in found["finding"], found["stops"]) == (row.state, True, ["sending"])
    assert row.repair in " ".join(found["repair"])
    patient.is_restricted("")
    patient.logs_in_again()
    assert patient.is_answered("taken again")
    assert patient.examined()["state"] == "ok"


def test_a_limit_leaves_the_account_alone_and_breaks_nothing(patient: Patient) -> None:
    patient.is_restricted("limit_volume")
    patient.shop.post(patient.person, "waits")
    eventually(patient.is_left_alone)
    patient.is_restricted("")
    patient.may_be_asked_again()
    assert patient.examined()["state"] == "ok"


# Mode, access level and roles -----------------------------------------------------------------------------------------


def test_development_mode_shows_when_a_customer_is_answered(patient: Patient) -> None:
    """Whoever connected it has a role: everything can be read, and only customers are out of reach."""
    patient.app_is(live=False, roles=[patient.owner.account])
    assert patient.examined()["state"] == "ok"
    failure = patient.shop.failure(patient.shop.post(patient.person, "out of reach"))
    assert failure["underlyingError"]["subcode"] == 2018028
    report = patient.examined()
    found = patient.finding("app_mode", report)
    assert (found["state"], found["stops"], report["status"]) == ("broken", [], "active")
    assert "Development mode" in found["finding"]
    assert "Live" in " ".join(found["repair"])
    assert patient.finding("sends", report)["state"] == "not_applicable"
    # One with a role is reached, which says nothing of the others.
    tester = patient.owner.customer()
    patient.app_is(roles=[patient.owner.account, tester])
    patient.owner.says(tester, "test")
    eventually(lambda: "test" in patient.shop.texts(tester))
    assert patient.shop.outcome(patient.shop.post(tester, "reached"))[:1] == ["channel"]
    assert patient.finding("app_mode")["state"] == "broken"
    patient.app_is(live=True)
    assert patient.is_answered("in reach")
    assert patient.examined()["state"] == "ok"
    assert [one[1:] for one in patient.told()] == [("ok", "broken"), ("broken", "ok")]


def test_standard_access_serves_accounts_with_a_role_alone(patient: Patient) -> None:
    patient.app_is(advanced=[])
    patient.shop.failure(patient.shop.post(patient.person, "refused"))
    report = patient.examined()
    assert patient.finding("sends", report)["state"] == "not_applicable"
    found = patient.finding("app_mode", report)
    assert (found["state"], report["status"]) == ("broken", "error"), report
    assert "App roles" in " ".join(found["repair"])
    patient.app_is(roles=[patient.owner.account])
    assert patient.examined()["status"] == "active"
    assert patient.is_answered("by a role")
    patient.app_is(all_advanced=True, roles=[])
    assert patient.examined()["state"] == "ok"
    assert patient.is_answered("by Advanced Access")


def test_another_app_that_owns_a_conversation_is_told_of(patient: Patient) -> None:
    patient.owned_by_another_app()
    patient.shop.failure(patient.shop.post(patient.person, "refused"))
    report = patient.examined()
    found = patient.finding("thread_owner", report)
    assert (found["state"], report["status"]) == ("warning", "active")
    assert "Conversation routing" in " ".join(found["repair"])
    assert patient.finding("sends", report)["state"] == "ok"
    patient.owned_by_nobody()
    patient.is_written_to("and back")
    assert patient.is_answered("ours again")
    assert patient.examined()["state"] == "ok"
