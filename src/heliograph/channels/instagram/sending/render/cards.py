"""Carousels and lists: generic templates, or the pictures and a numbered text (Meta reference 2.1). Pure.

A card shows what fits. An item that does not fit it whole, or that cannot be a card at all, is told in full in a text
below the cards.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from heliograph.channels.instagram.meta.limits import BUTTONS, ELEMENT_TEXT, ELEMENTS
from heliograph.channels.instagram.sending.render.parts import (
    Part,
    address_of,
    attachment,
    button,
    label_of,
    line,
    lines,
    shorten,
    template,
    texts,
)
from heliograph.channels.instagram.sending.render.text import with_actions

Item = Mapping[str, Any]
Element = dict[str, Any]


def native(content: Mapping[str, Any]) -> Iterator[Part]:
    """Cards beside each other, what did not fit on them as text, then the actions of the list as a whole."""
    cards = [(number, item, _element(item)) for number, item in enumerate(content["items"], start=1)]
    elements = [element for _, _, element in cards if element]
    for start in range(0, len(elements), ELEMENTS):
        yield template("generic", elements=elements[start : start + ELEMENTS])
    left = [_told(number, item) for number, item, element in cards if not element or not _whole(item, element)]
    yield from with_actions("\n\n".join(left), content.get("actions") or [])


def as_text(content: Mapping[str, Any]) -> Iterator[Part]:
    """The pictures together, then the items as a numbered text, as the original has it."""
    yield from (attachment("image", item["mediaUrl"]) for item in content["items"] if _is_picture(item))
    blocks = [_told(number, item) for number, item in enumerate(content["items"], start=1)]
    blocks.append(lines(*map(line, content.get("actions") or [])))
    yield from texts("\n\n".join(filter(None, blocks)))


def _element(item: Item) -> Element | None:
    """The card of an item; None when it has nothing besides a title: Meta refuses such."""
    title = shorten(item["title"], ELEMENT_TEXT)
    buttons = [made for made in map(button, item["actions"]) if made][:BUTTONS]
    main = next((action for action in item["actions"] if action.get("default") and button(action)), None)
    more: Element = {
        "subtitle": shorten(item.get("description") or "", ELEMENT_TEXT),
        "image_url": item["mediaUrl"] if _is_picture(item) else None,
        "default_action": {"type": "web_url", "url": address_of(main)} if main and "uri" in main else None,
        "buttons": buttons,
    }
    filled = {name: value for name, value in more.items() if value}
    return {"title": title, **filled} if title and filled else None


def _whole(item: Item, element: Element) -> bool:
    """Whether the card shows all of an item."""
    titles = [made["title"] for made in element.get("buttons", ())]
    return (
        element["title"] == item["title"].strip()
        and element.get("subtitle", "") == (item.get("description") or "").strip()
        and ("image_url" in element or not item.get("mediaUrl"))
        and titles == [label_of(action) for action in item["actions"] if line(action)]
    )


def _told(number: int, item: Item) -> str:
    """An item in full, as text."""
    shown = None if _is_picture(item) else item.get("mediaUrl")
    return lines(f"{number}. {item['title'].strip()}", item.get("description"), shown, *map(line, item["actions"]))


def _is_picture(item: Item) -> bool:
    return bool(item.get("mediaUrl")) and str(item.get("mediaType") or "image/").lower().startswith("image/")
