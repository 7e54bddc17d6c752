"""What the person sees: what the business sends, marks, links, hostile words, long conversations."""

from typing import Any

from playwright.sync_api import Browser, expect

from heliograph.simulator import pictures
from tests.browser import opened
from tests.simulator.phone.driver import Phone
from tests.simulator.support import Simulator

Spoken = tuple[Phone, dict[str, Any]]
HOSTILE = '<img src=x onerror="window.hit=1"><script>window.hit=1</script>\u202e"\'</li>'


def _template(**payload: Any) -> dict[str, Any]:
    return {"attachment": {"type": "template", "payload": payload}}


def test_cards_stand_in_a_row_and_their_buttons_answer(spoken: Spoken) -> None:
    phone, _ = spoken
    site = phone.at.sink.url.removesuffix("/hook")
    phone.at.sink.files["lamp"] = ("image/png", pictures.story("lamp"))
    buttons = [
        {"type": "postback", "title": "Reserve", "payload": "reserve-1"},
        {"type": "web_url", "title": "Look inside", "url": f"{site}/look"},
    ]
    elements = [
        {"title": f"Book {n}", "subtitle": "24 €", "image_url": f"{site}/files/lamp", "buttons": buttons}
        for n in range(3)
    ]
    assert phone.at.send(_template(template_type="generic", elements=elements)).status == 200
    row = phone.page.locator(".cards")
    expect(row.locator(".card")).to_have_count(3)
    assert row.evaluate("node => node.scrollWidth > node.clientWidth && getComputedStyle(node).overflowX === 'auto'")
    link = row.get_by_role("link", name="Look inside").first
    assert link.get_attribute("rel") == "noopener noreferrer"
    with phone.page.context.expect_page() as opened:
        link.click()
    assert opened.value.evaluate("window.opener") is None
    opened.value.close()
    row.get_by_role("button", name="Reserve").first.click()
    item = phone.webhook(lambda one: "postback" in one)
    assert (item["postback"]["title"], item["postback"]["payload"]) == ("Reserve", "reserve-1")


def test_a_button_template_is_one_card(spoken: Spoken) -> None:
    phone, _ = spoken
    buttons = [{"type": "postback", "title": "Yes", "payload": "y"}]
    phone.at.send(_template(template_type="button", text="Shall we keep it?", buttons=buttons))
    expect(phone.page.locator(".card-words")).to_have_text("Shall we keep it?")
    phone.page.get_by_role("button", name="Yes", exact=True).click()
    phone.webhook(lambda one: one.get("postback", {}).get("payload") == "y")


def test_quick_replies_answer_and_vanish_after_the_next_message(spoken: Spoken) -> None:
    phone, _ = spoken
    chips = [{"content_type": "text", "title": title, "payload": title.upper()} for title in ("Send it", "I come by")]
    phone.at.send({"text": "How?", "quick_replies": chips})
    row = phone.page.locator("#quick-replies")
    expect(row.get_by_role("button")).to_have_text(["Send it", "I come by"])
    row.get_by_role("button", name="Send it").click()
    item = phone.webhook(lambda one: "quick_reply" in one.get("message", {}))
    assert item["message"]["quick_reply"] == {"payload": "SEND IT"}
    expect(row).to_be_hidden()


def test_media_of_the_business_are_shown(spoken: Spoken) -> None:
    phone, _ = spoken
    site = phone.at.sink.url.removesuffix("/hook")
    phone.at.sink.files |= {
        "p": ("image/png", pictures.portrait("p")),
        "v": ("video/mp4", b"film"),
        "a": ("audio/wav", b"RIFF"),
    }
    several = [{"type": "image", "payload": {"url": f"{site}/files/p"}}] * 3
    assert phone.at.send({"attachments": several}).status == 200
    for kind, name in (("video", "v"), ("audio", "a")):
        answer = phone.at.send({"attachment": {"type": kind, "payload": {"url": f"{site}/files/{name}"}}})
        assert answer.status == 200
    expect(phone.page.get_by_role("group", name="3 pictures").locator("img")).to_have_count(3)
    # Files that no player understands say so in words.
    expect(phone.page.locator("#thread")).to_contain_text("Video: no longer available")
    expect(phone.page.locator("#thread")).to_contain_text("Voice message: no longer available")


