"""From a message posted by the API to Meta: parts, order, refusals, attempts; with a Meta that gives rare answers."""

from datetime import timedelta
from typing import Any

import pytest

from heliograph.channels.base import SendOutcome
from heliograph.channels.instagram.sending import opening
from heliograph.channels.instagram.sending import worker as outbound
from heliograph.events import TRIGGERS
from tests.instagram.contents import carousel, item
from tests.instagram.house import LONG, URL, House, Shop, new_mid
from tests.instagram.meta import Gate, PlayedMeta, accepted, refused
from tests.simulator.support import Loop

# Accepted -----------------------------------------------------------------------------------------------------


def test_a_message_is_sent_once_and_told(shop: Shop, meta: PlayedMeta, person: str) -> None:
    mid = new_mid()
    meta.script(person, accepted(mid))
    message = shop.post(person, "Hi")
    assert shop.outcome(message) == ["channel"]
    (sent,) = meta.asked[person]
    assert sent.body == {"recipient": {"id": person}, "message": {"text": "Hi"}, "messaging_type": "RESPONSE"}
    assert sent.token == shop.token
    (event,) = shop.deliveries(message)
    user = shop.events()[0]["payload"]["user"]
    assert event["payload"] == {
        "user": user,
        "conversation": {"id": shop.conversation(person), "type": "personal", "metadata": {}},
        "message": {"id": message},
        "destination": {"type": "instagram", "integrationId": shop.integration_id},
        "isFinalEvent": False,
        "externalMessages": [{"id": mid}],
    }
    shop.given(shop.echo(person, mid, text="Hi"))
    assert shop.outcome(message) == ["channel", "user"]
    assert shop.deliveries(message)[1]["payload"] == {**event["payload"], "isFinalEvent": True}
    assert shop.texts(person) == ["hello", "Hi"]
    assert {one["type"] for one in shop.events()} <= TRIGGERS


def test_parts_are_sent_in_order_one_at_a_time_quick_replies_last(shop: Shop, meta: PlayedMeta, person: str) -> None:
    content = {
        "type": "image", "mediaUrl": URL, "text": LONG, "actions": [{"type": "reply", "text": "Yes", "payload": "Y"}],
    }  # fmt: skip
    message = shop.post(person, content)
    shop.outcome(message)
    sent = [one.body["message"] for one in meta.asked[person]]
    assert sent[0] == {"attachment": {"type": "image", "payload": {"url": URL}}}
    assert " ".join(part["text"] for part in sent[1:]) == LONG
    assert ["quick_replies" in part for part in sent] == [False, False, False, True]
    assert meta.most_together[person] == 1
    (event,) = shop.deliveries(message)
    assert [one["id"] for one in event["payload"]["externalMessages"]] == [row["mid"] for row in shop.parts(message)]
    assert [row["state"] for row in shop.parts(message)] == ["sent"] * 4


def test_messages_of_a_conversation_are_sent_in_order_one_at_a_time(shop: Shop, meta: PlayedMeta, person: str) -> None:
    said = [f"{number}" for number in range(20)]
    messages = [shop.post(person, text) for text in said]
    for message in messages:
        assert shop.outcome(message) == ["channel"]
    assert meta.texts(person) == said
    assert meta.most_together[person] == 1
    told = [event["payload"]["message"]["id"] for event in shop.events("message:delivery:channel")]
    assert told == messages


def test_conversations_do_not_wait_for_one_another(shop: Shop, meta: PlayedMeta, loop: Loop, person: str) -> None:
    gate = Gate(loop, accepted(new_mid()))
    meta.script(person, gate)
    held = shop.post(person, "held")
    gate.wait()
    other = shop.person()
    assert shop.outcome(shop.post(other, "passes")) == ["channel"]
    assert shop.deliveries(held) == []
    gate.open()
    assert shop.outcome(held) == ["channel"]


def test_a_message_that_names_no_channel_or_comes_of_the_user_goes_nowhere(
    shop: Shop, meta: PlayedMeta, person: str
) -> None:
    path = f"/v2/apps/{shop.app_id}/conversations/{shop.conversation(person)}/messages"
    user = shop.events()[0]["payload"]["user"]["id"]
    content = {"type": "text", "text": "x"}
    shop.house.api("POST", path, {"author": {"type": "user", "userId": user}, "content": content})
    silent = {"author": {"type": "business"}, "content": content, "destination": {"integrationType": "none"}}
    shop.house.api("POST", path, silent)
    shop.quiet()
    assert meta.asked[person] == []


