"""Which of our requests an echo is of, whatever was sent: so nothing is sent twice, or told twice."""

from typing import Any

import pytest

from heliograph.channels.instagram.sending.matching import is_listed_as
from tests.instagram.contents import attachment, buttons, cards, carousel, item, link, web_url
from tests.instagram.house import URL, Shop, new_mid
from tests.instagram.meta import PlayedMeta, in_thread
from tests.simulator.support import eventually

PICTURES = {"attachments": [attachment("image")["attachment"]] * 2}
HEART = {"attachment": {"type": "like_heart"}}


@pytest.mark.parametrize(
    ("request_", "text", "has_attachments", "same"),
    [
        ({"text": "Hi"}, "Hi", False, True),
        ({"text": "Hi"}, "Hi", True, False),
        (attachment("image"), "", True, True),
        (attachment("image"), "", False, False),
        (PICTURES, "", True, True),
        # how Meta lists these is not told
        (cards({"title": "a", "subtitle": "b"}), "", False, True),
        (cards({"title": "a", "subtitle": "b"}), "", True, True),
        (buttons("Hi", web_url()), "Hi", False, True),
        (buttons("Hi", web_url()), "Ho", False, False),
        (HEART, "", False, True),
    ],
)
def test_a_listed_message_is_known_by_what_it_says(request_: Any, text: str, has_attachments: bool, same: bool) -> None:
    assert is_listed_as(request_, text, has_attachments) is same


def unanswered(shop: Shop, meta: PlayedMeta, person: str, content: Any) -> str:
    meta.script(person, (504, b""))
    message = shop.post(person, content)
    eventually(lambda: [row["state"] for row in shop.parts(message)[:1]] == ["unknown"])
    return message


def test_several_pictures_without_an_answer_are_settled_by_their_echo(
    shop: Shop, meta: PlayedMeta, person: str
) -> None:
    shop.house.execute(
        "update instagram_accounts set carousel_mode = 'text' where integration_id = $1", shop.integration_id
    )
    message = unanswered(shop, meta, person, carousel(item(mediaUrl=URL), item(mediaUrl=URL)))
    mid = new_mid()
    echoed = [{"type": "image", "payload": {"url": URL}}] * 2
    shop.given(shop.echo(person, mid, attachments=echoed))
    assert shop.outcome(message)[0] == "channel"
    assert shop.parts(message)[0]["mid"] == mid
    assert len(shop.messages(person)) == 2  # the hello and the carousel: the echo is no message of its own


@pytest.mark.usefixtures("impatient")
def test_a_template_without_an_answer_is_found_in_the_thread(shop: Shop, meta: PlayedMeta, person: str) -> None:
    mid = new_mid()
    meta.threads[person] = [in_thread(mid, "", by=shop.account)]
    meta.script(person, (504, b""))
    message = shop.post(person, carousel(item("Tacos", link())))
    assert shop.outcome(message) == ["channel"]
    assert [row["mid"] for row in shop.parts(message)] == [mid]
    assert len(meta.asked[person]) == 1
