"""Typing and seen marks on their way to Instagram."""

import pytest

from heliograph.channels.instagram.sending.activities import SENDER_ACTIONS
from tests.instagram.house import House, Shop, new_mid
from tests.instagram.meta import Gate, PlayedMeta, accepted, refused
from tests.simulator.support import Loop


def activity(shop: Shop, person: str, kind: str) -> None:
    path = f"/v2/apps/{shop.app_id}/conversations/{shop.conversation(person)}/activity"
    shop.house.api("POST", path, {"author": {"type": "business"}, "type": kind})


def test_typing_and_reading_reach_the_person_in_order(shop: Shop, meta: PlayedMeta, person: str) -> None:
    for kind in ("conversation:read", "typing:start", "typing:stop"):
        activity(shop, person, kind)
    shop.post(person, "Hi")
    shop.quiet()
    actions = [one.body for one in meta.asked[person][:3]]
    assert actions == [
        {"recipient": {"id": person}, "sender_action": action} for action in ("mark_seen", "typing_on", "typing_off")
    ]
    assert meta.texts(person)[3:] == ["Hi"]


def test_an_activity_that_fails_is_not_tried_again_and_holds_nobody_back(
    shop: Shop, meta: PlayedMeta, person: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for told in (refused(190), (504, b""), (200, b"<html>")):
        monkeypatch.setitem(meta.answers, ("POST", "me/messages"), told)
        activity(shop, person, "typing:start")
        shop.quiet()
    monkeypatch.delitem(meta.answers, ("POST", "me/messages"))
    assert shop.outcome(shop.post(person, "Hi")) == ["channel"]


def test_typing_that_waited_too_long_is_not_shown_but_reading_is(
    shop: Shop, house: House, meta: PlayedMeta, loop: Loop, person: str
) -> None:
    gate = Gate(loop, accepted(new_mid()))
    meta.script(person, gate)
    shop.post(person, "held")
    gate.wait()
    activity(shop, person, "typing:start")
    activity(shop, person, "conversation:read")
    house.execute(
        "update jobs set payload = regexp_replace(payload, '\"at\": ?[0-9.]+', '\"at\":1700000000')"
        " where kind = 'send' and key = $1 and payload like '{%'",
        shop.conversation(person),
    )
    gate.open()
    shop.quiet()
    assert [one.body.get("sender_action") for one in meta.asked[person]] == [None, "mark_seen"]


def test_every_activity_of_the_wire_has_its_sender_action() -> None:
    assert set(SENDER_ACTIONS) == {"typing:start", "typing:stop", "conversation:read", "react", "unreact"}
