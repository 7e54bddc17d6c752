"""Which link in what Meta tells of a mid is the fresh one (Meta reference 5.2)."""

from typing import Any

import pytest

from heliograph.channels.instagram.media.fresh import link_in


def link(asset: str, signature: str = "new") -> str:
    return f"https://lookaside.fbsbx.com/ig_messaging_cdn/?asset_id={asset}&signature={signature}"


def pictures(*assets: str) -> dict[str, Any]:
    return {"attachments": {"data": [{"id": "1", "image_data": {"url": link(one), "width": 1}} for one in assets]}}


STORY = {"reply_to": {"link": link("9"), "id": "1"}}

CASES: dict[str, tuple[dict[str, Any], str, int, str, str | None]] = {
    "the same asset": (pictures("7", "8"), "image", 0, "8", "8"),
    "by its place when assets have new ids": (pictures("7", "8"), "image", 1, "1", "8"),
    "a film": ({"attachments": {"data": [{"video_data": {"url": link("7")}}]}}, "video", 0, "1", "7"),
    "a voice note": ({"attachments": {"data": [{"file_url": link("7")}]}}, "audio", 0, "1", "7"),
    "a share": ({"shares": {"data": [{"link": link("7")}]}}, "share", 0, "1", "7"),
    "a story that was answered": ({"story": STORY}, "story", 0, "9", "9"),
    "a story by its place": ({"story": STORY}, "story", 0, "1", "9"),
    "a mention": ({"story": {"mention": {"link": link("9")}}}, "story", 0, "1", "9"),
    "a story is no attachment": (pictures("7"), "story", 0, "1", None),
    "an attachment is no story": ({"story": STORY}, "image", 0, "1", None),
    "fewer than there were": (pictures("7"), "image", 1, "1", None),
    "nothing": ({}, "image", 0, "1", None),
    "odd": ({"attachments": {"data": ["x", {"image_data": 5}]}, "shares": [], "story": "x"}, "image", 0, "1", None),
    "odd story": ({"story": {"mention": {"link": 7}}}, "story", 0, "1", None),
}


@pytest.mark.parametrize("name", CASES)
def test_the_fresh_link_is(name: str) -> None:
    answer, kind, position, asset, found = CASES[name]
    assert link_in(answer, kind, position, link(asset, "old")) == (found and link(found))
