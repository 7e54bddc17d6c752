"""What the usage headers of Meta's answers tell is obeyed (Meta reference 3.3)."""

import json
from typing import Any

import pytest

from heliograph.channels.instagram.meta.pace import LIMITS, SLOW, Kind
from heliograph.telemetry import metrics
from tests.instagram.house import House, Shop, new_mid
from tests.instagram.meta import PlayedMeta, accepted, refused
from tests.instagram.test_pauses import over, sibling, standing, waits
from tests.simulator.support import eventually

pytestmark = pytest.mark.usefixtures("not_set_aside")


def with_usage(person: str, header: str, told: Any, answer: Any = None) -> Any:
    status, body = answer or accepted(new_mid(), person)
    return status, body, {header: json.dumps(told)}


def usage(percent: int) -> dict[str, int]:
    return {"call_count": percent, "total_time": 3, "total_cputime": 2}


def test_x_app_usage_at_100_pauses_all_accounts_of_the_app(shop: Shop, meta: PlayedMeta, person: str) -> None:
    meta.script(person, with_usage(person, "X-App-Usage", usage(100)))
    shop.outcome(shop.post(person, "Hi"))
    assert standing(shop, f"app:{shop.facebook_app}")["reason"] == "X-App-Usage 100 %"
    other = sibling(shop)
    someone = other.person()
    message = other.post(someone, "Hi")
    waits(other, someone)
    over(other)
    assert other.outcome(message) == ["channel"]


def test_x_business_use_case_usage_pauses_its_account_for_as_long_as_meta_says(
    shop: Shop, meta: PlayedMeta, person: str
) -> None:
    used = {**usage(40), "type": "messenger", "estimated_time_to_regain_access": 19}
    meta.script(person, with_usage(person, "X-Business-Use-Case-Usage", {shop.page: [used]}))
    shop.outcome(shop.post(person, "Hi"))
    assert 18 * 60 < standing(shop, f"account:{shop.page}")["seconds"] <= 19 * 60
    shop.post(person, "next")
    waits(shop, person)
    assert meta.texts(person) == ["Hi"]


def test_of_a_business_object_that_nobody_knows_it_pauses_the_account_that_asked(
    shop: Shop, meta: PlayedMeta, person: str
) -> None:
    used = {**usage(100), "type": "instagram", "estimated_time_to_regain_access": 0}
    meta.script(person, with_usage(person, "X-Business-Use-Case-Usage", {"6678278": [used]}))
    shop.outcome(shop.post(person, "Hi"))
    assert 20 < standing(shop)["seconds"] <= 30


def test_x_page_usage_pauses_the_account_that_asked_also_when_the_answer_is_an_error(
    shop: Shop, meta: PlayedMeta, person: str
) -> None:
    meta.script(person, with_usage(person, "X-Page-Usage", usage(101), refused(100, 2534015)))
    shop.failure(shop.post(person, "Hi"))
    assert standing(shop)["reason"] == "X-Page-Usage 101 %"


def test_advertising_is_not_our_business(shop: Shop, meta: PlayedMeta, person: str) -> None:
    used = {**usage(100), "type": "ads_management", "estimated_time_to_regain_access": 5}
    meta.script(person, with_usage(person, "X-Business-Use-Case-Usage", {shop.page: [used]}))
    shop.outcome(shop.post(person, "Hi"))
    assert shop.outcome(shop.post(person, "next")) == ["channel"]


def test_near_a_limit_an_account_goes_slowly(shop: Shop, house: House, meta: PlayedMeta, person: str) -> None:
    meta.script(person, with_usage(person, "X-App-Usage", usage(92)))
    shop.outcome(shop.post(person, "Hi"))
    row = standing(shop, f"app:{shop.facebook_app}")
    assert row["seconds"] < 0 < (row["slow_until"] - house.value("select now()")).total_seconds()
    assert shop.outcome(shop.post(person, "next")) == ["channel"]
    # At its full rate it would be through with these within a second and a half.
    pace, fifteen_seconds = house.channel.pace, int(15 * LIMITS[Kind.SEND] * SLOW)
    eventually(lambda: house.loop.run(pace.take(shop.account, Kind.SEND, fifteen_seconds)) == 0.0)
    assert house.loop.run(pace.take(shop.account, Kind.SEND)) > 2


def test_a_header_that_cannot_be_read_is_counted_and_hinders_nothing(shop: Shop, meta: PlayedMeta, person: str) -> None:
    before = metrics.USAGE_UNREADABLE._value.get()
    status, body = accepted(new_mid(), person)
    meta.script(person, (status, body, {"X-App-Usage": "nonsense"}))
    assert shop.outcome(shop.post(person, "Hi")) == ["channel"]
    assert metrics.USAGE_UNREADABLE._value.get() == before + 1
