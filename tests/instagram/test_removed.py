"""Clients, users and conversations that go while messages flow to and from Instagram."""

from collections.abc import Iterator
from typing import Any

import pytest

from heliograph.lanes import LaneWorkers
from heliograph.messaging.forget import ForgetWorker
from tests.instagram.house import House, Shop, new_mid, unique
from tests.instagram.meta import Gate, PlayedMeta, accepted
from tests.instagram.test_automatic_answer import allow, answers
from tests.simulator.support import Loop, eventually


@pytest.fixture
def forgetful(house: House) -> Iterator[None]:
    """What is deleted is erased too."""

    async def start() -> LaneWorkers:
        workers = LaneWorkers(house.database, [ForgetWorker(house.database).kind()], poll_seconds=0.05)
        workers.start()
        return workers

    workers = house.loop.run(start())
    yield
    house.loop.run(workers.stop())


def forgotten(house: House) -> None:
    eventually(lambda: not house.value("select count(*) from lanes where kind = 'forget'"))


def client(shop: Shop, person: str) -> dict[str, Any]:
    (row,) = shop.house.rows("select * from clients where external_id = $1", person)
    return row


def remove_client(shop: Shop, person: str) -> None:
    row = client(shop, person)
    shop.house.api("DELETE", f"/v2/apps/{shop.app_id}/users/{row['user_id']}/clients/{row['id']}", status=200)


def second_conversation(shop: Shop, person: str) -> str:
    shop.house.execute("update apps set settings = '{\"multiConvoEnabled\": true}' where id = $1", shop.app_id)
    start = {"type": "personal", "participants": [{"userId": client(shop, person)["user_id"]}]}
    made = shop.house.api("POST", f"/v2/apps/{shop.app_id}/conversations", start, 201)
    return str(made["conversation"]["id"])


def post(shop: Shop, conversation: str, said: str) -> str:
    body = {"author": {"type": "business"}, "content": {"type": "text", "text": said}}
    path = f"/v2/apps/{shop.app_id}/conversations/{conversation}/messages"
    return str(shop.house.api("POST", path, body, 201)["messages"][0]["id"])


# Clients ----------------------------------------------------------------------------------------------------------


def test_messages_to_a_removed_client_fail_and_go_again_once_the_person_has_written(
    shop: Shop, meta: PlayedMeta, loop: Loop, person: str
) -> None:
    gate = Gate(loop, accepted(new_mid()))
    meta.script(person, gate)
    first = shop.post(person, "on its way")
    gate.wait()
    waiting = shop.post(person, "waiting")
    remove_client(shop, person)
    gate.open()
    assert shop.outcome(first) == ["channel"]
    assert shop.failure(waiting)["code"] == "unreachable"
    later = shop.post(person, "later")
    assert shop.failure(later)["code"] == "unreachable"
    assert meta.texts(person) == ["on its way"]

    meta.profiles[person] = (200, {"id": "1", "name": "Ama Boateng"})
    shop.given(shop.text(person, "I am back"))
    assert shop.texts(person)[-1] == "I am back"
    assert client(shop, person)["display_name"] == "Ama Boateng"  # read anew: removing forgot it
    assert shop.told().count("create") == 1
    assert shop.outcome(shop.post(person, "welcome")) == ["channel"]
    assert meta.texts(person) == ["on its way", "welcome"]


def test_a_removed_client_is_owed_no_answer_and_gets_none(shop: Shop, meta: PlayedMeta, person: str) -> None:
    other = shop.person()
    allow(shop, {"text": "We answer tomorrow."})
    commitments = f"/v2/apps/{shop.app_id}/commitments"
    assert len(shop.house.api("GET", commitments)["commitments"]) == 2
    remove_client(shop, person)
    (left,) = shop.house.api("GET", commitments)["commitments"]
    assert left["conversationId"] == shop.conversation(other)
    answers(shop.house)
    (message,) = shop.messages(other)[1:]
    assert shop.outcome(message["id"]) == ["channel"]
    assert not shop.events("message:delivery:failure")
    allow(shop, None)
    shop.given(shop.text(person, "again"))
    assert shop.conversation(person) in {
        one["conversationId"] for one in shop.house.api("GET", commitments)["commitments"]
    }


def test_what_comes_for_a_removed_client_but_no_message_crashes_nothing(shop: Shop, person: str) -> None:
    mid = new_mid()
    shop.given(shop.text(person, "take me back", mid))
    remove_client(shop, person)
    shop.given(
        shop.item(person, read={"mid": mid}),
        shop.item(person, message={"mid": mid, "is_deleted": True}),
        shop.text(person, "known already", mid),
    )
    assert client(shop, person)["removed_at"] is not None
    assert shop.texts()[-1] == ""  # what was unsent is blank, whoever still has a client


