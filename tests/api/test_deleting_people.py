"""Deleting users: at once for whoever asks, in small steps behind, and nothing else is lost."""

import asyncio
from typing import Any

import orjson
import pytest
import sunshine_conversations_client as sunshine
import sunshine_conversations_client.model as m
from sunshine_conversations_client.api import UsersApi

from heliograph.events import publish
from heliograph.messaging import intake
from heliograph.messaging.arrivals import MessageArrival, Profile, Route
from heliograph.storage import new_id
from tests.api.conftest import Shop
from tests.api.house import NOW, Answer, House, Person
from tests.api.operations import TEXT
from tests.api.test_consistency import at_once
from tests.simulator.support import eventually

_MANY = """
insert into messages (id, app_id, conversation_id, author_type, received, body)
select md5(n || $2), $1, $2, 'business', now(), $3::json from generate_series(1, 5000) n
"""
_HOW_MANY = "select count(*) from messages where conversation_id = $1"


def igsid(house: House, person: Person) -> str:
    (row,) = house.rows("select external_id from clients where id = $1", person.client_id)
    return str(row["external_id"])


async def arrive(house: House, shop: Shop, external_id: str, said: str, mid: str) -> None:
    """A message of a person on Instagram, as the channel hands it in."""
    key = (shop.integration_id, external_id)
    route = Route(shop.app_id, shop.integration_id, "instagram")
    arrival = MessageArrival(route, external_id, NOW, mid, ({"type": "text", "text": said},))
    async with house.database.transaction() as connection:
        applied = await intake.apply(connection, [arrival], {key: Profile("Noa Berg")}, NOW)
        await publish(connection, [event for _, event in applied.events])


def told(house: House, shop: Shop) -> list[dict[str, Any]]:
    rows = house.rows("select body from events where app_id = $1 order by seq", shop.app_id)
    return [orjson.loads(row["body"]) for row in rows]


def gone(house: House, shop: Shop, user_id: str, conversation_ids: list[str]) -> None:
    """Nothing of a user is left, but for the mids, which name nobody."""
    assert house.rows("select 1 from users where id = $1", user_id) == []
    for table in ("clients", "participants", "messages"):
        assert house.rows(f"select 1 from {table} where user_id = $1", user_id) == [], table
    assert house.rows("select 1 from conversations where id = any ($1::text[])", conversation_ids) == []
    for table in ("messages", "participants", "sends"):
        assert house.rows(f"select 1 from {table} where conversation_id = any ($1::text[])", conversation_ids) == [], (
            table
        )
    assert house.rows("select 1 from lanes where kind = 'send' and key = any ($1::text[])", conversation_ids) == []
    dangling = "select 1 from mids k where app_id = $1 and message_id is not null and not exists"
    assert house.rows(f"{dangling} (select from messages m where m.id = k.message_id)", shop.app_id) == []


def test_a_deleted_user_is_gone_with_everything(house: House, shop: Shop) -> None:
    house.patch(shop.path, {"settings": {"multiConvoEnabled": True}})
    person, other = shop.person, house.person(shop.app_id, shop.integration_id)
    house.run(arrive(house, shop, igsid(house, person), "Hello", "mid-of-noa"))
    start = {"type": "personal", "participants": [{"userId": person.user_id}]}
    second = house.post(shop.path + "/conversations", start).body["conversation"]["id"]
    mine = [person.conversation_id, second]
    theirs = f"{shop.path}/conversations/{other.conversation_id}/messages"
    sent = [house.post(f"{shop.path}/conversations/{one}/messages", TEXT).body["messages"][0]["id"] for one in mine]
    house.post(theirs, TEXT)
    ledger = (
        "insert into sends (message_id, app_id, conversation_id, integration_id, client_id, state, parts)"
        " values ($1, $2, $3, $4, $5, 'sent', 1)",
        "insert into send_parts (message_id, part, app_id, integration_id, client_id, request, state)"
        " select $1, 1, $2, $4, $5, '{}', 'sent' where $3::text is not null",
    )
    for sql in ledger:
        args = (sent[0], shop.app_id, person.conversation_id, shop.integration_id, person.client_id)
        house.run(house.database.execute(sql, *args))
    house.custom(shop.app_id, "user:remove", "conversation:remove")
    with house.client(shop.key) as client:
        api = UsersApi(client)
        api.delete_user(shop.app_id, person.user_id)
        for again in (api.get_user, api.delete_user, api.delete_user_personal_information):
            with pytest.raises(sunshine.ApiException) as caught:
                again(shop.app_id, person.user_id)
            assert caught.value.status == 404
    house.erased()
    gone(house, shop, person.user_id, mine)
    assert house.rows("select 1 from send_parts where message_id = any ($1::text[])", sent) == []
    *_, first, then, last = told(house, shop)
    assert [event["type"] for event in (first, then, last)] == ["conversation:remove"] * 2 + ["user:remove"]
    assert {event["payload"]["conversation"]["id"] for event in (first, then)} == set(mine)
    assert last["payload"] == {"user": {"id": person.user_id, "authenticated": False}}
    m.UserRemoveEventAllOfPayload.from_dict(last["payload"])
    assert house.rows("select 1 from jobs where kind = 'webhook' and key like '%/' || $1", shop.app_id)
    assert len(house.get(theirs).body["messages"]) == 1
    assert house.get(f"{shop.path}/users/{other.user_id}").status == 200
    assert house.rows("select 1 from jobs where kind = 'send' and key = $1", other.conversation_id)


