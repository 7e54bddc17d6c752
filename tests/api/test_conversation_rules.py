"""Groups, the default conversation, several conversations, and what cannot be downloaded."""

import asyncio
from collections import Counter
from typing import Any

import orjson
import pytest
import sunshine_conversations_client as sunshine
import sunshine_conversations_client.model as m
from sunshine_conversations_client.api import ConversationsApi, ParticipantsApi, UsersApi

from heliograph.storage import new_id
from tests.api.conftest import Shop
from tests.api.house import Answer, House, Person
from tests.api.operations import OPERATIONS, TEXT, filled
from tests.api.test_consistency import at_once

APPLE: dict[str, Any] = OPERATIONS["DownloadMessageRef"].body or {}


@pytest.fixture
def crowd(house: House, shop: Shop) -> list[str]:
    """Twelve users of an app that allows several conversations."""
    house.patch(shop.path, {"settings": {"multiConvoEnabled": True}})
    return [house.post(shop.path + "/users", {"externalId": f"u{n}"}).body["user"]["id"] for n in range(12)]


def group(house: House, shop: Shop, user_ids: list[str], **fields: Any) -> dict[str, Any]:
    people = [{"userId": user_id, "subscribeSDKClient": False} for user_id in user_ids]
    answer = house.post(shop.path + "/conversations", {"type": "sdkGroup", "participants": people, **fields})
    assert answer.status == 201, answer.body
    return dict(answer.body["conversation"])


def members(house: House, shop: Shop, conversation_id: str) -> list[dict[str, Any]]:
    path = f"{shop.path}/conversations/{conversation_id}/participants"
    return list(house.get(path).body["participants"])


def told(house: House, conversation_id: str) -> list[dict[str, Any]]:
    rows = house.rows("select body from events where conversation_id = $1 order by seq", conversation_id)
    return [orjson.loads(row["body"]) for row in rows]


# Groups -----------------------------------------------------------------------------------------------------------


def test_a_group_is_started_joined_and_left(house: House, shop: Shop, crowd: list[str]) -> None:
    first, second, third, *_ = crowd
    with house.client(shop.key) as client:
        people = [
            m.ParticipantSubSchema(m.ParticipantWithUserId(user_id=first, subscribe_sdk_client=True)),
            m.ParticipantSubSchema(m.ParticipantWithUserExternalId(user_external_id="u1", subscribe_sdk_client=False)),
        ]
        body = m.ConversationCreateBody(
            type="sdkGroup", participants=people, display_name="Fans", metadata={"club": "north"}
        )
        made = ConversationsApi(client).create_conversation(shop.app_id, body).conversation
        assert (made.type, made.is_default, made.display_name, made.metadata) == (
            "sdkGroup", False, "Fans", {"club": "north"},
        )  # fmt: skip
        api = ParticipantsApi(client)
        join = m.ParticipantJoinBody.from_dict({"userId": third, "subscribeSDKClient": True})
        joined = api.join_conversation(shop.app_id, made.id, join).participant
        assert (joined.user_id, joined.unread_count) == (third, 0)
        assert [association.type for association in joined.client_associations] == ["sdk"]
        shown = api.list_participants(shop.app_id, made.id).participants
        assert [(who.user_id, bool(who.client_associations)) for who in shown] == [
            (first, True), (second, False), (third, True),
        ]  # fmt: skip
        api.leave_conversation(
            shop.app_id, made.id, m.ParticipantLeaveBody(m.ParticipantLeaveBodyUserExternalId(user_external_id="u1"))
        )
        api.leave_conversation(
            shop.app_id, made.id, m.ParticipantLeaveBody(m.ParticipantLeaveBodyParticipantId(participant_id=joined.id))
        )
        assert [who.user_id for who in api.list_participants(shop.app_id, made.id).participants] == [first]
    brief = {"id": made.id, "type": "sdkGroup", "metadata": {"club": "north"}}
    created, entered, *left = told(house, made.id)
    source = {"type": "api:conversations"}
    assert created["type"] == "conversation:create"
    assert created["payload"] == {"conversation": brief, "creationReason": "none", "source": source}
    assert (entered["type"], [event["type"] for event in left]) == ("conversation:join", ["conversation:leave"] * 2)
    for event, user_id, external_id in ((entered, third, "u2"), (left[0], second, "u1"), (left[1], third, "u2")):
        user = {"id": user_id, "authenticated": False, "externalId": external_id}
        assert event["payload"] == {"conversation": brief, "user": user}
        m.ConversationJoinEventAllOfPayload.from_dict(event["payload"])


