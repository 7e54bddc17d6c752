"""Conversations: one or several a person, and what goes with one that is deleted."""

from collections import Counter
from typing import Any

import orjson
import pytest
import sunshine_conversations_client as sunshine
import sunshine_conversations_client.model as m
from sunshine_conversations_client.api import ConversationsApi, UsersApi

from tests.api.conftest import Shop
from tests.api.groups import group, second, told
from tests.api.house import Answer, House
from tests.api.operations import OPERATIONS, TEXT, filled
from tests.api.test_consistency import at_once

APPLE: dict[str, Any] = OPERATIONS["DownloadMessageRef"].body or {}


def test_without_the_setting_a_user_is_in_one_conversation(house: House) -> None:
    app_id, _ = house.app()
    path = f"/v2/apps/{app_id}/conversations"
    user = house.post(f"/v2/apps/{app_id}/users", {}).body["user"]["id"]
    lone = {"type": "sdkGroup", "participants": [{"userId": user, "subscribeSDKClient": False}]}
    second = house.post(path, {"type": "sdkGroup"}).body["conversation"]["id"]
    assert house.post(path, lone).status == 201
    for answer in (
        house.post(path, lone),
        house.post(path, {"type": "personal", "participants": [{"userId": user}]}),
        house.post(f"{path}/{second}/join", {"userId": user}),
    ):
        assert (answer.status, answer.error["code"]) == (400, "bad_request")
        assert "multiConvoEnabled" in answer.error["title"]
    house.patch(f"/v2/apps/{app_id}", {"settings": {"multiConvoEnabled": True}})
    personal = house.post(path, {"type": "personal", "participants": [{"userId": user}]}).body["conversation"]
    assert personal["isDefault"] is True  # the first personal one, whatever groups came before
    assert house.post(f"{path}/{second}/join", {"userId": user}).status == 201


def test_without_the_setting_only_one_of_several_at_once_is_made(house: House) -> None:
    app_id, _ = house.app()
    user = house.post(f"/v2/apps/{app_id}/users", {}).body["user"]["id"]
    lone = {"type": "sdkGroup", "participants": [{"userId": user, "subscribeSDKClient": True}]}
    personal = {"type": "personal", "participants": [{"userId": user}]}
    path = f"/v2/apps/{app_id}/conversations"
    answers = at_once(*[lambda body=body: house.post(path, body) for body in (lone, personal) * 3])  # type: ignore[misc]
    assert Counter(answer.status for answer in answers) == {201: 1, 400: 5}


def test_the_setting_cannot_be_turned_off_again(house: House, shop: Shop) -> None:
    for value in (True, None, True):
        assert house.patch(shop.path, {"settings": {"multiConvoEnabled": value}}).status == 200
    answer = house.patch(shop.path, {"settings": {"multiConvoEnabled": False}})
    assert (answer.status, answer.error["code"]) == (400, "bad_request")
    assert house.get(shop.path).body["app"]["settings"]["multiConvoEnabled"] is True


def test_a_user_made_by_the_api_gets_the_default_conversation_first(house: House, shop: Shop, crowd: list[str]) -> None:
    with house.client(shop.key) as client:
        user = UsersApi(client).create_user(shop.app_id, m.UserCreateBody(external_id="by-api")).user
        who = m.ParticipantSubSchema(m.ParticipantWithUserExternalId(user_external_id="by-api"))
        start = m.ConversationCreateBody(type="personal", participants=[who])
        made = [ConversationsApi(client).create_conversation(shop.app_id, start) for _ in range(3)]
        assert [one.conversation.is_default for one in made] == [True, False, False]
        listed = ConversationsApi(client).list_conversations(
            shop.app_id, filter=m.ConversationListFilter(user_id=user.id)
        )
    assert [one.id for one in listed.conversations] == [one.conversation.id for one in made]


def test_a_conversation_is_deleted_with_its_messages(house: House, shop: Shop) -> None:
    gone = second(house, shop)
    for _ in range(3):
        assert house.post(f"{shop.path}/conversations/{gone}/messages", TEXT).status == 201
    kept = house.post(shop.conversation + "/messages", TEXT).body["messages"][0]["id"]
    with house.client(shop.key) as client:
        api = ConversationsApi(client)
        api.delete_conversation(shop.app_id, gone)
        with pytest.raises(sunshine.ApiException) as caught:
            api.get_conversation(shop.app_id, gone)
        assert caught.value.status == 404
    for path in ("/messages", "/participants"):
        assert house.get(f"{shop.path}/conversations/{gone}{path}").status == 404
    assert house.post(f"{shop.path}/conversations/{gone}/messages", TEXT).error["code"] == "conversation_not_found"
    last = told(house, gone)[-1]
    assert (last["type"], last["payload"]) == (
        "conversation:remove", {"conversation": {"id": gone, "type": "personal", "metadata": {"n": 2}}},
    )  # fmt: skip
    house.erased()
    for table in ("messages", "participants", "sends"):
        assert house.rows(f"select 1 from {table} where conversation_id = $1", gone) == [], table
    assert house.rows("select 1 from lanes where kind = 'send' and key = $1", gone) == []
    assert house.rows("select 1 from jobs where kind = 'send' and key = $1", gone) == []
    (left,) = house.get(shop.conversation + "/messages").body["messages"]
    assert left["id"] == kept
    assert house.delete(f"{shop.path}/conversations/{gone}").error["code"] == "conversation_not_found"


