"""Making, finding and forgetting users."""

from collections import Counter
from typing import Any
from urllib.parse import quote

import orjson
import pytest
import sunshine_conversations_client as sunshine
import sunshine_conversations_client.model as m
from sunshine_conversations_client.api import ConversationsApi, MessagesApi, UsersApi

from heliograph.messaging.names import ADJECTIVES, ANIMALS, animal_name
from tests.api.conftest import Shop
from tests.api.house import House
from tests.api.test_consistency import at_once

AWKWARD = ["with/slash", "a?b#c", "ü@example.com", "per%2Fcent", "a b+c", "me", "sync", "日本/語 #1", "x" * 1024]


def made(house: House, shop: Shop, **fields: Any) -> dict[str, Any]:
    answer = house.post(shop.path + "/users", fields)
    assert answer.status == 201, answer.body
    return dict(answer.body["user"])


def test_a_user_is_made(house: House, shop: Shop) -> None:
    with house.client(shop.key) as client:
        user = (
            UsersApi(client)
            .create_user(
                shop.app_id,
                m.UserCreateBody(
                    external_id="noa-1",
                    signed_up_at="2026-01-02T03:04:05.678+01:00",
                    to_be_retained=True,
                    profile=m.Profile(given_name="Noa", email="noa@example.com", locale="en-CA"),
                    metadata={"vip": True},
                ),
            )
            .user
        )
        assert (user.external_id, user.signed_up_at, user.to_be_retained) == ("noa-1", "2026-01-02T02:04:05.678Z", True)
        assert (user.profile.given_name, user.profile.locale, user.metadata) == ("Noa", "en-CA", {"vip": True})
        assert UsersApi(client).get_user(shop.app_id, "noa-1").user == user
        assert UsersApi(client).get_user(shop.app_id, user.id).user == user


def test_a_user_needs_nothing_and_signed_up_today(house: House, shop: Shop) -> None:
    user = made(house, shop)
    assert user == {
        "id": user["id"], "authenticated": False, "signedUpAt": "2026-03-01T09:15:02.101Z", "profile": {},
        "metadata": {}, "identities": [],
    }  # fmt: skip
    nulls = {"externalId": None, "brandId": None, "profile": {"surname": None}, "metadata": None, "signedUpAt": None}
    assert set(made(house, shop, **nulls)) == set(user)


def test_an_external_id_is_given_once(house: House, shop: Shop) -> None:
    made(house, shop, externalId="taken")
    with house.client(shop.key) as client, pytest.raises(sunshine.ApiException) as caught:
        UsersApi(client).create_user(shop.app_id, m.UserCreateBody(external_id="taken"))
    assert caught.value.status == 409
    assert orjson.loads(caught.value.body) == {"errors": [{"code": "conflict", "title": "User already exists"}]}
    other_app, _ = house.app()
    assert house.post(f"/v2/apps/{other_app}/users", {"externalId": "taken"}).status == 201


def test_of_users_made_at_once_with_one_external_id_one_is_made(house: House, shop: Shop) -> None:
    answers = at_once(*[lambda: house.post(shop.path + "/users", {"externalId": "raced"})] * 6)
    assert Counter(answer.status for answer in answers) == {201: 1, 409: 5}


@pytest.mark.parametrize("external_id", AWKWARD, ids=range(len(AWKWARD)))
def test_an_external_id_may_hold_any_characters(house: House, shop: Shop, external_id: str) -> None:
    with house.client(shop.key) as client:
        api = UsersApi(client)
        user = api.create_user(shop.app_id, m.UserCreateBody(external_id=external_id)).user
        assert api.get_user(shop.app_id, external_id).user.id == user.id
        api.update_user(shop.app_id, external_id, m.UserUpdateBody(metadata={"found": True}))
        assert api.delete_user_personal_information(shop.app_id, external_id).user.metadata == {}
        api.delete_user(shop.app_id, external_id)
    assert house.get(f"{shop.path}/users/{quote(external_id, safe='')}").error["code"] == "user_not_found"


