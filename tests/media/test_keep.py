"""``mediaMode: store``: a copy as long as its message is there, and not a moment longer."""

import asyncio
import hashlib
from typing import Any

import pytest

from heliograph.channels.instagram.media import keep
from heliograph.lanes import LaneWorkers
from heliograph.messaging.erase import EraseWorker
from tests.instagram.house import House, Shop, unique
from tests.instagram.meta import refused
from tests.media.cdn import MP4, PNG, PlayedCdn
from tests.media.support import got, shown
from tests.simulator.support import eventually


@pytest.fixture
def shop(house: House) -> Shop:
    return house.shop(media_mode="store")


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keep, "PAUSES", (0.01, 0.01))


def copies(shop: Shop) -> list[dict[str, Any]]:
    return shop.house.rows("select * from attachments where app_id = $1 and size is not null", shop.app_id)


def settled(shop: Shop) -> None:
    """Wait until nothing is to be copied any more."""
    lanes = "select 1 from lanes where kind = 'media' and grp = $1"
    eventually(lambda: not shop.house.rows(lanes, shop.integration_id))


def nothing_left(shop: Shop) -> bool:
    return not shop.house.rows(
        "select 1 from attachments a left join attachment_pieces p on p.attachment_id = a.id where a.app_id = $1",
        shop.app_id,
    )


def test_a_copy_is_served_when_meta_has_the_file_no_more(shop: Shop, house: House, meta: PlayedCdn) -> None:
    url, name, mid = shown(shop, meta, MP4, "video")
    settled(shop)
    (copy,) = copies(shop)
    assert (copy["media_type"], copy["size"]) == ("video/mp4", len(MP4))
    meta.files[name].good.clear()
    fetched = len(meta.fetched)
    answer = got(house, url)
    assert (answer.status, hashlib.sha256(answer.body).digest()) == (200, hashlib.sha256(MP4).digest())
    part = got(house, url, range=f"bytes=262000-{262000 + 999}")  # across two pieces
    assert (part.status, part.body) == (206, MP4[262000:263000])
    assert part.headers["content-range"] == f"bytes 262000-262999/{len(MP4)}"
    assert got(house, url, range=f"bytes={len(MP4)}-").status == 416
    assert got(house, url, "HEAD").headers["content-length"] == str(len(MP4))
    assert (len(meta.fetched), meta.times_read(mid)) == (fetched, 0)


def test_the_stored_message_then_tells_the_true_type_and_size(shop: Shop, house: House, meta: PlayedCdn) -> None:
    url, _, _ = shown(shop, meta, PNG)
    settled(shop)
    (message,) = shop.messages()
    assert message["content"] == {"type": "image", "mediaUrl": url, "mediaType": "image/png", "mediaSize": len(PNG)}


def test_a_link_that_lapsed_before_it_was_copied_is_read_anew(shop: Shop, house: House, meta: PlayedCdn) -> None:
    name, mid = unique("18"), unique("mid")
    link = meta.put(name, good={"2"})
    meta.pictures(mid, meta.link(name, 2))
    item = {"mid": mid, "attachments": [{"type": "image", "payload": {"url": link}}]}
    shop.given(shop.item(unique("58"), message=item))
    settled(shop)
    assert len(copies(shop)) == 1


@pytest.mark.parametrize(
    "how",
    [
        {"status": 500},
        {"ends_early": True},
        {"body": b""},
        {"good": set()},
        {"body": b"x" * 3000},
    ],
)
def test_what_cannot_be_copied_leaves_nothing_half_done(
    shop: Shop, house: House, meta: PlayedCdn, monkeypatch: pytest.MonkeyPatch, how: dict[str, Any]
) -> None:
    monkeypatch.setattr(keep, "LARGEST_COPY", 2000)
    url, _, _ = shown(shop, meta, **{"body": b"y" * 1000, "tells_length": False} | how)
    settled(shop)
    assert nothing_left(shop)
    (message,) = shop.messages()
    assert (message["content"]["mediaUrl"], message["content"].get("mediaSize")) == (url, None)  # by proxy, as before


