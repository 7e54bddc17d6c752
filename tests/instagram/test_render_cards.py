"""Carousels, lists, places and forms as Instagram gets them (Meta reference 2.1, Sunshine reference 5.3)."""

from typing import Any

import pytest

from heliograph.channels.instagram.sending.render import render
from tests.instagram.contents import (
    URL,
    attachment,
    buttons,
    cards,
    carousel,
    item,
    link,
    postback,
    tap,
    web_url,
)

PICTURE = "https://shop.example/tacos.png"
BUY = {"type": "buy", "text": "Buy", "amount": 900, "currency": "USD"}


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        (
            carousel(
                item("Tacos", link(), postback(), description="Three", mediaUrl=PICTURE), item("Soup", postback())
            ),
            [
                cards(
                    {"title": "Tacos", "subtitle": "Three", "image_url": PICTURE, "buttons": [web_url(), tap()]},
                    {"title": "Soup", "buttons": [tap()]},
                )
            ],
        ),
        (
            carousel(item("Tacos", link(default=True))),
            [cards({"title": "Tacos", "default_action": {"type": "web_url", "url": URL}, "buttons": [web_url()]})],
        ),
        (carousel(item("Tacos"), kind="list"), [cards({"title": "Tacos", "buttons": [web_url()]})]),
        # what does not fit on a card is told below
        (
            carousel(item("Tacos", BUY, link()), item("Soup")),
            [
                cards({"title": "Tacos", "buttons": [web_url()]}, {"title": "Soup", "buttons": [web_url()]}),
                {"text": f"1. Tacos\nBuy: 9.00 USD\nShop: {URL}"},
            ],
        ),
        (
            carousel(item("Tacos", link("x" * 30))),
            [cards({"title": "Tacos", "buttons": [web_url("x" * 19 + "…")]}), {"text": f"1. Tacos\n{'x' * 30}: {URL}"}],
        ),
        (
            carousel(item("t" * 90, description="d" * 90)),
            [
                cards({"title": "t" * 79 + "…", "subtitle": "d" * 79 + "…", "buttons": [web_url()]}),
                {"text": f"1. {'t' * 90}\n{'d' * 90}\nShop: {URL}"},
            ],
        ),
        # a card needs more than a title
        (
            carousel(item("Soup"), item("Tacos", BUY)),
            [cards({"title": "Soup", "buttons": [web_url()]}), {"text": "2. Tacos\nBuy: 9.00 USD"}],
        ),
        (carousel(item("Tacos", BUY)), [{"text": "1. Tacos\nBuy: 9.00 USD"}]),
        # a film is no picture of a card
        (
            carousel(item("Tacos", mediaUrl=URL, mediaType="video/mp4")),
            [cards({"title": "Tacos", "buttons": [web_url()]}), {"text": f"1. Tacos\n{URL}\nShop: {URL}"}],
        ),
        # the actions of a list as a whole
        (
            carousel(item("Tacos"), kind="list", actions=[postback("All of it")]),
            [cards({"title": "Tacos", "buttons": [web_url()]}), buttons("All of it", tap("All of it"))],
        ),
        (
            carousel(item("Tacos"), kind="list", actions=[link(str(number)) for number in range(5)]),
            [
                cards({"title": "Tacos", "buttons": [web_url()]}),
                buttons(f"3: {URL}\n4: {URL}", *(web_url(str(number)) for number in range(3))),
            ],
        ),
    ],
)
def test_cards(content: dict[str, Any], parts: list[dict[str, Any]]) -> None:
    assert render(content) == parts


def test_more_than_ten_cards_are_several_templates() -> None:
    first, second = render(carousel(*(item(str(number)) for number in range(12))))
    assert [len(part["attachment"]["payload"]["elements"]) for part in (first, second)] == [10, 2]


def test_carousels_as_text_have_their_pictures_in_one_message_and_a_numbered_text() -> None:
    content = carousel(
        item("Tacos", link(), description="Three", mediaUrl=PICTURE), item("Soup", postback(), mediaUrl=URL)
    )
    pictures = [attachment("image", url)["attachment"] for url in (PICTURE, URL)]
    assert render(content, carousels="text") == [
        {"attachments": pictures},
        {"text": f"1. Tacos\nThree\nShop: {URL}\n\n2. Soup\nMore"},
    ]


def test_one_picture_is_no_album_and_eleven_are_two() -> None:
    one = render(carousel(item(mediaUrl=URL)), carousels="text")
    assert one[0] == attachment("image")
    eleven = render(carousel(*(item(mediaUrl=URL) for _ in range(12))), carousels="text")
    assert [len(part.get("attachments", ())) for part in eleven] == [10, 2, 0]


def test_actions_of_a_list_as_text_are_its_last_lines() -> None:
    content = carousel(item("Soup", postback()), kind="list", actions=[link("All")])
    assert render(content, carousels="text") == [{"text": f"1. Soup\nMore\n\nAll: {URL}"}]


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ({}, "Location shared:\nhttps://maps.google.com/maps?q=45.5,-73.61"),
        ({"location": {"name": "Café"}}, "Café\nhttps://maps.google.com/maps?q=45.5,-73.61"),
        (
            {"location": {"name": "Café", "address": "5333 avenue Casgrain"}},
            "Café\n5333 avenue Casgrain\nhttps://maps.google.com/maps?q=45.5,-73.61",
        ),
        ({"coordinates": {"lat": 0, "long": 1e-7}}, "Location shared:\nhttps://maps.google.com/maps?q=0,0"),
    ],
)
def test_a_place_is_a_text_with_a_link_to_a_map(place: dict[str, Any], said: str) -> None:
    content = {"type": "location", "coordinates": {"lat": 45.5, "long": -73.61}, **place}
    assert render(content) == [{"text": said}]


def test_a_form_is_its_questions() -> None:
    sizes = [{"name": "s", "label": "Small"}, {"name": "l", "label": "Large"}]
    fields = [
        {"type": "text", "name": "name", "label": "Your name"},
        {"type": "select", "name": "size", "label": "Size", "options": sizes},
    ]
    content = {"type": "form", "fields": fields, "text": "Please tell us:"}
    assert render(content) == [{"text": "Please tell us:\nYour name\nSize: Small, Large"}]
