"""Sunshine content to the parts that Meta gets, within Meta's limits (Meta reference 2.1)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heliograph.channels.instagram.render import UnsupportedContentError, render, split

URL = "https://shop.example/a"


def text(said: str | None = None, *actions: dict[str, Any]) -> dict[str, Any]:
    return {"type": "text", **({"text": said} if said is not None else {}), **({"actions": actions} if actions else {})}


def reply(label: str, payload: str = "P") -> dict[str, str]:
    return {"type": "reply", "text": label, "payload": payload}


def quick(title: str, payload: str = "P") -> dict[str, str]:
    return {"content_type": "text", "title": title, "payload": payload}


def attachment(kind: str) -> dict[str, Any]:
    return {"attachment": {"type": kind, "payload": {"url": URL}}}


def file(media_type: str | None, **more: Any) -> dict[str, Any]:
    return {"type": "file", "mediaUrl": URL, **({"mediaType": media_type} if media_type else {}), **more}


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        (text("Hi"), [{"text": "Hi"}]),
        (text("  Hi \n"), [{"text": "Hi"}]),
        (text("Size?", reply("S"), reply("M")), [{"text": "Size?", "quick_replies": [quick("S"), quick("M")]}]),
        (text("See", {"type": "link", "text": "Shop", "uri": URL}), [{"text": f"See\nShop: {URL}"}]),
        (text(None, {"type": "link", "text": "Shop", "uri": URL}), [{"text": f"Shop: {URL}"}]),
        (
            text("See", {"type": "webview", "text": "Book", "uri": URL, "fallback": "f"}),
            [{"text": f"See\nBook: {URL}"}],
        ),
        (text("See", {"type": "postback", "text": "More", "payload": "M", "uri": ""}), [{"text": "See\nMore"}]),
        (text("See", {"type": "buy", "text": "Buy", "amount": 100}), [{"text": "See\nBuy"}]),
        (text("See", {"type": "locationRequest", "text": "Where?"}), [{"text": "See\nWhere?"}]),
        (
            text("See", reply("Yes"), {"type": "link", "text": "Shop", "uri": URL}, reply("No")),
            [{"text": f"See\nShop: {URL}", "quick_replies": [quick("Yes"), quick("No")]}],
        ),
        (text("Hi", {"type": "postback", "text": "", "payload": "M"}), [{"text": "Hi"}]),
        ({"type": "image", "mediaUrl": URL}, [attachment("image")]),
        # the picture first: quick replies vanish with the next message
        (
            {"type": "image", "mediaUrl": URL, "text": "New!", "actions": [reply("Buy")]},
            [attachment("image"), {"text": "New!", "quick_replies": [quick("Buy")]}],
        ),
        (file("application/pdf"), [attachment("file")]),
        (file("application/pdf", text="Invoice"), [attachment("file"), {"text": "Invoice"}]),
        (file("AUDIO/MP4; codecs=aac"), [attachment("audio")]),
        (file("audio/aac"), [attachment("audio")]),
        (file("audio/x-wav"), [attachment("audio")]),
        (file("video/mp4"), [attachment("video")]),
        (file("video/quicktime"), [attachment("video")]),
        (file("video/webm"), [attachment("video")]),
        # what Meta does not take goes as a link
        (file("application/zip"), [{"text": URL}]),
        (file("application/zip", text="Here"), [{"text": f"Here\n{URL}"}]),
        (file("audio/flac"), [{"text": URL}]),
        (file("video/x-matroska"), [{"text": URL}]),
        (file("audio"), [{"text": URL}]),
        (file("image/png"), [{"text": URL}]),
        (file(None), [{"text": URL}]),
    ],
)
def test_content_becomes_these_parts(content: dict[str, Any], parts: list[dict[str, Any]]) -> None:
    assert render(content) == parts


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ({"type": "carousel", "items": []}, 'cannot take "carousel"'),
        ({"type": "list", "items": []}, 'cannot take "list"'),
        ({"type": "form", "fields": []}, 'cannot take "form"'),
        ({"type": "location"}, 'cannot take "location"'),
        ({"type": "template", "template": {}}, 'cannot take "template"'),
        (text(""), "nothing that Instagram can show"),
        (text(" \n\u3000 "), "nothing that Instagram can show"),
        (text(), "nothing that Instagram can show"),
        (text(None, reply("S")), "only below a text"),
        ({"type": "image", "mediaUrl": URL, "actions": [reply("S")]}, "only below a text"),
    ],
)
def test_what_cannot_be_shown_is_refused_with_the_reason(content: dict[str, Any], why: str) -> None:
    with pytest.raises(UnsupportedContentError, match=why):
        render(content)


def test_at_most_thirteen_quick_replies_of_twenty_characters_with_payloads_of_a_thousand() -> None:
    content = text("?", *(reply(f"{number:02d}" + "é" * 30, "p" * 1500) for number in range(20)))
    (part,) = render(content)
    replies = part["quick_replies"]
    assert [one["title"] for one in replies] == [f"{number:02d}" + "é" * 18 for number in range(13)]
    assert {one["payload"] for one in replies} == {"p" * 1000}


def test_quick_replies_stand_on_the_last_part_only() -> None:
    parts = render(text("word " * 500, reply("S")))
    assert len(parts) == 3
    assert ["quick_replies" in part for part in parts] == [False, False, True]


def test_action_lines_are_split_with_the_text() -> None:
    parts = render(text("x" * 995, {"type": "link", "text": "Shop", "uri": URL}))
    assert parts == [{"text": "x" * 995}, {"text": f"Shop: {URL}"}]


def test_a_long_caption_of_a_file_that_goes_as_a_link_keeps_the_link_whole() -> None:
    parts = render(file("application/zip", text="x" * 995))
    assert parts == [{"text": "x" * 995}, {"text": URL}]


@pytest.mark.parametrize(
    ("said", "pieces"),
    [
        ("", []),
        ("x" * 1000, [1000]),
        ("x" * 1001, [1000, 1]),
        ("é" * 500, [500]),
        ("é" * 501, [500, 1]),
        ("x" + "é" * 500, [500, 1]),  # 1,001 bytes; the last letter begins at byte 999
        ("語" * 334, [333, 1]),
        ("🙂" * 251, [250, 1]),
        ("x" + "🙂" * 250, [250, 1]),
        ("x" * 600 + " " + "y" * 600, [600, 600]),  # at the blank, when it is near
        ("x" * 400 + " " + "y" * 700, [1000, 101]),  # not at one that is far
        ("x" * 1000 + " " + "y", [1000, 1]),  # the blank right behind the limit
        ("x" * 600 + "\n" + "y" * 600, [600, 600]),
    ],
)
def test_a_text_is_cut_at_a_thousand_bytes(said: str, pieces: list[int]) -> None:
    assert [len(piece) for piece in split(said)] == pieces


def check(said: str, limit: int) -> None:
    pieces = split(said, limit)
    assert all(piece and len(piece.encode()) <= limit for piece in pieces)
    assert all(piece == piece.strip() for piece in pieces)
    # Only blanks at the cuts are lost: each piece is found in the text, one behind the other, blanks between them.
    at = 0
    for piece in pieces:
        found = said.index(piece, at)
        assert not said[at:found].strip()
        at = found + len(piece)
    assert not said[at:].strip()


@given(st.text(max_size=60), st.integers(4, 20))
def test_no_character_is_cut_or_lost(said: str, limit: int) -> None:
    check(said, limit)


@given(st.text(st.sampled_from(list("aé語🙂 \n\u200d\u0301")), max_size=1500))
def test_no_character_is_cut_or_lost_at_meta_s_limit(said: str) -> None:
    check(said, 1000)


@given(st.text(max_size=1200), st.lists(st.text(min_size=1, max_size=30), max_size=15))
def test_every_part_of_any_text_is_within_meta_s_limits(said: str, labels: list[str]) -> None:
    try:
        parts = render(text(said, *map(reply, labels)))
    except UnsupportedContentError:
        assert not said.strip()
        return
    for part in parts:
        assert 0 < len(part["text"].encode()) <= 1000
        assert len(part.get("quick_replies", ())) <= 13
        assert all(len(one["title"]) <= 20 for one in part.get("quick_replies", ()))
