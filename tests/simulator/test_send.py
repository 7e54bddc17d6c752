"""The Send API: what is accepted, what the thread then shows, what the echo says."""

import json
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.simulator.support import Seeded, eventually

PNG = b"\x89PNG\r\n\x1a\n picture"
BUTTONS = [
    {"type": "postback", "title": "Yes", "payload": "YES"},
    {"type": "web_url", "title": "Go", "url": "https://x.org/"},
]


def file_url(seeded: Seeded, kind: str = "image/png", body: bytes = PNG) -> str:
    seeded.sink.files["a.png"] = (kind, body)
    return seeded.sink.url.replace("/hook", "/files/a.png")


def echo_of(connected: Seeded, mid: str) -> dict[str, Any]:
    def find() -> dict[str, Any] | None:
        return next((one for one in connected.sink.items if one.get("message", {}).get("mid") == mid), None)

    return eventually(find)


def test_the_answer_names_recipient_and_message(seeded: Seeded) -> None:
    seeded.says()
    told = seeded.send({"text": "Good morning"}).json
    assert list(told) == ["recipient_id", "message_id"]
    assert told["recipient_id"] == seeded.igsid
    said = seeded.thread()[-1]
    assert (said["mid"], said["from"], said["source"], said["text"]) == (
        told["message_id"],
        "business",
        "api",
        "Good morning",
    )


@pytest.mark.parametrize("path", ["/me/messages", "/v23.0/me/messages", "/v21.0/{page}/messages"])
def test_with_and_without_version_by_me_and_by_page(seeded: Seeded, path: str) -> None:
    seeded.says()
    body = {"recipient": {"id": seeded.igsid}, "message": {"text": "x"}}
    assert seeded.graph("POST", path.format(page=seeded.facts["page_id"]), body).status == 200


def test_a_form_and_a_token_in_the_query(seeded: Seeded) -> None:
    seeded.says()
    form = {"recipient": json.dumps({"id": seeded.igsid}), "message": json.dumps({"text": "Grüße & co"})}
    answer = seeded.simulator.call("POST", "/me/messages", form=form, query={"access_token": seeded.token})
    assert answer.status == 200
    assert seeded.thread()[-1]["text"] == "Grüße & co"


@pytest.mark.parametrize(
    ("age_hours", "body", "expected"),
    [
        (23, {}, None),
        (23, {"messaging_type": "RESPONSE"}, None),
        (25, {"messaging_type": "RESPONSE"}, (403, 10, 2534022)),
        (25, {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}, None),
        (25, {"tag": "HUMAN_AGENT"}, None),
        (24 * 7 + 1, {"tag": "HUMAN_AGENT"}, (403, 10, 2534022)),
        (1, {"messaging_type": "MESSAGE_TAG"}, (400, 100, None)),
        (1, {"messaging_type": "MESSAGE_TAG", "tag": "ACCOUNT_UPDATE"}, (400, 100, None)),
        (1, {"messaging_type": "OTHER"}, (400, 100, None)),
    ],
)
def test_the_window_rules_over_the_wire(seeded: Seeded, age_hours: int, body: dict, expected: tuple | None) -> None:
    seeded.says(age_seconds=age_hours * 3600)
    answer = seeded.send({"text": "x"}, **body)
    assert (answer.error if answer.status != 200 else None) == expected


def test_the_window_follows_the_clock(seeded: Seeded) -> None:
    seeded.says()
    seeded.simulator.control("/clock", 200, advance_seconds=25 * 3600)
    assert seeded.send({"text": "x"}).error == (403, 10, 2534022)
    seeded.says()
    assert seeded.send({"text": "x"}).status == 200


def test_an_app_without_the_feature_gets_no_seven_days(seeded: Seeded) -> None:
    app = seeded.simulator.control("/apps", human_agent=False)
    body = {"app_id": app["id"], "page_id": seeded.facts["page_id"]}
    token = seeded.simulator.control("/tokens", **body)["access_token"]
    seeded.says(age_seconds=25 * 3600)
    send = {"recipient": {"id": seeded.igsid}, "message": {"text": "x"}, "tag": "HUMAN_AGENT"}
    assert seeded.graph("POST", "/me/messages", send, token).error == (403, 10, 2534022)


def test_another_accounts_igsid_is_nobody(seeded: Seeded) -> None:
    other = seeded.simulator.control("/accounts", page_name="Other")["instagram_account_id"]
    person = seeded.simulator.read("/people")["people"][0]["id"]
    theirs = seeded.simulator.read(f"/people/{person}/igsid/{other}")["igsid"]
    assert theirs != seeded.igsid
    body = {"recipient": {"id": theirs}, "message": {"text": "x"}}
    assert seeded.graph("POST", "/me/messages", body).error == (400, 100, 2534014)


