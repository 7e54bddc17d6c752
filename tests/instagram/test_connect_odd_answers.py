"""Connecting while Meta gives odd answers: each is told, or understood."""

from typing import Any

import pytest

from heliograph.channels.instagram.meta.callback import callback_url
from tests.instagram.connecting import Played
from tests.instagram.meta import refused


def test_the_scripted_meta_can_be_connected_to(played: Played) -> None:
    assert played.connect(201)["businessId"] == played.account


@pytest.mark.parametrize(
    ("path", "told", "says"),
    [
        ("debug_token", (504, b"<html>"), "Meta could not be asked about the token"),
        ("debug_token", refused(2, status=500), "Meta could not be asked about the token"),
        ("debug_token", refused(190), "Meta does not accept them"),
        ("debug_token", (200, {}), "pageAccessToken is not valid"),
        ("debug_token", (200, {"data": []}), "pageAccessToken is not valid"),
        ("debug_token", (200, {"data": {"is_valid": True}}), "belongs to the app None"),
        ("debug_token", (200, {"data": {"is_valid": False, "error": "no"}}), "pageAccessToken is not valid"),
        (
            "debug_token",
            (200, {"data": {"is_valid": False, "error": {"message": "Bad EAAtoken"}}}),
            "not valid: Bad ***",
        ),
        ("me", refused(190, 463, 401), "The Page of pageAccessToken could not be read"),
        ("me", (504, b""), "Meta could not be asked about the Page"),
        (
            "me",
            (200, {"id": "1", "name": "P", "instagram_business_account": None}),
            "no Instagram professional account",
        ),
        ("me", (200, {"id": "1", "name": "P", "instagram_business_account": {}}), "no Instagram professional account"),
    ],
)
def test_odd_answers_while_checking(played: Played, path: str, told: Any, says: str) -> None:
    played.says("GET", path, told)
    assert says in played.connect(400)


@pytest.mark.parametrize("scopes", [None, "x"])
def test_scopes_of_an_odd_shape(played: Played, scopes: Any) -> None:
    played.says("GET", "debug_token", (200, {"data": played.inspected(scopes=scopes)}))
    assert "lacks the permission" in played.connect(400)


@pytest.mark.parametrize(
    "granular", [None, [], [{"scope": "instagram_basic"}], ["x"], [{"scope": "email", "target_ids": []}]]
)
def test_grants_that_narrow_nothing(played: Played, granular: Any) -> None:
    played.says("GET", "debug_token", (200, {"data": played.inspected(granular_scopes=granular)}))
    assert played.connect(201)["businessId"] == played.account


def test_grants_with_ids_as_numbers(played: Played) -> None:
    grants = [{"scope": "instagram_basic", "target_ids": [int(played.account)]}]
    played.says("GET", "debug_token", (200, {"data": played.inspected(granular_scopes=grants)}))
    assert played.connect(201)["businessId"] == played.account


def test_an_app_that_can_only_be_set_up_in_the_dashboard_and_is(played: Played) -> None:
    played.says("POST", f"{played.app}/subscriptions", refused(100))
    ours = callback_url(played.house.url, played.app)
    for subscriptions, status in (
        ([{"object": "instagram", "callback_url": ours, "active": True}], 201),
        ([{"object": "page", "callback_url": ours, "active": True}], 400),
        ([{"object": "instagram", "callback_url": "https://else.example", "active": True}], 400),
        ([{"object": "instagram", "callback_url": ours, "active": False}], 400),
        ([], 400),
    ):
        played.says("GET", f"{played.app}/subscriptions", (200, {"data": subscriptions}))
        answer = played.connect(status)
        if status == 400:
            assert "enter that callback URL" in answer


@pytest.mark.parametrize(
    ("told", "says"),
    [
        (refused(190, 492), "The Page could not be subscribed to webhooks"),
        (refused(200, status=403), "the token needs pages_manage_metadata"),
        (refused(100), "the token needs pages_manage_metadata"),
        ((504, b""), "Meta could not be asked to subscribe the Page"),
    ],
)
def test_a_page_that_cannot_be_subscribed(played: Played, told: Any, says: str) -> None:
    played.says("POST", f"{played.page}/subscribed_apps", told)
    assert says in played.connect(400)


def test_subscriptions_that_cannot_be_asked_for(played: Played) -> None:
    played.says("POST", f"{played.app}/subscriptions", (504, b""))
    assert "Meta could not be asked to send webhooks" in played.connect(400)
