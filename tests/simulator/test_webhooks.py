"""Webhooks: what each act sends, and how it is delivered."""

import hashlib
import hmac
import json
from typing import Any

import pytest

from heliograph.simulator.graph import send
from tests.simulator.support import Seeded, Simulator, Sink, eventually


def only(connected: Seeded, event: str) -> dict[str, Any]:
    """The one item that carries ``event``."""
    return eventually(lambda: next((one for one in connected.sink.items if event in one), None))


class TestWhatIsSent:
    def test_a_text_with_its_headers_and_signatures(self, connected: Seeded) -> None:
        said = connected.says("Grüße / 👋")
        connected.sink.wait(1)
        (delivery,) = connected.sink.deliveries
        assert delivery.raw.isascii()
        assert rb"Gr\u00fc\u00dfe \/ \ud83d\udc4b" in delivery.raw
        secret = connected.facts["facebook_app_secret"].encode()
        for name, digest in (("X-Hub-Signature", hashlib.sha1), ("X-Hub-Signature-256", hashlib.sha256)):
            kind, _, value = delivery.headers[name].partition("=")
            assert kind == digest().name
            assert value == hmac.new(secret, delivery.raw, digest).hexdigest()
        assert delivery.headers["User-Agent"] == "facebookexternalua"
        assert delivery.headers["Content-Type"] == "application/json"
        body = json.loads(delivery.raw)
        (entry,) = body["entry"]
        assert list(body) == ["object", "entry"]
        assert list(entry) == ["time", "id", "messaging"]
        assert entry["id"] == connected.account
        assert said["timestamp"] < entry["time"] <= connected.simulator.read("/clock")["now"] + 1
        assert entry["messaging"] == [
            {
                "sender": {"id": connected.igsid},
                "recipient": {"id": connected.account},
                "timestamp": said["timestamp"],
                "message": {"mid": said["mid"], "text": "Grüße / 👋"},
            }
        ]

    def test_attachments(self, connected: Seeded) -> None:
        url = "https://example.org/voice"
        reel = {"type": "ig_reel", "payload": {"reel_video_id": "1", "title": "t"}, "url": url}
        for given in ([{"type": "audio", "url": url}], [reel], [{"type": "ephemeral"}]):
            connected.acts("/messages", attachments=given)
        sent = [one["message"]["attachments"] for one in connected.sink.wait(3)]
        assert sent == [
            [{"type": "audio", "payload": {"url": url}}],
            [{"type": "ig_reel", "payload": {"reel_video_id": "1", "title": "t", "url": url}}],
            [{"type": "ephemeral"}],
        ]

    def test_a_quick_reply_and_an_inline_reply(self, connected: Seeded) -> None:
        first = connected.says("Yes", quick_reply_payload="YES")["mid"]
        connected.says("I mean this", reply_to_mid=first)
        one, other = (item["message"] for item in connected.sink.wait(2))
        assert one == {"mid": first, "text": "Yes", "quick_reply": {"payload": "YES"}}
        assert list(other) == ["mid", "text", "reply_to"]
        assert other["reply_to"] == {"mid": first}

    def test_a_story_reply_and_a_mention(self, connected: Seeded) -> None:
        story = connected.simulator.read(f"/accounts/{connected.account}/stories")["stories"][0]
        connected.says("lovely", story_id=story["id"])
        connected.acts("/mentions")
        reply, mention = (item["message"] for item in connected.sink.wait(2))
        assert reply["reply_to"]["story"] == {"url": story["url"], "id": story["id"]}
        assert mention["attachments"][0]["type"] == "story_mention"
        assert list(mention["attachments"][0]["payload"]) == ["url"]

    def test_a_postback(self, connected: Seeded) -> None:
        mid = connected.acts("/postbacks", title="Start", payload="START")["mid"]
        assert only(connected, "postback")["postback"] == {"mid": mid, "title": "Start", "payload": "START"}

    def test_unsend(self, connected: Seeded) -> None:
        mid = connected.says("oops")["mid"]
        connected.simulator.control("/unsend", 200, mid=mid)
        assert connected.sink.wait(2)[1]["message"] == {"mid": mid, "is_deleted": True}
        (said,) = connected.thread()
        assert (said["deleted"], said["text"]) == (True, None)
        assert connected.simulator.call("POST", "/_simulator/unsend", {"mid": mid}).status == 409

    def test_seen(self, connected: Seeded) -> None:
        connected.says()
        mid = connected.send({"text": "hi"}).json["message_id"]
        connected.acts("/seen", 200)
        connected.acts("/seen", 200)
        connected.says("last")
        items = connected.sink.wait(4)
        assert [one["read"] for one in items if "read" in one] == [{"mid": mid}]
        assert connected.thread()[1]["seen"] is True

    @pytest.mark.parametrize(("emoji", "name"), [("❤️", "love"), ("❤", "love"), ("😮", "wow"), ("🎉", "other")])
    def test_reactions(self, connected: Seeded, emoji: str, name: str) -> None:
        connected.says()
        mid = connected.send({"text": "hi"}).json["message_id"]
        connected.simulator.control("/reactions", 200, mid=mid, emoji=emoji)
        connected.simulator.control("/reactions", 200, mid=mid, emoji=None)
        given, taken = [one["reaction"] for one in connected.sink.wait(4) if "reaction" in one]
        assert given == {"mid": mid, "action": "react", "reaction": name, "emoji": "❤️" if name == "love" else emoji}
        assert taken == {"mid": mid, "action": "unreact"}

    def test_an_edit(self, connected: Seeded) -> None:
        mid = connected.says("helo")["mid"]
        connected.simulator.control("/edits", 200, mid=mid, text="hello")
        assert only(connected, "message_edit")["message_edit"] == {"mid": mid, "text": "hello", "num_edit": "1"}

    def test_the_owner_in_the_app(self, connected: Seeded) -> None:
        mid = connected.acts("/owner-messages", text="from my phone")["mid"]
        (item,) = connected.sink.wait(1)
        assert item["sender"]["id"] == connected.account
        assert item["message"] == {"mid": mid, "text": "from my phone", "is_echo": True}
        assert connected.thread()[0]["source"] == "app"

    def test_a_field_that_is_not_subscribed_is_not_sent(self, connected: Seeded) -> None:
        query = {"access_token": connected.app_token, "fields": "messaging_postbacks"}
        connected.simulator.call("DELETE", f"/{connected.facts['facebook_app_id']}/subscriptions", query=query)
        connected.acts("/postbacks", title="Start", payload="START")
        connected.says("after")
        assert [list(one)[3] for one in connected.sink.wait(1)] == ["message"]

    def test_a_page_that_is_not_subscribed_sends_nothing(self, connected: Seeded) -> None:
        other = connected.simulator.control("/accounts", page_name="Other")["instagram_account_id"]
        connected.simulator.control("/messages", account_id=other, person=connected.person, text="x")
        connected.says("mine")
        assert connected.sink.wait(1)[0]["message"]["text"] == "mine"
        assert len(connected.sink.items) == 1


