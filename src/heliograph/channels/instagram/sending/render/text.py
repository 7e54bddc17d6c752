"""Texts and their actions: quick replies, a button template, or lines of text (Meta reference 2.1). Pure.

replies only ───────────────▶ the text with quick replies
links, webviews, postbacks ─▶ the text as a button template
replies and links ──────────▶ the text, the links as its lines, with quick replies
replies and postbacks ──────▶ a button template, then the replies below their labels
whatever is left over ──────▶ a line of the text
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from heliograph.channels.instagram.meta.limits import BUTTON_TEXT, BUTTONS, QUICK_REPLIES
from heliograph.channels.instagram.sending.render.parts import (
    Action,
    Part,
    button,
    label_of,
    line,
    lines,
    quick_reply,
    split,
    template,
    texts,
)


def text(content: Mapping[str, Any]) -> Iterator[Part]:
    """A text with its actions."""
    yield from with_actions(content.get("text") or "", content.get("actions") or [])


def with_actions(said: str, actions: Sequence[Action]) -> Iterator[Part]:
    """A text, which may be empty, with whatever actions."""
    replies = [action for action in actions if quick_reply(action)][:QUICK_REPLIES]
    pressed = _pressed(actions, beside_replies=bool(replies))
    rest = [action for action in actions if action not in replies and action not in pressed]
    said = lines(said, *map(line, rest))
    if pressed:
        yield from with_buttons(said, pressed)
        said = ""
    if replies:
        yield from _with_replies(said, replies)
    elif not pressed:
        yield from texts(said)


def _pressed(actions: Sequence[Action], *, beside_replies: bool) -> list[Action]:
    """Which actions become buttons. Of too many, the postbacks: a link is of use as a line of text too."""
    able = [action for action in actions if button(action)]
    postbacks = [action for action in able if action["type"] == "postback"]
    if beside_replies and not postbacks:
        return []
    links = [action for action in able if action["type"] != "postback"]
    chosen = [*postbacks, *links][:BUTTONS]
    return [action for action in able if action in chosen][:BUTTONS]


def with_buttons(said: str, actions: Sequence[Action]) -> Iterator[Part]:
    """Up to three actions, each with a button, below a text; below their labels when there is none."""
    buttons = [made for made in map(button, actions) if made]
    *before, last = _pieces(_told(said, actions, buttons))
    yield from ({"text": piece} for piece in before)
    yield template("button", text=last, buttons=buttons)


def _with_replies(said: str, actions: Sequence[Action]) -> Iterator[Part]:
    replies = [made for made in map(quick_reply, actions) if made]
    *before, last = split(_told(said, actions, replies))
    yield from ({"text": piece} for piece in before)
    yield {"text": last, "quick_replies": replies}


def _told(said: str, actions: Sequence[Action], buttons: Sequence[Mapping[str, Any]]) -> str:
    """The text that buttons stand below: with each label that did not fit, and with all of them if there is no text."""
    labels = list(map(label_of, actions))
    cut = [label for label, made in zip(labels, buttons, strict=True) if label != made["title"]]
    return lines(said, *cut) if said.strip() else lines(*labels)


def _pieces(said: str) -> list[str]:
    """Pieces of a text, of which the last fits a button template."""
    *before, last = split(said)
    return [*before, *(split(last, BUTTON_TEXT) if len(last.encode()) > BUTTON_TEXT else [last])]