def test_a_group_may_have_nobody_and_gets_messages(house: House, shop: Shop, crowd: list[str]) -> None:
    empty = house.post(shop.path + "/conversations", {"type": "sdkGroup"}).body["conversation"]
    assert members(house, shop, empty["id"]) == []
    assert house.post(f"{shop.path}/conversations/{empty['id']}/messages", TEXT).status == 201
    house.post(f"{shop.path}/conversations/{empty['id']}/join", {"userId": crowd[0], "subscribeSDKClient": True})
    said = {**TEXT, "author": {"type": "user", "userId": crowd[0]}}
    assert house.post(f"{shop.path}/conversations/{empty['id']}/messages", said).status == 201
    assert house.post(f"{shop.path}/conversations/{empty['id']}/messages", TEXT).status == 201
    (who,) = members(house, shop, empty["id"])
    assert who["unreadCount"] == 1
    assert house.rows("select 1 from jobs where kind = 'send' and key = $1", empty["id"]) == []


def test_an_instagram_user_is_not_reached_through_a_group(house: House, shop: Shop, crowd: list[str]) -> None:
    made = group(house, shop, [shop.person.user_id])
    house.post(f"{shop.path}/conversations/{made['id']}/messages", TEXT)
    assert house.rows("select 1 from jobs where kind = 'send' and key = $1", made["id"]) == []


def test_a_user_has_one_sdk_client_however_many_groups(house: House, shop: Shop, crowd: list[str]) -> None:
    wish = {"type": "sdkGroup", "participants": [{"userId": crowd[0], "subscribeSDKClient": True}]}
    answers = at_once(*[lambda: house.post(shop.path + "/conversations", wish)] * 4)
    assert [answer.status for answer in answers] == [201] * 4
    (sdk,) = house.get(f"{shop.path}/users/{crowd[0]}/clients").body["clients"]
    assert (sdk["type"], sdk["status"], "integrationId" in sdk) == ("sdk", "active", False)
    personal = {"type": "personal", "participants": [{"userId": crowd[1], "subscribeSDKClient": True}]}
    made = house.post(shop.path + "/conversations", personal).body["conversation"]
    (who,) = members(house, shop, made["id"])
    assert [association["type"] for association in who["clientAssociations"]] == ["sdk"]
    assert house.post(f"{shop.path}/conversations/{made['id']}/messages", TEXT).status == 201


@pytest.mark.parametrize(
    ("people", "status", "title"),
    [
        ([{"userId": "{0}"}], 400, "participants[0].subscribeSDKClient is required"),
        ([{"userId": "{0}", "subscribeSDKClient": None}], 400, "participants[0].subscribeSDKClient is required"),
        ([{"userId": "{0}", "subscribeSDKClient": "yes"}], 400, "participants[0].subscribeSDKClient must be"),
        ([{"subscribeSDKClient": True}], 400, "participants[0]: exactly one of userId, userExternalId"),
        ([{"userId": "{0}", "userExternalId": "u0", "subscribeSDKClient": True}], 400, "exactly one of"),
        ([{"userId": f"{{{n}}}", "subscribeSDKClient": False} for n in range(11)], 400, "at most 10"),
        (
            [{"userId": "{0}", "subscribeSDKClient": False}, {"userExternalId": "u0", "subscribeSDKClient": False}],
            400,
            "each user once",
        ),
        ([{"userId": "nobody", "subscribeSDKClient": False}], 404, "User not found"),
    ],
)
def test_a_bad_group_is_told_by_name(
    house: House, shop: Shop, crowd: list[str], people: Any, status: int, title: str
) -> None:
    holes = {str(number): user_id for number, user_id in enumerate(crowd)}
    answer = house.post(shop.path + "/conversations", {"type": "sdkGroup", "participants": filled(people, holes)})
    assert answer.status == status
    assert title in answer.error["title"]
    assert house.rows("select 1 from conversations where app_id = $1 and type = 'sdkGroup'", shop.app_id) == []


def test_the_eleventh_is_too_many(house: House, shop: Shop, crowd: list[str]) -> None:
    made = group(house, shop, crowd[:10])
    answer = house.post(f"{shop.path}/conversations/{made['id']}/join", {"userId": crowd[10]})
    assert answer.error == {"code": "bad_request", "title": "Too many participants"}
    again = house.post(f"{shop.path}/conversations/{made['id']}/join", {"userId": crowd[3]})
    assert (again.status, again.body["participant"]["userId"]) == (201, crowd[3])
    assert [event["type"] for event in told(house, made["id"])] == ["conversation:create"]
    assert len(members(house, shop, made["id"])) == 10


