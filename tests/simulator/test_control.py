"""The control API: the world, the clock, uploads, the wire, live events, and errors that name the field."""

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.simulator.support import DEADLINE, Seeded, Simulator, eventually

PNG = b"\x89PNG\r\n\x1a\n"


class TestWorld:
    def test_the_seed_answers_the_same_for_ever(self, simulator: Simulator) -> None:
        assert simulator.read("/seed") == {"seeded": False}
        first = simulator.control("/seed", 200, page_name="Blue Door", username="blue.door", customer_name="Ines")
        assert (first["instagram_username"], first["customer_name"]) == ("blue.door", "Ines")
        assert simulator.control("/seed", 200, page_name="Other") == first
        assert simulator.read("/seed") == {"seeded": True, **first}
        assert len(simulator.read("/people")["people"]) == 3
        assert len(simulator.read("/apps")["apps"]) == 1
        assert all(isinstance(value, str) for value in first.values())

    def test_a_person_is_named_by_id_or_by_igsid(self, seeded: Seeded) -> None:
        person = seeded.person
        assert seeded.simulator.read(f"/people/{person}/igsid/{seeded.account}") == {"igsid": seeded.igsid}
        for name in (person, seeded.igsid):
            seeded.simulator.control("/messages", account_id=seeded.account, person=name, text=name)
        assert [said["text"] for said in seeded.thread()] == [person, seeded.igsid]

    def test_an_app_may_bring_its_own_id_and_secret(self, simulator: Simulator) -> None:
        made = simulator.control("/apps", id="1234567890", secret="0123456789abcdef", name="Mine")
        assert (made["id"], made["secret"]) == ("1234567890", "0123456789abcdef")
        assert simulator.call("POST", "/_simulator/apps", {"id": "1234567890"}).status == 409

    def test_people_made_without_a_name_get_one(self, simulator: Simulator) -> None:
        made = [simulator.control("/people") for _ in range(8)]
        assert len({one["username"] for one in made}) == 8

    def test_an_accent_does_not_break_a_username(self, simulator: Simulator) -> None:
        assert simulator.control("/people", name="Lucía Fernández")["username"] == "lucia.fernandez"

    def test_reset_empties_everything(self, seeded: Seeded) -> None:
        seeded.says()
        seeded.simulator.control("/clock", 200, advance_seconds=100)
        seeded.simulator.control("/reset", 200)
        health = seeded.simulator.read("/health")
        assert (health["apps"], health["messages"], health["people"]) == (0, 0, 0)
        assert seeded.simulator.read("/clock")["offset_seconds"] == 0
        assert seeded.graph("GET", "/me").error == (400, 190, None)
        assert seeded.simulator.control("/seed", 200) != seeded.facts


