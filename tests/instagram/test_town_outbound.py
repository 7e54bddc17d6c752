"""What is sent as Meta's own rules take it: the simulator checks every message, and shows it on the phone."""

from typing import Any

import pytest

from tests.instagram.contents import buttons, cards, carousel, item, link, postback, reply, tap, text, web_url
from tests.instagram.house import House, Shop
from tests.instagram.owner import Owner
from tests.simulator.support import eventually


@pytest.fixture
def talk(owner: Owner) -> tuple[Shop, str]:
    """A connected account and somebody who has written to it."""
    shop, _ = owner.connect()
    person = owner.customer()
    owner.says(person, "hello")
    shop.received()
    eventually(lambda: shop.messages(person))
    return shop, person


def shown(owner: Owner, person: str) -> list[dict[str, Any]]:
    """What the business sent, on the phone: what has a value."""
    names = ("text", "template", "quick_replies", "reply_to")
    found = []
    for one in owner.thread(person):
        if one["from"] == "business":
            kinds = [given["type"] for given in one["attachments"]]
            found.append({name: one[name] for name in names if one[name]} | ({"media": kinds} if kinds else {}))
    return found


def payload(part: dict[str, Any]) -> dict[str, Any]:
    return {"template": part["attachment"]["payload"]}


def sent(talk: tuple[Shop, str], content: dict[str, Any]) -> None:
    shop, person = talk
    assert shop.outcome(shop.post(person, content))[0] == "channel"


def test_a_carousel_is_cards_on_the_phone(owner: Owner, talk: tuple[Shop, str]) -> None:
    sent(talk, carousel(item("Tacos", link(default=True), postback(), description="Three"), item("Soup", postback())))
    action = {"type": "web_url", "url": "https://shop.example/a"}
    first = {"title": "Tacos", "subtitle": "Three", "default_action": action, "buttons": [web_url(), tap()]}
    assert shown(owner, talk[1]) == [payload(cards(first, {"title": "Soup", "buttons": [tap()]}))]


def test_what_does_not_fit_follows_as_text(owner: Owner, talk: tuple[Shop, str]) -> None:
    sent(talk, carousel(item("t" * 100, postback("b" * 30)), kind="list", actions=[link()]))
    first, second = shown(owner, talk[1])
    assert first["template"]["elements"] == [{"title": "t" * 79 + "…", "buttons": [tap("b" * 19 + "…")]}]
    assert second == payload(buttons(f"1. {'t' * 100}\n{'b' * 30}", web_url()))


def test_buttons_and_replies_below_a_text(owner: Owner, talk: tuple[Shop, str]) -> None:
    sent(talk, text("Which?", reply("Large"), postback("Help", "HELP"), link()))
    first, second = shown(owner, talk[1])
    assert first == payload(buttons("Which?", tap("Help", "HELP"), web_url()))
    assert second["text"] == "Large"
    assert [one["title"] for one in second["quick_replies"]] == ["Large"]


def test_a_tap_on_a_button_comes_back_as_a_postback(owner: Owner, talk: tuple[Shop, str]) -> None:
    shop, person = talk
    sent(talk, carousel(item("Tacos", postback("Order", "ORDER"))))
    owner.acts(person, "postbacks", title="Order", payload="ORDER")
    (told,) = eventually(lambda: shop.events("postback"))
    assert told["payload"]["postback"]["payload"] == "ORDER"


def test_a_place_and_a_form_are_texts_on_the_phone(owner: Owner, talk: tuple[Shop, str]) -> None:
    sent(talk, {"type": "location", "coordinates": {"lat": 45.5, "long": -73.6}, "location": {"name": "Café"}})
    sent(talk, {"type": "form", "fields": [{"type": "text", "name": "name", "label": "Your name"}]})
    assert shown(owner, talk[1]) == [
        {"text": "Café\nhttps://maps.google.com/maps?q=45.5,-73.6"},
        {"text": "Your name"},
    ]


def test_the_integration_can_ask_for_text(town: House, owner: Owner, talk: tuple[Shop, str]) -> None:
    shop, person = talk
    path = f"/v2/apps/{shop.app_id}/integrations/{shop.integration_id}"
    assert town.api("GET", path)["integration"]["carouselMode"] == "native"
    assert town.api("PATCH", path, {"carouselMode": "text"})["integration"]["carouselMode"] == "text"
    sent(talk, carousel(item("Tacos", link(), postback()), item("Soup")))
    assert shown(owner, person) == [
        {"text": "1. Tacos\nShop: https://shop.example/a\nMore\n\n2. Soup\nShop: https://shop.example/a"}
    ]
    assert "carouselMode must be one of native, text" in str(town.api("PATCH", path, {"carouselMode": "cards"}, 400))


def test_an_answer_quotes_and_a_reaction_stands_on_the_phone(town: House, owner: Owner, talk: tuple[Shop, str]) -> None:
    shop, person = talk
    question = shop.messages(person)[0]
    path = f"/v2/apps/{shop.app_id}/conversations/{shop.conversation(person)}"
    quoting = {
        "author": {"type": "business"},
        "content": text("Yes"),
        "override": {"instagram": {"reply_to": question["id"]}},
    }
    message = town.api("POST", path + "/messages", quoting, 201)["messages"][0]["id"]
    assert shop.outcome(message)[0] == "channel"
    mid = question["source"]["originalMessageId"]
    assert shown(owner, person) == [{"text": "Yes", "reply_to": {"mid": mid}}]
    reaction = {"author": {"type": "business"}, "type": "react", "messageId": question["id"], "reaction": "like"}
    town.api("POST", path + "/activity", reaction)
    eventually(lambda: owner.thread(person)[0]["reactions"])
    assert owner.thread(person)[0]["reactions"] == [{"from": "business", "reaction": "like", "emoji": "👍"}]
