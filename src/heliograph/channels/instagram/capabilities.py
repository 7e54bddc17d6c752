"""What Instagram can do, feature by feature, in and out: the table that docs and tests share.

``python -m heliograph.channels.instagram.capabilities`` prints the docs page. The numbers stand in `meta/limits`, where the
renderers read them. Each row has a test of its name.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from heliograph.channels.instagram.meta import limits
from heliograph.channels.instagram.meta.limits import Limit


class Support(StrEnum):
    """How far a feature goes."""

    NATIVE = "native"
    FALLBACK = "fallback"  # something readable stands for it
    REFUSED = "refused"  # told as failed at once, with the reason
    LEFT = "left"  # kept in the journal, counted, not told


@dataclass(frozen=True, slots=True)
class Feature:
    """One row. ``how``: what Instagram shows, or what comes of it. ``otherwise``: what becomes of what does not fit.

    ``source`` is a chapter of the Meta reference.
    """

    name: str
    support: Support
    how: str
    otherwise: str = ""
    limits: tuple[Limit, ...] = ()
    source: str = "2.1"


_N, _F, _R, _L = Support
_LINE = "a line of text"
_BUTTON = (limits.BUTTONS, limits.BUTTON_TEXT, limits.TITLE)

OUT: tuple[Feature, ...] = (
    Feature("text", _N, "a text", "several texts, cut at a blank", (limits.TEXT,)),
    Feature("htmlText and markdownText", _F, "their plain text"),
    Feature(
        "reply actions", _N, "quick replies below the text; below their labels when there is none",
        f"{_LINE}; a label that is cut stands in the text in full",
        (limits.QUICK_REPLIES, limits.TITLE, limits.PAYLOAD),
    ),
    Feature(
        "link actions", _N, "buttons of a button template, opening the address",
        f"{_LINE} with the address: beyond three, and addresses other than http", _BUTTON,
    ),
    Feature("webview actions", _F, "links to their fallback address", _LINE, _BUTTON),
    Feature(
        "postback actions", _N, "buttons of a button template; of more than three actions, postbacks first",
        f"{_LINE}, which cannot be tapped", (*_BUTTON, limits.PAYLOAD),
    ),
    Feature("replies beside links", _N, "the links as lines of the text, the replies as quick replies"),
    Feature("replies beside postbacks", _N, "a button template, then the replies below their labels"),
    Feature("buttons below a long text", _N, "texts, the last of them with the buttons", "", (limits.BUTTON_TEXT,)),
    Feature("buy actions", _F, "a line with label and amount"),
    Feature("locationRequest actions", _F, "a line with the label"),
    Feature(
        "image", _N, "a picture; its text and actions follow as a message",
        "of files stored here: refused when too large, or neither PNG, JPEG nor GIF", (limits.IMAGE_BYTES,),
    ),
    Feature("several images", _N, "one message with all of them", "further messages", (limits.IMAGES,)),
    Feature("audio", _N, "a voice message", "too large and stored here: refused", (limits.MEDIA_BYTES,)),
    Feature("video", _N, "a video", "too large and stored here: refused", (limits.MEDIA_BYTES,)),
    Feature("PDF", _N, "a file", "too large and stored here: refused", (limits.MEDIA_BYTES,)),
    Feature("other files", _F, "a text with the link"),
    Feature(
        "carousel", _N, "a generic template: picture, title, description, buttons; the default link opens by the card",
        "further templates",
        (limits.ELEMENTS, limits.ELEMENT_TEXT, limits.BUTTONS, limits.TITLE, limits.PAYLOAD),
    ),
    Feature("a card that does not fit", _F, "the card, cut with an ellipsis, and the item in full in a text below"),
    Feature("an item without a card", _F, "a numbered text: a card needs more than a title"),
    Feature("list", _N, "as a carousel"),
    Feature("actions of a list", _N, "a button template below the cards", _LINE, _BUTTON),
    Feature("carouselMode text", _F, "the pictures in one message, then a numbered text with the links"),
    Feature("location", _F, "name, address and a link to a map"),
    Feature("form", _F, "the text above it and the questions, each with its options"),
    Feature("template", _R, "WhatsApp's", source="2.1"),
    Feature("formResponse", _R, "400: answers come from people"),
    Feature("override of any kind", _N, "the message of the Send API that it is", "refused with what is wrong in it"),
    Feature("override: heart", _N, "a heart"),
    Feature("override: shared post", _N, "a post of the account"),
    Feature("override: product template", _N, "products of the catalog", "", (limits.ELEMENTS,)),
    Feature("reply to a message", _N, "the first part quotes the message that override.instagram.reply_to names"),
    Feature("written by an AI", _N, "a line below texts, images and files says so"),
    Feature("stored files sent again", _N, "from the second time on by the id of Meta's own copy", "by the URL", (), "2.5"),
    Feature("typing", _N, "a bubble, until a message comes or it is over", "not shown late", (limits.TYPING,), "2.2"),
    Feature("seen", _N, "the person's latest message is marked as seen", source="2.2"),
    Feature("reactions of the business", _N, "activities react and unreact", source="2.2"),
)  # fmt: skip

IN: tuple[Feature, ...] = (
    Feature("text", _N, "a text message", source="1.6"),
    Feature("quick reply tapped", _N, "a text message with the payload", source="1.6"),
    Feature("button tapped", _N, "conversation:postback", source="1.6"),
    Feature("picture, video, audio, file", _N, "image or file messages, one for each", source="1.6"),
    Feature("reply to a message", _N, "the message with quotedMessage", source="1.6"),
    Feature("reply to a story", _N, "a text message, the story in its metadata", source="1.6"),
    Feature("mention in a story", _N, "conversation:referral", source="1.6"),
    Feature("seen", _N, "conversation:read, and delivery:user of what was seen", source="1.6"),
    Feature("taken back", _N, "the message is blanked", source="1.6"),
    Feature("typed in the Instagram app", _N, "a message of the business", source="1.6"),
    Feature("reaction", _N, "reactions of the message, and conversation:message:reaction", source="1.6"),
    Feature("edited text", _N, "the message's text, and conversation:message:edited", source="1.6"),
    Feature("ig.me link in a thread", _N, "conversation:referral", source="1.6"),
    Feature("ad or product that led here", _N, "conversation:referral, then the message", source="1.6"),
    Feature("shared post or reel", _N, "an image or file message with its caption", source="1.6"),
    Feature("shared story", _F, "a text with its link", source="1.6"),
    Feature("heart", _N, "a text: the heart", source="1.6"),
    Feature("template sent elsewhere", _N, "a carousel, or a text with actions", source="1.6"),
    Feature("view-once media", _F, "a text that says so", source="1.6"),
    Feature("what only the app shows", _F, "a text that says so; kept as it came", source="1.6"),
    Feature("thread passed or taken", _N, "conversation:thread:control", source="1.6"),
    Feature("comment", _L, "", source="1.7"),
)

_INTRO = """\
# What Instagram can do