def test_who_writes_after_their_deletion_is_somebody_new_and_what_they_wrote_before_stays_gone(
    house: House, shop: Shop
) -> None:
    external_id = igsid(house, shop.person)
    house.run(arrive(house, shop, external_id, "before", "mid-1"))
    house.delete(f"{shop.path}/users/{shop.person.user_id}")
    house.run(arrive(house, shop, external_id, "before", "mid-1"))  # told again by the channel
    house.run(arrive(house, shop, external_id, "after", "mid-2"))
    house.erased()
    house.run(arrive(house, shop, external_id, "before", "mid-1"))
    gone(house, shop, shop.person.user_id, [shop.person.conversation_id])
    (client,) = house.rows("select * from clients where external_id = $1", external_id)
    assert client["user_id"] != shop.person.user_id
    conversations = house.get(f"{shop.path}/conversations?filter[userId]={client['user_id']}").body["conversations"]
    assert [one["isDefault"] for one in conversations] == [True]
    messages = house.get(f"{shop.path}/conversations/{conversations[0]['id']}/messages").body["messages"]
    assert [message["content"]["text"] for message in messages] == ["after"]
    assert "conversation:create" in [event["type"] for event in told(house, shop)]


def test_an_external_id_is_free_at_once(house: House, shop: Shop) -> None:
    person = house.person(shop.app_id, shop.integration_id, "noa")
    assert house.delete(f"{shop.path}/users/noa").body == {}
    again = house.post(f"{shop.path}/users", {"externalId": "noa"})
    assert again.status == 201
    house.erased()
    assert house.get(f"{shop.path}/users/noa").body["user"]["id"] == again.body["user"]["id"] != person.user_id


def test_from_a_group_a_deleted_user_goes_with_what_they_wrote(house: House, shop: Shop) -> None:
    house.patch(shop.path, {"settings": {"multiConvoEnabled": True}})
    other = house.post(shop.path + "/users", {}).body["user"]["id"]
    people = [{"userId": one, "subscribeSDKClient": True} for one in (shop.person.user_id, other)]
    group = house.post(shop.path + "/conversations", {"type": "sdkGroup", "participants": people})
    path = f"{shop.path}/conversations/{group.body['conversation']['id']}"
    for author in (shop.person.user_id, other, shop.person.user_id):
        house.post(path + "/messages", {**TEXT, "author": {"type": "user", "userId": author}})
    house.delete(f"{shop.path}/users/{shop.person.user_id}")
    house.erased()
    assert [message["author"]["userId"] for message in house.get(path + "/messages").body["messages"]] == [other]
    assert [who["userId"] for who in house.get(path + "/participants").body["participants"]] == [other]
    (count,) = house.rows("select message_count from conversations where id = $1", path.rpartition("/")[2])
    assert count["message_count"] == 1
    types = [event["type"] for event in told(house, shop) if event["type"].endswith((":leave", ":remove"))]
    assert sorted(types) == ["conversation:leave", "conversation:remove", "user:remove"]
    gone(house, shop, shop.person.user_id, [shop.person.conversation_id])