def test_users_of_brands_are_apart(house: House, shop: Shop) -> None:
    plain = made(house, shop, externalId="noa")
    north, south = (made(house, shop, externalId="noa", brandId=brand) for brand in ("north", "south"))
    assert (north["brandId"], "brandId" in plain) == ("north", False)
    assert house.post(shop.path + "/users", {"externalId": "noa", "brandId": "north"}).error["code"] == "conflict"
    for query, user in (("", plain), ("?brandId=north", north), ("?brandId=south", south)):
        assert house.get(f"{shop.path}/users/noa{query}").body["user"]["id"] == user["id"]
    assert house.get(f"{shop.path}/users/noa?brandId=east").error["code"] == "user_not_found"
    assert house.get(f"{shop.path}/users/{north['id']}").body["user"] == north
    house.patch(f"{shop.path}/users/noa?brandId=south", {"metadata": {"a": 1}})
    assert house.get(f"{shop.path}/users/{south['id']}").body["user"]["metadata"] == {"a": 1}
    start = {"type": "personal", "participants": [{"userExternalId": "noa"}]}
    conversation = house.post(shop.path + "/conversations", start).body["conversation"]
    (who,) = house.get(f"{shop.path}/conversations/{conversation['id']}/participants").body["participants"]
    assert who["userId"] == plain["id"]


@pytest.mark.parametrize(
    ("body", "title"),
    [
        ({"externalId": ""}, "externalId must have at least 1"),
        ({"externalId": "x" * 1025}, "externalId must have at most 1024"),
        ({"externalId": 7}, "externalId must be a string"),
        ({"externalId": "a\0"}, "externalId must not contain a NUL"),
        ({"brandId": "x" * 25}, "brandId must have at most 24"),
        ({"signedUpAt": "yesterday"}, "signedUpAt must be an ISO 8601 time"),
        ({"toBeRetained": "yes"}, "toBeRetained must be true or false"),
        ({"profile": {"email": "nobody"}}, "profile.email must be an email address"),
        ({"profile": {"surname": "x" * 129}}, "profile.surname must have at most 128"),
        ({"metadata": {"a": [1]}}, "metadata must be flat"),
        ({"metadata": {"a": "x" * 4096}}, "metadata is limited to 4096 bytes"),
    ],
)
def test_a_bad_user_is_told_by_name(house: House, shop: Shop, body: Any, title: str) -> None:
    mine = "select id from users where app_id = $1"
    before = house.rows(mine, shop.app_id)
    answer = house.post(shop.path + "/users", body)
    assert (answer.status, answer.error["code"]) == (400, "bad_request")
    assert title in answer.error["title"]
    assert house.rows(mine, shop.app_id) == before


# By email ---------------------------------------------------------------------------------------------------------


def test_users_are_found_by_the_email_of_an_identity_and_not_of_the_profile(house: House, shop: Shop) -> None:
    ama, brand = made(house, shop), made(house, shop, brandId="north")
    made(house, shop, profile={"email": "ama@example.org"})
    other_app, _ = house.app()
    elsewhere = house.post(f"/v2/apps/{other_app}/users", {}).body["user"]
    identity = {"type": "email", "value": "ama@example.org", "verification": "sso"}
    ids = [ama["id"], brand["id"], elsewhere["id"]]
    set_them = "update users set identities = $2 where id = any ($1::text[])"
    house.run(house.database.execute(set_them, ids, [identity]))

    def found(query: str) -> list[str]:
        return [user["id"] for user in house.get(f"{shop.path}/users?{query}").body["users"]]

    assert found("filter[identities.email]=AMA@example.org") == [ama["id"], brand["id"]]
    assert found('filter={"identities.email":"ama@example.org"}'.replace('"', "%22")) == [ama["id"], brand["id"]]
    assert found("filter[identities.email]=ama@example.org&brandId=north") == [brand["id"]]
    assert found("filter[identities.email]=bea@example.org") == []
    assert house.get(f"{shop.path}/users/{ama['id']}").body["user"]["identities"] == [identity]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?brandId=x",
        "?filter[identities.email]=",
        '?filter={"identities.email":7}',
        "?filter[email]=a@b.c",
        "?filter=a",
    ],
)
def test_users_are_listed_by_email_alone(house: House, shop: Shop, query: str) -> None:
    answer = house.get(shop.path + "/users" + query.replace('"', "%22"))
    assert (answer.status, answer.error["code"]) == (400, "bad_request")
    assert "filter" in answer.error["title"]


