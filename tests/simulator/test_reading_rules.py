"""Rules of reading (Meta reference 5): requests, lists that go on, the messenger profile, stories, the CDN."""

from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.simulator.refusals import patch, rules
from tests.simulator.support import Answer, Seeded

DAY = 24 * 3600
PNG = b"\x89PNG\r\n\x1a\n picture"


def listed(seeded: Seeded, **query: Any) -> list[dict[str, Any]]:
    return seeded.graph("GET", "/me/conversations", platform="instagram", **query).json["data"]


@pytest.mark.parametrize(
    ("days", "answered", "follows", "told"),
    [(29, False, False, True), (31, False, False, False), (31, True, False, True), (31, False, True, True)],
    ids=["young request", "idle request", "answered", "follower"],
)
def test_requests_that_were_idle_for_30_days_are_not_told(
    seeded: Seeded, days: int, answered: bool, follows: bool, told: bool
) -> None:
    if follows:
        patch(seeded, f"/people/{seeded.igsid}", follows=[seeded.account])
    seeded.says()
    if answered:
        seeded.send({"text": "x"})
    seeded.simulator.control("/clock", 200, advance_seconds=days * DAY)
    assert bool(listed(seeded)) is told


def test_who_follows_whom_is_part_of_the_profile(seeded: Seeded) -> None:
    seeded.says()
    fields = "is_user_follow_business,is_business_follow_user"
    assert set(seeded.graph("GET", f"/{seeded.igsid}", fields=fields).json.values()) == {False, seeded.igsid}
    patch(seeded, f"/people/{seeded.igsid}", follows=[seeded.account], followed_by=[seeded.account])
    assert set(seeded.graph("GET", f"/{seeded.igsid}", fields=fields).json.values()) == {True, seeded.igsid}


def test_a_list_inside_a_conversation_goes_on_by_its_cursor(seeded: Seeded) -> None:
    mids = [seeded.says(f"m{number}", age_seconds=60 - number)["mid"] for number in range(7)]
    (thread,) = listed(seeded)
    told = seeded.graph("GET", f"/v23.0/{thread['id']}", fields="messages.limit(3){id,message}").json["messages"]
    found = [one["id"] for one in told["data"]]
    while following := told["paging"].get("next"):
        parts = urlsplit(following)
        told = seeded.simulator.get(f"{parts.path}?{parts.query}").json
        assert all("message" in one for one in told["data"])
        found += [one["id"] for one in told["data"]]
    assert found == mids[::-1]


def test_stories_are_told_for_a_day(seeded: Seeded) -> None:
    (story,) = seeded.graph("GET", f"/{seeded.account}/stories", fields="id,media_product_type").json["data"]
    assert story["media_product_type"] == "STORY"
    seeded.simulator.control("/clock", 200, advance_seconds=DAY + 60)
    assert seeded.graph("GET", f"/{seeded.account}/stories").json["data"] == []


QUESTION = {"question": "Where are you?", "payload": "WHERE"}
BREAKERS = [{"call_to_actions": [QUESTION], "locale": "default"}]
POSTBACK = {"type": "postback", "title": "Talk", "payload": "TALK"}
MENU = [
    {
        "locale": "default",
        "call_to_actions": [POSTBACK, {"type": "web_url", "title": "Shop", "url": "https://x.org"}],
    }
]


