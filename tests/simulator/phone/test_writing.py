"""The person writes: words, pictures, voices, files, what they share."""

import json
import re
from typing import Any

from playwright.sync_api import expect

from tests.simulator.phone.driver import Phone

NO_MICROPHONE = "() => { navigator.mediaDevices.getUserMedia = () => Promise.reject(new Error('none')); }"
HUMMING = """() => { navigator.mediaDevices.getUserMedia = async () => {
  const context = new AudioContext(), tone = context.createOscillator(), end = context.createMediaStreamDestination();
  tone.connect(end); tone.start(); return end.stream; }; }"""


def _types(one: dict[str, Any]) -> list[str]:
    return [attachment["type"] for attachment in one.get("attachments", [])]


def test_a_text_is_written_and_arrives(phone: Phone) -> None:
    phone.write("Do you have sea charts? <b>bold</b>")
    item = phone.webhook(lambda one: "message" in one)
    assert item["message"]["text"] == "Do you have sea charts? <b>bold</b>"
    expect(phone.bubble("Do you have sea charts? <b>bold</b>")).to_be_visible()
    expect(phone.page.locator("#window.standard")).to_contain_text("Open until")
    expect(phone.page.locator("#words")).to_have_value("")


def test_several_pictures_go_as_one_message_before_their_words(phone: Phone) -> None:
    phone.attach("Three sample pictures")
    expect(phone.page.locator("#staged img")).to_have_count(3)
    phone.page.locator(".staged-out").first.click()
    expect(phone.page.locator("#staged img")).to_have_count(2)
    phone.page.locator("#words").fill("These two")
    phone.page.locator("#send").click()
    phone.webhook(lambda one: one.get("message", {}).get("text") == "These two")
    first, second = (one["message"] for one in phone.at.sink.items if "message" in one)
    assert [one["type"] for one in first["attachments"]] == ["image", "image"]
    assert second["text"] == "These two"
    expect(phone.page.locator(".pictures img")).to_have_count(2)


def test_files_are_chosen_from_the_device(phone: Phone) -> None:
    files = [{"name": "a.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4"}]
    with phone.page.expect_file_chooser() as chooser:
        phone.attach("Choose pictures or files")
    chooser.value.set_files(files)  # type: ignore[arg-type]
    expect(phone.page.locator("#staged .staged-kind")).to_have_text("File")
    phone.page.locator("#send").click()
    phone.until(lambda one: _types(one) == ["file"])
    wrong = [{"name": "a.txt", "mimeType": "text/plain", "buffer": b"no"}]
    phone.page.locator("#files").set_input_files(wrong)  # type: ignore[arg-type]
    expect(phone.page.locator("#toast.bad")).to_contain_text("carries no files of type text/plain")


KINDS = [
    ("A sample video", "video", "video.picture"),
    ("A sample voice message", "audio", ".voice audio"),
    ("A sample PDF file", "file", "a.file"),
    ("A heart", "like_heart", ".heart"),
    ("A view-once picture", "ephemeral", ".once"),
]


def test_every_kind_can_be_sent_without_having_one(phone: Phone) -> None:
    for entry, kind, shown in KINDS:
        phone.attach(entry)
        phone.webhook(lambda one, kind=kind: [kind] == _types(one.get("message", {})))
        expect(phone.page.locator(shown)).to_be_visible()


def test_a_sticker_is_a_picture_with_its_number(phone: Phone) -> None:
    phone.attach("A sticker")
    phone.choose("Sticker: Boat")
    item = phone.webhook(lambda one: "attachments" in one.get("message", {}))
    assert item["message"]["attachments"][0]["payload"]["sticker_id"]
    expect(phone.page.locator("img.sticker")).to_be_visible()


def test_posts_and_reels_are_shared_with_their_words(phone: Phone) -> None:
    shares = (("Share a post", "ig_post", "ig_post_media_id"), ("Share a reel", "ig_reel", "reel_video_id"))
    for entry, kind, key in shares:
        phone.attach(entry)
        phone.page.get_by_label("What it says").fill(f"Look: {kind}")
        phone.page.get_by_role("dialog").get_by_role("button", name=entry).click()
        item = phone.webhook(lambda one, kind=kind: [kind] == _types(one.get("message", {})))
        payload = item["message"]["attachments"][0]["payload"]
        assert payload["title"] == f"Look: {kind}"
        assert payload[key]
        assert "/ig_messaging_cdn/" in payload["url"]
        expect(phone.page.locator(".shared-title", has_text=kind)).to_be_visible()


def test_without_a_microphone_a_sample_is_offered(phone: Phone) -> None:
    phone.page.evaluate(NO_MICROPHONE)
    phone.page.locator("#voice").click()
    expect(phone.page.locator("#recording")).to_contain_text("No microphone here")
    phone.page.get_by_role("button", name="Send a sample").click()
    phone.until(lambda one: _types(one) == ["audio"])


def test_a_voice_is_recorded_as_a_format_that_instagram_carries(phone: Phone) -> None:
    phone.page.evaluate(HUMMING)
    phone.page.locator("#voice").click()
    expect(phone.page.locator("#recording")).to_contain_text(re.compile(r"0:(0[1-9]|[1-5]\d)"))
    phone.page.locator("#recording").get_by_role("button", name="Send").click()
    said = phone.until(lambda one: _types(one) == ["audio"])
    address = said["attachments"][0]["url"].split("/", 3)[3]
    file = phone.at.simulator.get("/" + address)
    assert file.headers["content-type"] == "audio/wav"
    assert file.body[:4] == b"RIFF"
    assert len(file.body) > 20_000


def test_a_refusal_says_what_was_wrong_and_keeps_the_words(phone: Phone) -> None:
    refusal = json.dumps({"error": {"field": "text", "message": "Not today."}})
    phone.page.route("**/_simulator/messages", lambda route: route.fulfill(status=422, body=refusal))
    phone.write("Keep me")
    expect(phone.page.locator("#toast.bad")).to_contain_text("Not today.")
    expect(phone.page.locator("#words")).to_have_value("Keep me")


def test_what_was_being_written_stays_in_its_conversation(phone: Phone) -> None:
    phone.page.locator("#words").fill("Half a sen")
    phone.page.get_by_role("button", name="Jonas Brandt").click()
    expect(phone.page.locator("#words")).to_have_value("")
    phone.page.get_by_role("button", name="Maya Okafor").click()
    expect(phone.page.locator("#words")).to_have_value("Half a sen")
