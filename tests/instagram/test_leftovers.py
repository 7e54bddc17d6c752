"""What cannot be applied stays in the journal: kept with its reason, replayed, or found poisonous."""

import json
import threading
from typing import Any

import asyncpg
import pytest

from heliograph.channels.instagram import wire
from heliograph.channels.instagram.inbound import mapping
from heliograph.channels.instagram.journal import leftovers
from tests.instagram.house import House, Shop, new_mid, now_ms, unique

PICTURE = "https://lookaside.fbsbx.com/ig_messaging_cdn/?asset_id=1&signature=A"


def attachment(kind: str, url: str = PICTURE) -> dict[str, Any]:
    return {"type": kind, "payload": {"url": url}}


def mention(shop: Shop, person: str, mid: str = "") -> Any:
    return shop.item(person, message={"mid": mid or new_mid(), "attachments": [attachment("story_mention")]})


# What stays behind --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda s: s.item("5", optin={"type": "notification_messages", "payload": "P"}), "kind:optin"),
        (lambda s: s.item("5", message={"mid": "m", "reply_to": {"mid": "m0"}}), "empty"),
        (lambda s: s.echo("5", "m", text="to myself", is_self=True), "self"),
        (lambda s: {"timestamp": now_ms(), "read": {"mid": "m"}}, "no_person"),
        (lambda s: {"timestamp": now_ms(), "message": {"mid": "m", "text": "t"}}, "no_person"),
        (lambda s: {"nonsense": 1}, "shape"),
        (lambda s: "nonsense", "shape"),
    ],
)
def test_what_cannot_be_applied_is_kept_with_its_reason(shop: Shop, make: Any, reason: str) -> None:
    shop.given(make(shop), shop.text("6", "a neighbour"))
    assert shop.leftovers() == [reason]
    assert shop.texts() == ["a neighbour"]


def test_a_field_that_is_not_understood_is_kept(shop: Shop) -> None:
    shop.given({"field": "comments", "value": {"id": "1"}}, {"field": "new\0field", "value": {}}, name="changes")
    assert shop.leftovers() == ["field:comments", "field:?"]


def test_a_dashboard_test_is_kept_as_one(shop: Shop) -> None:
    value = {"sender": {"id": "12334"}, "recipient": {"id": "23245"}, "timestamp": "1527459824"}
    value["message"] = {"mid": "random_mid", "text": "random_text"}  # type: ignore[assignment]
    for entry in ({"id": "0", "changes": [{"field": "messages", "value": value}]}, {"id": "0", "messaging": [value]}):
        body = json.dumps({"object": "instagram", "entry": [entry]}).encode()
        assert shop.house.webhook(shop.facebook_app, body, secret=shop.secret).status == 200
    shop.received()
    assert shop.leftovers() == ["dashboard_test"] * 2


def test_a_picture_that_came_with_something_unknown_is_shown_and_the_unknown_kept(shop: Shop) -> None:
    items = [attachment("image"), attachment("hologram"), attachment("other")]
    shop.given(shop.item("5", message={"mid": new_mid(), "attachments": items}))
    notice = "[Instagram: shared something that cannot be shown here (%s)]"
    assert shop.texts() == ["", notice % "hologram", notice % "other"]
    assert shop.leftovers() == []
    rows = shop.house.rows("select channel from messages where app_id = $1 order by seq", shop.app_id)
    assert [row["channel"] for row in rows] == [{"raw": items[1:]}, None, None]


def test_standby_messages_are_stored_like_any_other(shop: Shop) -> None:
    shop.given(shop.text("5", "to the other app"), name="standby")
    assert shop.texts() == ["to the other app"]


@pytest.mark.parametrize(
    ("column", "kind", "reason"),
    [
        ("story_mentions", "mention", "switched_off:story_mention"),
        ("story_replies", "reply", "switched_off:story_reply"),
    ],
)
def test_what_is_switched_off_is_kept(house: House, column: str, kind: str, reason: str) -> None:
    shop = house.shop(**{column: False})
    reply = shop.text("5", "nice", reply_to={"story": {"id": "1", "url": PICTURE}})
    shop.given(mention(shop, "5") if kind == "mention" else reply)
    assert shop.leftovers() == [reason]
    assert shop.told() == []
    shop.given(shop.text("5", "an ordinary one"))
    assert shop.texts() == ["an ordinary one"]


def test_an_account_connected_to_two_apps_is_told_to_both(house: House) -> None:
    one = house.shop()
    two = house.shop(of=one)
    person, mid = unique("5846"), new_mid()
    one.given(one.text(person, "Hello", mid), one.item(person, nonsense=1))
    assert one.texts() == two.texts() == ["Hello"]
    assert one.told() == two.told() == ["create", "message"]
    one.given(one.item(person, message={"mid": mid, "is_deleted": True}))
    assert one.texts() == two.texts() == [""]


def test_two_apps_that_both_switched_a_thing_off(house: House) -> None:
    one = house.shop(story_mentions=False)
    two = house.shop(of=one, story_mentions=False)
    one.given(mention(one, "5"), one.text("5", "goes on"))
    assert one.leftovers() == ["switched_off:story_mention"]
    assert one.texts() == two.texts() == ["goes on"]


def test_one_app_s_switch_is_not_the_other_s(house: House) -> None:
    one = house.shop(story_mentions=False)
    two = house.shop(of=one)
    one.given(mention(one, "5"))
    assert (one.told(), two.told()) == ([], ["create"])
    assert one.leftovers() == ["switched_off:story_mention"]


