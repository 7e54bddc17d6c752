"""Ranges, for films that are wound forward: passed on to the CDN, or cut here when it takes no notice of them."""

import pytest

from tests.instagram.house import House, Shop
from tests.media.cdn import MP4, PlayedCdn
from tests.media.support import at_meta, got, shown

TOTAL = len(MP4)

RANGES = [
    ("bytes=0-99", 0, 99),
    ("bytes=100-199", 100, 199),
    (f"bytes={TOTAL - 10}-", TOTAL - 10, TOTAL - 1),
    ("bytes=1000-", 1000, TOTAL - 1),
    ("bytes=-500", TOTAL - 500, TOTAL - 1),
    (f"bytes=5-{TOTAL * 2}", 5, TOTAL - 1),
]


@pytest.mark.parametrize("honoured", [True, False], ids=["honoured", "ignored"])
@pytest.mark.parametrize(("asked", "first", "last"), RANGES)
def test_a_range_is_answered_with_206(
    shop: Shop, house: House, meta: PlayedCdn, asked: str, first: int, last: int, honoured: bool
) -> None:
    url, name, _ = shown(shop, meta, MP4, "video", ranges=honoured)
    answer = got(house, url, range=asked)
    assert (answer.status, answer.body) == (206, MP4[first : last + 1])
    assert answer.headers["content-range"] == f"bytes {first}-{last}/{TOTAL}"
    assert answer.headers["content-length"] == str(last - first + 1)
    assert answer.headers["content-type"] == "video/mp4"  # also of one from the middle
    wanted = asked if not asked.endswith(str(TOTAL * 2)) else f"bytes=5-{TOTAL * 2}"
    assert (name, "1", wanted) in meta.fetched


def test_what_a_file_is_is_looked_up_once(shop: Shop, house: House, meta: PlayedCdn) -> None:
    url, name, _ = shown(shop, meta, MP4, "video")
    for _ in range(3):
        assert got(house, url, range="bytes=1000-1999").headers["content-type"] == "video/mp4"
    asked = [header for one, _, header in meta.fetched if one == name]
    assert asked == ["bytes=1000-1999", "bytes=0-63", "bytes=1000-1999", "bytes=1000-1999"]


@pytest.mark.parametrize("honoured", [True, False], ids=["honoured", "ignored"])
def test_416_beyond_the_end(shop: Shop, house: House, meta: PlayedCdn, honoured: bool) -> None:
    url, _, _ = shown(shop, meta, MP4, "video", ranges=honoured)
    answer = got(house, url, range=f"bytes={TOTAL}-")
    assert (answer.status, answer.headers["content-range"]) == (416, f"bytes */{TOTAL}")


@pytest.mark.parametrize("header", ["bytes=5-1", "bytes=-0", "bytes=-", "lines=1-2", "bytes=0-1,5-6", "bytes=a-b"])
def test_what_is_no_range_is_ignored(shop: Shop, house: House, meta: PlayedCdn, header: str) -> None:
    url, _, _ = shown(shop, meta, MP4, "video")
    answer = got(house, url, range=header)
    assert (answer.status, answer.body) == (200, MP4)


def test_if_range_of_another_file_gives_the_whole(shop: Shop, house: House, meta: PlayedCdn) -> None:
    url, _, _ = shown(shop, meta, MP4, "video")
    etag = got(house, url, "HEAD").headers["etag"]
    assert got(house, url, range="bytes=0-9", if_range=etag).status == 206
    assert got(house, url, range="bytes=0-9", if_range='"another"').status == 200


def test_a_range_of_a_link_that_lapsed(shop: Shop, house: House, meta: PlayedCdn) -> None:
    url, name, mid = shown(shop, meta, MP4, "video", good={"2"})
    meta.tells(mid, {"attachments": {"data": [{"id": "1", "video_data": {"url": meta.link(name, 2)}}]}})
    assert got(house, url, range="bytes=7-9").body == MP4[7:10]


def test_a_cdn_that_neither_ranges_nor_tells_lengths_gives_the_whole(shop: Shop, house: House, meta: PlayedCdn) -> None:
    url, name, _ = shown(shop, meta, MP4, "video")
    with at_meta(meta, name, ranges=False, tells_length=False):
        answer = got(house, url, range="bytes=5-9")
        assert (answer.status, answer.body) == (200, MP4)
