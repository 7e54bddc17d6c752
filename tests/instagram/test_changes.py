"""Reactions, edits and unsends: whatever the order, the newest stands; what comes early waits for its message."""

import itertools
import json
from typing import Any

import pytest

from tests.instagram.house import House, Shop, new_mid, now_ms, unique
from tests.simulator.support import eventually

PICTURE = "https://lookaside.fbsbx.com/ig_messaging_cdn/?asset_id=1&signature=A"


def reaction(shop: Shop, person: str, mid: str, emoji: str = "", at: int | None = None) -> Any:
    action = {"action": "react", "reaction": "other", "emoji": emoji} if emoji else {"action": "unreact"}
    return shop.item(person, at, reaction={"mid": mid, **action})


def edit(shop: Shop, person: str, mid: str, text: str, number: Any, at: int | None = None) -> Any:
    return shop.item(person, at, message_edit={"mid": mid, "text": text, "num_edit": number})


def unsend(shop: Shop, person: str, mid: str) -> Any:
    return shop.item(person, message={"mid": mid, "is_deleted": True})


def emojis(message: dict[str, Any]) -> list[str]:
    return [one["emoji"] for one in message.get("reactions", [])]


# Reactions ----------------------------------------------------------------------------------------------------


def test_a_new_reaction_replaces_the_old_one_and_unreact_removes_it(shop: Shop, person: str) -> None:
    mid, at = new_mid(), now_ms()
    shop.given(shop.text(person, "Look", mid))
    for seconds, emoji, shown in ((1, "❤️", ["❤️"]), (2, "😮", ["😮"]), (3, "", [])):
        shop.given(reaction(shop, person, mid, emoji, at + seconds * 1000))
        assert emojis(shop.messages(person)[-1]) == shown
    told = [event["payload"]["reaction"] for event in shop.events("message:reaction")]
    assert [(one["action"], one.get("emoji")) for one in told] == [("react", "❤️"), ("react", "😮"), ("unreact", None)]


def test_a_reaction_is_told_with_all_that_is_needed_to_find_the_message(shop: Shop, person: str) -> None:
    mid = new_mid()
    shop.given(shop.text(person, "Look", mid), reaction(shop, person, mid, "❤️"))
    message = shop.messages(person)[-1]
    (event,) = shop.events("message:reaction")
    user = event["payload"]["user"]
    assert event["payload"] == {
        "conversation": {"id": shop.conversation(person), "type": "personal", "metadata": {}},
        "user": user,
        "source": {"type": "instagram", "integrationId": shop.integration_id},
        "message": {"id": message["id"]},
        "reaction": {
            "action": "react", "emoji": "❤️", "reaction": "other", "author": {"type": "user", "userId": user["id"]},
        },
    }  # fmt: skip
    assert message["reactions"] == [
        {"emoji": "❤️", "reaction": "other", "author": {"type": "user", "userId": user["id"]}}
    ]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
def test_of_one_person_s_reactions_the_newest_stands_in_whatever_order_they_come(
    shop: Shop, person: str, order: tuple[int, ...]
) -> None:
    mid, at = new_mid(), now_ms()
    items = [reaction(shop, person, mid, emoji, at + n * 1000) for n, emoji in enumerate(("👍", "", "❤️"))]
    shop.given(shop.text(person, "Look", mid))
    for number in order:
        shop.given(items[number])
    assert emojis(shop.messages(person)[-1]) == ["❤️"]


def test_the_account_s_reaction_stands_beside_the_person_s(shop: Shop, person: str) -> None:
    mid = new_mid()
    shop.given(shop.text(person, "Look", mid), reaction(shop, person, mid, "❤️"))
    own = {**reaction(shop, person, mid, "👍"), "sender": {"id": shop.account}, "recipient": {"id": person}}
    shop.given(own)
    shown = shop.messages(person)[-1]["reactions"]
    assert [(one["emoji"], one["author"]["type"]) for one in shown] == [("❤️", "user"), ("👍", "business")]


def test_a_reaction_to_a_message_of_the_business_is_shown_on_it(shop: Shop, person: str) -> None:
    message = shop.post(person, "Hi")
    assert shop.outcome(message) == ["channel"]
    (part,) = shop.parts(message)
    shop.given(reaction(shop, person, part["mid"], "❤️"))
    assert emojis(shop.messages(person)[-1]) == ["❤️"]