def test_trouble_that_passes_is_tried_again(shop: Shop, house: House, meta: PlayedCdn) -> None:
    name = unique("18")
    mid = unique("mid")
    link = meta.put(name, good=set())
    meta.tells(mid, refused(2, status=500))
    item = {"mid": mid, "attachments": [{"type": "image", "payload": {"url": link}}]}
    shop.given(shop.item(unique("58"), message=item))
    settled(shop)
    assert copies(shop) == []
    assert len([one for one in meta.fetched if one[0] == name]) == 3  # at once, and after each of the two pauses


def test_unsent_takes_the_copy_along(shop: Shop, house: House, meta: PlayedCdn) -> None:
    url, _, mid = shown(shop, meta)
    settled(shop)
    assert len(copies(shop)) == 1
    shop.given(shop.item(unique("58"), message={"mid": mid, "is_deleted": True}))
    assert nothing_left(shop)
    assert got(house, url).status == 410


def test_unsent_while_it_is_being_copied_leaves_nothing(shop: Shop, house: House, meta: PlayedCdn) -> None:
    name, mid = unique("18"), unique("mid")
    link = meta.put(name, MP4)
    meta.files[name].holds = asyncio.Event()
    item = {"mid": mid, "attachments": [{"type": "video", "payload": {"url": link}}]}
    shop.given(shop.item(unique("58"), message=item))
    begun = "select 1 from attachment_pieces p join attachments a on a.id = p.attachment_id where a.app_id = $1"
    eventually(
        lambda: house.rows(
            begun.replace("attachment_pieces p join attachments a on a.id = p.attachment_id", "attachments a"),
            shop.app_id,
        )
    )
    shop.given(shop.item(unique("58"), message={"mid": mid, "is_deleted": True}))
    house.loop.loop.call_soon_threadsafe(meta.files[name].holds.set)
    settled(shop)
    assert nothing_left(shop)


@pytest.mark.parametrize("what", ["message", "messages", "user"])
def test_whatever_is_deleted_takes_the_copy_along(shop: Shop, house: House, meta: PlayedCdn, what: str) -> None:
    url, _, _ = shown(shop, meta)
    settled(shop)
    (row,) = house.rows("select id, conversation_id, user_id from messages where app_id = $1", shop.app_id)
    base = f"/v2/apps/{shop.app_id}"
    path = {
        "message": f"{base}/conversations/{row['conversation_id']}/messages/{row['id']}",
        "messages": f"{base}/conversations/{row['conversation_id']}/messages",
        "user": f"{base}/users/{row['user_id']}",
    }[what]
    house.api("DELETE", path)
    eventually(lambda: nothing_left(shop))
    assert got(house, url).status == 410


def test_a_deleted_app_takes_all_along(shop: Shop, house: House, meta: PlayedCdn) -> None:
    shown(shop, meta)
    settled(shop)
    house.api("DELETE", f"/v2/apps/{shop.app_id}")
    erasing = LaneWorkers(house.database, [EraseWorker(house.database, grace=0).kind()], poll_seconds=0.05)

    async def start() -> None:
        erasing.start()

    house.loop.run(start())
    try:
        eventually(lambda: nothing_left(shop))
        left = "select 1 from media where app_id = $1"
        eventually(lambda: not house.rows(left, shop.app_id))
    finally:
        house.loop.run(erasing.stop())


def test_a_switch_to_proxy_before_the_copy_is_made_counts(shop: Shop, house: House, meta: PlayedCdn) -> None:
    url, _, _ = shown(shop, meta)
    settled(shop)
    house.execute("update instagram_accounts set media_mode = 'proxy' where integration_id = $1", shop.integration_id)
    other, _, _ = shown(shop, meta)
    settled(shop)
    assert len(copies(shop)) == 1
    assert {got(house, one).status for one in (url, other)} == {200}
