"""Rules of the Send API beyond the shape of a message (Meta reference 2.1 to 2.5): media, posts, comments, and knobs."""

from typing import Any
from urllib.parse import urlsplit

import pytest

from heliograph.simulator.graph.sniff import sniff
from tests.simulator.refusals import (
    account_rules,
    app_rules,
    comment,
    no_scope,
    other_app,
    patch,
    reply,
    rules,
    uploaded,
)
from tests.simulator.support import Answer, Seeded, eventually

PNG = b"\x89PNG\r\n\x1a\n picture"
JPEG = b"\xff\xd8\xff\xe0 picture"
GIF = b"GIF89a picture"
MP4 = b"\0\0\0\x18ftypisom"
M4A = b"\0\0\0\x18ftypM4A "
PDF = b"%PDF-1.7"
WAV = b"RIFF\0\0\0\0WAVEfmt "
DAY = 24 * 3600


def file(seeded: Seeded, kind: str, content_type: str, body: bytes) -> Answer:
    seeded.sink.files["a"] = (content_type, body)
    url = seeded.sink.url.replace("/hook", "/files/a")
    return seeded.send({"attachment": {"type": kind, "payload": {"url": url}}})


@pytest.mark.parametrize(
    ("kind", "content_type", "body"),
    [
        ("image", "image/png", PNG),
        ("image", "image/jpeg", JPEG),
        ("image", "image/gif", GIF),
        ("video", "video/mp4", MP4),
        ("video", "video/ogg", b"OggS"),
        ("video", "video/x-msvideo", b"RIFF\0\0\0\0AVI LIST"),
        ("video", "video/quicktime", b"\0\0\0\x14ftypqt  "),
        ("video", "video/webm", b"\x1a\x45\xdf\xa3"),
        ("audio", "audio/aac", b"\xff\xf1"),
        ("audio", "audio/mp4", M4A),
        ("audio", "video/mp4", MP4),
        ("audio", "audio/wav", WAV),
        ("file", "application/pdf", PDF),
    ],
)
def test_a_file_that_may_be_sent(seeded: Seeded, kind: str, content_type: str, body: bytes) -> None:
    seeded.says()
    assert file(seeded, kind, content_type, body).status == 200


@pytest.mark.parametrize(
    ("kind", "content_type", "body"),
    [
        ("image", "image/webp", b"RIFF\0\0\0\0WEBPVP8 "),
        ("image", "image/png", b"<!DOCTYPE html><html>"),
        ("image", "image/jpeg", PDF),
        ("image", "image/png", b'{"error":"not found"}'),
        ("video", "video/mp4", PNG),
        ("audio", "audio/mpeg", b"ID3"),
        ("audio", "audio/mp4", b"ID3"),
        ("file", "application/pdf", b"PK\x03\x04"),
        ("file", "application/zip", b"PK\x03\x04"),
    ],
)
def test_a_file_that_is_not_what_it_says(seeded: Seeded, kind: str, content_type: str, body: bytes) -> None:
    seeded.says()
    assert file(seeded, kind, content_type, body).error == (400, 100, 2018047)
    assert len(seeded.thread()) == 1


@pytest.mark.parametrize(
    ("kind", "content_type", "head", "limit"),
    [
        ("image", "image/png", PNG, 8_000_000),
        ("video", "video/mp4", MP4, 25_000_000),
        ("file", "application/pdf", PDF, 25_000_000),
    ],
)
def test_the_size_of_a_file(seeded: Seeded, kind: str, content_type: str, head: bytes, limit: int) -> None:
    seeded.says()
    assert file(seeded, kind, content_type, head.ljust(limit, b"x")).status == 200
    assert file(seeded, kind, content_type, head.ljust(limit + 1, b"x")).error == (400, 100, 2018109)


def test_bytes_that_show_nothing_are_taken_at_their_word() -> None:
    assert sniff(b"anything") is None


def test_gifs_are_images_on_an_older_page_only(seeded: Seeded) -> None:
    seeded.says()
    rules(seeded, gif_images=False)
    assert file(seeded, "image", "image/gif", GIF).error == (400, 100, 2018047)
    assert file(seeded, "image", "image/png", GIF).error == (400, 100, 2018047)


