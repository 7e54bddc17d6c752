"""Inbound media by proxy: what our address gives, whatever Meta's link does meanwhile."""

import asyncio
import http.client
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest

from heliograph.channels.instagram.media import cdn as client
from heliograph.channels.instagram.meta import pauses
from heliograph.telemetry import metrics
from tests.instagram.house import House, Shop, new_mid, unique
from tests.instagram.meta import refused
from tests.media.cdn import MP4, PNG, PlayedCdn
from tests.media.support import attachment, got, shown
from tests.simulator.support import eventually


def test_the_wire_has_our_address_which_gives_the_file(shop: Shop, house: House, meta: PlayedCdn) -> None:
    url, name, _ = shown(shop, meta)
    assert url.startswith(f"{house.url}/sc/media/v2/messages/")
    (event,) = shop.events("message")
    assert event["payload"]["message"]["content"] == {"type": "image", "mediaUrl": url, "mediaType": "image/jpeg"}
    assert meta.fetched == [] or meta.fetched[-1][0] != name  # nobody looked on the way in
    answer = got(house, url)
    assert (answer.status, answer.body) == (200, PNG)
    assert answer.headers["content-type"] == "image/png"  # what the bytes say, not Meta and not the webhook
    assert answer.headers["content-length"] == str(len(PNG))
    assert answer.headers["content-disposition"] == 'inline; filename="image.png"'
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert answer.headers["cache-control"] == "private, max-age=300"


@pytest.mark.parametrize(
    ("kind", "body", "declared", "served", "where"),
    [
        ("video", MP4, "text/html", "video/mp4", "inline"),
        ("audio", MP4, "video/mp4", "audio/mp4", "inline"),
        ("image", b"<script>alert(1)</script>" * 9, "image/png", "application/octet-stream", "attachment"),
        ("file", b"%PDF-1.7 ...", "text/html", "application/pdf", "attachment"),
        ("file", b"<html><script>", "text/html", "application/octet-stream", "attachment"),
        ("image", b"GIF89a", "image/jpeg", "image/gif", "inline"),
    ],
)
def test_a_file_is_what_its_bytes_say(
    shop: Shop, house: House, meta: PlayedCdn, kind: str, body: bytes, declared: str, served: str, where: str
) -> None:
    url, _, _ = shown(shop, meta, body, kind, declared=declared)
    answer = got(house, url)
    assert (answer.status, answer.body, answer.headers["content-type"]) == (200, body, served)
    assert answer.headers["content-disposition"].startswith(where)


def test_several_pictures_have_an_address_each(shop: Shop, house: House, meta: PlayedCdn) -> None:
    person, names = unique("58"), [unique("18") for _ in range(3)]
    links = [meta.put(name, PNG + name.encode()) for name in names]
    item = {"mid": new_mid(), "attachments": [attachment("image", link) for link in links]}
    shop.given(shop.item(person, message=item))
    urls = [message["content"]["mediaUrl"] for message in shop.messages(person)]
    assert [got(house, url).body for url in urls] == [PNG + name.encode() for name in names]


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_link_that_lapsed_is_read_anew_once_and_kept(shop: Shop, house: House, meta: PlayedCdn, status: int) -> None:
    url, name, mid = shown(shop, meta, good={"2"}, lapsed_status=status)
    meta.pictures(mid, meta.link(name, 2))
    assert got(house, url).body == PNG
    assert got(house, url).body == PNG
    assert meta.times_read(mid) == 1
    assert [number for one, number, _ in meta.fetched if one == name] == ["1", "2", "2"]
    assert house.value("select url from media where mid = $1", mid) == meta.link(name, 2)


def test_many_viewers_at_once_share_one_fresh_link(shop: Shop, house: House, meta: PlayedCdn) -> None:
    url, name, mid = shown(shop, meta, good={"2"})
    meta.pictures(mid, meta.link(name, 2))
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: got(house, url), range(8)))
    assert {answer.status for answer in answers} == {200}
    assert meta.times_read(mid) == 1


@pytest.mark.parametrize(
    "told",
    [refused(9000001), refused(100, 33), {"attachments": {"data": []}}, {"attachments": {"data": [{"id": "1"}]}}, {}],
)
def test_410_and_no_hammering_when_meta_has_it_no_more(shop: Shop, house: House, meta: PlayedCdn, told: Any) -> None:
    url, name, mid = shown(shop, meta, good=set())
    meta.tells(mid, told)
    first = got(house, url)
    assert (first.status, first.json["errors"][0]["code"]) == (410, "gone")
    assert "no more" in first.json["errors"][0]["title"]
    assert first.headers["cache-control"] == "no-store"
    assert {got(house, url).status for _ in range(5)} == {410}
    assert meta.times_read(mid) == 1
    assert len([one for one in meta.fetched if one[0] == name]) == 1


