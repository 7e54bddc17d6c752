"""Invitations over the API: made, listed, looked at, cancelled; and what is refused."""

from datetime import timedelta
from typing import Any

import pytest

from heliograph.messaging import way_back
from tests.api.conftest import Shop
from tests.api.house import NOW, Answer, House

BACK = "https://desk.example.org/back"


def invite(house: House, shop: Shop, **more: Any) -> Answer:
    return house.post(f"{shop.path}/invitations", {"returnUrl": BACK, **more}, key=shop.key)


def wire(moment: Any) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def test_one_is_made_and_its_link_is_shown_once(house: House, shop: Shop) -> None:
    full = {
        "state": "c-1",
        "login": "facebook",
        "facebookAppId": "318264059172",
        "displayName": "Harbour",
        "brandName": "Harbour Desk",
        "logoUrl": "https://cdn.example.org/logo.png",
        "settings": {"humanAgentTag": "never", "storyRepliesEnabled": False},
    }
    answer = invite(house, shop, **full)
    assert answer.status == 201
    made = answer.body["invitation"]
    url, invitation_id = made.pop("url"), made["id"]
    assert "/connect/i/" in url
    assert len(url.rpartition("/")[2]) == 43
    assert made == {
        "id": invitation_id,
        "status": "open",
        "returnUrl": BACK,
        "createdAt": wire(NOW),
        "expiresAt": wire(NOW + timedelta(days=7)),
        **full,
    }
    path = f"{shop.path}/invitations"
    assert house.get(f"{path}/{invitation_id}", key=shop.key).body == {"invitation": made}
    assert house.get(path, key=shop.key).body["invitations"] == [made]
    kept = house.rows("select i::text as kept from invitations i where id = $1", invitation_id)
    assert url.rpartition("/")[2] not in str(kept)


def test_a_list_is_cut_into_pages(house: House, shop: Shop) -> None:
    ids = [invite(house, shop).body["invitation"]["id"] for _ in range(3)]
    first = house.get(f"{shop.path}/invitations?page[size]=2", key=shop.key).body
    assert [one["id"] for one in first["invitations"]] == ids[:2]
    assert first["meta"]["hasMore"] is True
    rest = house.get(f"{shop.path}/invitations?page[after]={first['meta']['afterCursor']}", key=shop.key).body
    assert [one["id"] for one in rest["invitations"]] == ids[2:]


@pytest.mark.parametrize(
    ("given", "end"),
    [
        ({"expiresIn": 3600}, timedelta(hours=1)),
        ({"expiresAt": "2026-03-02T10:15:02.101+01:00"}, timedelta(days=1)),
        ({"expiresIn": 90 * 86400}, timedelta(days=90)),
    ],
)
def test_when_it_ends(house: House, shop: Shop, given: dict[str, Any], end: timedelta) -> None:
    assert invite(house, shop, **given).body["invitation"]["expiresAt"] == wire(NOW + end)


def test_cancelled_twice_and_of_no_use_after(house: House, shop: Shop) -> None:
    path = f"{shop.path}/invitations/{invite(house, shop).body['invitation']['id']}"
    for _ in range(2):
        assert house.delete(path, key=shop.key).status == 200
    told = house.get(path, key=shop.key).body["invitation"]
    assert (told["status"], told["cancelledAt"]) == ("cancelled", wire(NOW))


def test_what_is_used_or_over_is_not_cancelled_any_more(house: House, shop: Shop) -> None:
    ends = {"used": "used_at = now()", "expired": "expires_at = created_at"}
    for status, change in ends.items():
        invitation_id = invite(house, shop).body["invitation"]["id"]
        house.run(house.database.execute(f"update invitations set {change} where id = $1", invitation_id))
        path = f"{shop.path}/invitations/{invitation_id}"
        assert house.delete(path, key=shop.key).status == 200
        told = house.get(path, key=shop.key).body["invitation"]
        assert told["status"] == status
        assert "cancelledAt" not in told


def test_another_apps_is_not_there(house: House, shop: Shop) -> None:
    invitation_id = invite(house, shop).body["invitation"]["id"]
    other_app, other_key = house.app()
    for app_id in (shop.app_id, other_app):
        path = f"/v2/apps/{app_id}/invitations/{invitation_id}"
        assert house.get(path, key=other_key).status == 404
        assert house.delete(path, key=other_key).status == 404
    assert house.get(f"/v2/apps/{other_app}/invitations", key=other_key).body["invitations"] == []
    assert house.get(f"{shop.path}/invitations/{invitation_id}", key=shop.key).body["invitation"]["status"] == "open"


