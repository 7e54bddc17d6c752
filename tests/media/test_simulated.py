"""With the simulated Meta: links lapse, stories end, and what a person sent is sent on."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.instagram.house import House, Shop
from tests.instagram.owner import Owner
from tests.media.cdn import PNG
from tests.media.support import got
from tests.simulator.support import Simulator, eventually


@pytest.fixture(autouse=True)
def _real_time(simulator: Simulator) -> Iterator[None]:
    yield
    simulator.control("/clock", 200, offset_seconds=0)


def sent(owner: Owner, shop: Shop, person: str, **more: Any) -> str:
    """A person sends a picture; our address of it."""
    upload = owner.simulator.call("POST", "/_simulator/uploads", PNG, headers={"Content-Type": "image/png"})
    owner.acts(person, "messages", attachments=[{"type": "image", "url": upload.json["url"]}], **more)
    (message,) = eventually(lambda: shop.messages(person))
    return str(message["content"]["mediaUrl"])


def test_a_picture_outlives_its_links(owner: Owner, town: House) -> None:
    shop, made = owner.connect()
    assert made["mediaMode"] == "proxy"
    url = sent(owner, shop, owner.customer())
    assert got(town, url).body == PNG
    owner.simulator.control("/media/lapse", 200)
    assert got(town, url).body == PNG
    assert got(town, url, range="bytes=10-19").body == PNG[10:20]  # its CDN knows no ranges


def test_a_picture_of_months_ago_is_gone_when_meta_tells_of_it_no_more(owner: Owner, town: House) -> None:
    shop, _ = owner.connect()
    person = owner.customer()
    url = sent(owner, shop, person)
    for number in range(20):  # only the youngest 20 of a thread are told (5.2)
        owner.says(person, f"more {number}")
    owner.simulator.control("/media/lapse", 200)
    answer = got(town, url)
    assert (answer.status, answer.json["errors"][0]["code"]) == (410, "gone")


def test_unsent_in_the_app_is_gone_here(owner: Owner, town: House) -> None:
    shop, _ = owner.connect()
    person = owner.customer()
    url = sent(owner, shop, person)
    owner.simulator.control("/unsend", 200, mid=shop.messages(person)[0]["source"]["originalMessageId"])
    eventually(lambda: got(town, url).status == 410)


def test_a_story_can_be_looked_at_while_it_lives(owner: Owner, town: House) -> None:
    shop, _ = owner.connect(mediaMode="store")
    person = owner.customer()
    story = owner.simulator.control(f"/accounts/{owner.account}/stories")
    owner.says(person, "Lovely", story_id=story["id"])
    (message,) = eventually(lambda: shop.messages(person))
    url = message["metadata"]["instagram.storyMediaUrl"]
    assert (got(town, url).status, got(town, url).headers["content-type"]) == (200, "image/png")
    owner.simulator.control("/clock", 200, advance_seconds=25 * 3600)
    assert got(town, url).status == 410
    assert town.rows("select 1 from attachments where app_id = $1", shop.app_id) == []


def test_a_picture_that_a_person_sent_can_be_sent_on(owner: Owner, town: House) -> None:
    shop, _ = owner.connect()
    one, other = owner.customer(), owner.customer()
    owner.says(other, "And for me?")
    url = sent(owner, shop, one)
    eventually(lambda: shop.messages(other))
    message = shop.post(other, {"type": "image", "mediaUrl": url})
    eventually(lambda: shop.outcome(message) == ["channel", "user"])
    (shown,) = [one for one in owner.thread(other) if one["from"] == "business"]
    assert shown["attachments"][0]["type"] == "image"


def test_sending_on_what_is_gone_fails_and_says_so(owner: Owner, town: House) -> None:
    shop, _ = owner.connect()
    one, other = owner.customer(), owner.customer()
    owner.says(other, "And for me?")
    url = sent(owner, shop, one)
    eventually(lambda: shop.messages(other))
    owner.simulator.control("/unsend", 200, mid=shop.messages(one)[0]["source"]["originalMessageId"])
    eventually(lambda: got(town, url).status == 410)
    error = shop.failure(shop.post(other, {"type": "image", "mediaUrl": url}), seconds=60)
    assert error["code"] == "media_rejected"


def test_a_profile_picture_is_served(owner: Owner, town: House) -> None:
    shop, _ = owner.connect()
    person = owner.customer()
    owner.says(person, "Hello")
    (message,) = eventually(lambda: shop.messages(person))
    answer = got(town, message["author"]["avatarUrl"])
    assert (answer.status, answer.headers["content-type"]) == (200, "image/png")