@pytest.mark.parametrize("attempt", range(8))
def test_a_user_who_is_deleted_while_messages_flow_leaves_nothing_and_takes_nothing_else(
    house: House, shop: Shop, attempt: int
) -> None:
    house.patch(shop.path, {"settings": {"multiConvoEnabled": True}})
    person, other = shop.person, house.person(shop.app_id, shop.integration_id)
    external_id, another = igsid(house, person), igsid(house, other)
    user = f"{shop.path}/users/{person.user_id}"
    start = {"type": "personal", "participants": [{"userId": person.user_id}]}
    crowd = [{"userId": one.user_id, "subscribeSDKClient": True} for one in (person, other)]

    def inbound(who: str, *texts: str) -> Answer:
        for text in texts:  # of one person one after the other, as their lane has it
            house.run(arrive(house, shop, who, text, f"{text}-{attempt}-{shop.app_id}"))
        return Answer(200, {})

    *answers, deleted = at_once(
        lambda: inbound(external_id, "one", "two"),
        lambda: inbound(another, "three"),
        lambda: house.post(shop.conversation + "/messages", TEXT),
        lambda: house.post(shop.path + "/conversations", start),
        lambda: house.post(shop.path + "/conversations", {"type": "sdkGroup", "participants": crowd}),
        lambda: house.delete(f"{user}/clients/{person.client_id}"),
        lambda: house.patch(user, {"metadata": {"a": attempt}}),
        lambda: house.delete(user),
    )
    assert deleted.status == 200
    assert {answer.status for answer in answers} <= {200, 201, 404}, answers
    house.erased()
    known = house.rows("select id from conversations where app_id = $1", shop.app_id)
    assert person.conversation_id not in {row["id"] for row in known}
    gone(house, shop, person.user_id, [person.conversation_id])
    events = told(house, shop)
    assert [event["payload"]["user"]["id"] for event in events if event["type"] == "user:remove"] == [person.user_id]
    # What the old user wrote went with its events; what came after is a new user's, told once. The other lost nothing.
    texts = [e["payload"]["message"]["content"]["text"] for e in events if e["type"] == "conversation:message"]
    bodies = [row["body"] for row in house.rows("select body from messages where app_id = $1", shop.app_id)]
    kept = sorted(text for body in bodies if (text := body["content"]["text"]) in ("one", "two", "three"))
    assert sorted(text for text in texts if text in ("one", "two", "three")) == kept
    assert len(kept) == len(set(kept))
    theirs = house.get(f"{shop.path}/conversations/{other.conversation_id}/messages").body["messages"]
    assert [message["content"]["text"] for message in theirs] == ["three"]
    orphans = (
        "select 1 from participants p where app_id = $1 and not exists (select from users u where u.id = p.user_id)"
    )
    assert house.rows(orphans, shop.app_id) == []


def test_what_goes_out_just_now_is_waited_for(house: House, shop: Shop) -> None:
    """The answer of the channel, or its echo, must find the ledger as it was."""
    message = house.post(shop.conversation + "/messages", TEXT).body["messages"][0]["id"]
    part = (
        "insert into send_parts (message_id, part, app_id, integration_id, client_id, request, state, started_at)"
        " values ($1, 1, $2, $3, $4, '{}', 'sending', now())"
    )
    args = (message, shop.app_id, shop.integration_id, shop.person.client_id)
    house.run(house.database.execute(part, *args))
    assert house.delete(f"{shop.path}/users/{shop.person.user_id}").status == 200
    waits = "select 1 from lanes where kind = 'forget' and key = $1 and lease = 0 and due_at > now()"
    eventually(lambda: house.rows(waits, shop.person.user_id))
    assert house.rows("select 1 from send_parts where message_id = $1", message)
    house.run(house.database.execute("update send_parts set state = 'sent' where message_id = $1", message))
    house.erased()
    assert house.rows("select 1 from send_parts where message_id = $1", message) == []
    gone(house, shop, shop.person.user_id, [shop.person.conversation_id])