class TestMessengerProfile:
    def write(self, seeded: Seeded, **body: Any) -> Answer:
        return seeded.graph("POST", "/me/messenger_profile", {"platform": "instagram", **body})

    def read(self, seeded: Seeded, **query: Any) -> Any:
        query = {"fields": "ice_breakers,persistent_menu", "platform": "instagram", **query}
        return seeded.graph("GET", "/me/messenger_profile", **query).json

    def test_it_is_written_read_and_taken_away(self, seeded: Seeded) -> None:
        assert self.read(seeded) == {"data": []}
        assert self.write(seeded, ice_breakers=BREAKERS).json == {"result": "success"}
        assert self.write(seeded, persistent_menu=MENU).json == {"result": "success"}
        assert self.read(seeded) == {"data": [{"ice_breakers": BREAKERS, "persistent_menu": MENU}]}
        query = {"fields": '["ice_breakers"]', "platform": "instagram"}
        assert seeded.graph("DELETE", "/me/messenger_profile", **query).json == {"result": "success"}
        assert self.read(seeded) == {"data": [{"persistent_menu": MENU}]}

    def test_flat_questions_are_the_default_languages(self, seeded: Seeded) -> None:
        self.write(seeded, ice_breakers=[QUESTION])
        assert self.read(seeded)["data"][0]["ice_breakers"] == BREAKERS

    def test_without_the_platform_it_is_messengers(self, seeded: Seeded) -> None:
        assert seeded.graph("POST", "/me/messenger_profile", {"ice_breakers": BREAKERS}).status == 200
        assert self.read(seeded) == {"data": []}

    def test_messengers_needs_its_own_permission(self, seeded: Seeded) -> None:
        body = {"app_id": seeded.facts["facebook_app_id"], "page_id": seeded.facts["page_id"]}
        scopes = ["instagram_basic", "instagram_manage_messages"]
        token = seeded.simulator.control("/tokens", **body, scopes=scopes)["access_token"]
        query = {"fields": "persistent_menu"}
        assert seeded.graph("GET", "/me/messenger_profile", token=token, **query).error == (403, 10, None)
        assert seeded.graph("GET", "/me/messenger_profile", token=token, **query, platform="instagram").status == 200

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"ice_breakers": []},
            {"ice_breakers": [QUESTION] * 5},
            {"ice_breakers": [{"question": "", "payload": "x"}]},
            {"ice_breakers": [{"question": "x" * 81, "payload": "x"}]},
            {"ice_breakers": [{"call_to_actions": [QUESTION], "locale": "de_DE"}]},
            {"ice_breakers": BREAKERS * 2},
            {"persistent_menu": [{"locale": "default", "call_to_actions": [POSTBACK] * 21}]},
            {"persistent_menu": [{**MENU[0], "composer_input_disabled": True}]},
            {
                "persistent_menu": [
                    {"locale": "default", "call_to_actions": [{**POSTBACK, "webview_height_ratio": "full"}]}
                ]
            },
            {"persistent_menu": [{"locale": "default", "call_to_actions": [{**POSTBACK, "type": "nested"}]}]},
            {
                "persistent_menu": [
                    {"locale": "default", "call_to_actions": [{"type": "web_url", "title": "x", "url": "x"}]}
                ]
            },
        ],
    )
    def test_what_is_refused(self, seeded: Seeded, body: dict[str, Any]) -> None:
        assert self.write(seeded, **body).error == (400, 100, None)

    def test_an_unknown_field_is_refused(self, seeded: Seeded) -> None:
        query = {"fields": "greeting", "platform": "instagram"}
        assert seeded.graph("GET", "/me/messenger_profile", **query).error == (400, 100, None)


class TestCdn:
    def link(self, seeded: Seeded, body: bytes = PNG) -> str:
        headers = {"Content-Type": "image/png"}
        url = seeded.simulator.call("POST", "/_simulator/uploads", body, headers=headers).json["url"]
        parts = urlsplit(url)
        return f"{parts.path}?{parts.query}"

    @pytest.mark.parametrize(
        ("asked", "status", "part", "told"),
        [
            ("bytes=0-3", 206, slice(0, 4), "bytes 0-3/16"),
            ("bytes=8-", 206, slice(8, 16), "bytes 8-15/16"),
            ("bytes=-4", 206, slice(12, 16), "bytes 12-15/16"),
            ("bytes=10-99", 206, slice(10, 16), "bytes 10-15/16"),
            ("bytes=16-", 416, slice(0, 0), "bytes */16"),
            ("bytes=5-2", 416, slice(0, 0), "bytes */16"),
            ("bytes=-", 200, slice(0, 16), None),
            ("bytes=0-1,4-5", 200, slice(0, 16), None),
            ("lines=1-2", 200, slice(0, 16), None),
        ],
    )
    def test_a_range_of_a_file(self, seeded: Seeded, asked: str, status: int, part: slice, told: str | None) -> None:
        answer = seeded.simulator.call("GET", self.link(seeded), headers={"Range": asked})
        assert (answer.status, answer.body) == (status, PNG[:16][part])
        assert answer.headers.get("content-range") == told
        assert answer.headers["accept-ranges"] == "bytes"

    def test_a_link_is_good_for_as_long_as_the_knob_says(self, seeded: Seeded) -> None:
        rules(seeded, link_hours=2)
        link = self.link(seeded)
        seeded.simulator.control("/clock", 200, advance_seconds=2 * 3600)
        assert seeded.simulator.get(link).status == 200
        seeded.simulator.control("/clock", 200, advance_seconds=3600)
        answer = seeded.simulator.get(link)
        assert (answer.status, answer.body) == (403, b"URL signature expired")

    def test_a_link_that_was_tampered_with(self, seeded: Seeded) -> None:
        answer = seeded.simulator.get(self.link(seeded).replace("asset_id=1", "asset_id=2"))
        assert (answer.status, answer.body) == (403, b"URL signature mismatch")

    def test_a_story_is_gone_after_its_day(self, seeded: Seeded) -> None:
        parts = urlsplit(seeded.simulator.read(f"/accounts/{seeded.account}/stories")["stories"][0]["url"])
        seeded.simulator.control("/clock", 200, advance_seconds=DAY + 60)
        answer = seeded.simulator.get(f"{parts.path}?{parts.query}")
        assert (answer.status, answer.body) == (404, b"Content not found")