@pytest.mark.parametrize(
    ("wrong", "title"),
    [
        ({"returnUrl": "javascript:alert(1)"}, "returnUrl must be an absolute https URL"),
        ({"returnUrl": "https://a@desk.example.org/"}, "returnUrl must be an absolute https URL"),
        ({"returnUrl": "https://desk.example.org/#x"}, "returnUrl must not have a fragment"),
        ({"returnUrl": "https://desk.example.org/?status=1"}, "returnUrl must not have status in its query"),
        ({"returnUrl": "//desk.example.org"}, "returnUrl must be an absolute https URL"),
        ({"returnUrl": "https://desk.example.org/\r\nX: y"}, "returnUrl must be an absolute https URL"),
        ({"returnUrl": None}, "returnUrl must be a string"),
        ({"logoUrl": "http://cdn.example.org/l.png"}, "logoUrl must be an absolute https URL"),
        ({"logoUrl": "https://*/l.png"}, "logoUrl must be an absolute https URL"),
        ({"logoUrl": "https://cdn.example.org;script-src/l.png"}, "logoUrl must be an absolute https URL"),
        ({"brandName": "Har\u202ebour"}, "brandName must have printable characters only"),
        ({"brandName": " "}, "brandName must have printable characters only"),
        ({"state": "x" * 513}, "state must have at most 512 characters"),
        ({"login": "google"}, "login must be one of facebook, instagram"),
        ({"facebookAppId": "12345"}, "There is no Facebook app 12345 here that this app may use."),
        ({"settings": {"humanAgentTag": "perhaps"}}, "settings.humanAgentTag must be one of"),
        ({"expiresIn": 59}, "expiresIn must be at least 60"),
        ({"expiresIn": 90 * 86400 + 1}, "expiresIn must be at most 7776000"),
        ({"expiresAt": "tomorrow"}, "expiresAt must be a time with its zone"),
        ({"expiresAt": "2026-03-02T08:15:00"}, "expiresAt must be a time with its zone"),
        ({"expiresAt": "2026-02-02T08:15:00Z"}, "expiresAt must be at least a minute and at most 90 days from now"),
        (
            {"expiresAt": "9999-12-31T23:59:59-14:00"},
            "expiresAt must be at least a minute and at most 90 days from now",
        ),
        ({"expiresAt": "2026-03-02T08:15:00Z", "expiresIn": 60}, "expiresAt and expiresIn exclude each other"),
    ],
)
def test_what_is_refused(house: House, shop: Shop, wrong: dict[str, Any], title: str) -> None:
    answer = invite(house, shop, **wrong)
    assert answer.status == 400
    assert answer.error["title"].startswith(title)
    assert house.get(f"{shop.path}/invitations", key=shop.key).body["invitations"] == []


@pytest.mark.parametrize(
    ("url", "public", "taken"),
    [
        ("https://desk.example.org/a?b=c", "https://chat.example.org", True),
        ("http://desk.example.org/", "https://chat.example.org", False),
        ("http://desk.example.org/", "http://chat.example.org", True),
        ("http://localhost:3000/", "https://chat.example.org", True),
        ("http://app.localhost/", "https://chat.example.org", True),
        ("http://127.9.9.9/", "https://chat.example.org", True),
        ("http://[::1]:80/", "https://chat.example.org", True),
        ("http://localhost.evil.example/", "https://chat.example.org", False),
        ("https://desk.example.org:0/", "https://chat.example.org", False),
        ("https://desk.example.org:99999/", "https://chat.example.org", False),
        ("https://désk.example/", "https://chat.example.org", False),
        ("https://desk.example.org\\@evil.example/", "https://chat.example.org", False),
        ("https://", "https://chat.example.org", False),
    ],
)
def test_where_a_person_may_be_sent_back_to(url: str, public: str, taken: bool) -> None:
    assert (way_back.return_objection(url, public) is None) is taken


@pytest.mark.parametrize(
    ("url", "origin", "back"),
    [
        ("https://Desk.example.org:443/a", "https://desk.example.org", "https://Desk.example.org:443/a?status=x"),
        ("http://localhost:3000/?", "http://localhost:3000", "http://localhost:3000/?status=x"),
        ("http://[::1]:8080/?a=b", "http://[::1]:8080", "http://[::1]:8080/?a=b&status=x"),
        ("https://a.example?x=1&", "https://a.example", "https://a.example?x=1&status=x"),
    ],
)
def test_the_way_back(url: str, origin: str, back: str) -> None:
    assert way_back.origin_of(url) == origin
    assert way_back.address(url, status="x", error=None) == back