class TestDelivery:
    def quick(self, simulator: Simulator, **changed: Any) -> None:
        body = {"retry_delays": [0, 0.01], **changed}
        assert simulator.call("PATCH", "/_simulator/delivery", body).status == 200

    def test_a_failure_is_repeated_with_the_same_bytes_and_holds_the_thread_back(self, connected: Seeded) -> None:
        self.quick(connected.simulator)
        connected.sink.answers[:] = [500, 503, 404]
        for text in ("one", "two", "three"):
            connected.says(text)
        eventually(lambda: connected.sink.texts() == ["one", "two", "three"])
        tries = [one for one in connected.sink.deliveries if b'"text":"one"' in one.raw]
        assert [one.answered for one in tries] == [500, 503, 404, 200]
        assert len({(one.raw, one.headers["X-Hub-Signature-256"]) for one in tries}) == 1
        entry = next(one for one in wire(connected) if one["kind"] == "webhook")
        assert [one["status"] for one in entry["attempts"]] == [500, 503, 404, 200]

    def test_a_callback_that_does_not_answer_in_time_is_tried_again(self, connected: Seeded) -> None:
        self.quick(connected.simulator, timeout_seconds=0.05)
        connected.sink.hold = lambda _: connected.sink.most_together < 2
        connected.says("slow")
        assert connected.sink.wait(1)[0]["message"]["text"] == "slow"

    def test_threads_do_not_wait_for_one_another(self, connected: Seeded) -> None:
        released: list[bool] = []
        connected.sink.hold = lambda raw: b"stuck" in raw and not released
        connected.says("stuck")
        others = [one["id"] for one in connected.simulator.read("/people")["people"][1:]]
        for person in others:
            connected.simulator.control("/messages", account_id=connected.account, person=person, text="free")
        connected.says("behind")
        eventually(lambda: connected.sink.texts() == ["free", "free"])
        released.append(True)
        eventually(lambda: connected.sink.texts() == ["free", "free", "stuck", "behind"])

    def test_order_within_a_thread_under_load(self, connected: Seeded) -> None:
        expected = [str(number) for number in range(60)]
        for text in expected:
            connected.says(text)
        eventually(lambda: len(connected.sink.texts()) == 60)
        assert connected.sink.texts() == expected

    def test_what_waits_for_the_same_app_is_sent_together(self, connected: Seeded) -> None:
        self.quick(connected.simulator, concurrency=1, batch_max=100)
        released: list[bool] = []
        connected.sink.hold = lambda raw: b"first" in raw and not released
        connected.says("first")
        eventually(lambda: connected.sink.together == 1)
        people = [one["id"] for one in connected.simulator.read("/people")["people"]]
        for number in range(6):
            person = people[number % 3]
            connected.simulator.control("/messages", account_id=connected.account, person=person, text=f"m{number}")
        released.append(True)
        connected.sink.wait(7)
        assert connected.sink.most_together == 1
        assert len(connected.sink.deliveries) < 7
        per_person = {one: [] for one in people}
        for item in connected.sink.items[1:]:
            thread = connected.simulator.read(f"/threads/{connected.account}/{item['sender']['id']}")
            per_person[thread["person"]].append(item["message"]["text"])
        assert list(per_person.values()) == [["m0", "m3"], ["m1", "m4"], ["m2", "m5"]]

    def test_the_echo_may_come_before_the_answer(self, connected: Seeded, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(send, "_ECHO_LEAD_SECONDS", 1.0)
        connected.says()
        connected.sink.wait(1)
        self.quick(connected.simulator, echo_before_answer=True)
        connected.send({"text": "hi"})
        assert "hi" in connected.sink.texts()


class TestFaults:
    def fault(self, connected: Seeded, **body: Any) -> None:
        connected.simulator.control("/webhook-faults", **body)

    def test_an_event_is_lost(self, connected: Seeded) -> None:
        self.fault(connected, kind="drop", count=2)
        for text in ("one", "two", "three"):
            connected.says(text)
        connected.sink.wait(1)
        assert connected.sink.texts() == ["three"]

    def test_an_event_comes_twice(self, connected: Seeded) -> None:
        self.fault(connected, kind="duplicate")
        connected.says("one")
        connected.says("two")
        eventually(lambda: connected.sink.texts() == ["one", "one", "two"])

    def test_two_events_change_places(self, connected: Seeded) -> None:
        self.fault(connected, kind="reorder")
        connected.says("one")
        connected.says("two")
        eventually(lambda: connected.sink.texts() == ["two", "one"])

    def test_an_event_is_overtaken(self, connected: Seeded) -> None:
        self.fault(connected, kind="delay", delay_seconds=1)
        connected.says("one")
        connected.says("two")
        eventually(lambda: connected.sink.texts() == ["two", "one"])

    def test_a_signature_is_wrong_once(self, connected: Seeded) -> None:
        self.fault(connected, kind="corrupt", account_id=connected.account)
        connected.simulator.call("PATCH", "/_simulator/delivery", {"retry_delays": [0.01]})
        connected.sink.answers[:] = [403]
        connected.says("one")
        connected.sink.wait(1)
        first, second = (one.headers["X-Hub-Signature-256"] for one in connected.sink.deliveries)
        assert first == "sha256=" + "0" * 64
        assert second != first

    def test_faults_are_listed_and_cleared(self, connected: Seeded) -> None:
        self.fault(connected, kind="drop", count=5)
        assert connected.simulator.read("/faults")["webhook_faults"][0]["count"] == 5
        connected.simulator.call("DELETE", "/_simulator/webhook-faults")
        connected.says("one")
        assert connected.sink.wait(1)


def wire(seeded: Seeded) -> list[dict[str, Any]]:
    return seeded.simulator.read("/wire")["entries"]


def test_two_apps_get_the_same_event_with_their_own_signature(connected: Seeded, sink: Sink) -> None:
    app = connected.simulator.control("/apps")
    body = {"app_id": app["id"], "page_id": connected.facts["page_id"]}
    token = connected.simulator.control("/tokens", **body)["access_token"]
    form = {"object": "instagram", "callback_url": sink.url, "verify_token": "x", "fields": "messages"}
    app_token = f"{app['id']}|{app['secret']}"
    connected.simulator.call("POST", f"/{app['id']}/subscriptions", form={**form, "access_token": app_token})
    connected.graph("POST", f"/{connected.facts['page_id']}/subscribed_apps", {"subscribed_fields": "feed"}, token)
    connected.says("both")
    connected.sink.wait(2)
    assert connected.sink.texts() == ["both", "both"]
    assert len({one.headers["X-Hub-Signature-256"] for one in connected.sink.deliveries}) == 2
