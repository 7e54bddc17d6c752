"""Stories: looked at while they live, kept nowhere (Meta reference 5.4)."""

from typing import Any

import pytest

from tests.instagram.house import House, Shop, new_mid, unique
from tests.media.cdn import PNG, PlayedCdn
from tests.media.support import attachment, got
from tests.simulator.support import eventually


@pytest.fixture(params=["proxy", "store"])
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def shop(house: House, mode: str) -> Shop:
    return house.shop(media_mode=mode)


def answered(shop: Shop, meta: PlayedCdn, **how: Any) -> tuple[dict[str, Any], str, str]:
    """A person answers a story: the metadata of their message, the story's name at the CDN, the mid."""
    person, name, mid = unique("58"), unique("18"), new_mid()
    link = meta.put(name, **how)
    shop.given(shop.text(person, "Lovely", mid, reply_to={"story": {"url": link, "id": "17"}}))
    (message,) = shop.messages(person)
    return message["metadata"], name, mid


def test_an_answer_to_a_story_has_metas_link_and_an_address_of_ours(shop: Shop, house: House, meta: PlayedCdn) -> None:
    metadata, name, _ = answered(shop, meta)
    assert metadata["instagram.storyUrl"] == meta.link(name)
    assert metadata["instagram.storyId"] == "17"
    answer = got(house, metadata["instagram.storyMediaUrl"])
    assert (answer.status, answer.body) == (200, PNG)
    assert answer.headers["cache-control"] == "no-store"
    assert "etag" not in answer.headers


def test_a_mention_keeps_its_link_and_has_an_address_beside_it(shop: Shop, house: House, meta: PlayedCdn) -> None:
    person, name, mid = unique("58"), unique("18"), new_mid()
    link = meta.put(name, good={"2"})
    shop.given(shop.item(person, message={"mid": mid, "attachments": [attachment("story_mention", link)]}))
    (event,) = shop.events("create")
    referral = event["payload"]["referral"]
    assert (referral["code"], referral["url"]) == (link, link)
    meta.tells(mid, {"story": {"mention": {"link": meta.link(name, 2), "id": "17"}}})
    answer = got(house, referral["mediaUrl"])
    assert (answer.status, answer.headers["cache-control"]) == (200, "no-store")


def test_a_story_that_ended_is_410(shop: Shop, house: House, meta: PlayedCdn) -> None:
    metadata, name, mid = answered(shop, meta)
    meta.files[name].good.clear()
    meta.tells(mid, {})
    assert got(house, metadata["instagram.storyMediaUrl"]).status == 410


def test_a_story_is_never_stored(shop: Shop, house: House, meta: PlayedCdn) -> None:
    metadata, _, _ = answered(shop, meta)
    person, mid = unique("58"), new_mid()
    link = meta.put(unique("18"))
    shop.given(shop.item(person, message={"mid": mid, "attachments": [attachment("story_mention", link)]}))
    assert house.rows("select 1 from lanes where kind = 'media' and grp = $1", shop.integration_id) == []
    assert got(house, metadata["instagram.storyMediaUrl"]).status == 200
    assert house.rows("select 1 from attachments where app_id = $1", shop.app_id) == []


def test_a_mention_that_is_taken_back_takes_its_address_along(shop: Shop, house: House, meta: PlayedCdn) -> None:
    person, mid = unique("58"), new_mid()
    link = meta.put(unique("18"))
    shop.given(shop.item(person, message={"mid": mid, "attachments": [attachment("story_mention", link)]}))
    (event,) = shop.events("create")
    shop.given(shop.item(person, message={"mid": mid, "is_deleted": True}))
    assert got(house, event["payload"]["referral"]["mediaUrl"]).status == 410


def test_a_mention_goes_with_its_user(shop: Shop, house: House, meta: PlayedCdn) -> None:
    person, mid = unique("58"), new_mid()
    link = meta.put(unique("18"))
    shop.given(shop.item(person, message={"mid": mid, "attachments": [attachment("story_mention", link)]}))
    (event,) = shop.events("create")
    house.api("DELETE", f"/v2/apps/{shop.app_id}/users/{event['payload']['user']['id']}")
    eventually(lambda: not house.rows("select 1 from media where mid = $1", mid))
    assert got(house, event["payload"]["referral"]["mediaUrl"]).status == 410
