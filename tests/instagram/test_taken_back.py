"""Echoes, reads and messages that were taken back."""

import json
from datetime import UTC, datetime
from typing import Any

from tests.instagram.house import House, Shop, new_mid, now_ms, unique

PICTURE = "https://lookaside.fbsbx.com/ig_messaging_cdn/?asset_id=1&signature=A"


def attachment(kind: str, url: str = PICTURE) -> dict[str, Any]:
    return {"type": kind, "payload": {"url": url}}


def brief(message: dict[str, Any]) -> dict[str, Any]:
    return {"author": message["author"]["type"], **message["content"]}


# Echoes -------------------------------------------------------------------------------------------------------


def test_what_is_typed_in_the_instagram_app_becomes_a_message_of_the_business(shop: Shop) -> None:
    person, mid = shop.person(), new_mid()
    for _ in range(2):
        shop.given(shop.echo(person, mid, text="We are open till six"))
    *_, message = shop.events()
    assert message["payload"]["message"]["author"] == {"type": "business"}
    assert [brief(m) for m in shop.messages()][1:] == [
        {"author": "business", "type": "text", "text": "We are open till six"}
    ]
    assert shop.told() == ["create", "message", "message"]


def test_the_business_may_write_first_from_the_app(shop: Shop, house: House) -> None:
    person = unique("5846")
    shop.given(shop.echo(person, new_mid(), text="Thank you for following"))
    assert shop.told() == ["create", "message"]
    assert house.value("select last_action_at from clients where external_id = $1", person) is None
    shop.given(shop.text(person, "You are welcome"))
    assert shop.told() == ["create", "message", "message"]
    assert [m["author"]["type"] for m in shop.messages(person)] == ["business", "user"]


def test_the_account_that_mentions_somebody_in_its_story_is_kept_for_later(shop: Shop) -> None:
    person = shop.person()
    shop.given(shop.echo(person, new_mid(), attachments=[attachment("story_mention")]))
    assert shop.leftovers() == ["echo:story_mention"]


# Reads and unsends --------------------------------------------------------------------------------------------


def test_a_read_is_told_once_and_never_goes_back(shop: Shop, house: House) -> None:
    person = shop.person()
    at = now_ms()
    shop.given(shop.item(person, at, read={"mid": "m"}), shop.item(person, at, read={"mid": "m"}))
    shop.given(shop.item(person, at - 5000, read={"mid": "m"}))
    (event,) = shop.events("read")
    user = shop.events()[0]["payload"]["user"]
    assert event["payload"]["activity"] == {
        "type": "conversation:read",
        "author": {"type": "user", "userId": user["id"], "user": user},
        "source": {"type": "instagram", "integrationId": shop.integration_id},
    }
    (participant,) = house.rows("select * from participants where app_id = $1", shop.app_id)
    assert participant["last_read"] == datetime.fromtimestamp(at / 1000, UTC)
    shop.given(shop.item(person, at + 5000, read={"mid": "m"}))
    assert len(shop.events("read")) == 2


def test_a_read_of_a_stranger_makes_nobody(shop: Shop, house: House) -> None:
    shop.given(shop.item(unique("5846"), read={"mid": "m"}))
    assert shop.told() == []
    assert house.rows("select * from users where app_id = $1", shop.app_id) == []


def test_a_message_that_is_taken_back_is_blanked_with_all_its_parts(shop: Shop) -> None:
    person, mid = shop.person(), new_mid()
    items = [attachment("image"), attachment("video")]
    story = {"story": {"id": "1", "url": PICTURE}}
    shop.given(shop.item(person, message={"mid": mid, "text": "oops", "attachments": items, "reply_to": story}))
    shop.given(shop.text(person, "stays"))
    shop.given(shop.item(person, message={"mid": mid, "is_deleted": True}))
    first, *blanked, last = shop.messages(person)
    assert (first["content"]["text"], last["content"]["text"]) == ("hello", "stays")
    assert [message["content"] for message in blanked] == [{"type": "text", "text": ""}] * 2
    assert PICTURE not in json.dumps(blanked)
    rows = shop.house.rows("select deleted from messages where app_id = $1 order by seq", shop.app_id)
    assert [row["deleted"] for row in rows] == [False, True, True, False]


def test_what_the_account_takes_back_is_blanked_too(shop: Shop) -> None:
    person, mid = shop.person(), new_mid()
    shop.given(shop.echo(person, mid, text="wrong chat"))
    shop.given(shop.echo(person, mid, is_deleted=True))
    assert shop.texts(person) == ["hello", ""]


def test_a_message_that_was_taken_back_before_it_came_never_appears(shop: Shop) -> None:
    person, mid = shop.person(), new_mid()
    shop.given(shop.item(person, message={"mid": mid, "is_deleted": True}))
    shop.given(shop.text(person, "oops", mid))
    assert shop.texts(person) == ["hello"]


def test_even_when_it_is_the_first_of_a_stranger(shop: Shop, house: House) -> None:
    """And the stranger stays one: nobody is made by a message that never was."""
    person, mid = unique("5846"), new_mid()
    shop.given(shop.item(person, message={"mid": mid, "is_deleted": True}))
    shop.given(shop.text(person, "oops", mid))
    assert shop.told() == []
    assert house.rows("select * from clients where external_id = $1", person) == []
    shop.given(shop.text(person, "Hello"))
    assert shop.told() == ["create", "message"]
    assert shop.texts(person) == ["Hello"]


def test_an_unsend_in_the_same_webhook_as_its_message(shop: Shop) -> None:
    person, mid = shop.person(), new_mid()
    shop.given(shop.text(person, "oops", mid), shop.item(person, message={"mid": mid, "is_deleted": True}))
    assert shop.texts(person) == ["hello", ""]