@pytest.mark.parametrize("what", ["user", "conversation"])
def test_a_deletion_answers_at_once_and_goes_on_after_a_kill(house: House, shop: Shop, what: str) -> None:
    house.patch(shop.path, {"settings": {"multiConvoEnabled": True}})
    start = {"type": "personal", "participants": [{"userId": shop.person.user_id}]}
    second = house.post(shop.path + "/conversations", start).body["conversation"]["id"]
    target = shop.person.conversation_id if what == "user" else second
    house.run(house.database.execute(_MANY, shop.app_id, target, {"type": "text", "text": "x"}))
    path = f"{shop.path}/users/{shop.person.user_id}" if what == "user" else f"{shop.path}/conversations/{second}"

    async def delete_and_kill() -> tuple[Answer, Answer]:
        async with house.database.transaction() as connection:
            # Somebody holds one message: the eraser cannot come past it.
            await connection.execute(
                "select from messages where id = (select max(id) from messages where conversation_id = $1) for update",
                target,
            )
            deleted = await asyncio.to_thread(house.delete, path)
            after = await asyncio.to_thread(house.get, path)
            await house.kill_eraser()
        house.start_eraser()
        return deleted, after

    deleted, after = house.run(delete_and_kill())
    assert (deleted.status, deleted.body, after.status) == (200, {}, 404)
    house.erased()
    assert house.rows(_HOW_MANY, target) == [{"count": 0}]
    assert house.rows("select 1 from conversations where id = $1", target) == []
    removed = [event for event in told(house, shop) if event["type"] in ("user:remove", "conversation:remove")]
    assert len(removed) == (3 if what == "user" else 1)


@pytest.mark.parametrize("attempt", range(3))
def test_an_app_and_its_user_deleted_at_once_leave_nothing(house: House, shop: Shop, attempt: int) -> None:
    group = {"type": "sdkGroup", "participants": []}
    path = f"{shop.path}/conversations/{house.post(shop.path + '/conversations', group).body['conversation']['id']}"
    house.post(path + "/messages", TEXT)
    answers = at_once(
        lambda: house.delete(f"{shop.path}/users/{shop.person.user_id}"),
        lambda: house.delete(path),
        lambda: house.post(shop.path + "/users", {"externalId": "late"}),
        lambda: house.post(shop.path + "/conversations", group),
        lambda: house.delete(shop.path),
    )
    assert answers[-1].status == 200
    assert {answer.status for answer in answers} <= {200, 201, 404}, answers
    house.erased()
    for table in ("users", "clients", "conversations", "participants", "messages", "events"):
        assert house.rows(f"select 1 from {table} where app_id = $1", shop.app_id) == [], table
    assert house.rows("select 1 from lanes where kind = 'forget'") == []


def test_a_removed_client_goes_with_its_user(house: House, shop: Shop) -> None:
    external_id = igsid(house, shop.person)
    house.delete(f"{shop.path}/users/{shop.person.user_id}/clients/{shop.person.client_id}")
    house.delete(f"{shop.path}/users/{shop.person.user_id}")
    house.erased()
    assert house.rows("select 1 from clients where external_id = $1", external_id) == []
    house.run(arrive(house, shop, external_id, "again", new_id()))
    assert len(house.rows("select 1 from clients where external_id = $1", external_id)) == 1


@pytest.mark.parametrize("attempt", range(4))
def test_who_writes_while_their_client_is_removed_is_lost_to_nobody(house: House, shop: Shop, attempt: int) -> None:
    external_id = igsid(house, shop.person)
    # No ids in the texts: what in one looks like the number of a card is masked.
    texts = ["one", "two", "three", "four"]

    def inbound(*texts: str) -> Answer:
        for text in texts:
            house.run(arrive(house, shop, external_id, text, f"{shop.app_id}-{attempt}-{text}"))
        return Answer(200, {})

    answers = at_once(
        lambda: inbound(*texts[:3]),
        lambda: house.delete(f"{shop.path}/users/{shop.person.user_id}/clients/{shop.person.client_id}"),
        lambda: house.post(shop.conversation + "/messages", TEXT),
    )
    assert {answer.status for answer in answers} == {200, 201}
    inbound(texts[3])
    messages = house.get(shop.conversation + "/messages").body["messages"]
    assert sorted(one["content"]["text"] for one in messages) == sorted([*texts, TEXT["content"]["text"]])  # type: ignore[index]
    (client,) = house.get(f"{shop.path}/users/{shop.person.user_id}/clients").body["clients"]
    assert client["id"] == shop.person.client_id
    (row,) = house.rows("select last_action_at from clients where id = $1", shop.person.client_id)
    assert row["last_action_at"] == NOW