@pytest.mark.parametrize(
    ("message", "echoed"),
    [
        ({"text": "Plain"}, {"text": "Plain"}),
        ({"attachment": {"type": "like_heart"}}, {"attachments": [{"type": "like_heart"}]}),
        (
            {"text": "Pick", "quick_replies": [{"content_type": "text", "title": "A", "payload": "a"}]},
            {"text": "Pick"},
        ),
        (
            {
                "attachment": {
                    "type": "template",
                    "payload": {
                        "template_type": "generic",
                        "elements": [{"title": "T", "subtitle": "S", "buttons": BUTTONS}],
                    },
                }
            },
            {
                "attachments": [
                    {
                        "type": "template",
                        "payload": {
                            "generic": {
                                "elements": [
                                    {
                                        "title": "T",
                                        "subtitle": "S",
                                        "buttons": [BUTTONS[0], {**BUTTONS[1], "type": "open_url"}],
                                    }
                                ]
                            }
                        },
                    }
                ]
            },
        ),
    ],
)
def test_the_echo_carries_the_same_mid(connected: Seeded, message: dict, echoed: dict) -> None:
    connected.says()
    mid = connected.send(message).json["message_id"]
    echo = echo_of(connected, mid)
    assert (echo["sender"]["id"], echo["recipient"]["id"]) == (connected.account, connected.igsid)
    assert echo["message"] == {"mid": mid, **echoed, "is_echo": True}
    assert list(echo["message"])[-1] == "is_echo"


def test_media_is_fetched_and_served_from_the_cdn(connected: Seeded) -> None:
    connected.says()
    one = {"type": "image", "payload": {"url": file_url(connected)}}
    mid = connected.send({"attachments": [one, one]}).json["message_id"]
    attachments = echo_of(connected, mid)["message"]["attachments"]
    assert [each["type"] for each in attachments] == ["image", "image"]
    link = urlsplit(attachments[0]["payload"]["url"])
    assert link.path == "/ig_messaging_cdn/"
    served = connected.simulator.get(f"{link.path}?{link.query}")
    assert (served.status, served.headers["content-type"], served.body) == (200, "image/png", PNG)


def test_an_upload_is_sent_by_its_id(seeded: Seeded) -> None:
    seeded.says()
    given = {"type": "image", "payload": {"url": file_url(seeded), "is_reusable": True}}
    answer = seeded.graph("POST", "/me/message_attachments", {"message": {"attachment": given}}, platform="instagram")
    attachment = {"type": "image", "payload": {"attachment_id": answer.json["attachment_id"]}}
    assert seeded.send({"attachment": attachment}).status == 200
    assert seeded.thread()[-1]["attachments"][0]["type"] == "image"


@pytest.mark.parametrize(
    ("kind", "content_type", "expected"),
    [("image", "text/html", 2018047), ("video", "image/png", 2018047), ("file", "application/zip", 2018047)],
)
def test_a_file_of_another_type_is_refused_and_nothing_is_said(seeded: Seeded, kind, content_type, expected) -> None:
    seeded.says()
    answer = seeded.send({"attachment": {"type": kind, "payload": {"url": file_url(seeded, content_type)}}})
    assert answer.error == (400, 100, expected)
    assert len(seeded.thread()) == 1


def test_an_answer_quotes_a_message_of_the_thread(connected: Seeded) -> None:
    quoted = connected.says()["mid"]
    mid = connected.send({"text": "yes"}, reply_to={"mid": quoted}).json["message_id"]
    assert echo_of(connected, mid)["message"]["reply_to"] == {"mid": quoted}
    assert connected.send({"text": "yes"}, reply_to={"mid": "unknown"}).error == (400, 100, None)


class TestSenderActions:
    def test_typing_shows_for_a_while(self, seeded: Seeded) -> None:
        seeded.says()
        path = f"/threads/{seeded.account}/{seeded.igsid}"
        assert seeded.send(sender_action="typing_on").json == {"recipient_id": seeded.igsid}
        assert seeded.simulator.read(path)["typing"] is True
        seeded.send(sender_action="typing_off")
        assert seeded.simulator.read(path)["typing"] is False
        seeded.send(sender_action="typing_on")
        seeded.simulator.control("/clock", 200, advance_seconds=21)
        assert seeded.simulator.read(path)["typing"] is False

    def test_mark_seen_marks_what_the_person_wrote(self, seeded: Seeded) -> None:
        seeded.says("one")
        seeded.send(sender_action="mark_seen")
        seeded.says("two")
        assert [(said["text"], said["seen"]) for said in seeded.thread()] == [("one", True), ("two", False)]

    def test_a_reaction_is_put_replaced_and_removed_without_an_echo(self, connected: Seeded) -> None:
        mid = connected.says()["mid"]
        for reaction in ("love", "laugh"):
            payload = {"message_id": mid, "reaction": reaction}
            assert connected.send(sender_action="react", payload=payload).json == {"recipient_id": connected.igsid}
        assert connected.thread()[0]["reactions"] == [{"from": "business", "reaction": "laugh", "emoji": "😂"}]
        connected.send(sender_action="unreact", payload={"message_id": mid})
        assert connected.thread()[0]["reactions"] == []
        connected.says("last")
        assert [one["message"]["text"] for one in connected.sink.wait(2)] == ["hello", "last"]

    @pytest.mark.parametrize(
        "body",
        [
            {"sender_action": "dance"},
            {"sender_action": "typing_on", "payload": {}},
            {"sender_action": "react"},
            {"sender_action": "react", "payload": {"message_id": "unknown", "reaction": "love"}},
        ],
    )
    def test_anything_else_is_refused(self, seeded: Seeded, body: dict[str, Any]) -> None:
        seeded.says()
        assert seeded.send(**body).error == (400, 100, None)
