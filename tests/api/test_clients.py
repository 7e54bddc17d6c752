"""Clients that are linked and removed, SDK clients, and devices."""

from collections.abc import Mapping
from typing import Any

import orjson
import pytest
import sunshine_conversations_client as sunshine
import sunshine_conversations_client.model as m
from sunshine_conversations_client.api import ClientsApi, DevicesApi, ParticipantsApi

from heliograph.messaging import contacts, newcomers
from heliograph.messaging.arrivals import Profile, Route
from tests.api.conftest import Shop
from tests.api.house import NOW, House
from tests.api.operations import BUSINESS, LINK, TEXT, filled


def link(house: House, shop: Shop, **criteria: Any) -> dict[str, Any]:
    holes = {"customId": house.custom(shop.app_id)["id"], "conversationId": shop.person.conversation_id}
    body: dict[str, Any] = filled(LINK, holes)
    body["matchCriteria"] = {
        name: value for name, value in (body["matchCriteria"] | criteria).items() if value is not None
    }
    return body


def clients_path(shop: Shop) -> str:
    return f"{shop.path}/users/{shop.person.user_id}/clients"


def events(house: House, shop: Shop, kind: str) -> list[dict[str, Any]]:
    rows = house.rows("select body from events where app_id = $1 and type = $2 order by seq", shop.app_id, kind)
    return [orjson.loads(row["body"])["payload"] for row in rows]


# Linking ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("criteria", "title"),
    [
        ({"type": "instagram"}, "matchCriteria.type must be one of mailgun, messagebird, twilio, whatsapp"),
        ({"type": None}, "matchCriteria.type"),
        ({"integrationId": None}, "matchCriteria.integrationId"),
        ({"primary": "yes"}, "matchCriteria.primary must be true or false"),
        ({"phoneNumber": None}, "'phoneNumber' when type is whatsapp"),
        ({"phoneNumber": "212 555 2368"}, "matchCriteria.phoneNumber must contain the + prefix"),
        ({"type": "twilio", "phoneNumber": None}, "'phoneNumber' when type is twilio"),
        ({"type": "mailgun"}, "'address' when type is mailgun"),
        ({"type": "mailgun", "address": "a@b.c", "subject": 7}, "matchCriteria.subject must be a string"),
    ],
)
def test_a_bad_link_is_told_by_name(house: House, shop: Shop, criteria: Mapping[str, Any], title: str) -> None:
    answer = house.post(clients_path(shop), link(house, shop, **criteria))
    assert (answer.status, answer.error["code"]) == (400, "bad_request")
    assert title in answer.error["title"]


@pytest.mark.parametrize(
    ("message", "title"),
    [
        ({"author": BUSINESS, "content": {"type": "location", "coordinates": {"lat": 1, "long": 2}}}, "text, image"),
        ({"author": BUSINESS, "content": {"type": "text"}}, "confirmation.message.content"),
        (
            {
                "author": BUSINESS,
                "content": {"type": "text", "text": "x", "actions": [{"type": "reply", "text": "a", "payload": "b"}]},
            },
            "message.content.actions must be of type link",
        ),
    ],
)
def test_a_bad_confirmation_is_told_by_name(house: House, shop: Shop, message: Any, title: str) -> None:
    body = link(house, shop)
    body["confirmation"]["message"] = message
    answer = house.post(clients_path(shop), body)
    assert (answer.status, answer.error["code"]) == (400, "bad_request")
    assert title in answer.error["title"]


def test_what_a_link_names_must_exist_and_fit(house: House, shop: Shop) -> None:
    other = house.person(shop.app_id, shop.integration_id)
    path = clients_path(shop)
    assert house.post(f"{shop.path}/users/nobody/clients", link(house, shop)).error["code"] == "user_not_found"
    body = link(house, shop, integrationId="0" * 24)
    assert house.post(path, body).error["code"] == "integration_not_found"
    body = link(house, shop)
    body["target"]["conversationId"] = other.conversation_id
    assert house.post(path, body).error["code"] == "conversation_not_found"
    answer = house.post(path, link(house, shop, integrationId=shop.integration_id))
    assert answer.error == {
        "code": "bad_request",
        "title": "matchCriteria.integrationId is of type instagram; matchCriteria.type is whatsapp",
    }


def test_a_link_into_a_channel_that_is_not_live_is_told_as_failed(house: House, shop: Shop) -> None:
    made = house.post(shop.path + "/integrations", {"type": "whatsapp"}).body["integration"]
    integration_id = made["id"]
    criteria = m.MatchCriteriaWhatsapp(type="whatsapp", integration_id=integration_id, phone_number="+1 212-555-2368")
    body = m.ClientCreate(
        match_criteria=m.MatchCriteria(criteria),
        confirmation=m.Confirmation(type="immediate"),
        target=m.Target(conversation_id=shop.person.conversation_id),
    )
    with house.client(shop.key) as client:
        linked = ClientsApi(client).create_client(shop.app_id, shop.person.user_id, body).client
    assert (linked.type, linked.status, linked.external_id) == ("whatsapp", "pending", "+1 212-555-2368")
    (told,) = events(house, shop, "client:remove")
    assert (told["reason"], told["client"]["id"]) == ("linkFailed", linked.id)
    assert told["conversation"]["id"] == shop.person.conversation_id
    assert told["error"]["code"] == "channel_unavailable"
    assert len(house.get(clients_path(shop)).body["clients"]) == 1