@pytest.mark.parametrize("kind", ["reaction", "edit"])
def test_neither_a_reaction_nor_an_edit_opens_the_window(shop: Shop, house: House, kind: str) -> None:
    person, mid = shop.person(days=3), new_mid()
    shop.given(shop.text(person, "old", mid, now_ms(days=3)))
    before = house.value("select last_action_at from clients where external_id = $1", person)
    shop.given(reaction(shop, person, mid, "❤️") if kind == "reaction" else edit(shop, person, mid, "x", 1))
    assert house.value("select last_action_at from clients where external_id = $1", person) == before


# Edits --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
def test_of_a_message_s_edits_the_newest_stands_in_whatever_order_they_come(
    shop: Shop, person: str, order: tuple[int, ...]
) -> None:
    mid, at = new_mid(), now_ms()
    shop.given(shop.text(person, "first", mid, at))
    items = [edit(shop, person, mid, f"text {n}", str(n), at + n) for n in (1, 2, 3)]
    for number in (*order, *order):
        shop.given(items[number])
    message = shop.messages(person)[-1]
    assert message["content"]["text"] == "text 3"
    assert message["edited"]["count"] == 3
    *_, last = shop.events("message:edited")
    assert last["payload"]["message"]["content"]["text"] == "text 3"
    assert last["payload"]["message"]["author"]["user"] == last["payload"]["user"]


def test_an_edited_card_number_is_masked_where_the_app_wants_that(shop: Shop, house: House, person: str) -> None:
    house.execute(
        "update apps set settings = settings || '{\"maskCreditCardNumbers\": true}' where id = $1", shop.app_id
    )
    early, mid = new_mid(), new_mid()
    shop.given(shop.text(person, "my card", mid), edit(shop, person, mid, "4111 1111 1111 1111", 1))
    shop.given(edit(shop, person, early, "4111 1111 1111 1111", 1))
    assert "4111 1111" not in json.dumps(house.rows("select change from early_changes where mid = $1", early))
    assert shop.texts(person)[-1] == "**** **** **** 1111"


# Early --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("known", [True, False], ids=["of somebody who wrote", "of a stranger"])
def test_what_comes_before_its_message_is_told_behind_it(shop: Shop, house: House, known: bool) -> None:
    person, mid, at = shop.person() if known else unique("5846"), new_mid(), now_ms()
    before = len(shop.told())
    for _ in range(2):
        shop.given(edit(shop, person, mid, "fixed", 1, at + 1000), reaction(shop, person, mid, "❤️", at + 2000))
    assert shop.told()[before:] == []
    assert house.value("select count(*) from early_changes where mid = $1", mid) == 2
    shop.given(shop.text(person, "fxied", mid, at))
    assert [kind for kind in shop.told()[before:] if kind != "create"] == [
        "message", "message:edited", "message:reaction",
    ]  # fmt: skip
    message = shop.messages(person)[-1]
    assert (message["content"]["text"], emojis(message)) == ("fixed", ["❤️"])
    assert house.value("select count(*) from early_changes where mid = $1", mid) == 0


def test_what_comes_early_goes_with_the_user_and_with_the_app(shop: Shop, house: House, person: str) -> None:
    shop.given(reaction(shop, person, new_mid(), "❤️"))
    (row,) = house.rows("select user_id from clients where external_id = $1", person)
    house.api("DELETE", f"/v2/apps/{shop.app_id}/users/{row['user_id']}")
    assert house.value("select count(*) from early_changes where app_id = $1", shop.app_id) == 0
    shop.given(reaction(shop, unique("5846"), new_mid(), "❤️"))
    assert house.value("select count(*) from early_changes where app_id = $1", shop.app_id) == 1
    house.api("DELETE", f"/v2/apps/{shop.app_id}")
    assert house.value("select count(*) from early_changes where app_id = $1", shop.app_id) == 0


# Unsent -------------------------------------------------------------------------------------------------------


