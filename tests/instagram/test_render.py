"""Sunshine content to the parts that Meta gets, within Meta's limits (Meta reference 2.1)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heliograph.channels.instagram.sending.render import MediaRefusedError, UnsupportedContentError, render, split
from tests.instagram.contents import (
    URL,
    attachment,
    buttons,
    file,
    link,
    postback,
    quick,
    reply,
    tap,
    text,
    web_url,
)


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        (text("Hi"), [{"text": "Hi"}]),
        (text("  Hi \n"), [{"text": "Hi"}]),
        (text("Size?", reply("S"), reply("M")), [{"text": "Size?", "quick_replies": [quick("S"), quick("M")]}]),
        (text("See", link()), [buttons("See", web_url())]),
        (text("See", postback(), link()), [buttons("See", tap(), web_url())]),
        # buttons need a text: their labels, when there is none
        (text(None, link(), postback()), [buttons("Shop\nMore", web_url(), tap())]),
        (text(None, reply("S"), reply("M")), [{"text": "S\nM", "quick_replies": [quick("S"), quick("M")]}]),
        (
            text("See", {"type": "webview", "text": "Book", "uri": "x:1", "fallback": URL}),
            [buttons("See", web_url("Book"))],
        ),
        (text("See", {"type": "buy", "text": "Buy", "amount": 100}), [{"text": "See\nBuy"}]),
        (
            text("See", {"type": "buy", "text": "Buy", "amount": 1050, "currency": "usd"}),
            [{"text": "See\nBuy: 10.50 USD"}],
        ),
        (text("See", {"type": "locationRequest", "text": "Where?"}), [{"text": "See\nWhere?"}]),
        # an address that no button opens
        (text("Call", link("Call us", "tel:+1555")), [{"text": "Call\nCall us: tel:+1555"}]),
        (text("See", link("", URL)), [{"text": f"See\n{URL}"}]),
        # of more than three, the postbacks: a link is of use as a line too
        (
            text("See", link("1"), link("2"), postback("3"), link("4")),
            [buttons(f"See\n4: {URL}", web_url("1"), web_url("2"), tap("3"))],
        ),
        (
            text("See", link("1"), *(postback(str(number)) for number in (2, 3, 4, 5))),
            [buttons(f"See\n1: {URL}\n5", tap("2"), tap("3"), tap("4"))],
        ),
        (
            text("See", reply("Yes"), link(), reply("No")),
            [{"text": f"See\nShop: {URL}", "quick_replies": [quick("Yes"), quick("No")]}],
        ),
        (
            text("See", reply("Yes"), postback(), link()),
            [buttons("See", tap(), web_url()), {"text": "Yes", "quick_replies": [quick("Yes")]}],
        ),
        # what is cut on a button stands in the text in full
        (
            text("Which?", reply("Extra large with long sleeves")),
            [
                {
                    "text": "Which?\nExtra large with long sleeves",
                    "quick_replies": [quick("Extra large with lo…")],
                }
            ],
        ),
        # a payload that does not fit would come back as another one
        (text("See", reply("S", "p" * 1001), reply("M")), [{"text": "See\nS", "quick_replies": [quick("M")]}]),
        (text("See", postback("More", "p" * 1001)), [{"text": "See\nMore"}]),
        (text("See", reply("S", "")), [{"text": "See", "quick_replies": [quick("S", "S")]}]),
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
        ({"type": "template", "template": {}}, 'cannot take "template". Templates are WhatsApp\'s'),
        ({"type": "formResponse", "fields": []}, 'cannot take "formResponse"'),
        ({"type": "hologram"}, 'cannot take "hologram"'),
        (text(""), "nothing that Instagram can show"),
        (text(" \n\u3000 "), "nothing that Instagram can show"),
        (text(), "nothing that Instagram can show"),
    ],
)
def test_what_cannot_be_shown_is_refused_with_the_reason(content: dict[str, Any], why: str) -> None:
    with pytest.raises(UnsupportedContentError, match=why):
        render(content)


def test_at_most_thirteen_quick_replies_of_twenty_characters_the_others_as_lines() -> None:
    (part,) = render(text("?", *(reply(f"{number:02d}" + "é" * 20) for number in range(20))))
    assert [one["title"] for one in part["quick_replies"]] == [f"{number:02d}" + "é" * 17 + "…" for number in range(13)]
    assert set(part["text"].splitlines()) == {"?", *(f"{number:02d}" + "é" * 20 for number in range(20))}


def test_buttons_stand_below_the_end_of_a_text_that_is_too_long_for_them() -> None:
    *before, last = render(text("word " * 150, postback()))
    payload = last["attachment"]["payload"]
    assert len(payload["text"].encode()) <= 640
    assert [part["text"] for part in before] + [payload["text"]] == [" ".join(["word"] * 128), " ".join(["word"] * 22)]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (
            {"type": "image", "mediaUrl": URL, "mediaType": "image/png", "mediaSize": 8 * 1024**2 + 1},
            "takes at most 8388608",
        ),
        ({"type": "image", "mediaUrl": URL, "mediaType": "image/webp", "mediaSize": 10}, "this one is image/webp"),
        (file("video/mp4", mediaSize=25 * 1024**2 + 1), "takes at most 26214400"),
        (file("application/pdf", mediaSize=25 * 1024**2 + 1), "takes at most 26214400"),
    ],
)
def test_a_file_that_is_stored_here_and_too_much_for_meta_fails_at_once(content: dict[str, Any], why: str) -> None:
    with pytest.raises(MediaRefusedError, match=why):
        render(content)


@pytest.mark.parametrize(
    "content",
    [
        {"type": "image", "mediaUrl": URL, "mediaType": "image/png", "mediaSize": 8 * 1024**2},
        {"type": "image", "mediaUrl": URL, "mediaType": "image/webp"},  # of others Meta itself finds out what they are
        file("video/mp4", mediaSize=25 * 1024**2),
        file("application/zip", mediaSize=50 * 1024**2),  # goes as a link
    ],
)
def test_a_file_that_may_pass_is_sent(content: dict[str, Any]) -> None:
    assert render(content)


def test_quick_replies_stand_on_the_last_part_only() -> None:
    parts = render(text("word " * 500, reply("S")))
    assert len(parts) == 3
    assert ["quick_replies" in part for part in parts] == [False, False, True]


def test_action_lines_are_split_with_the_text() -> None:
    parts = render(text("x" * 995, reply("S"), link()))
    assert parts == [{"text": "x" * 995}, {"text": f"Shop: {URL}", "quick_replies": [quick("S")]}]


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
