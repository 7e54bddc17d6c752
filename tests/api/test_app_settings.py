"""The settings of an app, and what they do to what comes by the API."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
import sunshine_conversations_client.model as m
from sunshine_conversations_client.api import AppsApi

from heliograph.messaging import retention
from tests.api.conftest import Shop
from tests.api.house import NOW, House
from tests.api.operations import BUSINESS, TEXT

CARD, STARS = "4111 1111 1111 1111", "**** **** **** 1111"


def settings_of(house: House, app_id: str) -> dict[str, Any]:
    return dict(house.get(f"/v2/apps/{app_id}").body["app"]["settings"])


def change(house: House, app_id: str, **settings: Any) -> Any:
    return house.patch(f"/v2/apps/{app_id}", {"settings": settings})


# What can be set ----------------------------------------------------------------------------------------------


def test_a_new_app_has_the_originals_defaults(house: House) -> None:
    with house.client(house.account) as client:
        app = AppsApi(client).create_app(m.AppCreateBody(display_name="Lumen")).app
    assert app.settings.to_dict() == {
        "appLocalizationEnabled": True, "echoPostback": False, "maskCreditCardNumbers": True,
        "multiConvoEnabled": False, "useAnimalNames": False,
    }  # fmt: skip


@pytest.mark.parametrize("name", ["endSessionEnabled", "disableConversationReopen"])
def test_the_ends_of_sessions_need_several_conversations(house: House, name: str) -> None:
    title = f"settings.{name} needs settings.multiConvoEnabled to be true"
    answer = house.post("/v2/apps", {"displayName": "Shop", "settings": {name: True}})
    assert (answer.status, answer.error["title"]) == (400, title)
    app_id, _ = house.app()
    answer = change(house, app_id, **{name: True})
    assert (answer.status, answer.error["title"]) == (400, title)
    assert name not in settings_of(house, app_id)
    assert change(house, app_id, **{name: False}).status == 200
    answer = change(house, app_id, **{name: True, "multiConvoEnabled": True})
    assert answer.body["app"]["settings"][name] is True
    both = {name: True, "multiConvoEnabled": True}
    assert house.post("/v2/apps", {"displayName": "Shop", "settings": both}).body["app"]["settings"][name] is True


@pytest.mark.parametrize(
    ("name", "value", "title"),
    [
        ("conversationRetentionSeconds", -1, "settings.conversationRetentionSeconds must be at least 0"),
        ("conversationRetentionSeconds", 2**31, "settings.conversationRetentionSeconds must be at most"),
        ("conversationRetentionSeconds", 1.5, "settings.conversationRetentionSeconds must be an integer"),
        ("conversationRetentionSeconds", "60", "settings.conversationRetentionSeconds must be an integer"),
        ("maskCreditCardNumbers", "yes", "settings.maskCreditCardNumbers must be true or false"),
        ("appLocalizationEnabled", 1, "settings.appLocalizationEnabled must be true or false"),
    ],
)
def test_an_illegal_setting_is_refused_by_name(house: House, shop: Shop, name: str, value: Any, title: str) -> None:
    answer = change(house, shop.app_id, **{name: value})
    assert answer.status == 400
    assert title in answer.error["title"]


@pytest.mark.parametrize("name", ["appLocalizationEnabled", "echoPostback", "ignoreAutoConversationStart"])
def test_a_setting_is_stored_and_shown(house: House, shop: Shop, name: str) -> None:
    for value in (True, False):
        assert change(house, shop.app_id, **{name: value}).body["app"]["settings"][name] is value
        assert settings_of(house, shop.app_id)[name] is value


# Card numbers -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("author", ["business", "user"])
def test_a_card_number_is_neither_stored_nor_told(house: House, shop: Shop, author: str) -> None:
    house.custom(shop.app_id, "conversation:message")
    who = BUSINESS if author == "business" else {"type": "user", "userId": shop.person.user_id}
    body = {"author": who, "content": {"type": "text", "text": f"It is {CARD}."}, "metadata": {"order": CARD}}
    (message,) = house.post(shop.conversation + "/messages", body, headers={"Idempotency-Key": "k"}).body["messages"]
    assert message["content"]["text"] == f"It is {STARS}."
    assert message["metadata"] == {"order": CARD}
    again = house.post(shop.conversation + "/messages", body, headers={"Idempotency-Key": "k"})
    assert again.body["messages"] == [message]
    for sql in (
        "select content::text as said from messages, json_extract_path(body, 'content') content where app_id = $1",
        "select json_extract_path(body::json, 'payload', 'message', 'content')::text as said from events where app_id = $1",
        "select json_extract_path(response, 'content')::text as said from idempotency_keys where app_id = $1",
    ):
        (row,) = house.rows(sql, shop.app_id)
        assert (STARS in row["said"], CARD in row["said"]) == (True, False)


def test_card_numbers_are_masked_in_every_form_of_a_text(house: House, shop: Shop) -> None:
    item = {"title": CARD, "actions": [{"type": "link", "text": "Go", "uri": "https://a.example/4111111111111111"}]}
    for content, shown in (
        (
            {"type": "text", "markdownText": f"**{CARD}**"},
            {"htmlText": f"<p><strong>{STARS}</strong></p>", "text": STARS},
        ),
        ({"type": "image", "mediaUrl": "https://a.example/a.png", "text": CARD}, {"text": STARS}),
        ({"type": "carousel", "items": [item]}, {"text": f"1. {STARS}\nGo: https://a.example/4111111111111111"}),
    ):
        body = {"author": BUSINESS, "content": content}
        (message,) = house.post(shop.conversation + "/messages", body).body["messages"]
        assert {name: message["content"][name] for name in shown} == shown


def test_card_numbers_are_kept_where_the_app_wants_them(house: House, shop: Shop) -> None:
    change(house, shop.app_id, maskCreditCardNumbers=False)
    body = {"author": BUSINESS, "content": {"type": "text", "text": CARD}}
    assert house.post(shop.conversation + "/messages", body).body["messages"][0]["content"]["text"] == CARD


# Conversations that fell silent -------------------------------------------------------------------------------


async def _search(house: House, after: timedelta, app_id: str) -> int:
    """Search everywhere, so long after ``NOW``, until there is nothing to do; how many messages went in the app."""

    async def count() -> int:
        return int(await house.database.fetchval("select count(*) from messages where app_id = $1", app_id))

    before = await count()
    while True:
        async with house.database.transaction() as connection:
            if await retention.step(connection, NOW + after) is None:
                return before - await count()


def search(house: House, shop: Shop, **after: float) -> int:
    return house.run(_search(house, timedelta(**after), shop.app_id))


@pytest.fixture
def _due_now(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Searches are due by the tests' time, not the database's."""
    monkeypatch.setattr(retention, "_PUT", retention._PUT.replace("now()", "'2026-01-01'"))
    house.run(house.database.execute("delete from conversation_retention"))
    default = "alter table conversation_retention alter due_at set default '2026-01-01'"
    house.run(house.database.execute(default))