def test_an_unsend_leaves_nothing_of_the_message_and_is_told_for_each_of_its_parts(shop: Shop, person: str) -> None:
    mid, story = new_mid(), {"story": {"id": "1", "url": PICTURE}}
    items = [{"type": "image", "payload": {"url": PICTURE}}, {"type": "hologram", "payload": {"url": PICTURE}}]
    shop.given(shop.item(person, message={"mid": mid, "text": "SECRET", "attachments": items, "reply_to": story}))
    shop.given(reaction(shop, person, mid, "❤️"), edit(shop, person, mid, "SECRET too", 1))
    for _ in range(2):
        shop.given(unsend(shop, person, mid))
    _, *blank = shop.messages(person)
    assert [message["content"] for message in blank] == [{"type": "text", "text": ""}] * 2
    rows = shop.house.rows("select body, channel, quoted_id from messages where app_id = $1", shop.app_id)
    assert "SECRET" not in json.dumps(rows)
    assert PICTURE not in json.dumps(rows)
    assert "❤️" not in json.dumps(rows, ensure_ascii=False)
    told = [event["payload"]["message"]["id"] for event in shop.events("message:deleted")]
    assert told == [message["id"] for message in blank]


def test_what_was_taken_back_is_in_no_quote_either(shop: Shop, person: str) -> None:
    quoted, mid = new_mid(), new_mid()
    shop.given(shop.text(person, "SECRET", quoted))
    shop.given(shop.text(person, "about that", mid, reply_to={"mid": quoted}))
    first, second = shop.messages(person)[-2:]
    assert second["quotedMessage"] == {"type": "message", "message": first}
    shop.given(unsend(shop, person, quoted))
    *_, second = shop.messages(person)
    assert second["quotedMessage"] == {"type": "externalMessageId", "externalMessageId": quoted}
    assert "SECRET" not in json.dumps(shop.messages(person))


def test_a_quote_of_a_message_in_the_same_webhook_and_of_one_of_the_business(shop: Shop, person: str) -> None:
    message = shop.post(person, "Which colour?")
    assert shop.outcome(message) == ["channel"]
    (part,) = shop.parts(message)
    mid = new_mid()
    shop.given(
        shop.text(person, "blue", mid, reply_to={"mid": part["mid"]}), shop.text(person, "dark", reply_to={"mid": mid})
    )
    *_, blue, dark = shop.messages(person)
    assert blue["quotedMessage"]["message"]["id"] == message
    assert dark["quotedMessage"]["message"]["id"] == blue["id"]
    assert "quotedMessage" not in dark["quotedMessage"]["message"]


@pytest.mark.parametrize("what", ["reaction", "edit"])
def test_nothing_more_happens_to_what_was_taken_back(shop: Shop, house: House, person: str, what: str) -> None:
    came, never = new_mid(), new_mid()
    shop.given(shop.text(person, "oops", came), unsend(shop, person, came), unsend(shop, person, never))
    before = shop.told()
    for mid in (came, never):
        shop.given(reaction(shop, person, mid, "❤️") if what == "reaction" else edit(shop, person, mid, "x", 1))
    assert shop.told() == before
    assert house.value("select count(*) from early_changes where integration_id = $1", shop.integration_id) == 0
    assert shop.texts(person)[-1] == ""


# Webhooks -----------------------------------------------------------------------------------------------------


def test_events_beside_the_wire_go_only_to_webhooks_that_name_them(shop: Shop, house: House, person: str) -> None:
    names = {}
    for name, trigger in (("wire", "conversation:message"), ("ours", "conversation:message:reaction")):
        webhooks = [{"target": f"http://127.0.0.1:1/{name}", "triggers": [trigger]}]
        body = {"type": "custom", "displayName": name, "webhooks": webhooks}
        made = house.api("POST", f"/v2/apps/{shop.app_id}/integrations", body, 201)["integration"]
        names[made["webhooks"][0]["id"]] = name
    mid = new_mid()
    shop.given(shop.text(person, "Look", mid), reaction(shop, person, mid, "❤️"))
    shop.given(unsend(shop, person, mid))
    kinds = {event["id"]: event["type"] for event in shop.events()}
    jobs = eventually(lambda: house.rows("select grp, payload from jobs join lanes using (kind, key)"
                                         " where kind = 'webhook' and grp = any ($1)", list(names)))  # fmt: skip
    assert {(names[job["grp"]], kinds[job["payload"]]) for job in jobs} == {
        ("wire", "conversation:message"),
        ("ours", "conversation:message:reaction"),
    }
