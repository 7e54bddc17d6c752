"""The rules for what may be sent, one row each."""

from typing import Any

import pytest

from heliograph.simulator.errors import GraphError
from heliograph.simulator.graph import draft


def quick(count: int, title: str = "yes", payload: str = "p") -> dict[str, Any]:
    return {"text": "t", "quick_replies": [{"content_type": "text", "title": title, "payload": payload}] * count}


def generic(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"attachment": {"type": "template", "payload": {"template_type": "generic", "elements": list(elements)}}}


def button(text: str, *buttons: dict[str, Any]) -> dict[str, Any]:
    return {
        "attachment": {
            "type": "template",
            "payload": {"template_type": "button", "text": text, "buttons": list(buttons)},
        }
    }


def image(count: int = 1) -> list[dict[str, Any]]:
    return [{"type": "image", "payload": {"url": "https://example.org/a.png"}}] * count


POSTBACK = {"type": "postback", "title": "Yes", "payload": "YES"}
LINK = {"type": "web_url", "title": "Look", "url": "https://example.org/"}

ALLOWED = {
    "a thousand bytes": {"text": "é" * 500},
    "thirteen quick replies": quick(13),
    "a title of twenty characters": quick(1, "é" * 20),
    "a payload of a thousand characters": quick(1, payload="x" * 1000),
    "a phone number chip": {"text": "t", "quick_replies": [{"content_type": "user_phone_number"}]},
    "an image": {"attachment": image()[0]},
    "ten images": {"attachments": image(10)},
    "an upload": {"attachment": {"type": "image", "payload": {"attachment_id": "123"}}},
    "a heart": {"attachment": {"type": "like_heart"}},
    "a shared post": {"attachment": {"type": "MEDIA_SHARE", "payload": {"id": "1"}}},
    "an element with a subtitle": generic({"title": "x" * 80, "subtitle": "y" * 80}),
    "an element with buttons": generic({"title": "x", "buttons": [POSTBACK, LINK, LINK]}),
    "an element with a default action": generic(
        {"title": "x", "default_action": {"type": "web_url", "url": LINK["url"]}}
    ),
    "ten elements": generic(*[{"title": "x", "subtitle": "y"}] * 10),
    "a button template": button("x" * 640, POSTBACK, LINK),
}

REFUSED: dict[str, tuple[Any, tuple[int, int | None]]] = {
    "nothing": ({}, (100, None)),
    "no object": ("hello", (100, None)),
    "neither text nor attachment": ({"quick_replies": []}, (100, 2534015)),
    "text beside an attachment": ({"text": "t", "attachment": image()[0]}, (100, 2534015)),
    "an empty text": ({"text": "  "}, (100, 2534015)),
    "a text that is a number": ({"text": 5}, (100, None)),
    "a thousand and one bytes": ({"text": "é" * 500 + "x"}, (100, None)),
    "fourteen quick replies": (quick(14), (100, None)),
    "no quick reply in the list": (quick(0), (100, None)),
    "a title of 21 characters": (quick(1, "x" * 21), (100, None)),
    "a payload of 1001 characters": (quick(1, payload="x" * 1001), (100, None)),
    "an unknown chip": ({"text": "t", "quick_replies": [{"content_type": "location"}]}, (100, None)),
    "eleven images": ({"attachments": image(11)}, (100, None)),
    "an image and a video together": (
        {"attachments": [image()[0], {"type": "video", "payload": {"url": "https://example.org/v.mp4"}}]},
        (100, 2534015),
    ),
    "both forms of attachments": ({"attachment": image()[0], "attachments": image()}, (100, None)),
    "an unknown type": ({"attachment": {"type": "location", "payload": {}}}, (100, None)),
    "an image without address": ({"attachment": {"type": "image", "payload": {}}}, (100, None)),
    "a file from the disk": ({"attachment": {"type": "image", "payload": {"url": "file:///etc/passwd"}}}, (100, None)),
    "an unknown template": ({"attachment": {"type": "template", "payload": {"template_type": "list"}}}, (100, None)),
    "eleven elements": (generic(*[{"title": "x", "subtitle": "y"}] * 11), (100, None)),
    "an element with a title only": (generic({"title": "x"}), (100, None)),
    "an element without title": (generic({"subtitle": "x"}), (100, None)),
    "a title of 81 characters": (generic({"title": "x" * 81, "subtitle": "y"}), (100, None)),
    "four buttons": (button("x", *[POSTBACK] * 4), (100, None)),
    "no button": (button("x"), (100, None)),
    "a text of 641 characters": (button("x" * 641, POSTBACK), (100, None)),
    "a phone button": (button("x", {"type": "phone_number", "title": "t", "payload": "1"}), (100, None)),
    "a link without address": (button("x", {"type": "web_url", "title": "t"}), (100, None)),
    "a postback without payload": (button("x", {"type": "postback", "title": "t"}), (100, None)),
}


@pytest.mark.parametrize("name", ALLOWED)
def test_is_allowed(name: str) -> None:
    draft.read(ALLOWED[name])


@pytest.mark.parametrize("name", REFUSED)
def test_is_refused(name: str) -> None:
    message, expected = REFUSED[name]
    with pytest.raises(GraphError) as refused:
        draft.read(message)
    assert (refused.value.code, refused.value.subcode) == expected