# Replay -------------------------------------------------------------------------------------------------------


def replay(house: House, reason: str | None = None, batch: int = 1000) -> int:
    count = house.loop.run(leftovers.replay(house.database, reason, batch=batch))
    house.quiet()
    return count


def test_what_came_before_the_account_was_connected_is_applied_by_replay(house: House) -> None:
    shop = house.shop(connected=False)
    person = unique("5846")
    shop.given(shop.text(person, "before"))
    assert shop.leftovers() == ["not_connected"]
    shop.connect()
    replay(house, "not_connected")
    assert shop.leftovers() == []
    assert shop.texts() == ["before"]
    shop.given(shop.text(person, "after"))
    assert shop.texts() == ["before", "after"]


@pytest.mark.parametrize("batch", [1000, 4])
def test_replay_keeps_the_order_of_each_conversation(house: House, batch: int) -> None:
    """Also beyond the tenth item of a webhook, and of several entries."""
    shop = house.shop(connected=False)
    people = [unique("5846"), unique("5847")]
    shop.given(*(shop.text(person, f"a{n}") for n in range(13) for person in people))
    entries = [{"id": shop.account, "messaging": [shop.text(p, f"b{n}") for p in people]} for n in range(12)]
    body = json.dumps({"object": "instagram", "entry": entries}).encode()
    assert house.webhook(shop.facebook_app, body, secret=shop.secret).status == 200
    house.quiet()
    shop.connect()
    replay(house, "not_connected", batch)
    for person in people:
        assert shop.texts(person) == [f"a{n}" for n in range(13)] + [f"b{n}" for n in range(12)]


def test_replay_leaves_what_is_still_not_understood_and_applies_nothing_twice(shop: Shop, house: House) -> None:
    shop.given(shop.item("5", optin={"payload": "P"}), shop.item("5", nonsense=1), shop.text("5", "fine"))
    before = shop.leftovers()
    assert sorted(before) == ["kind:optin", "shape"]
    for batch in (2, 1000):
        replay(house, None, batch)
        assert sorted(shop.leftovers()) == sorted(before)
    assert len(shop.messages()) == 1
    summary = {row["reason"]: row["items"] for row in house.loop.run(leftovers.summary(house.database))}
    assert summary["kind:optin"] >= 1


def test_replay_takes_only_the_reason_that_was_asked(house: House) -> None:
    shop = house.shop(connected=False)
    shop.given(shop.text("5", "x"), shop.item("5", optin={"payload": "P"}))
    shop.connect()
    assert replay(house, "no such reason") == 0
    assert replay(house, "not_connected") >= 1
    assert shop.leftovers() == ["kind:optin"]


# Poison -------------------------------------------------------------------------------------------------------


def test_a_poison_item_ends_as_failed_and_its_neighbours_go_on(
    shop: Shop, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neighbours in other lanes, and those before and behind it in its own."""
    understood = mapping.arrival
    tries = threading.Event()

    def arrival(event: wire.Event, *rest: Any, **more: Any) -> Any:
        if isinstance(event, wire.Message) and event.text == "poison":
            tries.set()
            raise RuntimeError("cannot digest this")
        return understood(event, *rest, **more)

    monkeypatch.setattr(mapping, "arrival", arrival)
    said = ["one", "two", "poison", "three", "four"]
    shop.deliver(*(shop.text("5", text) for text in said), shop.text("6", "neighbour"))
    house.quiet(30)
    assert tries.is_set()
    assert shop.texts("5") == ["one", "two", "three", "four"]
    assert shop.texts("6") == ["neighbour"]
    assert shop.leftovers() == ["failed"]
    detail = house.value(
        "select detail from journal_leftovers where reason = 'failed' and account_id = $1", shop.account
    )
    assert "cannot digest this" in detail
    monkeypatch.setattr(mapping, "arrival", understood)
    replay(house, "failed")
    assert shop.texts("5") == ["one", "two", "three", "four", "poison"]


def test_of_a_poison_item_no_word_stands_beside_the_journal(
    shop: Shop, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database's error quotes the argument that it could not take."""
    understood = mapping.arrival

    def arrival(event: wire.Event, *rest: Any, **more: Any) -> Any:
        if isinstance(event, wire.Message) and event.text == "blackcurrant":
            raise asyncpg.DataError(f"invalid input for query argument $1: '{event.text}'")
        return understood(event, *rest, **more)

    monkeypatch.setattr(mapping, "arrival", arrival)
    shop.deliver(shop.text("5", "blackcurrant"))
    house.quiet(30)
    assert shop.leftovers() == ["failed"]
    detail = house.value(
        "select detail from journal_leftovers where reason = 'failed' and account_id = $1", shop.account
    )
    assert detail.startswith("DataError 22000 at ")
    assert "blackcurrant" not in detail


def test_a_journal_row_that_was_erased_leaves_nothing_behind(shop: Shop, door: House) -> None:
    house = shop.house
    house.execute("insert into jobs (kind, key, payload) values ('inbound', 'x/y/z', '999999999:0.messaging.0')")
    house.execute("insert into lanes (kind, key, due_at, pending) values ('inbound', 'x/y/z', now(), 1)")
    house.quiet()
    assert shop.leftovers() == []
