"""Whatever is posted: every part is within Meta's limits (Meta reference 2.1), and nothing of it is lost."""

from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from heliograph.channels.instagram.sending.render import UnsupportedContentError, render
from tests.instagram.contents import Content

WORDS = st.text(st.sampled_from(list("abé語🙂 \n\u200d\u0301👍🏽")), max_size=120)
TITLES = st.text(st.characters(blacklist_categories=["Cs"]), min_size=1, max_size=128)
ADDRESSES = st.sampled_from(["https://shop.example/a", "http://x.example", "tel:+1555", "mailto:a@b.example"])
PAYLOADS = st.sampled_from(["", "P", "p" * 1000, "p" * 1001])


def actions(*kinds: str) -> st.SearchStrategy[list[Content]]:
    """Actions of these types."""
    fields = {"text": WORDS, "uri": ADDRESSES, "fallback": ADDRESSES, "payload": PAYLOADS}
    of = {
        "reply": ("text", "payload"), "link": ("text", "uri"), "webview": ("text", "uri", "fallback"),
        "postback": ("text", "payload"), "locationRequest": ("text",), "buy": ("text",),
    }  # fmt: skip
    one = st.one_of(
        st.fixed_dictionaries(
            {"type": st.just(kind), **{name: fields[name] for name in of[kind]}, "amount": st.just(100)},
            optional={"default": st.booleans(), "currency": st.just("eur")},
        )
        for kind in kinds
    )
    return st.lists(one, max_size=20)


ANY_ACTIONS = actions("reply", "link", "webview", "postback", "locationRequest", "buy")
ITEM_ACTIONS = actions("link", "webview", "postback", "buy")
SPOKEN = st.text(max_size=50) | st.integers(0, 4096).map(lambda size: ("wörd " * 1000)[:size])
ITEM = st.fixed_dictionaries(
    {"title": TITLES, "actions": ITEM_ACTIONS.map(lambda made: made[:3])},
    optional={
        "description": st.text(max_size=128),
        "mediaUrl": st.just("https://shop.example/p"),
        "mediaType": st.sampled_from(["image/png", "video/mp4"]),
    },
)
CONTENTS = st.one_of(
    st.fixed_dictionaries({"type": st.just("text")}, optional={"text": SPOKEN, "actions": ANY_ACTIONS}),
    st.fixed_dictionaries(
        {"type": st.just("image"), "mediaUrl": st.just("https://shop.example/p")},
        optional={"text": SPOKEN, "actions": ANY_ACTIONS},
    ),
    st.fixed_dictionaries(
        {"type": st.sampled_from(["carousel", "list"]), "items": st.lists(ITEM, min_size=1, max_size=12)},
        optional={"actions": ITEM_ACTIONS},
    ),
)


def check_buttons(made: list[dict[str, Any]]) -> None:
    assert 1 <= len(made) <= 3
    for one in made:
        assert 0 < len(one["title"]) <= 20
        if one["type"] == "postback":
            assert 0 < len(one["payload"]) <= 1000
        else:
            assert one["url"].startswith(("http://", "https://"))


def check_template(payload: dict[str, Any]) -> None:
    if payload["template_type"] == "button":
        assert payload["text"].strip()
        assert len(payload["text"].encode()) <= 640
        check_buttons(payload["buttons"])
        return
    assert 1 <= len(payload["elements"]) <= 10
    for element in payload["elements"]:
        assert 0 < len(element["title"]) <= 80
        assert len(element) > 1
        assert len(element.get("subtitle", "-")) in range(1, 81)
        if "buttons" in element:
            check_buttons(element["buttons"])


def check(part: dict[str, Any]) -> None:
    if "text" in part:
        assert set(part) <= {"text", "quick_replies"}
        assert part["text"].strip()
        assert len(part["text"].encode()) <= 1000
        for one in part.get("quick_replies", ()):
            assert 0 < len(one["title"]) <= 20
            assert 0 < len(one["payload"]) <= 1000
        assert len(part.get("quick_replies", [0])) in range(1, 14)
    elif "attachments" in part:
        assert 2 <= len(part["attachments"]) <= 10
    elif part["attachment"]["type"] == "template":
        check_template(part["attachment"]["payload"])


def shown(value: Any) -> Iterator[str]:
    """All texts of what Meta gets, in order, without the names of kinds."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, one in value.items():
            if name not in ("type", "template_type", "content_type"):
                yield from shown(one)
    elif isinstance(value, list):
        for one in value:
            yield from shown(one)


def squeezed(text: str) -> str:
    """Without blanks: a long text is cut at one."""
    return "".join(text.split())


def said(content: Content) -> Iterator[str]:
    """What the person must be able to read, or to open."""
    yield content.get("text", "")
    yield content.get("mediaUrl", "")
    for holder in (content, *content.get("items", ())):
        yield holder.get("title", "")
        yield holder.get("description", "")
        yield holder.get("mediaUrl", "")
        for action in holder.get("actions", ()):
            yield action["text"]
            if action["type"] in ("link", "webview"):
                yield action.get("fallback") if action["type"] == "webview" else action["uri"]


@given(CONTENTS, st.booleans(), st.sampled_from(["native", "text"]))
def test_every_part_is_within_meta_s_limits_and_nothing_is_lost(content: Content, by_ai: bool, mode: Any) -> None:
    try:
        parts = render(content, by_ai, mode)
    except UnsupportedContentError:
        assert not any(squeezed(one) for one in said(content))
        return
    assert parts
    for part in parts:
        check(part)
    assert all("quick_replies" not in part for part in parts[:-1])
    whole = squeezed("".join(shown(parts)))
    for one in said(content):
        assert squeezed(one) in whole


@given(CONTENTS)
def test_every_tap_that_instagram_can_carry_has_its_button_or_its_line(content: Content) -> None:
    """A payload is whole or not there: a cut one would be another one."""
    payloads = {
        action.get("payload", "")
        for holder in (content, *content.get("items", ()))
        for action in holder.get("actions", ())
    }
    labels = {
        action["text"].strip()
        for holder in (content, *content.get("items", ()))
        for action in holder.get("actions", ())
    }
    try:
        parts = render(content)
    except UnsupportedContentError:
        return
    for part in parts:
        made = list(part.get("quick_replies", ()))
        template = part.get("attachment", {}).get("payload", {})
        for holder in (template, *template.get("elements", ())):
            made += [one for one in holder.get("buttons", ()) if one["type"] == "postback"]
        assert all(one["payload"] in payloads | labels for one in made)
