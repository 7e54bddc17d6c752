"""The settings of apps and integrations, and what they do to what comes from Instagram and goes there."""

import json
from typing import Any

import pytest

from heliograph.channels.instagram.sending.override import IllegalOverrideError, render_override
from heliograph.channels.instagram.sending.render import AI_DISCLAIMER
from heliograph.events import TRIGGERS
from tests.instagram.house import URL, House, Shop, new_mid, now_ms, unique
from tests.instagram.meta import PlayedMeta

CARD, STARS = "4111 1111 1111 1111", "**** **** **** 1111"


def configure(shop: Shop, **settings: Any) -> None:
    shop.house.execute("update apps set settings = settings || $2 where id = $1", shop.app_id, settings)


def tap(shop: Shop, person: str, title: str = "Track my order", **postback: Any) -> dict[str, Any]:
    return shop.item(person, postback={"mid": new_mid(), "title": title, "payload": "TRACK", **postback})


def mention(shop: Shop, person: str) -> dict[str, Any]:
    story = {"type": "story_mention", "payload": {"url": "https://cdn/story"}}
    return shop.item(person, message={"mid": new_mid(), "attachments": [story]})


# Card numbers -------------------------------------------------------------------------------------------------


def test_card_numbers_are_masked_before_they_are_stored_or_told(shop: Shop, house: House) -> None:
    person, mid = unique("5846"), new_mid()
    picture = {"type": "image", "payload": {"url": URL}}
    shop.given(
        shop.text(person, f"my card is {CARD}", mid),
        shop.item(person, message={"mid": new_mid(), "text": CARD, "attachments": [picture]}),
        shop.echo(person, new_mid(), text=f"is it {CARD}?"),
    )
    assert shop.texts() == [f"my card is {STARS}", STARS, f"is it {STARS}?"]
    told = [event["payload"]["message"]["content"]["text"] for event in shop.events("message")]
    assert told == shop.texts()
    assert shop.messages()[0]["source"]["originalMessageId"] == mid
    stored = house.rows("select body from events where app_id = $1", shop.app_id)
    assert not any(CARD in row["body"] for row in stored)
    journal = house.rows("select body from journal where facebook_app_id = $1", shop.facebook_app)
    assert CARD.encode() in journal[0]["body"]  # as it came: said in the guide


def test_card_numbers_are_kept_where_the_app_wants_them(shop: Shop) -> None:
    configure(shop, maskCreditCardNumbers=False)
    shop.given(shop.text(unique("5846"), CARD))
    assert shop.texts() == [CARD]


def test_a_masked_answer_goes_out_masked_and_its_echo_is_known(shop: Shop, meta: PlayedMeta, person: str) -> None:
    message = shop.post(person, CARD)
    shop.outcome(message)
    assert meta.texts(person) == [STARS]
    (part,) = shop.parts(message)
    shop.given(shop.echo(person, part["mid"], text=STARS))
    assert shop.outcome(message) == ["channel", "user"]
    assert shop.texts(person) == ["hello", STARS]


def test_two_apps_of_one_account_have_it_their_own_way(shop: Shop, house: House) -> None:
    other = house.shop(of=shop)
    configure(other, maskCreditCardNumbers=False, echoPostback=True)
    person = unique("5846")
    shop.given(shop.text(person, CARD), tap(shop, person))
    assert (shop.texts(), other.texts()) == ([STARS], [CARD, "Track my order"])


# Postbacks as messages ----------------------------------------------------------------------------------------


def test_an_echoed_postback_is_told_and_stands_in_the_history(shop: Shop, person: str) -> None:
    configure(shop, echoPostback=True)
    item = tap(shop, person)
    shop.given(item, item)
    assert shop.told() == ["create", "message", "postback", "message"]
    postback, message = (event["payload"] for event in shop.events()[2:])
    assert postback["postback"] == {"payload": "TRACK"}
    stored = shop.messages(person)[-1]
    assert stored["content"] == {"type": "text", "text": "Track my order", "payload": "TRACK"}
    assert stored["author"]["type"] == "user"
    assert stored["source"]["originalMessageId"] == item["postback"]["mid"]
    assert (message["message"]["id"], message["message"]["content"]) == (stored["id"], stored["content"])
    assert message["message"]["author"]["user"] == postback["user"]
    shop.given(item)
    assert len(shop.messages(person)) == 2
    shop.given(shop.item(person, message={"mid": item["postback"]["mid"], "is_deleted": True}))
    assert shop.messages(person)[-1]["deleted"] is True