class TestErrors:
    @pytest.mark.parametrize(
        ("path", "body", "status", "field"),
        [
            ("/messages", {}, 422, "account_id"),
            ("/messages", {"account_id": 5, "person": "x"}, 422, "account_id"),
            ("/messages", {"account_id": "1", "person": "x", "text": "t"}, 404, "account_id"),
            ("/messages", {"account_id": "{account}", "person": "nobody", "text": "t"}, 404, "person"),
            ("/messages", {"account_id": "{account}", "person": "{igsid}"}, 422, "text"),
            ("/messages", {"account_id": "{account}", "person": "{igsid}", "text": "x" * 1001}, 422, "text"),
            ("/messages", {"account_id": "{account}", "person": "{igsid}", "txt": "t"}, 422, "txt"),
            (
                "/messages",
                {"account_id": "{account}", "person": "{igsid}", "attachments": [{}]},
                422,
                "attachments.0.type",
            ),
            (
                "/messages",
                {"account_id": "{account}", "person": "{igsid}", "attachments": [{"type": "image", "url": "x"}]},
                422,
                "attachments.0.url",
            ),
            (
                "/messages",
                {"account_id": "{account}", "person": "{igsid}", "text": "t", "story_id": "1"},
                404,
                "story_id",
            ),
            (
                "/messages",
                {"account_id": "{account}", "person": "{igsid}", "text": "t", "reply_to_mid": "1"},
                404,
                "reply_to_mid",
            ),
            (
                "/messages",
                {
                    "account_id": "{account}",
                    "person": "{igsid}",
                    "text": "t",
                    "timestamp": 1_700_000_000_000,
                    "age_seconds": 1,
                },
                422,
                "age_seconds",
            ),
            ("/unsend", {"mid": "x"}, 404, "mid"),
            ("/tokens", {"app_id": "1", "page_id": "1"}, 404, "app_id"),
            ("/tokens", {"app_id": "{app}", "page_id": "1"}, 404, "page_id"),
            ("/tokens/revoke", {"access_token": "EAAx"}, 404, "access_token"),
            ("/clock", {}, 422, "advance_seconds"),
            ("/clock", {"advance_seconds": 1, "offset_seconds": 1}, 422, "advance_seconds"),
            ("/faults", {"mode": "sometimes"}, 422, "mode"),
            ("/webhook-faults", {}, 422, "kind"),
            ("/accounts", {"username": "Not Allowed"}, 422, "username"),
            ("/nowhere", {}, 404, "path"),
        ],
    )
    def test_the_field_is_named(self, seeded: Seeded, path: str, body: dict[str, Any], status: int, field: str) -> None:
        names = {"{account}": seeded.account, "{igsid}": seeded.igsid, "{app}": seeded.facts["facebook_app_id"]}
        filled = {key: names.get(value, value) if isinstance(value, str) else value for key, value in body.items()}
        answer = seeded.simulator.call("POST", f"/_simulator{path}", filled)
        assert (answer.status, answer.json["error"]["field"]) == (status, field)
        assert answer.json["error"]["message"]

    def test_a_body_that_is_no_json(self, simulator: Simulator) -> None:
        headers = {"Content-Type": "application/json"}
        answer = simulator.call("POST", "/_simulator/messages", b"{", headers=headers)
        assert answer.status == 422
        assert "field" in answer.json["error"]

    def test_an_igsid_belongs_to_one_account(self, seeded: Seeded) -> None:
        other = seeded.simulator.control("/accounts", page_name="Other")["instagram_account_id"]
        body = {"account_id": other, "person": seeded.igsid, "text": "x"}
        answer = seeded.simulator.call("POST", "/_simulator/messages", body)
        assert (answer.status, answer.json["error"]["field"]) == (422, "person")

    def test_only_ones_own_text_can_be_edited(self, seeded: Seeded) -> None:
        mid = seeded.acts("/owner-messages", text="x")["mid"]
        assert seeded.simulator.call("POST", "/_simulator/edits", {"mid": mid, "text": "y"}).status == 409