class TestUploads:
    def sent(self, seeded: Seeded, answer: Answer, kind: str = "image") -> Answer:
        attachment = {"type": kind, "payload": {"attachment_id": answer.json["attachment_id"]}}
        return seeded.send({"attachment": attachment})

    def test_a_file_in_a_form_is_sent_by_its_id_again_and_again(self, seeded: Seeded) -> None:
        seeded.says()
        answer = uploaded(seeded, "image/png", PNG)
        assert [self.sent(seeded, answer).status for _ in range(2)] == [200, 200]
        assert seeded.thread()[-1]["attachments"][0]["type"] == "image"

    def test_a_large_file_in_a_form_is_kept_byte_for_byte(self, seeded: Seeded) -> None:
        seeded.says()
        film = MP4 + bytes(range(256)) * 20_000 + b"\r\n\n\r--heliograph-edg\r\n"
        answer = uploaded(seeded, "video/mp4", film, "video")
        assert self.sent(seeded, answer, "video").status == 200
        parts = urlsplit(seeded.thread()[-1]["attachments"][0]["url"])
        assert seeded.simulator.get(f"{parts.path}?{parts.query}").body == film

    @pytest.mark.parametrize(
        ("content_type", "body", "kind", "subcode"),
        [
            ("image/png", PDF, "image", 2018047),
            ("text/plain", b"words", "image", 2018047),
            ("image/png", PNG.ljust(8_000_001, b"x"), "image", 2018109),
            ("image/png", PNG, "sound", None),
        ],
    )
    def test_a_file_in_a_form_is_looked_at(
        self, seeded: Seeded, content_type: str, body: bytes, kind: str, subcode: int | None
    ) -> None:
        assert uploaded(seeded, content_type, body, kind).error == (400, 100, subcode)

    def test_an_upload_belongs_to_its_page(self, seeded: Seeded) -> None:
        seeded.says()
        other = seeded.simulator.control("/accounts", page_name="Other")["page_id"]
        app = seeded.facts["facebook_app_id"]
        token = seeded.simulator.control("/tokens", app_id=app, page_id=other)["access_token"]
        assert self.sent(seeded, uploaded(seeded, "image/png", PNG, token=token)).error == (400, 100, 2018074)

    def test_an_upload_is_sent_as_what_it_is(self, seeded: Seeded) -> None:
        seeded.says()
        assert self.sent(seeded, uploaded(seeded, "image/png", PNG), "video").error == (400, 100, 2018047)

    def test_what_a_person_sent_is_no_upload(self, seeded: Seeded) -> None:
        made = seeded.simulator.call("POST", "/_simulator/uploads", PNG, headers={"Content-Type": "image/png"}).json
        seeded.says(attachments=[{"type": "image", "url": made["url"]}])
        attachment = {"type": "image", "payload": {"attachment_id": made["id"]}}
        assert seeded.send({"attachment": attachment}).error == (400, 100, 2018074)


def share(seeded: Seeded, post_id: str) -> Answer:
    return seeded.send({"attachment": {"type": "MEDIA_SHARE", "payload": {"id": post_id}}})


def test_only_an_own_post_can_be_shared(connected: Seeded) -> None:
    connected.says()
    post = connected.simulator.control(f"/accounts/{connected.account}/posts", caption="New in")["id"]
    assert connected.graph("GET", f"/{connected.account}/media", fields="id,caption").json["data"][0] == {
        "id": post,
        "caption": "New in",
    }
    other = connected.simulator.control("/accounts", page_name="Other")["instagram_account_id"]
    theirs = connected.simulator.control(f"/accounts/{other}/posts")["id"]
    assert share(connected, post).status == 200
    assert share(connected, theirs).error == (400, 100, None)
    assert share(connected, "1").error == (400, 100, None)


@pytest.mark.parametrize(
    ("elements", "status"),
    [
        ([{"id": "11"}], 200),
        ([{"id": "11"}] * 10, 200),
        ([{"id": "11"}] * 11, 400),
        ([{"id": "12"}], 400),
        ([{}], 400),
        ([], 400),
    ],
    ids=["one", "ten", "eleven", "not in the catalog", "no id", "none"],
)
def test_a_product_template_shows_products_of_the_catalog(seeded: Seeded, elements: list[Any], status: int) -> None:
    seeded.says()
    account_rules(seeded, catalog=["11"])
    payload = {"template_type": "product", "elements": elements}
    assert seeded.send({"attachment": {"type": "template", "payload": payload}}).status == status


@pytest.mark.parametrize(("count", "status"), [(1, 200), (10, 200), (11, 400)])
def test_several_images_are_ten_at_most(seeded: Seeded, count: int, status: int) -> None:
    seeded.says()
    seeded.sink.files["a"] = ("image/png", PNG)
    one = {"type": "image", "payload": {"url": seeded.sink.url.replace("/hook", "/files/a")}}
    assert seeded.send({"attachments": [one] * count}).status == status