def test_a_fresh_link_that_does_not_work_either_is_not_asked_for_again(
    shop: Shop, house: House, meta: PlayedCdn
) -> None:
    url, name, mid = shown(shop, meta, good=set())
    meta.pictures(mid, meta.link(name, 2))
    assert [got(house, url).status for _ in range(3)] == [410, 410, 410]
    assert meta.times_read(mid) == 1


@pytest.mark.parametrize(
    ("told", "advice"),
    [
        (refused(2, status=500), "just now"),
        (refused(4, status=403), "just now"),
        (refused(190, 460), "pageAccessToken"),
        (refused(10, status=403), "permission"),
    ],
)
def test_503_when_meta_cannot_tell_just_now(shop: Shop, house: House, meta: PlayedCdn, told: Any, advice: str) -> None:
    url, _, mid = shown(shop, meta, good=set())
    meta.tells(mid, told)
    answer = got(house, url)
    assert answer.status == 503
    assert advice in answer.json["errors"][0]["title"]
    assert int(answer.headers["retry-after"]) >= 1


def test_an_account_that_is_connected_no_more_shows_what_still_works_and_410_after(
    shop: Shop, house: House, meta: PlayedCdn
) -> None:
    url, name, mid = shown(shop, meta)
    house.execute("delete from integrations where id = $1", shop.integration_id)
    assert got(house, url).status == 200
    meta.files[name].good.clear()
    assert got(house, url).status == 410
    assert meta.times_read(mid) == 0


def test_unsent_is_gone_at_once(shop: Shop, house: House, meta: PlayedCdn) -> None:
    url, _, mid = shown(shop, meta)
    shop.given(shop.item(unique("58"), message={"mid": mid, "is_deleted": True}))
    assert got(house, url).status == 410
    assert house.rows("select 1 from media where mid = $1", mid) == []


def test_a_deleted_message_takes_its_file_along(shop: Shop, house: House, meta: PlayedCdn) -> None:
    url, _, mid = shown(shop, meta)
    (row,) = house.rows("select m.id, conversation_id from messages m where m.app_id = $1", shop.app_id)
    path = f"/v2/apps/{shop.app_id}/conversations/{row['conversation_id']}/messages/{row['id']}"
    house.api("DELETE", path)
    assert got(house, url).status == 410
    assert house.rows("select 1 from media where mid = $1", mid) == []


def test_a_deleted_user_takes_all_along(shop: Shop, house: House, meta: PlayedCdn) -> None:
    url, _, mid = shown(shop, meta)
    user = house.value("select id from users where app_id = $1", shop.app_id)
    house.api("DELETE", f"/v2/apps/{shop.app_id}/users/{user}")
    eventually(lambda: not house.rows("select 1 from media where mid = $1", mid))
    assert got(house, url).status == 410


def test_mode_link_gives_metas_own(house: House, meta: PlayedCdn) -> None:
    shop = house.shop(media_mode="link")
    url, name, mid = shown(shop, meta)
    assert url == meta.link(name)
    assert house.rows("select 1 from media where mid = $1", mid) == []


def test_only_get_and_head(shop: Shop, house: House, meta: PlayedCdn) -> None:
    url, _, _ = shown(shop, meta)
    answer = got(house, url, "POST")
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")


def test_head_tells_all_and_fetches_next_to_nothing(shop: Shop, house: House, meta: PlayedCdn) -> None:
    url, name, _ = shown(shop, meta)
    answer = got(house, url, "HEAD")
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["content-length"] == str(len(PNG))
    assert answer.headers["content-type"] == "image/png"
    assert [asked for one, _, asked in meta.fetched if one == name] == ["bytes=0-63"]


def test_unchanged_costs_meta_nothing(shop: Shop, house: House, meta: PlayedCdn) -> None:
    url, _, _ = shown(shop, meta)
    etag = got(house, url).headers["etag"]
    before = len(meta.fetched)
    assert got(house, url, if_none_match=etag).status == 304
    assert len(meta.fetched) == before


def test_a_viewer_who_leaves_takes_the_connection_to_the_cdn_along(shop: Shop, house: House, meta: PlayedCdn) -> None:
    url, name, _ = shown(shop, meta)
    meta.files[name].holds = asyncio.Event()
    left = metrics.MEDIA_SERVED.labels("left")._value.get()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(_leaves_after_some, house, url)
        waiting.result(20)
    eventually(lambda: metrics.MEDIA_SERVED.labels("left")._value.get() > left)
    house.loop.loop.call_soon_threadsafe(meta.files[name].holds.set)
    eventually(lambda: meta.streams == 0)