# Users ------------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("forgetful")
def test_a_deleted_person_who_writes_again_is_met_anew(shop: Shop, house: House, meta: PlayedMeta, person: str) -> None:
    shop.given(shop.text(person, "known by now"))
    before = client(shop, person)
    house.api("DELETE", f"/v2/apps/{shop.app_id}/users/{before['user_id']}", status=200)
    meta.profiles[person] = (200, {"id": "1", "name": "Ama Boateng"})
    other = unique("5846")
    shop.given(shop.text(person, "hello again"), shop.text(other, "and me"))
    forgotten(house)
    after = client(shop, person)
    assert after["user_id"] != before["user_id"]
    assert after["display_name"] == "Ama Boateng"
    assert (shop.texts(person), shop.texts(other)) == (["hello again"], ["and me"])
    assert house.value("select count(*) from users where app_id = $1", shop.app_id) == 2
    types = [event["type"] for event in shop.events() if event["type"].endswith(":remove")]
    assert types == ["conversation:remove", "user:remove"]


@pytest.mark.usefixtures("forgetful")
def test_what_is_with_meta_when_its_user_goes_ends_quietly(
    shop: Shop, house: House, meta: PlayedMeta, loop: Loop, person: str
) -> None:
    mid = new_mid()
    gate = Gate(loop, accepted(mid))
    meta.script(person, gate)
    message, waiting = shop.post(person, "on its way"), shop.post(person, "waiting")
    gate.wait()
    house.api("DELETE", f"/v2/apps/{shop.app_id}/users/{client(shop, person)['user_id']}", status=200)
    gate.open()
    forgotten(house)
    assert meta.texts(person) == ["on its way"]
    assert (shop.parts(message), shop.parts(waiting), shop.messages()) == ([], [], [])
    shop.given(shop.echo(person, mid, text="on its way"))
    assert shop.messages() == []  # our own echo, and no message typed elsewhere
    assert house.value("select count(*) from users where app_id = $1", shop.app_id) == 0
    assert house.value("select count(*) from lanes where kind = 'send' and grp = $1", shop.integration_id) == 0


# Conversations ----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("forgetful")
def test_of_a_deleted_conversation_nothing_more_is_sent_and_echoes_are_known(
    shop: Shop, house: House, meta: PlayedMeta, loop: Loop, person: str
) -> None:
    conversation, mid = second_conversation(shop, person), new_mid()
    gate = Gate(loop, accepted(mid))
    meta.script(person, gate)
    message = post(shop, conversation, "on its way")
    gate.wait()
    waiting = post(shop, conversation, "waiting")
    house.api("DELETE", f"/v2/apps/{shop.app_id}/conversations/{conversation}", status=200)
    shop.deliver(shop.echo(person, mid, text="on its way"))  # before the answer
    gate.open()
    shop.received()
    forgotten(house)
    assert meta.texts(person) == ["on its way"]
    assert (shop.deliveries(message), shop.deliveries(waiting)) == ([], [])
    assert (shop.parts(message), shop.parts(waiting)) == ([], [])
    shop.given(shop.text(person, "still here"))
    assert shop.texts(person) == ["hello", "still here"]  # in the default conversation, without the echo
    assert shop.outcome(shop.post(person, "good")) == ["channel"]


def test_a_default_conversation_that_lost_its_messages_goes_on(shop: Shop, house: House, person: str) -> None:
    conversation = shop.conversation(person)
    house.api("DELETE", f"/v2/apps/{shop.app_id}/conversations/{conversation}", status=400)
    house.api("DELETE", f"/v2/apps/{shop.app_id}/conversations/{conversation}/messages", status=200)
    shop.given(shop.text(person, "anew"))
    assert shop.texts(person) == ["anew"]


# Names ------------------------------------------------------------------------------------------------------------


def test_who_has_no_profile_gets_an_animals_name_if_the_app_wants(shop: Shop, house: House) -> None:
    house.execute("update apps set settings = '{\"useAnimalNames\": true}' where id = $1", shop.app_id)
    person = unique("5846")
    shop.given(shop.text(person, "Hello"))
    name = client(shop, person)["display_name"]
    assert len(name.split(" ")) == 2
    assert name != "Instagram user"
    assert shop.messages(person)[0]["author"]["displayName"] == name
