"""Conversion events: from the API to the account's dataset at Meta, and what Meta's refusals become."""

import time
from typing import Any

import pytest
import sunshine_conversations_client as sunshine
import sunshine_conversations_client.model as m
from sunshine_conversations_client.api import ConversationsApi

from heliograph.channels.instagram.sending.conversions import filled_in
from tests.instagram.house import House, Shop
from tests.instagram.meta import PlayedMeta, Told, refused
from tests.instagram.owner import Owner
from tests.simulator.support import eventually


def event(**more: Any) -> dict[str, Any]:
    return {
        "event_name": "Purchase",
        "event_time": int(time.time()),
        "action_source": "business_messaging",
        "custom_data": {"currency": "EUR", "value": 12.5},
        **more,
    }


def post(shop: Shop, person: str, body: Any, status: int) -> Any:
    path = f"/v2/apps/{shop.app_id}/conversations/{shop.conversation(person)}/conversionEvents"
    return shop.house.api("POST", path, body, status)


def error_of(answer: Any) -> tuple[str, str]:
    (error,) = answer["errors"]
    return error["code"], error["title"]


def instagram(*events: Any, **beside: Any) -> dict[str, Any]:
    return {"instagram": {"payload": {"data": list(events or (event(),)), **beside}}}


def writing(owner: Owner, **changes: Any) -> tuple[Shop, str]:
    """A connected account, and somebody who wrote to it."""
    shop, _ = owner.connect(**changes)
    person = owner.customer()
    owner.says(person, "I take it")
    eventually(lambda: shop.messages(person))
    return shop, person


# With the simulator ------------------------------------------------------------------------------------------


def test_the_official_client_posts_events_of_a_person(town: House, owner: Owner) -> None:
    shop, person = writing(owner)
    key = town.loop.run(town._key())
    setup = sunshine.Configuration(host=town.url, username=key["id"], password=key["secret"])
    payload = m.MetaConversionEventPayload(data=[event(), event(event_name="LeadSubmitted")])
    body = m.InstagramConversionEventsBody(instagram=m.MetaConversionEvent(payload=payload))
    with sunshine.ApiClient(setup) as client:
        api = ConversationsApi(client)
        told = [
            api.post_conversion_events(shop.app_id, shop.conversation(person), m.ConversionEventsBody(body))
            for _ in range(2)
        ]
    dataset_id = told[0]["conversionEvents"]["datasetId"]  # the client has no model for the answer
    assert told == [{"conversionEvents": {"datasetId": dataset_id, "eventsReceived": 2}}] * 2
    calls = [
        (entry["path"], entry["status"])
        for entry in owner.simulator.read("/wire", limit=500)["entries"]
        if owner.account in entry["path"] or dataset_id in entry["path"]
    ]
    assert calls == [(f"/v25.0/{owner.account}/dataset", 200), (f"/v25.0/{dataset_id}/events", 200)] * 2


def test_what_meta_finds_wrong_with_an_event_is_a_400_in_its_words(owner: Owner) -> None:
    shop, person = writing(owner)
    code, title = error_of(post(shop, person, instagram(event(), event(event_name="")), 400))
    assert code == "bad_request"
    assert "data[1][event_name]" in title
    code, title = error_of(post(shop, person, instagram(event(event_time=1_600_000_000)), 400))
    assert "100/2804003" in title


def test_a_token_without_the_permission_is_a_403_that_names_it(owner: Owner) -> None:
    scopes = ["instagram_basic", "instagram_manage_messages", "pages_manage_metadata", "pages_messaging"]
    shop, person = writing(owner, pageAccessToken=owner.new_token(scopes=scopes))
    code, title = error_of(post(shop, person, instagram(), 403))
    assert code == "forbidden"
    assert "instagram_manage_events" in title


# With the scripted Meta ---------------------------------------------------------------------------------------