def test_of_those_who_join_at_once_ten_are_in(house: House, shop: Shop, crowd: list[str]) -> None:
    made = group(house, shop, crowd[:8])
    path = f"{shop.path}/conversations/{made['id']}/join"
    answers = at_once(*[lambda user=user: house.post(path, {"userId": user}) for user in crowd[8:]])  # type: ignore[misc]
    assert Counter(answer.status for answer in answers) == {201: 2, 400: 2}
    assert len(members(house, shop, made["id"])) == 10
    assert len(told(house, made["id"])) == 3


def test_who_joins_waits_for_those_who_join_just_now(house: House, shop: Shop, crowd: list[str]) -> None:
    made = group(house, shop, crowd[:9])
    path = f"{shop.path}/conversations/{made['id']}/join"
    tenth = "insert into participants (id, app_id, conversation_id, user_id) values ($1, $2, $3, $4)"
    waits = "select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"

    async def join_meanwhile() -> Answer:
        async with house.database.transaction() as connection:
            await connection.execute("select from conversations where id = $1 for update", made["id"])
            await connection.execute(tenth, new_id(), shop.app_id, made["id"], crowd[9])
            joining = asyncio.create_task(asyncio.to_thread(house.post, path, {"userId": crowd[10]}))
            for _ in range(1000):
                if joining.done() or await house.database.fetchval(waits):
                    break
                await asyncio.sleep(0.01)
        return await joining

    assert house.run(join_meanwhile()).error["title"] == "Too many participants"
    assert len(members(house, shop, made["id"])) == 10


@pytest.mark.parametrize(
    ("path", "body", "status", "code", "title"),
    [
        ("{group}/join", {}, 400, "bad_request", "exactly one of userId, userExternalId"),
        ("{group}/join", {"userId": 7}, 400, "bad_request", "userId must be a string"),
        ("{group}/join", {"userId": "nobody"}, 404, "user_not_found", "User not found"),
        ("{group}/join", {"userExternalId": "nobody"}, 404, "user_not_found", "User not found"),
        ("{personal}/join", {"userId": "{user}"}, 400, "bad_request", "sdkGroup"),
        ("nothing/join", {"userId": "{user}"}, 404, "conversation_not_found", "Conversation not found"),
        ("{group}/leave", {}, 400, "bad_request", "exactly one of userId, userExternalId, participantId"),
        ("{group}/leave", {"userId": "{user}", "participantId": "x"}, 400, "bad_request", "exactly one of"),
        ("{group}/leave", {"userId": "{user}"}, 404, "not_found", "User is not a member of the conversation"),
        ("{group}/leave", {"participantId": "x"}, 404, "not_found", "User is not a member of the conversation"),
        ("{group}/leave", {"userId": "nobody"}, 404, "user_not_found", "User not found"),
        ("{personal}/leave", {"userId": "{user}"}, 400, "bad_request", "sdkGroup"),
        ("nothing/leave", {"userId": "{user}"}, 404, "conversation_not_found", "Conversation not found"),
    ],
)
def test_what_cannot_join_or_leave_is_told(
    house: House, shop: Shop, crowd: list[str], path: str, body: Any, status: int, code: str, title: str
) -> None:
    holes = {
        "group": group(house, shop, crowd[:1])["id"], "personal": shop.person.conversation_id,
        "user": shop.person.user_id,
    }  # fmt: skip
    answer = house.post(f"{shop.path}/conversations/{filled(path, holes)}", filled(body, holes))
    assert (answer.status, answer.error["code"]) == (status, code)
    assert title in answer.error["title"]


def test_users_of_another_app_are_not_found(house: House, shop: Shop, crowd: list[str]) -> None:
    other_app, _ = house.app(multiConvoEnabled=True)
    path = f"/v2/apps/{other_app}/conversations"
    people = [{"userId": crowd[0], "subscribeSDKClient": False}]
    assert house.post(path, {"type": "sdkGroup", "participants": people}).error["code"] == "user_not_found"
    theirs = house.post(path, {"type": "sdkGroup"}).body["conversation"]["id"]
    assert house.post(f"{path}/{theirs}/join", {"userId": crowd[0]}).error["code"] == "user_not_found"
    here = f"{shop.path}/conversations/{theirs}/join"
    assert house.post(here, {"userId": crowd[0]}).error["code"] == "conversation_not_found"


# One or several ---------------------------------------------------------------------------------------------------


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


# Deleting ---------------------------------------------------------------------------------------------------------


def second(house: House, shop: Shop, person: Person | None = None) -> str:
    house.patch(shop.path, {"settings": {"multiConvoEnabled": True}})
    start = {"type": "personal", "participants": [{"userId": (person or shop.person).user_id}], "metadata": {"n": 2}}
    return str(house.post(shop.path + "/conversations", start).body["conversation"]["id"])


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


# Apple ------------------------------------------------------------------------------------------------------------


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
