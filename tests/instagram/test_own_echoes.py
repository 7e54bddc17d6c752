"""Echoes of what we sent, while its answer is still to come: known by what they say, whatever kind it is (1.6)."""

from typing import Any

import pytest

from heliograph.channels.instagram import wire
from heliograph.channels.instagram.inbound import echoes
from heliograph.telemetry import metrics
from tests.instagram.house import House, Shop, new_mid, unique
from tests.instagram.meta import Gate, PlayedMeta, accepted
from tests.simulator.support import Loop, eventually

CDN = "https://lookaside.fbsbx.com/ig_messaging_cdn/?asset_id=1&signature=A"
SHOP = "https://shop.example"
OPEN = {"type": "open_url", "url": SHOP, "title": "See"}
WEB = {"type": "web_url", "url": SHOP, "title": "See"}


def template(**payload: Any) -> dict[str, Any]:
    return {"attachment": {"type": "template", "payload": payload}}


def media(*kinds: str) -> list[dict[str, Any]]:
    return [{"type": kind, "payload": {"url": CDN}} for kind in kinds]


GENERIC = template(template_type="generic", elements=[{"title": "Mug", "subtitle": "blue", "buttons": [WEB]}])
PAIRS = {
    "text": ({"text": "Hi"}, {"text": "Hi"}),
    "quick replies": ({"text": "Hi", "quick_replies": [{"content_type": "text"}]}, {"text": "Hi"}),
    "image": ({"attachment": {"type": "image", "payload": {"url": SHOP}}}, {"attachments": media("image")}),
    "several images": ({"attachments": media("image", "image")}, {"attachments": media("image", "image")}),
    "uploaded": ({"attachment": {"type": "video", "payload": {"attachment_id": "1"}}}, {"attachments": media("video")}),
    "heart": ({"attachment": {"type": "like_heart"}}, {"attachments": [{"type": "like_heart"}]}),
    "own post": ({"attachment": {"type": "MEDIA_SHARE", "payload": {"id": "1"}}}, {"attachments": media("ig_post")}),
    "generic": (GENERIC, {"attachments": [{"type": "template", "payload": {"generic": {
        "elements": [{"title": "Mug", "subtitle": "blue", "buttons": [OPEN]}]}}}]}),
    "button": (template(template_type="button", text="Choose", buttons=[WEB]), {"attachments": [
        {"type": "template", "payload": {"button": {"text": "Choose", "buttons": [OPEN]}}}]}),
    "product": (template(template_type="product", elements=[{"id": "7"}]), {"attachments": [
        {"type": "template", "payload": {"product": {"elements": [{"id": "7", "title": "Lamp"}]}}}]}),
}  # fmt: skip


def echo(fields: dict[str, Any]) -> wire.Message:
    event = wire.parse(
        "0.messaging.0", {"timestamp": 1767272401337, "message": {"mid": "m", "is_echo": True, **fields}}
    )
    assert isinstance(event, wire.Message)
    return event


@pytest.mark.parametrize("name", PAIRS)
def test_an_echo_is_known_by_what_it_says_and_taken_for_nothing_else(name: str) -> None:
    parts = [{"request": request, "state": "sending", "name": other} for other, (request, _) in PAIRS.items()]
    parts = [part for part in parts if name == "quick replies" or part["name"] != "quick replies"]
    found = echoes.same_part(echo(PAIRS[name][1]), parts)
    assert found is not None
    assert found["name"] == ("text" if name == "quick replies" else name)


ELSE = [{"text": "Ho"}, {"attachments": media("image", "video")}, {"text": "Hi", "attachments": media("image")}]


@pytest.mark.parametrize("fields", ELSE)
def test_an_echo_of_something_else_is_of_no_part(fields: dict[str, Any]) -> None:
    parts = [{"request": request, "state": "unknown"} for request, _ in PAIRS.values()]
    assert echoes.same_part(echo(fields), parts) is None


def test_an_echo_that_meta_does_not_show_waits_for_what_is_being_sent_and_settles_nothing() -> None:
    hidden = echo({"is_unsupported": True})
    sending, unknown = ({"request": {"text": "Hi"}, "state": state} for state in ("sending", "unknown"))
    assert echoes.same_part(hidden, [unknown, sending]) is sending
    assert echoes.same_part(hidden, [unknown]) is None


def test_a_template_of_unknown_outcome_is_settled_by_its_echo(shop: Shop, meta: PlayedMeta, person: str) -> None:
    """Sent by an override, as anybody can."""
    meta.script(person, (504, b""))
    path = f"/v2/apps/{shop.app_id}/conversations/{shop.conversation(person)}/messages"
    override = {"instagram": {"payload": {"message": GENERIC}}}
    body = {"author": {"type": "business"}, "content": {"type": "text", "text": "Mug"}, "override": override}
    answer = shop.house.api("POST", path, body, 201)
    message = answer["messages"][0]["id"]
    eventually(lambda: [row["state"] for row in shop.parts(message)] == ["unknown"])
    shop.given(shop.echo(person, new_mid(), **PAIRS["generic"][1]))
    assert shop.outcome(message) == ["channel", "user"]
    assert len(shop.messages(person)) == 2


@pytest.mark.parametrize("kind", ["echo", "postback"])
def test_what_the_account_writes_to_itself_makes_no_customer_and_opens_no_window(shop: Shop, kind: str) -> None:
    own = unique("5846")
    items = {
        "echo": shop.echo(own, new_mid(), text="note to myself", is_self=True),
        "postback": {**shop.item(own, postback={"mid": new_mid(), "payload": "P"}), "is_self": True},
    }
    shop.given(items[kind])
    shop.given(shop.text(shop.account, "told without the flag"))
    assert shop.told() == []
    assert shop.leftovers() == ["self", "self"]
    assert shop.house.rows("select 1 from clients where integration_id = $1", shop.integration_id) == []


@pytest.mark.parametrize("sender", [0, 1])
def test_an_echo_that_waits_for_one_app_is_told_to_another_once(
    loop: Loop, house: House, meta: PlayedMeta, sender: int
) -> None:
    """Both have the account. One has the send in hand; to the other it is something that was written elsewhere."""
    failures = metrics.JOB_FAILURES.labels("inbound")._value.get()
    first = house.shop()
    shops = [first, house.shop(of=first)]
    person = first.person()
    eventually(lambda: all(shop.texts(person) == ["hello"] for shop in shops))
    mid = new_mid()
    gate = Gate(loop, accepted(mid, person))
    meta.script(person, gate)
    message = shops[sender].post(person, "Hi")
    gate.wait()
    first.deliver(first.echo(person, mid, text="Hi"))
    eventually(lambda: house.rows("select 1 from lanes where kind = 'inbound' and key like $1", f"%/{person}"))
    gate.open()
    assert shops[sender].outcome(message)[0] == "channel"
    eventually(lambda: shops[sender].outcome(message) == ["channel", "user"])
    assert [shop.texts(person) for shop in shops] == [["hello", "Hi"]] * 2
    assert metrics.JOB_FAILURES.labels("inbound")._value.get() == failures
