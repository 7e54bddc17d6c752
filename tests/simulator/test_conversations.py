"""The Conversations API."""

from typing import Any
from urllib.parse import urlsplit

from heliograph.simulator import ids
from tests.simulator.support import Seeded

DETAILS = "messages{id,created_time,from,to,message}"


def conversations(seeded: Seeded, **query: Any) -> list[dict[str, Any]]:
    path = f"/{seeded.facts['page_id']}/conversations"
    return seeded.graph("GET", path, platform="instagram", **query).json["data"]


def test_without_platform_there_is_nothing(seeded: Seeded) -> None:
    seeded.says()
    assert seeded.graph("GET", f"/{seeded.facts['page_id']}/conversations").json == {"data": []}


def test_threads_are_listed_youngest_first(seeded: Seeded) -> None:
    people = [one["id"] for one in seeded.simulator.read("/people")["people"]]
    for age, person in zip((300, 100, 200), people, strict=True):
        seeded.simulator.control("/messages", account_id=seeded.account, person=person, text="x", age_seconds=age)
    listed = conversations(seeded, fields="participants,updated_time")
    names = [one["participants"]["data"][1]["username"] for one in listed]
    assert names == ["jonas.brandt", "lucia.fernandez", "maya.okafor"]
    assert listed[0]["participants"]["data"][0] == {"username": "lighthouse.books", "id": seeded.account}


def test_one_persons_thread_is_found_by_igsid(seeded: Seeded) -> None:
    seeded.says()
    assert conversations(seeded, user_id="1") == []
    (thread,) = conversations(seeded, user_id=seeded.igsid)
    assert ids.unescape(thread["id"]).startswith(f"ig_dm:1:IGMessageThread:{seeded.account}:")


def test_messages_are_told_youngest_first_with_times_as_meta_prints_them(seeded: Seeded) -> None:
    seeded.says("hello", timestamp=1_753_742_689_000)
    answered = seeded.simulator.control("/owner-messages", account_id=seeded.account, person=seeded.igsid, text="hi")
    (thread,) = conversations(seeded)
    data = seeded.graph("GET", f"/{thread['id']}", fields=DETAILS).json["messages"]["data"]
    assert [one["message"] for one in data] == ["hi", "hello"]
    assert data[0]["id"] == answered["mid"]
    assert data[1]["created_time"] == "2025-07-28T22:44:49+0000"
    assert data[1]["from"] == {"username": "maya.okafor", "id": seeded.igsid}
    assert data[1]["to"] == {"data": [{"username": "lighthouse.books", "id": seeded.account}]}


def test_only_the_twenty_youngest_are_told(seeded: Seeded) -> None:
    mids = [seeded.says(f"message {number}", age_seconds=100 - number)["mid"] for number in range(25)]
    (thread,) = conversations(seeded)
    data = seeded.graph("GET", f"/{thread['id']}", fields=DETAILS).json["messages"]["data"]
    assert [one["id"] for one in data] == mids[::-1]
    assert ["message" in one for one in data] == [True] * 20 + [False] * 5
    assert seeded.graph("GET", f"/{mids[5]}", fields="message").json["message"] == "message 5"
    assert seeded.graph("GET", f"/{mids[4]}", fields="message").error == (400, 9000001, None)


def test_a_message_list_is_paged(seeded: Seeded) -> None:
    mids = [seeded.says(f"m{number}", age_seconds=60 - number)["mid"] for number in range(7)]
    (thread,) = conversations(seeded)
    path, found = f"/{thread['id']}/messages?limit=3&access_token={seeded.token}", []
    while path:
        told = seeded.simulator.get(path).json
        found += [one["id"] for one in told["data"]]
        following = urlsplit(told["paging"].get("next", ""))
        path = f"{following.path}?{following.query}" if following.path else ""
    assert found == mids[::-1]


def test_an_unsent_message_is_gone(seeded: Seeded) -> None:
    mid = seeded.says("oops")["mid"]
    seeded.says("kept")
    seeded.simulator.control("/unsend", 200, mid=mid)
    (thread,) = conversations(seeded)
    data = seeded.graph("GET", f"/{thread['id']}", fields=DETAILS).json["messages"]["data"]
    assert [one["message"] for one in data] == ["kept"]
    assert seeded.graph("GET", f"/{mid}").error == (400, 9000001, None)


def test_a_message_tells_its_attachments_story_and_reactions(seeded: Seeded) -> None:
    upload = seeded.simulator.call("POST", "/_simulator/uploads", b"GIF89a", headers={"Content-Type": "image/gif"}).json
    sent = seeded.says(attachments=[{"type": "image", "url": upload["url"]}])["mid"]
    story = seeded.simulator.read(f"/accounts/{seeded.account}/stories")["stories"][0]
    replied = seeded.says("nice", story_id=story["id"])["mid"]
    mentioned = seeded.acts("/mentions")["mid"]
    seeded.send(sender_action="react", payload={"message_id": sent, "reaction": "love"})

    fields = "attachments,story,reactions,is_unsupported"
    picture = seeded.graph("GET", f"/{sent}", fields=fields).json
    (attachment,) = picture["attachments"]["data"]
    assert (attachment["mime_type"], attachment["size"]) == ("image/gif", 6)
    assert attachment["image_data"]["url"].startswith(
        f"http://127.0.0.1:{seeded.simulator.port}/ig_messaging_cdn/?asset_id="
    )
    assert picture["reactions"]["data"][0]["users"][0]["id"] == seeded.account
    assert seeded.graph("GET", f"/{replied}", fields=fields).json["story"]["reply_to"]["id"] == story["id"]
    assert seeded.graph("GET", f"/{mentioned}", fields=fields).json["story"]["mention"]["link"]


def test_another_page_can_not_read(seeded: Seeded) -> None:
    mid = seeded.says()["mid"]
    other = seeded.simulator.control("/accounts", page_name="Other")["page_id"]
    body = {"app_id": seeded.facts["facebook_app_id"], "page_id": other}
    token = seeded.simulator.control("/tokens", **body)["access_token"]
    (thread,) = conversations(seeded)
    for path in (f"/{mid}", f"/{thread['id']}"):
        assert seeded.graph("GET", path, token=token).error == (400, 100, 33)