# Removing ---------------------------------------------------------------------------------------------------------


def test_a_removed_client_is_gone_from_user_and_conversations(house: House, shop: Shop) -> None:
    house.custom(shop.app_id, "client:remove")
    (before,) = house.get(clients_path(shop)).body["clients"]
    with house.client(shop.key) as client:
        api = ClientsApi(client)
        api.remove_client(shop.app_id, shop.person.user_id, shop.person.client_id)
        assert api.list_clients(shop.app_id, shop.person.user_id).clients == []
        (who,) = ParticipantsApi(client).list_participants(shop.app_id, shop.person.conversation_id).participants
        assert (who.user_id, who.client_associations) == (shop.person.user_id, [])
        with pytest.raises(sunshine.ApiException) as caught:
            api.remove_client(shop.app_id, shop.person.user_id, shop.person.client_id)
    assert orjson.loads(caught.value.body)["errors"][0]["code"] == "client_not_found"
    (told,) = events(house, shop, "client:remove")
    assert told == {
        "user": {"id": shop.person.user_id, "authenticated": False},
        "client": before,
        "reason": "api",
        "source": {"type": "api:conversations"},
    }
    m.ClientRemoveEventAllOfPayload.from_dict(told)
    assert house.rows("select 1 from jobs where kind = 'webhook' and key like '%/' || $1", shop.app_id)


def test_a_message_after_its_client_was_removed_is_put_in_line_to_fail(house: House, shop: Shop) -> None:
    house.delete(f"{clients_path(shop)}/{shop.person.client_id}")
    message = house.post(shop.conversation + "/messages", TEXT).body["messages"][0]
    (job,) = house.rows("select payload from jobs where kind = 'send' and key = $1", shop.person.conversation_id)
    assert job["payload"] == message["id"]
    activity = {"author": BUSINESS, "type": "typing:start"}
    assert house.post(shop.conversation + "/activity", activity).status == 200
    assert len(house.rows("select 1 from jobs where kind = 'send' and key = $1", shop.person.conversation_id)) == 1
    body = {**TEXT, "destination": {"integrationId": shop.integration_id}}
    assert house.post(shop.conversation + "/messages", body).status == 400


def test_who_writes_again_gets_the_client_again(house: House, shop: Shop) -> None:
    (row,) = house.rows("select * from clients where id = $1", shop.person.client_id)
    key = (shop.integration_id, row["external_id"])
    house.delete(f"{clients_path(shop)}/{shop.person.client_id}")

    async def write_again() -> tuple[set[contacts.Key], contacts.Contact]:
        async with house.database.transaction() as connection:
            strangers = await contacts.unknown(connection, [key])
            profile = Profile("Noa B.", "noa", None, {"username": "noa"})
            route = Route(shop.app_id, shop.integration_id, "instagram")
            return strangers, (await newcomers.create(connection, {key: (route, profile)}, NOW))[key]

    strangers, contact = house.run(write_again())
    assert strangers == {key}  # the profile is read anew: the old one was forgotten
    assert (contact.user["id"], contact.conversation["id"]) == (shop.person.user_id, shop.person.conversation_id)
    assert contact.fresh is False
    (shown,) = house.get(clients_path(shop)).body["clients"]
    assert (shown["id"], shown["displayName"], shown["status"]) == (shop.person.client_id, "Noa B.", "active")
    (who,) = house.get(shop.conversation + "/participants").body["participants"]
    assert who["clientAssociations"] == [{"type": "instagram", "clientId": shop.person.client_id}]


def test_a_client_of_somebody_else_is_not_found(house: House, shop: Shop) -> None:
    other = house.person(shop.app_id, shop.integration_id)
    answer = house.delete(f"{clients_path(shop)}/{other.client_id}")
    assert (answer.status, answer.error["code"]) == (404, "client_not_found")
    assert house.delete(f"{shop.path}/users/x/clients/{other.client_id}").error["code"] == "user_not_found"


def test_an_sdk_client_cannot_be_removed(house: House, shop: Shop) -> None:
    house.patch(shop.path, {"settings": {"multiConvoEnabled": True}})
    members = [{"userId": shop.person.user_id, "subscribeSDKClient": True}]
    house.post(shop.path + "/conversations", {"type": "sdkGroup", "participants": members})
    with house.client(shop.key) as client:
        api = ClientsApi(client)
        instagram, sdk = api.list_clients(shop.app_id, shop.person.user_id).clients
        assert (instagram.type, sdk.type, sdk.integration_id, sdk.external_id) == ("instagram", "sdk", None, None)
        with pytest.raises(sunshine.ApiException) as caught:
            api.remove_client(shop.app_id, shop.person.user_id, sdk.id)
    assert orjson.loads(caught.value.body)["errors"][0]["title"] == "Cannot remove a client of type 'sdk'"


# Devices ----------------------------------------------------------------------------------------------------------


def test_nobody_has_devices(house: House, shop: Shop) -> None:
    with house.client(shop.key) as client:
        api = DevicesApi(client)
        assert api.list_devices(shop.app_id, shop.person.user_id).devices == []
        with pytest.raises(sunshine.ApiException) as caught:
            api.get_device(shop.app_id, shop.person.user_id, "0" * 24)
    assert orjson.loads(caught.value.body)["errors"] == [{"code": "device_not_found", "title": "Device not found"}]
    for path in ("devices", "devices/" + "0" * 24):
        assert house.get(f"{shop.path}/users/nobody/{path}").error["code"] == "user_not_found"