class TestClock:
    def test_it_moves_and_returns(self, seeded: Seeded) -> None:
        simulator = seeded.simulator
        assert simulator.control("/clock", 200, advance_seconds=90_000)["offset_seconds"] == 90_000
        assert simulator.control("/clock", 200, advance_seconds=10)["offset_seconds"] == 90_010
        told = simulator.control("/clock", 200, offset_seconds=0)
        assert told["offset_seconds"] == 0

    def test_the_date_header_follows(self, seeded: Seeded) -> None:
        seeded.simulator.control("/clock", 200, offset_seconds=-(seeded.simulator.read("/clock")["now"] // 1000))
        assert seeded.graph("GET", "/me").headers["date"].startswith("Thu, 01 Jan 1970")

    def test_back_dated_messages_take_their_place(self, seeded: Seeded) -> None:
        seeded.says("now")
        seeded.says("an hour ago", age_seconds=3600)
        seeded.says("long ago", timestamp=1_700_000_000_000)
        assert [said["text"] for said in seeded.thread()] == ["long ago", "an hour ago", "now"]
        assert seeded.thread()[0]["timestamp"] == 1_700_000_000_000

    @pytest.mark.parametrize(("hours", "state"), [(0, "standard"), (25, "human_agent"), (24 * 8, "closed")])
    def test_a_thread_tells_its_window(self, seeded: Seeded, hours: int, state: str) -> None:
        path = f"/threads/{seeded.account}/{seeded.igsid}"
        assert seeded.simulator.read(path)["window"]["state"] == "never"
        seeded.says(age_seconds=hours * 3600)
        assert seeded.simulator.read(path)["window"]["state"] == state


class TestMedia:
    def upload(self, simulator: Simulator, body: bytes = PNG, kind: str = "image/png") -> Any:
        return simulator.call("POST", "/_simulator/uploads", body, headers={"Content-Type": kind})

    def fetch(self, simulator: Simulator, url: str) -> int:
        parts = urlsplit(url)
        return simulator.get(f"{parts.path}?{parts.query}").status

    def test_a_raw_body(self, simulator: Simulator) -> None:
        told = self.upload(simulator).json
        assert told["type"] == "image"
        assert told["url"].startswith(
            f"http://127.0.0.1:{simulator.port}/ig_messaging_cdn/?asset_id={told['id']}&signature="
        )
        assert self.fetch(simulator, told["url"]) == 200

    def test_a_form(self, simulator: Simulator) -> None:
        form = (
            b'--edge\r\nContent-Disposition: form-data; name="note"\r\n\r\nhello\r\n'
            b'--edge\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n'
            + PNG
            + b"\r\n--edge--\r\n"
        )
        told = self.upload(simulator, form, "multipart/form-data; boundary=edge").json
        parts = urlsplit(told["url"])
        assert simulator.get(f"{parts.path}?{parts.query}").body == PNG

    @pytest.mark.parametrize(
        ("body", "kind", "status"),
        [(b"", "image/png", 422), (b"x", "text/html", 415), (b"x" * 8_000_001, "image/png", 413)],
    )
    def test_what_instagram_does_not_carry(self, simulator: Simulator, body: bytes, kind: str, status: int) -> None:
        answer = self.upload(simulator, body, kind)
        assert (answer.status, answer.json["error"]["field"]) == (status, "file")

    def test_a_link_lapses_and_a_fresh_one_works(self, seeded: Seeded) -> None:
        url = self.upload(seeded.simulator).json["url"]
        mid = seeded.says(attachments=[{"type": "image", "url": url}])["mid"]
        seeded.simulator.control("/media/lapse", 200)
        assert self.fetch(seeded.simulator, url) == 403
        fresh = seeded.graph("GET", f"/{mid}", fields="attachments").json["attachments"]["data"][0]["image_data"]["url"]
        assert self.fetch(seeded.simulator, fresh) == 200

    def test_a_link_lapses_with_time(self, seeded: Seeded) -> None:
        url = self.upload(seeded.simulator).json["url"]
        seeded.simulator.control("/clock", 200, advance_seconds=8 * 24 * 3600)
        assert self.fetch(seeded.simulator, url) == 403

    def test_media_goes_with_the_message_that_is_unsent(self, seeded: Seeded) -> None:
        url = self.upload(seeded.simulator).json["url"]
        mid = seeded.says(attachments=[{"type": "image", "url": url}])["mid"]
        seeded.simulator.control("/unsend", 200, mid=mid)
        assert self.fetch(seeded.simulator, url) == 404

    def test_a_story_lives_for_a_day(self, seeded: Seeded) -> None:
        path = f"/accounts/{seeded.account}/stories"
        seeded.simulator.control(path)
        stories = seeded.simulator.read(path)["stories"]
        assert len(stories) == 2
        assert self.fetch(seeded.simulator, stories[0]["url"]) == 200
        seeded.simulator.control("/clock", 200, advance_seconds=24 * 3600 + 1)
        assert seeded.simulator.read(path)["stories"] == []
        assert self.fetch(seeded.simulator, stories[0]["url"]) == 404

    @pytest.mark.parametrize("signature", ["", "AAAA", "!", "é", "x" * 192])
    def test_a_made_up_signature_opens_nothing(self, simulator: Simulator, signature: str) -> None:
        asset = self.upload(simulator).json["id"]
        query = {"asset_id": asset, "signature": signature}
        assert simulator.call("GET", "/ig_messaging_cdn/", query=query).status == 403


class TestWire:
    def test_both_directions_are_logged_in_order(self, connected: Seeded) -> None:
        connected.says("hello there")
        connected.sink.wait(1)
        last = eventually(
            lambda: next((one for one in entries(connected) if one["kind"] == "webhook" and one["status"]), None)
        )
        assert (last["direction"], last["summary"], last["status"]) == ("out", "message “hello there”", 200)
        assert last["signature"] == connected.sink.deliveries[0].headers["X-Hub-Signature-256"]
        assert last["body"].encode() == connected.sink.deliveries[0].raw
        assert [one["kind"] for one in entries(connected)] == ["graph", "verification", "graph", "webhook"]

    def test_a_call_is_logged_with_its_answer(self, seeded: Seeded) -> None:
        seeded.send({"text": "too early"})
        entry = entries(seeded)[-1]
        assert (entry["method"], entry["path"], entry["status"]) == ("POST", "/v23.0/me/messages", 403)
        assert json.loads(entry["body"])["message"] == {"text": "too early"}
        assert json.loads(entry["response"])["error"]["code"] == 10
        assert entry["summary"] == "error 10/2534022"

    def test_no_secret_is_in_the_log(self, connected: Seeded) -> None:
        token = connected.token
        connected.graph("GET", "/me", access_token=token, appsecret_proof="f" * 64)
        connected.simulator.get("/debug_token", input_token=token, access_token=connected.app_token)
        connected.simulator.call("POST", "/me/messages", {"access_token": token, "message": {"text": "x"}})
        app = connected.facts["facebook_app_id"]
        user = connected.simulator.control("/tokens", app_id=app, page_id=connected.facts["page_id"], type="user")
        assert connected.simulator.get("/me/accounts", access_token=user["access_token"]).status == 200
        log = json.dumps(entries(connected), ensure_ascii=False)
        for secret in (token, user["access_token"], connected.facts["facebook_app_secret"], "f" * 64, "known"):
            assert secret not in log
        assert f"EAA…{token[-4:]}" in log

    def test_reading_on_from_a_number(self, seeded: Seeded) -> None:
        before = seeded.simulator.read("/wire")["last"]
        for _ in range(5):
            seeded.graph("GET", "/me")
        told = seeded.simulator.read("/wire", after=before + 2, limit=2)
        assert [one["seq"] - before for one in told["entries"]] == [3, 4]
        assert told["last"] == before + 5
        assert seeded.simulator.read(f"/wire/{before + 3}") == told["entries"][0]
        assert seeded.simulator.get(f"/_simulator/wire/{before + 9}").status == 404


def entries(seeded: Seeded) -> list[dict[str, Any]]:
    return seeded.simulator.read("/wire", after=0)["entries"]


def test_changes_are_told_live(connected: Seeded) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", connected.simulator.port, timeout=DEADLINE)
    connection.request("GET", "/_simulator/events")
    stream = connection.getresponse()
    assert stream.getheader("content-type").startswith("text/event-stream")
    told: list[tuple[str, Any]] = []

    def read_until(name: str) -> Any:
        event = ""
        while True:
            line = stream.readline().decode().rstrip()
            if line.startswith("event: "):
                event = line[7:]
            elif line.startswith("data: "):
                told.append((event, json.loads(line[6:])))
                if event == name:
                    return told[-1][1]

    read_until("hello")
    mid = connected.says("live")["mid"]
    change = read_until("thread")
    assert change == {"account_id": connected.account, "person": connected.person, "what": "message", "mid": mid}
    assert read_until("wire")["summary"] == "message “live”"
    connected.simulator.control("/clock", 200, advance_seconds=5)
    assert read_until("clock") == {"offset_seconds": 5.0}
    connection.close()
    stream.close()


def test_the_description_covers_every_route(simulator: Simulator) -> None:
    api = simulator.read("/openapi.json")
    assert api["servers"] == [{"url": "/_simulator"}]
    operations = [one for verbs in api["paths"].values() for one in verbs.values()]
    assert len(operations) > 35
    assert all(one.get("description") and one.get("tags") for one in operations)