def test_typing_reactions_and_seen_marks_of_both_sides(spoken: Spoken) -> None:
    phone, said = spoken
    expect(phone.bubble("Hello").locator(".note")).to_have_text("Sent")
    phone.at.send(sender_action="mark_seen")
    expect(phone.bubble("Hello").locator(".note")).to_have_text("Seen")
    phone.at.send(sender_action="typing_on")
    expect(phone.page.get_by_role("img", name="Lighthouse Books is typing")).to_be_visible()
    phone.at.send(sender_action="react", payload={"message_id": said["mid"], "reaction": "love"})
    expect(phone.bubble("Hello").locator(".reactions")).to_have_text("❤️")
    phone.at.send({"text": "Good morning"})
    expect(phone.page.locator(".typing")).to_have_count(0)
    expect(phone.bubble("Good morning").locator(".note")).to_have_text("Seen by you")
    phone.webhook(lambda one: "read" in one)


def test_addresses_are_links_and_nothing_else_is(phone: Phone) -> None:
    secure, plain = "https:" + "//a.example/x?y=1", "www.b.example"
    phone.at.says(f"See {secure}, or ({plain}). Not javascript:alert(1)")
    links = phone.page.locator(".bubble a")
    expect(links).to_have_text([secure, plain])
    assert links.evaluate_all("all => all.map(one => [one.rel, one.target])") == [["noopener noreferrer", "_blank"]] * 2
    assert links.nth(1).get_attribute("href") == "https:" + "//www.b.example/"


def test_hostile_names_and_words_stay_words(phone: Phone) -> None:
    control = phone.at.simulator.control
    someone = control("/people", name=HOSTILE)
    owner = control("/accounts", page_name=HOSTILE)
    where = {"account_id": owner["instagram_account_id"], "person": someone["id"]}
    evil = {"type": HOSTILE, "url": "/x"}
    share = {"type": "ig_post", "payload": {"title": HOSTILE, "url": "javascript:window.hit=1"}}
    control("/messages", **where, text=HOSTILE, attachments=[evil, share])
    control("/owner-messages", **where, text=HOSTILE)
    page = phone.page
    page.locator("#people").get_by_role("button", name=HOSTILE[:20]).click()
    page.locator("#back").click()
    page.locator("#inbox-list").get_by_role("button", name=HOSTILE[:20]).click()
    expect(page.locator(".bubble", has_text=HOSTILE).first).to_be_visible()
    assert page.locator("#account-name").text_content() == HOSTILE
    page.locator(".wire-row").first.click()
    expect(page.locator(".wire-detail .part").first).to_be_visible()
    assert page.evaluate("window.hit") is None
    assert page.locator("main script, main img[src=x], a[href^='javascript']").count() == 0


def test_a_long_conversation_is_read_in_pages(phone: Phone) -> None:
    """The last page at once, older ones by scrolling, without moving what is being read."""
    page = phone.page
    page.goto("about:blank")
    for number in range(1000):
        phone.at.says(f"Line {number}", age_seconds=5000 - number)
    page.goto(f"http://127.0.0.1:{phone.at.simulator.port}/")
    expect(phone.bubble("Line 999")).to_be_in_viewport()
    assert page.locator(".said").count() == 50
    page.locator("#thread").evaluate("node => { node.scrollTop = 300; }")
    steady = "document.querySelector('[aria-label$=\"Line 955\"]').getBoundingClientRect().top"
    before = page.evaluate(steady)
    page.locator("#thread").evaluate("node => { node.scrollTop = 200; }")
    expect(page.locator(".said")).to_have_count(100)
    assert abs(page.evaluate(steady) - before - 100) < 3
    # News do not move the reader either; a button leads to them.
    phone.at.send({"text": "An answer"})
    page.locator("#to-end").click()
    expect(phone.bubble("An answer")).to_be_in_viewport()
    expect(page.locator("#to-end")).to_be_hidden()
    assert page.locator(".said").count() == 101
    old = next(one for one in phone.at.thread() if one["text"] == "Line 920")
    phone.at.simulator.control("/reactions", 200, mid=old["mid"], emoji="👍")
    expect(page.locator(".said", has_text="Line 920").locator(".reactions")).to_have_text("👍")


def test_the_page_goes_on_after_the_simulator_was_away(browser: Browser, kept: Simulator) -> None:
    facts = kept.control("/seed", 200)
    where = {"account_id": facts["instagram_account_id"], "person": facts["customer_id"]}
    kept.control("/messages", **where, text="Before")
    with opened(browser, f"http://127.0.0.1:{kept.port}/") as page:
        expect(page.locator(".bubble")).to_have_text(["Before"])
        kept.stop()
        expect(page.locator("#lost")).to_contain_text("The simulator does not answer")
        page.locator("#words").fill("Kept")
        page.locator("#words").press("Enter")
        expect(page.locator("#toast.bad")).to_contain_text("Is it still running?")
        expect(page.locator("#words")).to_have_value("Kept")
        kept.start()
        expect(page.locator("#lost")).to_be_hidden()
        kept.control("/messages", **where, text="After")
        expect(page.locator(".bubble")).to_have_text(["Before", "After"])