class TestPrivateReplies:
    def test_it_needs_no_window_and_opens_none(self, connected: Seeded) -> None:
        key = comment(connected)
        answer = reply(connected, key)
        assert answer.json["recipient_id"] == connected.igsid
        mid = answer.json["message_id"]
        eventually(lambda: [one for one in connected.sink.items if one["message"]["mid"] == mid])
        assert connected.send({"text": "more"}).error == (403, 10, 2534022)
        connected.says("thanks")
        assert connected.send({"text": "more"}).status == 200

    def test_one_for_each_comment(self, seeded: Seeded) -> None:
        first, second = comment(seeded), comment(seeded)
        assert [reply(seeded, key).status for key in (first, second, first)] == [200, 200, 500]
        assert reply(seeded, first).error == (500, -1, 2534023)

    @pytest.mark.parametrize(("days", "status"), [(6.9, 200), (7.1, 400)])
    def test_within_seven_days(self, seeded: Seeded, days: float, status: int) -> None:
        answer = reply(seeded, comment(seeded, age_seconds=days * DAY))
        assert answer.status == status
        if status == 400:
            assert answer.error == (400, 100, 2534025)

    def test_not_to_a_deleted_comment_nor_to_another_accounts(self, seeded: Seeded) -> None:
        key = comment(seeded)
        assert seeded.simulator.call("DELETE", f"/_simulator/comments/{key}").status == 200
        assert reply(seeded, key).error == (400, 100, 2534025)
        other = seeded.simulator.control("/accounts", page_name="Other")["instagram_account_id"]
        made = seeded.simulator.control("/comments", account_id=other, person=seeded.person, text="?")
        assert reply(seeded, made["id"]).error == (400, 100, 2534025)

    def test_to_a_live_comment_while_the_broadcast_lasts(self, seeded: Seeded) -> None:
        post = seeded.simulator.control(f"/accounts/{seeded.account}/posts", live=True)["id"]
        first, second = comment(seeded, post_id=post), comment(seeded, post_id=post)
        assert reply(seeded, first).status == 200
        seeded.simulator.control(f"/posts/{post}/end", 200)
        assert reply(seeded, second).error == (400, 100, 2534025)

    @pytest.mark.parametrize("scope", ["instagram_manage_comments", "pages_messaging"])
    def test_both_permissions_are_needed(self, seeded: Seeded, scope: str) -> None:
        assert reply(seeded, comment(seeded), no_scope(scope)(seeded)).error == (403, 200, 2534066)

    def test_it_needs_advanced_access(self, seeded: Seeded) -> None:
        app_rules(seeded, advanced=["instagram_manage_messages", "pages_messaging"])
        assert reply(seeded, comment(seeded)).error == (403, 3, None)

    def test_one_page_asks_for_the_human_agent_feature(self, seeded: Seeded) -> None:
        _, token = other_app(seeded, human_agent=False)
        assert reply(seeded, comment(seeded), token).status == 200
        rules(seeded, private_reply_needs_feature=True)
        assert reply(seeded, comment(seeded), token).error == (403, 3, None)
        assert reply(seeded, comment(seeded)).status == 200


class TestOpenQuestions:
    """Where Meta's texts leave a rule open, a knob chooses."""

    @pytest.mark.parametrize(("knob", "error"), [("window", (403, 10, 2534022)), ("parameter", (400, 100, None))])
    def test_human_agent_after_seven_days_and_without_the_feature(
        self, seeded: Seeded, knob: str, error: tuple[int, int, int | None]
    ) -> None:
        rules(seeded, no_feature=knob)
        seeded.says(age_seconds=8 * DAY)
        assert seeded.send({"text": "x"}, tag="HUMAN_AGENT").error == error
        seeded.says(age_seconds=2 * DAY)
        assert seeded.send({"text": "x"}, tag="HUMAN_AGENT").status == 200
        app_rules(seeded, human_agent=False)
        assert seeded.send({"text": "x"}, tag="HUMAN_AGENT").error == error
        assert seeded.send({"text": "x"}).error == (403, 10, 2534022)

    @pytest.mark.parametrize(("knob", "subcode"), [("parameter", None), ("invalid_message", 2534015)])
    def test_a_text_over_1000_bytes(self, seeded: Seeded, knob: str, subcode: int | None) -> None:
        rules(seeded, long_text=knob)
        seeded.says()
        assert seeded.send({"text": "é" * 500}).status == 200
        assert seeded.send({"text": "é" * 500 + "."}).error == (400, 100, subcode)

    @pytest.mark.parametrize(
        ("reaction", "emoji", "status"),
        [("love", True, 200), ("love", False, 200), ("🔥", True, 200), ("🔥", False, 400), ("banana", True, 400)],
    )
    def test_what_a_reaction_may_be(self, seeded: Seeded, reaction: str, emoji: bool, status: int) -> None:
        rules(seeded, emoji_reactions=emoji)
        mid = seeded.says()["mid"]
        payload = {"message_id": mid, "reaction": reaction}
        assert seeded.send(sender_action="react", payload=payload).status == status


def test_a_thread_that_the_owner_deleted_comes_back_when_the_person_writes(seeded: Seeded) -> None:
    seeded.says()
    seeded.simulator.control(f"/threads/{seeded.account}/{seeded.igsid}/archive", 200)
    assert seeded.graph("GET", "/me/conversations", platform="instagram").json["data"] == []
    assert seeded.send({"text": "x"}).error == (400, 100, 2534001)
    seeded.says("back")
    assert seeded.send({"text": "x"}).status == 200


def test_a_refusal_or_restriction_that_does_not_exist_is_named(seeded: Seeded) -> None:
    answer = seeded.simulator.call("PATCH", f"/_simulator/people/{seeded.igsid}", {"refusal": "nonsense"})
    assert (answer.status, answer.json["error"]["field"]) == (422, "refusal")
    patch(seeded, f"/people/{seeded.igsid}", refusal="unavailable")
    patch(seeded, f"/people/{seeded.igsid}", refusal="")
    seeded.says()
    assert seeded.send({"text": "x"}).status == 200
