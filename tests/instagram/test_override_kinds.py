"""Overrides: every kind of message that Meta takes (Meta reference 2.1), and answers that quote a message."""

from typing import Any

import pytest

from heliograph.channels.instagram.sending.override import IllegalOverrideError, render_override
from heliograph.storage import new_id
from tests.instagram.contents import URL, attachment, buttons, cards, quick, template, web_url
from tests.instagram.house import LONG, Shop, new_mid
from tests.instagram.meta import PlayedMeta, accepted

PICTURE = attachment("image")["attachment"]

KINDS: dict[str, dict[str, Any]] = {
    "text": {"text": "Hi"},
    "quick replies": {"text": "Size?", "quick_replies": [quick("S"), {"content_type": "user_email"}]},
    **{kind: attachment(kind) for kind in ("image", "video", "audio", "file")},
    "an uploaded file": {"attachment": {"type": "image", "payload": {"attachment_id": "1857777774821032"}}},
    "several images": {"attachments": [PICTURE] * 10},
    "heart": {"attachment": {"type": "like_heart"}},
    "shared post": {"attachment": {"type": "MEDIA_SHARE", "payload": {"id": "17900000000000001"}}},
    "generic template": cards({"title": "Tacos", "image_url": URL}),
    "button template": buttons("See", web_url()),
    "product template": template("product", elements=[{"id": "4711"}]),
}


@pytest.mark.parametrize("kind", KINDS)
def test_an_override_can_be_any_kind_of_message(shop: Shop, meta: PlayedMeta, person: str, kind: str) -> None:
    message = post(shop, person, payload=KINDS[kind])
    assert shop.outcome(message) == ["channel"]
    assert [one.body["message"] for one in meta.asked[person]] == [KINDS[kind]]


@pytest.mark.parametrize(
    ("payload", "problem"),
    [
        ({"attachments": []}, "an array of 1 to 10"),
        ({"attachments": [PICTURE] * 11}, "an array of 1 to 10"),
        ({"attachments": [attachment("video")["attachment"]]}, "that are images"),
        ({"attachments": [{"type": "image"}]}, "a payload object each"),
        ({"attachments": [PICTURE], "text": "a"}, "either text or attachment"),
        ({"attachment": {"type": "like_heart", "payload": {}}}, "nothing but the type"),
        ({"attachment": {"type": "MEDIA_SHARE"}}, "with a payload object"),
        ({"text": "a", "quick_replies": [quick("x" * 21)]}, "title of at most 20"),
        ({"text": "a", "quick_replies": [quick("x", "p" * 1001)]}, "payload of at most 1000"),
        ({"text": "a", "quick_replies": [{"title": 1}]}, "title of at most 20"),
        ({"message": {"text": "a"}, "reply_to": "m"}, "reply_to as"),
        ({"message": {"text": "a"}, "reply_to": {"mid": 1}}, "reply_to as"),
        ({"message": {"text": "a"}, "tag": "HUMAN_AGENT"}, "nothing but"),
    ],
)
def test_what_meta_would_refuse_is_refused_at_once(payload: dict[str, Any], problem: str) -> None:
    with pytest.raises(IllegalOverrideError, match=problem):
        render_override(payload)


# Quoting ------------------------------------------------------------------------------------------------------


def post(shop: Shop, person: str, content: Any = None, **instagram: Any) -> str:
    path = f"/v2/apps/{shop.app_id}/conversations/{shop.conversation(person)}/messages"
    body = {"author": {"type": "business"}, "content": content or {"type": "text", "text": "Hi"}}
    return str(shop.house.api("POST", path, body | {"override": {"instagram": instagram}}, 201)["messages"][0]["id"])


def quoted(meta: PlayedMeta, person: str) -> list[Any]:
    return [one.body.get("reply_to") for one in meta.asked[person]]


def test_an_answer_quotes_the_message_that_it_names_by_our_id(shop: Shop, meta: PlayedMeta, person: str) -> None:
    mid = new_mid()
    shop.given(shop.text(person, "Which one?", mid))
    message = post(shop, person, reply_to=shop.messages(person)[-1]["id"])
    assert shop.outcome(message) == ["channel"]
    (sent,) = meta.asked[person]
    assert sent.body == {
        "recipient": {"id": person}, "message": {"text": "Hi"}, "reply_to": {"mid": mid}, "messaging_type": "RESPONSE",
    }  # fmt: skip


def test_only_the_first_part_quotes(shop: Shop, meta: PlayedMeta, person: str) -> None:
    shop.outcome(post(shop, person, {"type": "text", "text": LONG}, reply_to="m1"))
    assert quoted(meta, person) == [{"mid": "m1"}, None, None]


def test_a_message_of_several_parts_is_quoted_by_its_last(shop: Shop, meta: PlayedMeta, person: str) -> None:
    mids = [new_mid() for _ in range(3)]
    meta.script(person, *map(accepted, mids))
    shop.outcome(post(shop, person, reply_to=shop.post(person, LONG)))
    assert quoted(meta, person)[-1] == {"mid": mids[-1]}


def test_an_override_can_quote_in_both_ways(shop: Shop, meta: PlayedMeta, person: str) -> None:
    shop.outcome(post(shop, person, payload=KINDS["heart"], reply_to="m1"))
    shop.outcome(post(shop, person, payload={"message": KINDS["heart"], "reply_to": {"mid": "m2"}}))
    assert quoted(meta, person) == [{"mid": "m1"}, {"mid": "m2"}]
    assert [one.body["message"] for one in meta.asked[person]] == [KINDS["heart"]] * 2


def test_a_message_that_instagram_does_not_have_cannot_be_quoted(shop: Shop, meta: PlayedMeta, person: str) -> None:
    other = shop.person()
    for name in (new_id(), shop.messages(other)[0]["id"]):
        error = shop.failure(post(shop, person, reply_to=name))
        assert error["code"] == "bad_request"
        assert f"names no message of this conversation that Instagram has: {name}" in error["message"]
    assert meta.asked[person] == []