def test_content_that_instagram_cannot_take_fails_with_the_reason(shop: Shop, meta: PlayedMeta, person: str) -> None:
    error = shop.failure(shop.post(person, {"type": "template", "template": {"name": "hello"}}))
    assert error["code"] == "unsupported_message_type"
    assert "WhatsApp" in error["message"]
    assert meta.asked[person] == []


def test_a_message_deleted_before_its_turn_is_not_sent(shop: Shop, meta: PlayedMeta, loop: Loop, person: str) -> None:
    gate = Gate(loop, accepted(new_mid()))
    meta.script(person, gate)
    first = shop.post(person, "first")
    gate.wait()
    second = shop.post(person, "second")
    path = f"/v2/apps/{shop.app_id}/conversations/{shop.conversation(person)}/messages/{second}"
    shop.house.api("DELETE", path)
    gate.open()
    shop.outcome(first)
    shop.quiet()
    assert meta.texts(person) == ["first"]
    assert shop.deliveries(second) == []


# Refused ------------------------------------------------------------------------------------------------------

REFUSALS = [
    (refused(100, 2534014), "unreachable", "cannot get messages"),
    (refused(551, 1545041), "unreachable", "cannot get messages"),
    (refused(190, 460, 401), "unauthorized", "new pageAccessToken"),
    (refused(100, 2534013), "unauthorized", "Link it again"),
    (refused(3), "forbidden", "lacks a permission"),
    (refused(200, 2534041, 403), "forbidden", "Allow access to messages"),
    (refused(100, 2534037), "forbidden", "Another app owns this thread"),
    (refused(100, 2534015), "bad_request", "refuses this message"),
    (refused(100, 2018047), "media_rejected", "did not take the file"),
    (refused(508, 2534122), "bad_request", "without it"),
    (refused(424242), "uncategorized_error", "refused"),
    (refused(100, 2534014, 200), "unreachable", "cannot get messages"),  # an error under HTTP 200
]


@pytest.mark.parametrize(("told", "code", "advice"), REFUSALS)
def test_a_refusal_fails_the_message_with_meta_s_code_and_what_to_do(
    shop: Shop, house: House, meta: PlayedMeta, person: str, told: Any, code: str, advice: str
) -> None:
    meta.script(person, told)
    message = shop.post(person, LONG)
    error = shop.failure(message)
    metas = told[1]["error"]
    underlying = {"code": metas["code"], "message": metas["message"]}
    if "error_subcode" in metas:
        underlying["subcode"] = metas["error_subcode"]
    assert error["code"] == code
    assert advice in error["message"]
    assert error["underlyingError"] == underlying
    assert [row["state"] for row in shop.parts(message)] == ["failed", "pending", "pending"]
    assert len(meta.asked[person]) == 1
    status = house.value("select status from integrations where id = $1", shop.integration_id)
    assert status == ("error" if code == "unauthorized" else "active")
    # the conversation goes on, unless nothing of the account's does
    assert shop.outcome(shop.post(person, "next")) == ["failure" if code == "unauthorized" else "channel"]


def test_a_failure_after_some_parts_lists_those_that_went(shop: Shop, meta: PlayedMeta, person: str) -> None:
    mid = new_mid()
    meta.script(person, accepted(mid), refused(100, 2534015))
    message = shop.post(person, LONG)
    shop.failure(message)
    (event,) = shop.deliveries(message)
    assert event["payload"]["externalMessages"] == [{"id": mid}]
    assert [row["state"] for row in shop.parts(message)] == ["sent", "failed", "pending"]


def test_a_message_told_failed_is_never_told_delivered(shop: Shop, meta: PlayedMeta, person: str) -> None:
    mid = new_mid()
    meta.script(person, accepted(mid), refused(100, 2534015))
    message = shop.post(person, LONG)
    shop.failure(message)
    shop.given(shop.echo(person, mid, text="x"), shop.item(person, read={"mid": mid}))
    assert shop.outcome(message) == ["failure"]


def test_metas_words_with_our_token_in_them_are_masked_everywhere(shop: Shop, meta: PlayedMeta, person: str) -> None:
    meta.script(person, refused(190, message=f"Malformed access token {shop.token}"))
    error = shop.failure(shop.post(person, "Hi"))
    assert error["underlyingError"]["message"] == "Malformed access token ***"
    assert shop.token not in str(shop.house.rows("select * from send_parts") + shop.events())