def test_the_default_conversation_cannot_be_deleted(house: House, shop: Shop) -> None:
    with house.client(shop.key) as client, pytest.raises(sunshine.ApiException) as caught:
        ConversationsApi(client).delete_conversation(shop.app_id, shop.person.conversation_id)
    assert caught.value.status == 400
    title = f"Conversation {shop.person.conversation_id} cannot be deleted because it is the default."
    assert orjson.loads(caught.value.body)["errors"] == [{"code": "bad_request", "title": title}]
    assert house.get(shop.conversation).status == 200


def test_a_group_is_deleted(house: House, shop: Shop, crowd: list[str]) -> None:
    made = group(house, shop, crowd[:3])
    assert house.delete(f"{shop.path}/conversations/{made['id']}").body == {}
    assert told(house, made["id"])[-1]["type"] == "conversation:remove"
    assert house.get(f"{shop.path}/users/{crowd[0]}").status == 200


@pytest.mark.parametrize("attempt", range(6))
def test_a_conversation_that_is_deleted_while_messages_are_posted_leaves_nothing(
    house: House, shop: Shop, attempt: int
) -> None:
    house.custom(shop.app_id, "conversation:message", "conversation:remove")
    gone = second(house, shop)
    path = f"{shop.path}/conversations/{gone}"

    def post() -> Answer:
        return house.post(path + "/messages", TEXT)

    def post_once() -> Answer:
        return house.post(path + "/messages", TEXT, headers={"Idempotency-Key": f"k{attempt}"})

    def read() -> Answer:
        return house.post(path + "/activity", {"author": {"type": "business"}, "type": "conversation:read"})

    *answers, deleted, elsewhere = at_once(
        post, post_once, post, read, post, lambda: house.delete(path),
        lambda: house.post(shop.conversation + "/messages", TEXT),
    )  # fmt: skip
    assert (deleted.status, elsewhere.status) == (200, 201)
    assert {answer.status for answer in answers} <= {200, 201, 404}
    types = [event["type"] for event in told(house, gone)]
    assert types.count("conversation:remove") == 1
    assert types[-1] == "conversation:remove"  # what was accepted was told before
    assert types.count("conversation:message") == sum(answer.status == 201 for answer in answers)
    house.erased()
    assert house.rows("select 1 from messages where conversation_id = $1", gone) == []
    assert house.rows("select 1 from jobs where kind = 'send' and key = $1", gone) == []
    (count,) = house.rows("select message_count from conversations where id = $1", shop.person.conversation_id)
    assert count["message_count"] == 1


def test_a_conversation_is_deleted_once(house: House, shop: Shop) -> None:
    gone = second(house, shop)
    answers = at_once(*[lambda: house.delete(f"{shop.path}/conversations/{gone}")] * 4)
    assert Counter(answer.status for answer in answers) == {200: 1, 404: 3}
    assert [event["type"] for event in told(house, gone)].count("conversation:remove") == 1


def test_there_is_nothing_of_apples_to_download(house: House, shop: Shop) -> None:
    body = filled(APPLE, {"userId": shop.person.user_id})
    with house.client(shop.key) as client, pytest.raises(sunshine.ApiException) as caught:
        ConversationsApi(client).download_message_ref(
            shop.app_id, shop.person.conversation_id, m.DownloadMessageRefBody.from_dict(body)
        )
    assert caught.value.status == 400
    assert "apple is not available" in caught.value.body
    elsewhere = house.post(f"{shop.path}/conversations/x/download", body)
    assert (elsewhere.status, elsewhere.error["code"]) == (404, "conversation_not_found")
    stranger = house.post(shop.conversation + "/download", {**body, "userId": "x"})
    assert (stranger.status, stranger.error["code"]) == (404, "user_not_found")


@pytest.mark.parametrize(
    ("body", "title"),
    [
        ({"apple": APPLE["apple"]}, "'userId'"),
        ({"userId": "x"}, "'apple'"),
        ({"userId": "x", "apple": {}}, "'apple.interactiveDataRef'"),
        ({"userId": "x", "apple": {"interactiveDataRef": {"url": 7}}}, "apple.interactiveDataRef.url must be a string"),
    ],
)
def test_a_bad_reference_is_told_by_name(house: House, shop: Shop, body: Any, title: str) -> None:
    answer = house.post(shop.conversation + "/download", body)
    assert answer.status == 400
    assert title in " ".join(error["title"] for error in answer.body["errors"])