@pytest.fixture
def forgetful(house: House, shop: Shop, _due_now: None) -> Shop:
    """A shop whose conversations are emptied after an hour of silence, with three messages in one."""
    assert change(house, shop.app_id, conversationRetentionSeconds=3600).status == 200
    for _ in range(3):
        house.post(shop.conversation + "/messages", {**TEXT, "destination": {"integrationType": "none"}})
    return shop


def test_a_silent_conversation_is_emptied_and_stays(house: House, forgetful: Shop) -> None:
    house.custom(forgetful.app_id, "conversation:remove", "conversation:message")
    before = len(house.rows("select 1 from events where app_id = $1", forgetful.app_id))
    assert search(house, forgetful, seconds=3600) == 0
    assert search(house, forgetful, seconds=3661) == 3
    assert house.get(forgetful.conversation + "/messages").body["messages"] == []
    assert house.get(forgetful.conversation).status == 200
    assert len(house.rows("select 1 from events where app_id = $1", forgetful.app_id)) == before
    assert house.post(forgetful.conversation + "/messages", TEXT).status == 201
    assert search(house, forgetful, hours=100) == 0  # it is still to be sent
    house.run(house.database.execute("delete from lanes where key = $1", forgetful.person.conversation_id))
    assert search(house, forgetful, hours=200) == 1