def test_an_echoed_postback_can_start_the_conversation(shop: Shop) -> None:
    configure(shop, echoPostback=True)
    shop.given(tap(shop, unique("5846"), title=""))
    assert shop.told() == ["create", "postback", "message"]
    assert shop.events()[0]["payload"]["creationReason"] == "startConversation"
    assert shop.texts() == ["TRACK"]


def test_without_the_setting_a_postback_is_no_message(shop: Shop, person: str) -> None:
    shop.given(tap(shop, person))
    assert shop.told() == ["create", "message", "postback"]
    assert shop.texts() == ["hello"]


# Who may start a conversation ---------------------------------------------------------------------------------


@pytest.mark.parametrize("event", [tap, mention])
def test_a_tap_or_a_mention_starts_nothing_where_the_app_does_not_want_it(
    shop: Shop, house: House, meta: PlayedMeta, event: Any
) -> None:
    configure(shop, ignoreAutoConversationStart=True)
    person = unique("5846")
    meta.profiles[person] = (200, {"id": person, "name": "Ama"})
    item = event(shop, person)
    shop.given(item)
    assert shop.told() == []
    for table in ("users", "clients", "conversations", "mids"):
        assert house.rows(f"select 1 from {table} where app_id = $1", shop.app_id) == []
    assert shop.leftovers() == ["switched_off:conversation_start"]
    shop.given(shop.text(person), event(shop, person))
    assert shop.told()[:2] == ["create", "message"]
    assert shop.told()[2] in ("postback", "referral")
    assert shop.events()[0]["payload"]["creationReason"] == "message"
    configure(shop, ignoreAutoConversationStart=False)
    shop.given(item)  # never applied, so it still can be
    assert len(shop.told()) == 4


def test_what_comes_behind_the_first_message_is_told_even_in_one_webhook(shop: Shop) -> None:
    configure(shop, ignoreAutoConversationStart=True)
    person = unique("5846")
    shop.given(tap(shop, person), shop.text(person), tap(shop, person))
    assert shop.told() == ["create", "message", "postback"]


def test_no_profile_is_read_of_who_starts_nothing(shop: Shop, meta: PlayedMeta) -> None:
    configure(shop, ignoreAutoConversationStart=True)
    person = unique("5846")
    shop.given(tap(shop, person))
    assert ("GET", person) not in meta.others


def test_a_tap_starts_a_conversation_otherwise(shop: Shop) -> None:
    shop.given(tap(shop, unique("5846")))
    assert shop.told() == ["create", "postback"]
    assert {event["type"] for event in shop.events()} <= TRIGGERS


# What an AI wrote ---------------------------------------------------------------------------------------------


def sent(shop: Shop, meta: PlayedMeta, person: str, message: str) -> list[dict[str, Any]]:
    assert shop.outcome(message) == ["channel"]
    return [one.body["message"] for one in meta.asked[person]]


@pytest.mark.parametrize("shown", [None, True])
def test_what_an_ai_wrote_says_so_below(shop: Shop, meta: PlayedMeta, person: str, shown: bool | None) -> None:
    if shown is not None:
        settings = {"showAIDisclaimer": shown}
        shop.house.execute("update integrations set settings = $2 where id = $1", shop.integration_id, settings)
    message = shop.post(person, "Your parcel is on its way.", subtypes=["AI"])
    assert sent(shop, meta, person, message) == [{"text": f"Your parcel is on its way.\n\n{AI_DISCLAIMER}"}]
    assert shop.texts(person)[-1] == "Your parcel is on its way."


def test_a_picture_of_an_ai_says_so_too(shop: Shop, meta: PlayedMeta, person: str) -> None:
    message = shop.post(person, {"type": "image", "mediaUrl": URL}, subtypes=["AI"])
    assert sent(shop, meta, person, message)[1:] == [{"text": AI_DISCLAIMER}]


@pytest.mark.parametrize("subtypes", [[], ["bot"], ["agent"]])
def test_nobody_else_says_so(shop: Shop, meta: PlayedMeta, person: str, subtypes: list[str]) -> None:
    message = shop.post(person, "Hi", subtypes=subtypes)
    assert sent(shop, meta, person, message) == [{"text": "Hi"}]


