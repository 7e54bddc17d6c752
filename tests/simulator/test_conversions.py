"""Conversion events at the simulated Meta."""

import time
from typing import Any

import pytest

from tests.simulator.support import Answer, Seeded


def event(seeded: Seeded, **changes: Any) -> dict[str, Any]:
    who = {"instagram_business_account_id": seeded.account, "ig_sid": seeded.igsid}
    whole = {
        "event_name": "Purchase",
        "event_time": int(time.time()),
        "action_source": "business_messaging",
        "messaging_channel": "instagram",
        "user_data": who,
    }
    return {name: value for name, value in (whole | changes).items() if value is not None}


def dataset(seeded: Seeded) -> str:
    seeded.says()
    answer = seeded.graph("POST", f"/v25.0/{seeded.account}/dataset")
    assert answer.status == 200, answer.body
    return str(answer.json["id"])


def send(seeded: Seeded, *events: Any, to: str = "") -> Answer:
    return seeded.graph("POST", f"/v25.0/{to or dataset(seeded)}/events", {"data": list(events)})


def test_an_account_has_one_dataset_that_takes_events(seeded: Seeded) -> None:
    first = dataset(seeded)
    assert dataset(seeded) == first
    answer = send(seeded, event(seeded), event(seeded, event_name="LeadSubmitted"))
    assert (answer.status, answer.json["events_received"], answer.json["messages"]) == (200, 2, [])
    other = seeded.simulator.control("/accounts")
    token = seeded.simulator.control("/tokens", app_id=seeded.facts["facebook_app_id"], page_id=other["page_id"])
    made = seeded.graph("POST", f"/{other['instagram_account_id']}/dataset", token=token["access_token"])
    assert made.json["id"] != first


@pytest.mark.parametrize(
    "changes",
    [
        {"event_name": None},
        {"event_time": None},
        {"event_time": "now"},
        {"action_source": "website"},
        {"messaging_channel": None},
        {"messaging_channel": "whatsapp"},
        {"user_data": None},
        {"user_data": {"ig_sid": "1"}},
    ],
)
def test_a_wrong_event_refuses_all(seeded: Seeded, changes: dict[str, Any]) -> None:
    answer = send(seeded, event(seeded), event(seeded, **changes))
    assert answer.error == (400, 100, None)
    assert "data[1]" in answer.json["error"]["message"]


def test_events_are_of_the_last_week_and_of_people_who_wrote(seeded: Seeded) -> None:
    assert send(seeded, event(seeded, event_time=1_600_000_000)).error == (400, 100, 2804003)
    stranger = {"instagram_business_account_id": seeded.account, "ig_sid": "123456789012345"}
    assert send(seeded, event(seeded, user_data=stranger)).error == (400, 100, None)
    assert send(seeded).error == (400, 100, None)
    assert send(seeded, *[event(seeded)] * 1001).error == (400, 100, None)
    assert send(seeded, "Purchase").error == (400, 100, None)


def test_a_dataset_needs_the_permission_and_the_accounts_own_token(seeded: Seeded) -> None:
    app, page = seeded.facts["facebook_app_id"], seeded.facts["page_id"]
    poor = seeded.simulator.control("/tokens", app_id=app, page_id=page, scopes=["instagram_basic"])["access_token"]
    other = seeded.simulator.control("/accounts")["page_id"]
    foreign = seeded.simulator.control("/tokens", app_id=app, page_id=other)["access_token"]
    own = dataset(seeded)
    for path in (f"/{seeded.account}/dataset", f"/{own}/events"):
        assert seeded.graph("POST", path, {"data": [event(seeded)]}, token=poor).error == (403, 200, None)
        assert seeded.graph("POST", path, {"data": [event(seeded)]}, token=foreign).error == (400, 100, 33)
    assert seeded.graph("POST", "/1234567890123456/events", {"data": []}).error == (400, 100, 33)