# Personal information ---------------------------------------------------------------------------------------------


def test_personal_information_goes_and_messages_stay(house: House, shop: Shop) -> None:
    user_id = shop.person.user_id
    change = {"profile": {"email": "noa@example.com", "locale": "en-CA"}, "metadata": {"size": 7}, "toBeRetained": True}
    house.patch(f"{shop.path}/users/{user_id}", change)
    with house.client(shop.key) as client:
        said = {"author": {"type": "user", "userId": user_id}, "content": {"type": "text", "text": "Hello"}}
        messages = MessagesApi(client)
        assert messages.post_message(
            shop.app_id, shop.person.conversation_id, m.MessagePost.from_dict(said)
        ).messages[0].author.display_name == "Noa Berg"  # fmt: skip
        user = UsersApi(client).delete_user_personal_information(shop.app_id, user_id).user
        assert {name: value for name, value in user.profile.to_dict().items() if value} == {"locale": "en-CA"}
        assert (user.metadata, user.to_be_retained) == ({}, True)
        (message,) = messages.list_messages(shop.app_id, shop.person.conversation_id).messages
        assert message.content.actual_instance.text == "Hello"
    (shown,) = house.get(f"{shop.path}/users/{user_id}/clients").body["clients"]
    assert shown["raw"] == {}
    assert not {"displayName", "avatarUrl"} & set(shown)
    assert (shown["status"], shown["id"]) == ("active", shop.person.client_id)
    assert house.delete(f"{shop.path}/users/nobody/personalinformation").error["code"] == "user_not_found"


def test_there_is_no_zendesk_to_sync_with(house: House, shop: Shop) -> None:
    with house.client(shop.key) as client, pytest.raises(sunshine.ApiException) as caught:
        UsersApi(client).sync_user(shop.app_id, "35436", sync_user_body=m.SyncUserBody(surviving_zendesk_id="1"))
    (error,) = orjson.loads(caught.value.body)["errors"]
    assert error["code"] == "user_not_found"
    assert house.request("POST", shop.path + "/users/35436/sync").status == 404


# Names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("setting", "profile", "expected"),
    [
        (False, {}, ""),
        (True, {}, None),
        (True, {"givenName": "Ama"}, "Ama"),
        (False, {"givenName": "Ama", "surname": "Boateng"}, "Ama Boateng"),
    ],
)
def test_who_has_no_name_gets_an_animals_if_the_app_wants(
    house: House, setting: bool, profile: dict[str, str], expected: str | None
) -> None:
    app_id, key = house.app(useAnimalNames=setting)
    with house.client(key) as client:
        body = m.UserCreateBody(external_id="a", profile=m.Profile.from_dict(profile))
        user = UsersApi(client).create_user(app_id, body).user
        start = {"type": "personal", "participants": [{"userId": user.id}]}
        made = ConversationsApi(client).create_conversation(app_id, m.ConversationCreateBody.from_dict(start))
    path = f"/v2/apps/{app_id}/conversations/{made.conversation.id}/messages"
    said = {"author": {"type": "user", "userExternalId": "a"}, "content": {"type": "text", "text": "x"}}
    names = {house.post(path, said).body["messages"][0]["author"]["displayName"] for _ in range(3)}
    assert names == {animal_name(user.id) if expected is None else expected}
    said["author"]["displayName"] = "Bea"  # type: ignore[index]
    assert house.post(path, said).body["messages"][0]["author"]["displayName"] == "Bea"


def test_animal_names_are_many_and_lasting() -> None:
    names = {animal_name(f"{number:024x}") for number in range(2000)}
    assert len(names) > 800
    assert animal_name("65e1a0ee0000000000000001") == animal_name("65e1a0ee0000000000000001")
    assert all(name.split(" ")[0] in ADJECTIVES and name.split(" ")[1] in ANIMALS for name in names)
    assert len(set(ADJECTIVES)) == len(set(ANIMALS)) == 32