def test_the_integration_can_switch_the_disclaimer_off(shop: Shop, meta: PlayedMeta, person: str) -> None:
    path = f"/v2/apps/{shop.app_id}/integrations/{shop.integration_id}"
    changed = shop.house.api("PATCH", path, {"showAIDisclaimer": False})
    assert changed["integration"]["showAIDisclaimer"] is False
    message = shop.post(person, "Hi", subtypes=["AI"])
    assert sent(shop, meta, person, message) == [{"text": "Hi"}]
    refused = shop.house.api("PATCH", path, {"showAIDisclaimer": "no"}, 400)
    assert "showAIDisclaimer must be true or false" in refused["errors"][0]["title"]


# Overrides ----------------------------------------------------------------------------------------------------

CARDS = {
    "attachment": {
        "type": "template",
        "payload": {"template_type": "generic", "elements": [{"title": "Tacos", "image_url": URL}]},
    },
}


def post(shop: Shop, person: str, **body: Any) -> str:
    path = f"/v2/apps/{shop.app_id}/conversations/{shop.conversation(person)}/messages"
    body = {"author": {"type": "business"}, "content": {"type": "text", "text": "Our tacos"}, **body}
    return str(shop.house.api("POST", path, body, 201)["messages"][0]["id"])


@pytest.mark.parametrize("payload", [CARDS, {"message": CARDS}])
def test_instagram_gets_the_override_in_the_place_of_the_content(
    shop: Shop, meta: PlayedMeta, person: str, payload: dict[str, Any]
) -> None:
    message = post(shop, person, override={"instagram": {"payload": payload}})
    assert sent(shop, meta, person, message) == [CARDS]
    assert meta.asked[person][0].body["recipient"] == {"id": person}
    assert shop.texts(person)[-1] == "Our tacos"


def test_the_overrides_of_other_channels_change_nothing(shop: Shop, meta: PlayedMeta, person: str) -> None:
    message = post(shop, person, override={"messenger": {"payload": CARDS}, "whatsapp": {"payload": {"a": 1}}})
    assert sent(shop, meta, person, message) == [{"text": "Our tacos"}]


def test_a_content_that_instagram_cannot_take_goes_by_its_override(shop: Shop, meta: PlayedMeta, person: str) -> None:
    content = {"type": "template", "template": {"name": "hello"}}
    message = post(shop, person, content=content, override={"instagram": {"payload": CARDS}})
    assert sent(shop, meta, person, message) == [CARDS]


def test_the_window_holds_for_an_override_too(shop: Shop, meta: PlayedMeta) -> None:
    person = unique("5846")
    shop.given(shop.text(person, at=now_ms(days=8)))
    message = post(shop, person, override={"instagram": {"payload": {**CARDS}}})
    assert shop.failure(message)["code"] == "message_outside_window"
    assert meta.asked[person] == []


def test_an_override_that_is_no_message_of_metas_fails_and_says_why(shop: Shop, meta: PlayedMeta, person: str) -> None:
    message = post(shop, person, override={"instagram": {"payload": {"recipient": {"id": "1"}, "message": CARDS}}})
    failure = shop.failure(message)
    assert failure["code"] == "bad_request"
    assert "recipient" in failure["message"] or "nothing but" in failure["message"]
    assert meta.asked[person] == []


@pytest.mark.parametrize(
    ("payload", "problem"),
    [
        ({"message": 7}, "must be a message object"),
        (
            {"text": "a", "tag": "HUMAN_AGENT"},
            "nothing but attachment, attachments, metadata, quick_replies, text: tag",
        ),
        ({}, "either text or attachment"),
        ({"text": "a", **CARDS}, "either text or attachment"),
        ({"text": " "}, "not empty"),
        ({"text": 7}, "not empty"),
        ({"text": "ä" * 501}, "at most 1000 bytes"),
        ({"attachment": []}, "whose type is one of"),
        ({"attachment": {"type": "hologram", "payload": {}}}, "whose type is one of"),
        ({"attachment": {"type": "image"}}, "with a payload object"),
        ({"text": "a", "quick_replies": {}}, "array of objects"),
        ({"text": "a", "quick_replies": [{}] * 14}, "at most 13"),
        ({"text": "a", "metadata": 1}, "metadata as a string"),
    ],
)
def test_what_is_no_message_of_the_send_api(payload: dict[str, Any], problem: str) -> None:
    with pytest.raises(IllegalOverrideError, match=problem):
        render_override(payload)


@pytest.mark.parametrize(
    "payload",
    [{"text": "ä" * 500}, {"text": "a", "quick_replies": [{"content_type": "text"}] * 13, "metadata": "m"}, CARDS],
)
def test_what_is_one(payload: dict[str, Any]) -> None:
    before = json.dumps(payload)
    assert render_override(payload) == [payload]
    assert json.dumps(payload) == before