Generated by `python -m heliograph.channels.instagram.capabilities` from the table that the tests go by. *native*: as
Instagram itself has it; *fallback*: something readable stands for it; *refused*: `delivery:failure` at once, with the
reason; *left*: kept in the journal and counted, not told. The last column names chapters of the
[Meta reference](../references.md#meta).
"""


def page() -> str:
    """The docs page."""
    return "\n".join([_INTRO, "## Out", "", *_out(), "", "## In", "", *_in(), "", "## Limits", "", *_limits()])


def _out() -> Iterator[str]:
    yield "| feature | | what Instagram shows | what does not fit | limits | Meta reference |"
    yield "|---|---|---|---|---|---|"
    for row in OUT:
        bounds = "; ".join(map(str, row.limits))
        yield f"| {row.name} | {row.support} | {row.how} | {row.otherwise} | {bounds} | {row.source} |"


def _in() -> Iterator[str]:
    yield "| feature | | what it becomes | Meta reference |"
    yield "|---|---|---|---|"
    yield from (f"| {row.name} | {row.support} | {row.how} | {row.source} |" for row in IN)


def _limits() -> Iterator[str]:
    yield "| what | at most | Meta reference |"
    yield "|---|---|---|"
    known = {name: one for name, one in vars(limits).items() if isinstance(one, Limit)}
    for one in known.values():
        what, _, most = str(one).rpartition(": ")
        yield f"| {what} | {most.removesuffix(' at most')} | {one.source} |"
    for kind, types in limits.MEDIA_TYPES.items():
        yield f"| media types sent as {kind} | {', '.join(sorted(types))} | 2.1 |"
    yield ""


if __name__ == "__main__":
    sys.stdout.write(page())
