"""The window rule and the human agent tag, at the moment of sending."""

import pytest

from heliograph.messaging.window import TagPolicy
from tests.instagram.house import House, Shop, new_mid, unique
from tests.instagram.meta import Gate, PlayedMeta, accepted, refused
from tests.simulator.support import Loop

RECENT, YESTERDAY, LAST_WEEK = {"hours": 23, "minutes": 59}, {"hours": 24, "minutes": 1}, {"days": 7, "minutes": 1}
JUST_OPEN = {"days": 6, "hours": 23, "minutes": 59}

# (policy, silence, automatic) -> the tag; or why not
WINDOWS: list[tuple[TagPolicy, dict[str, float], bool, str | None, str]] = [
    ("afterWindow", RECENT, False, None, ""),
    ("afterWindow", RECENT, True, None, ""),
    ("afterWindow", YESTERDAY, False, "HUMAN_AGENT", ""),
    ("afterWindow", YESTERDAY, True, None, "Meta forbids the human agent tag on automatic"),
    ("afterWindow", JUST_OPEN, False, "HUMAN_AGENT", ""),
    ("afterWindow", LAST_WEEK, False, None, "7-day window closed on"),
    ("afterWindow", LAST_WEEK, True, None, "7-day window closed on"),
    ("always", RECENT, False, "HUMAN_AGENT", ""),
    ("always", RECENT, True, None, ""),
    ("always", YESTERDAY, False, "HUMAN_AGENT", ""),
    ("always", YESTERDAY, True, None, "Meta forbids the human agent tag on automatic"),
    ("always", LAST_WEEK, False, None, "7-day window closed on"),
    ("never", RECENT, False, None, ""),
    ("never", YESTERDAY, False, None, "humanAgentTag: never"),
    ("never", YESTERDAY, True, None, "humanAgentTag: never"),
    ("never", LAST_WEEK, False, None, "humanAgentTag: never"),
]


@pytest.mark.parametrize(("policy", "silence", "automatic", "tag", "why"), WINDOWS)
def test_the_tag_follows_policy_silence_and_author(
    house: House, meta: PlayedMeta, policy: str, silence: dict[str, float], automatic: bool, tag: str | None, why: str
) -> None:
    shop = house.shop(human_agent_tag=policy)
    person = shop.person(**silence)
    message = shop.post(person, "Hi", subtypes=["AI"] if automatic else [])
    if why:
        error = shop.failure(message)
        assert error["code"] == "message_outside_window"
        assert why in error["message"]
        assert "again when the person writes" in error["message"]
        assert "underlyingError" not in error
        assert meta.asked[person] == []
        assert [row["state"] for row in shop.parts(message)] == ["failed"]
    else:
        assert shop.outcome(message) == ["channel"]
        (sent,) = meta.asked[person]
        assert sent.tag == tag
        assert sent.body["messaging_type"] == ("MESSAGE_TAG" if tag else "RESPONSE")


def test_a_bot_is_automatic_too(house: House, meta: PlayedMeta) -> None:
    shop = house.shop()
    person = shop.person(**YESTERDAY)
    assert shop.failure(shop.post(person, "Hi", subtypes=["bot"]))["code"] == "message_outside_window"


def test_who_never_wrote_cannot_be_written_to(shop: Shop, meta: PlayedMeta) -> None:
    person = unique("5846")
    shop.given(shop.echo(person, new_mid(), text="from the app"))
    error = shop.failure(shop.post(person, "Hi"))
    assert "has not written yet" in error["message"]
    assert meta.asked[person] == []


def test_the_window_counts_when_a_part_is_about_to_go_not_when_it_was_accepted(
    shop: Shop, house: House, meta: PlayedMeta, loop: Loop, person: str
) -> None:
    gate = Gate(loop, accepted(new_mid()))
    meta.script(person, gate)
    first = shop.post(person, "first")
    gate.wait()
    second = shop.post(person, "second")
    house.execute("update clients set last_action_at = now() - interval '8 days' where external_id = $1", person)
    gate.open()
    assert shop.outcome(first) == ["channel"]
    assert shop.failure(second)["code"] == "message_outside_window"
    shop.given(shop.text(person, "I am back"))
    assert shop.outcome(shop.post(person, "third")) == ["channel"]


def test_when_meta_counts_otherwise_a_human_s_answer_is_tried_with_the_tag(
    shop: Shop, meta: PlayedMeta, person: str
) -> None:
    meta.script(person, refused(10, 2534022, 403), accepted(new_mid()))
    message = shop.post(person, "Hi")
    assert shop.outcome(message) == ["channel"]
    assert [one.tag for one in meta.asked[person]] == [None, "HUMAN_AGENT"]
    assert [row["tag"] for row in shop.parts(message)] == ["HUMAN_AGENT"]


@pytest.mark.parametrize(("policy", "subtypes"), [("never", []), ("afterWindow", ["AI"])])
def test_but_never_where_the_tag_is_not_allowed(
    house: House, meta: PlayedMeta, policy: str, subtypes: list[str]
) -> None:
    shop = house.shop(human_agent_tag=policy)
    person = shop.person()
    meta.script(person, refused(10, 2534022, 403))
    error = shop.failure(shop.post(person, "Hi", subtypes=subtypes))
    assert error["code"] == "message_outside_window"
    assert len(meta.asked[person]) == 1


def test_a_refusal_with_the_tag_is_the_end(shop: Shop, meta: PlayedMeta, person: str) -> None:
    meta.script(person, refused(10, 2534022, 403), refused(10, 2534022, 403))
    error = shop.failure(shop.post(person, "Hi"))
    assert error["code"] == "message_outside_window"
    assert error["underlyingError"] == {"code": 10, "subcode": 2534022, "message": "(#10) No"}
    assert [one.tag for one in meta.asked[person]] == [None, "HUMAN_AGENT"]