# Tried again --------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize(
    ("told", "tries"),
    [
        (refused(2, status=500), 3),
        (refused(613, 2534040), 4),
        ((503, b"<html>"), 2),
        (refused(99, is_transient=True), 5),
    ],
)
def test_what_meta_did_not_take_is_sent_again_in_its_place(
    shop: Shop, meta: PlayedMeta, person: str, told: Any, tries: int
) -> None:
    meta.script(person, *[told] * tries)
    first, second = shop.post(person, "first"), shop.post(person, "second")
    assert shop.outcome(second) == ["channel"]
    assert shop.outcome(first) == ["channel"]
    assert meta.texts(person) == ["first"] * (tries + 1) + ["second"]
    (row,) = shop.parts(first)
    assert row["attempts"] == tries + 1


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize(
    ("told", "most", "code"),
    [
        (refused(2, status=500), 6, "channel_unavailable"),
        (refused(4), 8, "rate_limited"),
        (refused(100, 2018008), 2, "media_rejected"),
        (refused(1, 99), 2, "forbidden"),
    ],
)
def test_and_fails_when_it_never_passes(
    shop: Shop, meta: PlayedMeta, person: str, told: Any, most: int, code: str
) -> None:
    meta.script(person, *[told] * 20)
    message = shop.post(person, "Hi")
    assert shop.failure(message)["code"] == code
    assert len(meta.asked[person]) == most
    meta.scripts[person].clear()
    assert shop.outcome(shop.post(person, "next")) == ["channel"]


@pytest.mark.usefixtures("soon")
def test_only_the_part_that_was_refused_is_sent_again(shop: Shop, meta: PlayedMeta, person: str) -> None:
    meta.script(person, accepted(new_mid()), refused(2, status=500), accepted(new_mid()))
    shop.outcome(shop.post(person, LONG))
    first, second, again, third = meta.texts(person)
    assert second == again
    assert len({first, second, third}) == 3


# The integration goes away ------------------------------------------------------------------------------------


def test_messages_that_wait_when_the_integration_is_deleted_fail_and_say_why(
    shop: Shop, house: House, meta: PlayedMeta, loop: Loop, person: str
) -> None:
    mid = new_mid()
    gate = Gate(loop, accepted(mid))
    meta.script(person, gate)
    under_way = shop.post(person, LONG)
    gate.wait()
    waiting, cards = shop.post(person, "waiting"), shop.post(person, carousel(item()))
    typing = {"author": {"type": "business"}, "type": "typing:start"}
    house.api("POST", f"/v2/apps/{shop.app_id}/conversations/{shop.conversation(person)}/activity", typing)
    house.api("DELETE", f"/v2/apps/{shop.app_id}/integrations/{shop.integration_id}")
    gate.open()
    for message in (under_way, waiting, cards):
        error = shop.failure(message)
        assert error["code"] == "unauthorized"
        assert "integration of this conversation was deleted" in error["message"]
    shop.quiet()
    assert len(meta.asked[person]) == 1
    assert [row["state"] for row in shop.parts(under_way)] == ["sent", "pending", "pending"]


# Poison -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("culprit", ["render", "ask"])
def test_a_message_that_crashes_the_worker_fails_like_any_other_and_the_next_goes_on(
    shop: Shop, meta: PlayedMeta, person: str, monkeypatch: pytest.MonkeyPatch, culprit: str
) -> None:
    module = {"render": opening, "ask": outbound}[culprit]
    real = getattr(module, culprit)

    def crash(*args: Any) -> Any:
        if "poison" in str(args):
            raise RuntimeError("cannot digest this")
        return real(*args)

    monkeypatch.setattr(module, culprit, crash)
    if culprit == "ask":
        monkeypatch.setattr(shop.house.channel._messages.outbound, "_grace", timedelta())
    poison, after = shop.post(person, "poison"), shop.post(person, "after")
    assert shop.outcome(after) == ["channel"]
    assert shop.failure(poison)["code"] == "uncategorized_error"
    assert meta.texts(person) == ["after"]


def test_every_outcome_has_its_effect() -> None:
    """The tests above go through the closed set; this one notices a new member."""
    assert {outcome.value for outcome in SendOutcome} == {
        "sent", "unknown", "retry", "rate_limited", "window_closed", "unreachable", "reconnect", "configuration",
        "permanent",
    }  # fmt: skip