def test_nothing_is_searched_before_something_can_be_due(house: House, forgetful: Shop) -> None:
    assert search(house, forgetful, seconds=1000) == 0
    (row,) = house.rows("select due_at from conversation_retention where app_id = $1", forgetful.app_id)
    assert row["due_at"] == NOW + timedelta(hours=1)


def test_conversations_of_users_to_be_retained_are_spared(house: House, forgetful: Shop) -> None:
    house.patch(f"{forgetful.path}/users/{forgetful.person.user_id}", {"toBeRetained": True})
    assert search(house, forgetful, hours=2) == 0
    house.patch(f"{forgetful.path}/users/{forgetful.person.user_id}", {"toBeRetained": False})
    assert search(house, forgetful, hours=3) == 3


@pytest.mark.parametrize("settings", [{"conversationRetentionSeconds": 0}, {}])
def test_without_the_setting_nothing_ever_goes(house: House, forgetful: Shop, settings: dict[str, Any]) -> None:
    if settings:
        change(house, forgetful.app_id, **settings)
    else:
        assert change(house, forgetful.app_id, conversationRetentionSeconds=None).status == 200
    gone = search(house, forgetful, days=1000)
    assert gone == (0 if settings else 3)  # null leaves a setting as it is


def test_another_app_is_not_concerned(house: House, forgetful: Shop) -> None:
    app_id, _ = house.app()
    integration_id = house.connected(app_id)
    person = house.person(app_id, integration_id)
    house.post(f"/v2/apps/{app_id}/conversations/{person.conversation_id}/messages", TEXT)
    assert search(house, forgetful, days=1) == 3
    assert len(house.rows("select 1 from messages where app_id = $1", app_id)) == 1


def test_many_conversations_with_many_messages_go_in_small_steps(
    house: House, forgetful: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "SEEN_AT_ONCE", 2)
    monkeypatch.setattr(retention, "DELETED_AT_ONCE", 2)
    people = [house.person(forgetful.app_id, forgetful.integration_id) for _ in range(5)]
    for person in people:
        for _ in range(3):
            path = f"{forgetful.path}/conversations/{person.conversation_id}/messages"
            house.post(path, {**TEXT, "destination": {"integrationType": "none"}})
    last = people[-1].conversation_id
    house.run(
        house.database.execute(
            "update conversations set last_updated_at = $2 where id = $1", last, NOW + timedelta(hours=5)
        )
    )
    steps: list[int] = []
    real = retention.messages.delete_some

    async def counted(*args: Any) -> int:
        steps.append(await real(*args))
        return steps[-1]

    monkeypatch.setattr(retention.messages, "delete_some", counted)
    assert search(house, forgetful, hours=3) == 3 * 5
    assert max(steps) == 2
    (row,) = house.rows("select due_at, after from conversation_retention where app_id = $1", forgetful.app_id)
    assert (row["due_at"], row["after"]) == (NOW + timedelta(hours=4), "")
    counts = house.rows("select message_count from conversations where app_id = $1 order by id", forgetful.app_id)
    assert [row["message_count"] for row in counts] == [0] * 5 + [3]
    assert search(house, forgetful, hours=7) == 3


def test_a_conversation_that_is_being_written_to_is_left_for_later(house: House, forgetful: Shop) -> None:
    async def meanwhile() -> int:
        async with house.database.transaction() as connection:
            await connection.execute(
                "select 1 from conversations where id = $1 for update", forgetful.person.conversation_id
            )
            return await asyncio.wait_for(_search(house, timedelta(hours=2), forgetful.app_id), 20)

    assert house.run(meanwhile()) == 0
    assert search(house, forgetful, hours=2, seconds=10) == 0
    assert search(house, forgetful, hours=2, seconds=31) == 3


def test_several_at_it_do_each_thing_once(house: House, forgetful: Shop) -> None:
    async def all_at_once() -> list[int]:
        return await asyncio.gather(*(_search(house, timedelta(hours=2), forgetful.app_id) for _ in range(4)))

    house.run(all_at_once())
    assert house.rows("select 1 from messages where app_id = $1", forgetful.app_id) == []
    (row,) = house.rows("select message_count from conversations where app_id = $1", forgetful.app_id)
    assert row["message_count"] == 0