def _leaves_after_some(house: House, url: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", house.port, timeout=10)
    connection.request("GET", urlsplit(url).path)
    answer = connection.getresponse()
    assert answer.read(1000) == PNG[:1000]
    connection.close()


def test_while_bytes_flow_nothing_of_the_database_is_held(shop: Shop, house: House, meta: PlayedCdn) -> None:
    url, name, _ = shown(shop, meta)
    meta.files[name].holds = asyncio.Event()
    with ThreadPoolExecutor(12) as pool:
        viewers = [pool.submit(got, house, url) for _ in range(12)]  # more than the pool has connections
        eventually(lambda: meta.streams == 12)
        pool_of_house = house.database.pool
        # One connection listens for the lanes.
        eventually(lambda: pool_of_house.get_size() - pool_of_house.get_idle_size() <= 1)
        house.loop.loop.call_soon_threadsafe(meta.files[name].holds.set)
        assert {viewer.result(20).body for viewer in viewers} == {PNG}


def test_a_file_that_ends_before_its_end_is_not_taken_for_whole(shop: Shop, house: House, meta: PlayedCdn) -> None:
    url, _, _ = shown(shop, meta, ends_early=True)
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        got(house, url)


@pytest.mark.parametrize("status", [429, 500, 503, 206])
def test_a_cdn_in_trouble_is_503_and_left_alone_for_a_while(
    shop: Shop, house: House, meta: PlayedCdn, status: int
) -> None:
    url, name, mid = shown(shop, meta, status=status)
    assert [got(house, url).status for _ in range(3)] == [503, 503, 503]
    assert len([one for one in meta.fetched if one[0] == name]) == 1
    assert meta.times_read(mid) == 0


def test_an_encoding_that_nobody_asked_for_is_refused(shop: Shop, house: House, meta: PlayedCdn) -> None:
    url, _, _ = shown(shop, meta, encoding="gzip")
    assert got(house, url).status == 503


def test_a_silent_cdn_is_given_up(shop: Shop, house: House, meta: PlayedCdn, monkeypatch: pytest.MonkeyPatch) -> None:
    url, name, _ = shown(shop, meta)
    house.loop.run(house.channel._files.cdn.close())
    monkeypatch.setattr(client, "SILENCE_SECONDS", 0.2)
    meta.files[name].body = b""  # nothing comes: not even the first bytes
    meta.files[name].tells_length = False
    meta.files[name].holds = asyncio.Event()
    try:
        assert got(house, url).status == 503
    finally:
        house.loop.run(house.channel._files.cdn.close())
        house.loop.loop.call_soon_threadsafe(meta.files[name].holds.set)


def test_no_more_than_so_many_at_once(
    shop: Shop, house: House, meta: PlayedCdn, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, name, _ = shown(shop, meta)
    meta.files[name].holds = asyncio.Event()
    monkeypatch.setattr(house.channel.media, "_places", asyncio.Semaphore(1))
    monkeypatch.setattr("heliograph.channels.instagram.media.proxy.PLACE_SECONDS", 0.05)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(got, house, url)
        eventually(lambda: meta.streams == 1)
        second = got(house, url)
        assert (second.status, "retry-after" in second.headers) == (503, True)
        house.loop.loop.call_soon_threadsafe(meta.files[name].holds.set)
        assert first.result(20).body == PNG


@pytest.mark.parametrize("told", [pauses.Stop("account:{}", "code 613"), pauses.Stop("account:{}", "97 %", 3600.0)])
def test_a_paused_account_is_not_asked_for_fresh_links(
    shop: Shop, house: House, meta: PlayedCdn, told: pauses.Stop
) -> None:
    url, name, mid = shown(shop, meta, good=set())
    meta.pictures(mid, meta.link(name, 2))
    stop = replace(told, subject=told.subject.format(shop.account))

    async def pause() -> None:
        async with house.database.transaction() as connection:
            await pauses.pause(connection, [stop])

    house.loop.run(pause())
    answer = got(house, url)
    assert (answer.status, meta.times_read(mid)) == (503, 0)
    assert int(answer.headers["retry-after"]) > 20


def test_fresh_links_go_at_the_pace_that_all_processes_share(shop: Shop, house: House, meta: PlayedCdn) -> None:
    """Backfill, or another process, has just made the calls of this moment."""
    url, name, mid = shown(shop, meta, good=set())
    meta.pictures(mid, meta.link(name, 2))
    house.execute("insert into instagram_paces values ($1, 'conversations', now() + interval '1 h')", shop.account)
    assert (got(house, url).status, meta.times_read(mid)) == (503, 0)


def test_a_limit_that_a_fresh_link_meets_pauses_the_account(shop: Shop, house: House, meta: PlayedCdn) -> None:
    url, _, mid = shown(shop, meta, good=set())
    meta.tells(mid, refused(613, 2534040))
    answer = got(house, url)
    assert (answer.status, int(answer.headers["retry-after"]) > 20) == (503, True)
    assert 20 < house.loop.run(pauses.standing(house.database, shop.account)).seconds <= 30
