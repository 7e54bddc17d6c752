"""Users, clients, conversations and participants."""

from urllib.parse import quote

import pytest
import sunshine_conversations_client as sunshine
import sunshine_conversations_client.model as m
from sunshine_conversations_client.api import ClientsApi, ConversationsApi, ParticipantsApi, UsersApi

from tests.api.conftest import Shop
from tests.api.house import House
from tests.api.operations import TEXT


def test_a_user_is_read_and_changed(house: House, shop: Shop) -> None:
    with house.client(shop.key) as client:
        api = UsersApi(client)
        user = api.get_user(shop.app_id, shop.person.user_id).user
        assert (user.profile.given_name, user.profile.surname, user.authenticated) == ("Noa", "Berg", False)
        change = m.UserUpdateBody(
            signed_up_at="2026-01-02T03:04:05.678+01:00",
            to_be_retained=True,
            profile=m.Profile(email="noa@example.com", locale="en-CA"),
            metadata={"vip": True},
        )
        user = api.update_user(shop.app_id, shop.person.user_id, change).user
        assert (user.profile.given_name, user.profile.email) == ("Noa", "noa@example.com")
        assert (user.metadata, user.to_be_retained) == ({"vip": True}, True)
    raw = house.get(f"{shop.path}/users/{shop.person.user_id}").body["user"]
    assert raw["signedUpAt"] == "2026-01-02T02:04:05.678Z"


def test_null_clears_what_a_user_has(house: House, shop: Shop) -> None:
    path = f"{shop.path}/users/{shop.person.user_id}"
    house.patch(path, {"metadata": {"a": 1}, "signedUpAt": "2026-01-02T03:04:05Z", "toBeRetained": False})
    user = house.patch(
        path, {"metadata": None, "signedUpAt": None, "toBeRetained": None, "profile": {"surname": None}}
    ).body["user"]
    assert user["metadata"] == {}
    assert not {"signedUpAt", "toBeRetained"} & set(user)
    assert set(user["profile"]) == {"givenName", "avatarUrl"}


@pytest.mark.parametrize("external_id", ["plain", "with/slash", "a?b#c", "ü@example.com", "per%2Fcent", "a b+c", "me"])
def test_a_user_is_found_by_external_id_whatever_is_in_it(house: House, shop: Shop, external_id: str) -> None:
    person = house.person(shop.app_id, shop.integration_id, external_id)
    with house.client(shop.key) as client:
        user = UsersApi(client).get_user(shop.app_id, external_id).user
        assert (user.id, user.external_id) == (person.user_id, external_id)
        assert [c.id for c in ClientsApi(client).list_clients(shop.app_id, external_id).clients] == [person.client_id]
        found = ConversationsApi(client).list_conversations(
            shop.app_id, filter=m.ConversationListFilter(user_external_id=external_id)
        )
        assert [c.id for c in found.conversations] == [person.conversation_id]
    answer = house.get(f"/sc{shop.path}/users/{quote(external_id, safe='')}", key=shop.key)
    assert answer.body["user"]["id"] == person.user_id


def test_clients_and_participants_are_shown_as_the_wire_has_them(house: House, shop: Shop) -> None:
    with house.client(shop.key) as client:
        (found,) = ClientsApi(client).list_clients(shop.app_id, shop.person.user_id).clients
        assert (found.type, found.status, found.integration_id) == ("instagram", "active", shop.integration_id)
        assert found.raw == {"username": "noa"}
        (participant,) = (
            ParticipantsApi(client).list_participants(shop.app_id, shop.person.conversation_id).participants
        )
        assert participant.user_id == shop.person.user_id
        assert participant.client_associations[0].client_id == shop.person.client_id


def test_the_channels_conversation_is_read_and_changed(house: House, shop: Shop) -> None:
    with house.client(shop.key) as client:
        api = ConversationsApi(client)
        (listed,) = api.list_conversations(
            shop.app_id, filter=m.ConversationListFilter(user_id=shop.person.user_id)
        ).conversations
        assert (listed.id, listed.is_default, listed.type) == (shop.person.conversation_id, True, "personal")
        change = m.ConversationUpdateBody(
            display_name="Order 7", description="Two lamps", icon_url="https://x.example/i.png", metadata={"order": 7}
        )
        api.update_conversation(shop.app_id, listed.id, change)
        changed = api.get_conversation(shop.app_id, listed.id).conversation
        assert (changed.display_name, changed.description) == ("Order 7", "Two lamps")
        assert (changed.icon_url, changed.metadata) == ("https://x.example/i.png", {"order": 7})
    cleared = house.patch(shop.conversation, {"displayName": None, "metadata": None}).body["conversation"]
    assert "displayName" not in cleared
    assert (cleared["metadata"], cleared["description"]) == ({}, "Two lamps")


def test_a_second_conversation_needs_the_setting_and_reaches_the_channel(house: House, shop: Shop) -> None:
    house.custom(shop.app_id, "conversation:create")
    with house.client(shop.key) as client:
        api = ConversationsApi(client)
        body = m.ConversationCreateBody(
            type="personal",
            participants=[m.ParticipantSubSchema.from_dict({"userId": shop.person.user_id})],
            display_name="Returns",
            metadata={"kind": "return"},
        )
        with pytest.raises(sunshine.ApiException) as caught:
            api.create_conversation(shop.app_id, body)
        assert caught.value.status == 400
        house.patch(shop.path, {"settings": {"multiConvoEnabled": True}})
        made = api.create_conversation(shop.app_id, body).conversation
    assert (made.display_name, made.is_default, made.metadata) == ("Returns", False, {"kind": "return"})
    assert made.last_updated_at == made.created_at
    (event,) = house.rows("select body::json as body from events where conversation_id = $1", made.id)
    payload = event["body"]["payload"]
    assert event["body"]["type"] == "conversation:create"
    assert payload["creationReason"] == "none"
    assert payload["conversation"] == {"id": made.id, "type": "personal", "metadata": {"kind": "return"}}
    assert payload["user"] == {"id": shop.person.user_id, "authenticated": False}
    assert house.rows("select 1 from jobs where kind = 'webhook' and key like '%/' || $1", made.id)
    assert house.post(f"{shop.path}/conversations/{made.id}/messages", TEXT).status == 201
    (lane,) = house.rows("select grp from lanes where kind = 'send' and key = $1", made.id)
    assert lane["grp"] == shop.integration_id


def test_the_first_conversation_of_a_user_is_the_default_one(house: House, shop: Shop) -> None:
    person = house.person(shop.app_id, shop.integration_id, "no-conversation-yet")
    for table in ("participants", "conversations"):
        column = "conversation_id" if table == "participants" else "id"
        house.run(house.database.execute(f"delete from {table} where {column} = $1", person.conversation_id))
    body = {"type": "personal", "participants": [{"userExternalId": "no-conversation-yet", "subscribeSDKClient": None}]}
    made = house.post(shop.path + "/conversations", body).body["conversation"]
    assert made["isDefault"] is True
    assert house.post(shop.path + "/conversations", body).status == 400