DATASET = (200, {"id": "1234567890123456"})
TAKEN = (200, {"events_received": 1, "messages": [], "fbtrace_id": "A"})
REFUSALS: list[tuple[Told, Told, int, str, str]] = [
    (refused(190, 463, 401), TAKEN, 403, "forbidden", "new pageAccessToken"),
    (refused(200, None, 403), TAKEN, 403, "forbidden", "instagram_manage_events"),
    (refused(100, 33), TAKEN, 400, "bad_request", "code 100/33"),
    (refused(4), TAKEN, 429, "too_many_requests", "send less"),
    (refused(2, None, 500, is_transient=True), TAKEN, 502, "bad_gateway", "try again"),
    ((200, {}), TAKEN, 502, "bad_gateway", "named no dataset"),
    ((200, {"id": "../me"}), TAKEN, 502, "bad_gateway", "named no dataset"),
    ((200, {"id": 7}), TAKEN, 502, "bad_gateway", "named no dataset"),
    ((502, b"<html>"), TAKEN, 502, "bad_gateway", "may have received"),
    (DATASET, refused(100, 2804003), 400, "bad_request", "code 100/2804003"),
    (DATASET, refused(777777), 400, "bad_request", "code 777777"),
    (DATASET, (504, b""), 502, "bad_gateway", "may have received"),
    (DATASET, (200, b"not json"), 502, "bad_gateway", "may have received"),
    (DATASET, (200, {}), 502, "bad_gateway", "may have them"),
]


@pytest.mark.parametrize(("dataset", "events", "status", "code", "title"), REFUSALS, ids=range(len(REFUSALS)))
def test_what_meta_answers_is_told_and_never_a_500(
    shop: Shop,
    meta: PlayedMeta,
    person: str,
    monkeypatch: pytest.MonkeyPatch,
    dataset: Told,
    events: Told,
    status: int,
    code: str,
    title: str,
) -> None:
    monkeypatch.setitem(meta.answers, ("POST", f"{shop.account}/dataset"), dataset)
    monkeypatch.setitem(meta.answers, ("POST", "1234567890123456/events"), events)
    told = error_of(post(shop, person, instagram(), status))
    assert told[0] == code
    assert title in told[1]
    assert shop.token not in told[1]


def test_a_meta_that_is_not_there_is_a_502(shop: Shop, person: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shop.house.graph, "_base", "http://127.0.0.1:1/v25.0")
    code, title = error_of(post(shop, person, instagram(), 502))
    assert (code, "could not be reached" in title) == ("bad_gateway", True)


def test_a_token_that_cannot_be_read_is_a_403(shop: Shop, person: str) -> None:
    shop.house.execute(
        "update instagram_accounts set page_token = '\\x00' where integration_id = $1", shop.integration_id
    )
    assert error_of(post(shop, person, instagram(), 403))[0] == "forbidden"


BAD: list[tuple[Any, str]] = [
    ({}, "exactly one of messenger, instagram, whatsapp must be given"),
    ({"instagram": None}, "exactly one of"),
    (instagram() | {"whatsapp": {"payload": {"data": [event()]}}}, "exactly one of"),
    ({"messenger": {"payload": {"data": [event()]}}}, "messenger is not possible"),
    ({"whatsapp": {"payload": {"data": [event()]}}}, "whatsapp is not possible"),
    ({"instagram": {}}, "'instagram.payload'"),
    ({"instagram": {"payload": {}}}, "'instagram.payload.data'"),
    ({"instagram": {"payload": {"data": []}}}, "instagram.payload.data must have at least 1"),
    ({"instagram": {"payload": {"data": [{}] * 1001}}}, "instagram.payload.data must have at most 1000"),
    ({"instagram": {"payload": {"data": ["Purchase"]}}}, "instagram.payload.data[0] must be an object"),
]


@pytest.mark.parametrize(("body", "title"), BAD, ids=range(len(BAD)))
def test_a_bad_body_asks_nobody(shop: Shop, meta: PlayedMeta, person: str, body: Any, title: str) -> None:
    code, told = error_of(post(shop, person, body, 400))
    assert code == "bad_request"
    assert title in told
    assert ("POST", f"{shop.account}/dataset") not in meta.others


def test_an_unknown_conversation_and_one_without_a_client(shop: Shop, house: House, person: str) -> None:
    path = f"/v2/apps/{shop.app_id}/conversations/{'0' * 24}/conversionEvents"
    assert error_of(house.api("POST", path, instagram(), 404))[0] == "conversation_not_found"
    house.execute("update clients set status = 'inactive' where external_id = $1", person)
    assert "no active client" in error_of(post(shop, person, instagram(), 400))[1]


def test_who_it_was_is_filled_in_and_what_the_caller_knows_stays() -> None:
    given = event(user_data={"em": ["hash"], "ig_sid": "someone else"}, messaging_channel="whatsapp")
    assert filled_in(given, "178", "584") == given | {
        "messaging_channel": "instagram",
        "user_data": {"em": ["hash"], "instagram_business_account_id": "178", "ig_sid": "584"},
    }
    assert filled_in(event(user_data=None), "178", "584")["user_data"] == {
        "instagram_business_account_id": "178",
        "ig_sid": "584",
    }
