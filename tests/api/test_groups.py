"""Groups: who starts, joins and leaves them, and how many."""

import asyncio
from collections import Counter
from typing import Any

import pytest
import sunshine_conversations_client.model as m
from sunshine_conversations_client.api import ConversationsApi, ParticipantsApi

from heliograph.storage import new_id
from tests.api.conftest import Shop
from tests.api.groups import group, told
from tests.api.house import Answer, House
from tests.api.operations import TEXT, filled
from tests.api.test_consistency import at_once


def members(house: House, shop: Shop, conversation_id: str) -> list[dict[str, Any]]:
    path = f"{shop.path}/conversations/{conversation_id}/participants"
    return list(house.get(path).body["participants"])


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
