"""From a message posted by the API to Meta and back to delivery events, with a Meta that gives rare answers."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from heliograph.channels.base import SendOutcome
from heliograph.channels.instagram import outbound
from heliograph.channels.instagram.activities import SENDER_ACTIONS
from heliograph.events import TRIGGERS
from heliograph.messaging.posting import SEND_LANE
from heliograph.messaging.window import TagPolicy
from tests.instagram.house import House, Shop, new_mid, now_ms, unique
from tests.instagram.meta import Gate, PlayedMeta, accepted, in_thread, refused
from tests.simulator.support import Loop, eventually

URL = "https://shop.example/a.png"
LONG = " ".join(f"word{number:04d}" for number in range(250))  # 2,249 bytes: three parts


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pauses between attempts, but short."""
    monkeypatch.setattr(outbound, "PAUSES", {what: (0.01,) * len(row) for what, row in outbound.PAUSES.items()})
    monkeypatch.setattr(outbound, "ONCE_MORE", (0.01,))


@pytest.fixture
def impatient(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unknown part is looked for in the thread at once."""
    monkeypatch.setattr(house.channel._outbound, "_grace", timedelta())


@pytest.fixture
def person(shop: Shop) -> str:
    """Somebody who has just written."""
    return shop.person()


# Accepted -----------------------------------------------------------------------------------------------------


def test_a_message_is_sent_once_and_told(shop: Shop, meta: PlayedMeta, person: str) -> None:
    mid = new_mid()
    meta.script(person, accepted(mid))
    message = shop.post(person, "Hi")
    assert shop.outcome(message) == ["channel"]
    (sent,) = meta.asked[person]
    assert sent.body == {"recipient": {"id": person}, "message": {"text": "Hi"}, "messaging_type": "RESPONSE"}
    assert sent.token == shop.token
    (event,) = shop.deliveries(message)
    user = shop.events()[0]["payload"]["user"]
    assert event["payload"] == {
        "user": user,
        "conversation": {"id": shop.conversation(person), "type": "personal", "metadata": {}},
        "message": {"id": message},
        "destination": {"type": "instagram", "integrationId": shop.integration_id},
        "isFinalEvent": False,
        "externalMessages": [{"id": mid}],
    }
    shop.given(shop.echo(person, mid, text="Hi"))
    assert shop.outcome(message) == ["channel", "user"]
    assert shop.deliveries(message)[1]["payload"] == {**event["payload"], "isFinalEvent": True}
    assert shop.texts(person) == ["hello", "Hi"]
    assert {one["type"] for one in shop.events()} <= TRIGGERS


def test_parts_are_sent_in_order_one_at_a_time_quick_replies_last(shop: Shop, meta: PlayedMeta, person: str) -> None:
    content = {
        "type": "image", "mediaUrl": URL, "text": LONG, "actions": [{"type": "reply", "text": "Yes", "payload": "Y"}],
    }  # fmt: skip
    message = shop.post(person, content)
    shop.outcome(message)
    sent = [one.body["message"] for one in meta.asked[person]]
    assert sent[0] == {"attachment": {"type": "image", "payload": {"url": URL}}}
    assert " ".join(part["text"] for part in sent[1:]) == LONG
    assert ["quick_replies" in part for part in sent] == [False, False, False, True]
    assert meta.most_together[person] == 1
    (event,) = shop.deliveries(message)
    assert [one["id"] for one in event["payload"]["externalMessages"]] == [row["mid"] for row in shop.parts(message)]
    assert [row["state"] for row in shop.parts(message)] == ["sent"] * 4


def test_messages_of_a_conversation_are_sent_in_order_one_at_a_time(shop: Shop, meta: PlayedMeta, person: str) -> None:
    said = [f"{number}" for number in range(20)]
    messages = [shop.post(person, text) for text in said]
    for message in messages:
        assert shop.outcome(message) == ["channel"]
    assert meta.texts(person) == said
    assert meta.most_together[person] == 1
    told = [event["payload"]["message"]["id"] for event in shop.events("message:delivery:channel")]
    assert told == messages


def test_conversations_do_not_wait_for_one_another(shop: Shop, meta: PlayedMeta, loop: Loop, person: str) -> None:
    gate = Gate(loop, accepted(new_mid()))
    meta.script(person, gate)
    held = shop.post(person, "held")
    gate.wait()
    other = shop.person()
    assert shop.outcome(shop.post(other, "passes")) == ["channel"]
    assert shop.deliveries(held) == []
    gate.open()
    assert shop.outcome(held) == ["channel"]


def test_a_message_that_names_no_channel_or_comes_of_the_user_goes_nowhere(
    shop: Shop, meta: PlayedMeta, person: str
) -> None:
    path = f"/v2/apps/{shop.app_id}/conversations/{shop.conversation(person)}/messages"
    user = shop.events()[0]["payload"]["user"]["id"]
    content = {"type": "text", "text": "x"}
    shop.house.api("POST", path, {"author": {"type": "user", "userId": user}, "content": content})
    silent = {"author": {"type": "business"}, "content": content, "destination": {"integrationType": "none"}}
    shop.house.api("POST", path, silent)
    shop.quiet()
    assert meta.asked[person] == []


def test_content_that_instagram_cannot_take_fails_with_the_reason(shop: Shop, meta: PlayedMeta, person: str) -> None:
    location = {"type": "location", "coordinates": {"lat": 1.0, "long": 2.0}}
    error = shop.failure(shop.post(person, location))
    assert error["code"] == "unsupported_message_type"
    assert "location" in error["message"]
    assert meta.asked[person] == []


def test_a_message_deleted_before_its_turn_is_not_sent(shop: Shop, meta: PlayedMeta, loop: Loop, person: str) -> None:
    gate = Gate(loop, accepted(new_mid()))
    meta.script(person, gate)
    first = shop.post(person, "first")
    gate.wait()
    second = shop.post(person, "second")
    path = f"/v2/apps/{shop.app_id}/conversations/{shop.conversation(person)}/messages/{second}"
    shop.house.api("DELETE", path)
    gate.open()
    shop.outcome(first)
    shop.quiet()
    assert meta.texts(person) == ["first"]
    assert shop.deliveries(second) == []


# The window ---------------------------------------------------------------------------------------------------

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


# Refused ------------------------------------------------------------------------------------------------------

REFUSALS = [
    (refused(100, 2534014), "unreachable", "cannot get messages"),
    (refused(551, 1545041), "unreachable", "cannot get messages"),
    (refused(190, 460, 401), "unauthorized", "new pageAccessToken"),
    (refused(100, 2534013), "unauthorized", "Link it again"),
    (refused(3), "forbidden", "lacks a permission"),
    (refused(200, 2534041, 403), "forbidden", "Allow access to messages"),
    (refused(100, 2534037), "forbidden", "Another app owns this thread"),
    (refused(368), "forbidden", "Wait some hours"),
    (refused(100, 2534015), "bad_request", "refuses this message"),
    (refused(100, 2018047), "media_rejected", "did not take the file"),
    (refused(508, 2534122), "bad_request", "without it"),
    (refused(424242), "uncategorized_error", "refused"),
    (refused(100, 2534014, 200), "unreachable", "cannot get messages"),  # an error under HTTP 200
]


@pytest.mark.parametrize(("told", "code", "advice"), REFUSALS)
def test_a_refusal_fails_the_message_with_meta_s_code_and_what_to_do(
    shop: Shop, house: House, meta: PlayedMeta, person: str, told: Any, code: str, advice: str
) -> None:
    meta.script(person, told)
    message = shop.post(person, LONG)
    error = shop.failure(message)
    metas = told[1]["error"]
    underlying = {"code": metas["code"], "message": metas["message"]}
    if "error_subcode" in metas:
        underlying["subcode"] = metas["error_subcode"]
    assert error["code"] == code
    assert advice in error["message"]
    assert error["underlyingError"] == underlying
    assert [row["state"] for row in shop.parts(message)] == ["failed", "pending", "pending"]
    assert len(meta.asked[person]) == 1
    status = house.value("select status from integrations where id = $1", shop.integration_id)
    assert status == ("error" if code == "unauthorized" else "active")
    # the conversation goes on
    assert shop.outcome(shop.post(person, "next")) == ["channel"]


def test_a_failure_after_some_parts_lists_those_that_went(shop: Shop, meta: PlayedMeta, person: str) -> None:
    mid = new_mid()
    meta.script(person, accepted(mid), refused(100, 2534015))
    message = shop.post(person, LONG)
    shop.failure(message)
    (event,) = shop.deliveries(message)
    assert event["payload"]["externalMessages"] == [{"id": mid}]
    assert [row["state"] for row in shop.parts(message)] == ["sent", "failed", "pending"]


def test_a_message_told_failed_is_never_told_delivered(shop: Shop, meta: PlayedMeta, person: str) -> None:
    mid = new_mid()
    meta.script(person, accepted(mid), refused(100, 2534015))
    message = shop.post(person, LONG)
    shop.failure(message)
    shop.given(shop.echo(person, mid, text="x"), shop.item(person, read={"mid": mid}))
    assert shop.outcome(message) == ["failure"]


def test_metas_words_with_our_token_in_them_are_masked_everywhere(shop: Shop, meta: PlayedMeta, person: str) -> None:
    meta.script(person, refused(190, message=f"Malformed access token {shop.token}"))
    error = shop.failure(shop.post(person, "Hi"))
    assert error["underlyingError"]["message"] == "Malformed access token ***"
    assert shop.token not in str(shop.house.rows("select * from send_parts") + shop.events())


# Tried again --------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize(
    ("told", "tries"),
    [
        (refused(2, status=500), 3),
        (refused(613, 2534040), 4),
        ((503, b"<html>"), 2),
        (refused(99, is_transient=True), 5),
    ],
)
def test_what_meta_did_not_take_is_sent_again_in_its_place(
    shop: Shop, meta: PlayedMeta, person: str, told: Any, tries: int
) -> None:
    meta.script(person, *[told] * tries)
    first, second = shop.post(person, "first"), shop.post(person, "second")
    assert shop.outcome(second) == ["channel"]
    assert shop.outcome(first) == ["channel"]
    assert meta.texts(person) == ["first"] * (tries + 1) + ["second"]
    (row,) = shop.parts(first)
    assert row["attempts"] == tries + 1


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize(
    ("told", "most", "code"),
    [
        (refused(2, status=500), 6, "channel_unavailable"),
        (refused(4), 8, "rate_limited"),
        (refused(100, 2018008), 2, "media_rejected"),
        (refused(1, 99), 2, "forbidden"),
    ],
)
def test_and_fails_when_it_never_passes(
    shop: Shop, meta: PlayedMeta, person: str, told: Any, most: int, code: str
) -> None:
    meta.script(person, *[told] * 20)
    message = shop.post(person, "Hi")
    assert shop.failure(message)["code"] == code
    assert len(meta.asked[person]) == most
    meta.scripts[person].clear()
    assert shop.outcome(shop.post(person, "next")) == ["channel"]


@pytest.mark.parametrize(
    ("told", "schedule"),
    [
        (refused(2, status=500), (1, 5, 30, 120, 600)),
        (refused(613), (30, 60, 120, 300, 600, 1800, 3600)),
        (refused(100, 2018294), (5,)),
    ],
)
def test_the_pauses_between_attempts(
    shop: Shop, house: House, meta: PlayedMeta, person: str, told: Any, schedule: tuple[float, ...]
) -> None:
    lane = shop.conversation(person)
    meta.script(person, *[told] * len(schedule))
    message = shop.post(person, "Hi")
    for number, pause in enumerate(schedule, start=1):
        meta.wait(person, number)
        due = eventually(
            lambda: house.value(
                "select extract(epoch from due_at - now())::float8 from lanes where kind = $1 and key = $2 and lease = 0",
                SEND_LANE,
                lane,
            )
        )
        assert pause - 3 < due <= pause
        (row,) = shop.parts(message)
        assert (row["state"], row["attempts"]) == ("pending", number)
        house.execute("update lanes set due_at = now() where kind = $1 and key = $2", SEND_LANE, lane)
    assert shop.outcome(message) == ["channel"]


@pytest.mark.usefixtures("soon")
def test_only_the_part_that_was_refused_is_sent_again(shop: Shop, meta: PlayedMeta, person: str) -> None:
    meta.script(person, accepted(new_mid()), refused(2, status=500), accepted(new_mid()))
    shop.outcome(shop.post(person, LONG))
    first, second, again, third = meta.texts(person)
    assert second == again
    assert len({first, second, third}) == 3


# Unknown ------------------------------------------------------------------------------------------------------

MAYBE = [
    refused(1, 1357046, 500),  # "message may have been sent"
    (200, {"recipient_id": "5"}),
    (504, b"<html>"),
    (500, b""),
]


@pytest.mark.parametrize("told", MAYBE)
def test_an_unknown_part_is_settled_by_its_echo(shop: Shop, meta: PlayedMeta, person: str, told: Any) -> None:
    mid = new_mid()
    meta.script(person, told)
    message = shop.post(person, "Hi")
    eventually(lambda: [row["state"] for row in shop.parts(message)] == ["unknown"])
    shop.given(shop.echo(person, mid, text="Hi"))
    assert shop.outcome(message) == ["channel", "user"]
    assert [(row["state"], row["mid"]) for row in shop.parts(message)] == [("sent", mid)]
    assert meta.texts(person) == ["Hi"]
    assert shop.texts(person) == ["hello", "Hi"]


def test_an_unknown_part_in_the_middle_holds_back_the_rest(shop: Shop, meta: PlayedMeta, person: str) -> None:
    meta.script(person, accepted(new_mid()), (504, b""))
    message = shop.post(person, LONG)
    after = shop.post(person, "after")
    eventually(lambda: [row["state"] for row in shop.parts(message)] == ["sent", "unknown", "pending"])
    text = meta.texts(person)[1]
    shop.given(shop.echo(person, new_mid(), text=text))
    assert shop.outcome(after) == ["channel"]
    assert shop.outcome(message) == ["channel"]
    assert " ".join(filter(None, meta.texts(person)[:3])) == LONG
    assert len(meta.texts(person)) == 4


@pytest.mark.parametrize("kind", ["image", "file"])
def test_an_unknown_picture_is_settled_by_the_echo_of_its_kind(
    shop: Shop, meta: PlayedMeta, person: str, kind: str
) -> None:
    meta.script(person, (504, b""))
    media = {"image": "image/png", "file": "application/pdf"}[kind]
    message = shop.post(person, {"type": kind, "mediaUrl": URL, "mediaType": media})
    eventually(lambda: [row["state"] for row in shop.parts(message)] == ["unknown"])
    other = {"image": "video", "file": "image"}[kind]
    shop.given(shop.echo(person, new_mid(), attachments=[{"type": other, "payload": {"url": URL}}]))
    assert shop.deliveries(message) == []
    mid = new_mid()
    shop.given(shop.echo(person, mid, attachments=[{"type": kind, "payload": {"url": URL}}]))
    assert shop.outcome(message) == ["channel", "user"]


def test_an_echo_of_something_else_settles_nothing(shop: Shop, meta: PlayedMeta, person: str) -> None:
    meta.script(person, (504, b""))
    message = shop.post(person, "Hi")
    eventually(lambda: [row["state"] for row in shop.parts(message)] == ["unknown"])
    shop.given(shop.echo(person, new_mid(), text="typed in the app meanwhile"))
    assert shop.deliveries(message) == []
    assert shop.texts(person)[-1] == "typed in the app meanwhile"
    shop.given(shop.echo(person, new_mid(), text="Hi"))
    assert shop.outcome(message) == ["channel", "user"]


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("told", MAYBE)
def test_an_unknown_part_is_settled_by_reading_the_thread(shop: Shop, meta: PlayedMeta, person: str, told: Any) -> None:
    mid = new_mid()
    meta.threads[person] = [in_thread(mid, "Hi", by=shop.account), in_thread(new_mid(), "Hi", by=person)]
    meta.script(person, told)
    message = shop.post(person, "Hi")
    assert shop.outcome(message) == ["channel"]
    assert [(row["state"], row["mid"]) for row in shop.parts(message)] == [("sent", mid)]
    assert meta.texts(person) == ["Hi"]
    shop.given(shop.echo(person, mid, text="Hi"))
    assert shop.outcome(message) == ["channel", "user"]
    assert shop.texts(person) == ["hello", "Hi"]


@pytest.mark.usefixtures("impatient")
def test_two_unknown_parts_of_the_same_text_are_two_messages_of_the_thread(
    shop: Shop, meta: PlayedMeta, person: str
) -> None:
    one, two = new_mid(), new_mid()
    meta.script(person, (504, b""), (504, b""))
    # the newest first, as Meta lists them
    meta.threads[person] = [in_thread(two, "Hi", by=shop.account), in_thread(one, "Hi", by=shop.account)]
    first, second = shop.post(person, "Hi"), shop.post(person, "Hi")
    assert shop.outcome(second) == ["channel"]
    assert [row["mid"] for message in (first, second) for row in shop.parts(message)] == [one, two]
    assert meta.texts(person) == ["Hi", "Hi"]


def not_this_one(shop: Shop, person: str) -> Iterator[dict[str, Any]]:
    now = datetime.now(UTC)
    yield in_thread(new_mid(), "Hi", by=person)
    yield in_thread(new_mid(), "Hi!", by=shop.account)
    yield in_thread(new_mid(), "Hi", by=shop.account, at=now - timedelta(minutes=5))
    yield in_thread(new_mid(), "", by=shop.account, attachments={"data": [{"id": "1"}]})
    yield in_thread(new_mid(), "Hi", by=shop.account) | {"created_time": "yesterday"}
    yield {"id": new_mid()}


@pytest.mark.usefixtures("impatient")
def test_an_unknown_part_that_is_not_in_the_thread_fails_and_is_never_sent_again(
    shop: Shop, meta: PlayedMeta, person: str
) -> None:
    meta.threads[person] = list(not_this_one(shop, person))
    meta.script(person, (504, b""))
    message = shop.post(person, "Hi")
    error = shop.failure(message)
    assert "It was not sent; you may send it again" in error["message"]
    assert [row["state"] for row in shop.parts(message)] == ["failed"]
    assert meta.texts(person) == ["Hi"]
    assert shop.outcome(shop.post(person, "next")) == ["channel"]


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    "told", [refused(2, status=500), refused(4), (503, b""), refused(1, 1357046), (200, b"<html>")]
)
def test_a_thread_that_cannot_be_read_now_is_read_later(
    shop: Shop, house: House, meta: PlayedMeta, person: str, told: Any
) -> None:
    meta.threads[person] = told
    meta.script(person, (504, b""))
    message = shop.post(person, "Hi")
    eventually(lambda: person in meta.looked)
    lane = shop.conversation(person)
    due = "select extract(epoch from due_at - now())::float8 from lanes where kind = 'send' and key = $1 and lease = 0"
    assert 20 < eventually(lambda: house.value(due, lane)) <= 30
    assert shop.deliveries(message) == []
    meta.threads[person] = [in_thread(new_mid(), "Hi", by=shop.account)]
    house.execute("update lanes set due_at = now() where kind = 'send' and key = $1", lane)
    assert shop.outcome(message) == ["channel"]
    assert meta.texts(person) == ["Hi"]


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("told", "code"),
    [(refused(190, 460), "unauthorized"), (refused(10), "forbidden"), (refused(100), "uncategorized_error"),
     (refused(10, 2534022), "uncategorized_error")],
)  # fmt: skip
def test_a_thread_that_may_not_be_read_leaves_the_outcome_open_and_says_so(
    shop: Shop, house: House, meta: PlayedMeta, person: str, told: Any, code: str
) -> None:
    meta.threads[person] = told
    meta.script(person, (504, b""))
    message = shop.post(person, "Hi")
    error = shop.failure(message)
    assert error["code"] == code
    assert "may have been sent" in error["message"]
    assert "It was not sent" not in error["message"]
    assert meta.looked.count(person) == 1
    assert meta.texts(person) == ["Hi"]
    status = house.value("select status from integrations where id = $1", shop.integration_id)
    assert status == ("error" if code == "unauthorized" else "active")


def test_after_a_time_out_of_ours_the_part_is_unknown(shop: Shop, meta: PlayedMeta, loop: Loop, person: str) -> None:
    """The request was written, and then nothing: the house's patience with Meta is two seconds."""
    gate = Gate(loop, accepted(new_mid()))
    meta.script(person, gate)
    message = shop.post(person, "Hi")
    eventually(lambda: [row["state"] for row in shop.parts(message)] == ["unknown"])
    gate.open()
    shop.given(shop.echo(person, gate.told[1]["message_id"], text="Hi"))
    assert shop.outcome(message) == ["channel", "user"]
    assert meta.texts(person) == ["Hi"]


# A process that died in the middle ----------------------------------------------------------------------------


def left_in_sending(shop: Shop, meta: PlayedMeta, loop: Loop, person: str) -> str:
    """A message whose first part was claimed by a process that then died, some minutes ago."""
    house = shop.house
    gate = Gate(loop, refused(2, status=500))
    meta.script(person, gate)
    blocker = shop.post(person, "blocker")
    gate.wait()
    message = shop.post(person, "Hi")
    conversation = shop.conversation(person)
    house.execute(
        "insert into sends (message_id, app_id, conversation_id, integration_id, client_id, state, parts)"
        " select $1, p.app_id, p.conversation_id, $2, p.client_id, 'pending', 1 from participants p"
        " where p.conversation_id = $3",
        message, shop.integration_id, conversation,
    )  # fmt: skip
    house.execute(
        "insert into send_parts (message_id, part, app_id, integration_id, client_id, request, state, attempts, started_at)"
        " select $1, 1, app_id, $2, client_id, '{\"text\": \"Hi\"}', 'sending', 1, now() - interval '3 minutes'"
        " from participants where conversation_id = $3",
        message, shop.integration_id, conversation,
    )  # fmt: skip
    house.execute("delete from messages where id = $1", blocker)
    gate.told = accepted(new_mid())
    gate.open()
    return message


def test_a_part_that_a_dead_process_left_behind_is_looked_for_and_found(
    shop: Shop, meta: PlayedMeta, loop: Loop, person: str
) -> None:
    mid = new_mid()
    meta.threads[person] = [in_thread(mid, "Hi", by=shop.account)]
    message = left_in_sending(shop, meta, loop, person)
    assert shop.outcome(message) == ["channel"]
    assert meta.texts(person) == ["blocker"]
    assert [(row["state"], row["mid"]) for row in shop.parts(message)] == [("sent", mid)]


def test_or_looked_for_and_not_found_and_never_sent(shop: Shop, meta: PlayedMeta, loop: Loop, person: str) -> None:
    message = left_in_sending(shop, meta, loop, person)
    shop.failure(message)
    assert meta.texts(person) == ["blocker"]


def test_an_echo_that_waited_longer_than_its_patience_still_settles_what_a_dead_process_left(
    shop: Shop, house: House, meta: PlayedMeta, person: str
) -> None:
    """Everything was down for minutes: the echo is on disk, the part is still being sent, says the ledger."""
    mid = new_mid()
    message = shop.post(person, "Hi")
    shop.outcome(message)
    before = len(shop.texts(person))
    house.execute(
        "update send_parts set state = 'sending', mid = null, started_at = now() - interval '3 minutes'"
        " where message_id = $1", message,
    )  # fmt: skip
    house.execute("update sends set state = 'pending' where message_id = $1", message)
    body = shop.body(shop.echo(person, mid, text="Hi"))
    house.execute(
        "with j as (insert into journal (facebook_app_id, body) values ($1, $2) returning id), l as ("
        " insert into lanes (kind, key, due_at, pending) values ('inbound', $3, now(), 1))"
        " insert into jobs (kind, key, payload, enqueued_at)"
        " select 'inbound', $3, id || ':0.messaging.0', now() - interval '3 minutes' from j",
        shop.facebook_app, body, f"{shop.facebook_app}/{shop.account}/{person}",
    )  # fmt: skip
    shop.quiet()
    assert [(row["state"], row["mid"]) for row in shop.parts(message)] == [("sent", mid)]
    assert len(shop.texts(person)) == before


# Echo and answer race -----------------------------------------------------------------------------------------


def test_an_echo_that_comes_before_the_answer_is_our_own(shop: Shop, meta: PlayedMeta, loop: Loop, person: str) -> None:
    mid = new_mid()
    gate = Gate(loop, accepted(mid))
    meta.script(person, gate)
    message = shop.post(person, "Hi")
    gate.wait()
    shop.deliver(shop.echo(person, mid, text="Hi"), shop.text(person, "behind the echo"))
    shop.deliver(shop.text(person, "behind both"))
    other = unique("5846")
    shop.deliver(shop.text(other, "somebody else"))
    eventually(lambda: shop.texts(other))
    assert shop.texts(person) == ["hello", "Hi"]
    gate.open()
    shop.quiet()
    assert shop.outcome(message) == ["channel", "user"]
    assert shop.texts(person) == ["hello", "Hi", "behind the echo", "behind both"]


def test_the_same_words_typed_in_the_app_while_a_send_is_under_way_are_a_message_of_their_own(
    shop: Shop, meta: PlayedMeta, loop: Loop, person: str
) -> None:
    gate = Gate(loop, accepted(new_mid()))
    meta.script(person, gate)
    message = shop.post(person, "Hi")
    gate.wait()
    shop.deliver(shop.echo(person, new_mid(), text="Hi"))
    gate.open()
    shop.quiet()
    assert shop.outcome(message) == ["channel"]
    assert shop.texts(person) == ["hello", "Hi", "Hi"]


def test_delivery_to_the_user_is_told_once_however_echo_and_answer_race(
    shop: Shop, meta: PlayedMeta, loop: Loop
) -> None:
    people = [shop.person() for _ in range(12)]
    posted: list[str] = []
    for person in people:
        mids = [new_mid(), new_mid(), new_mid()]
        for mid in mids:

            async def answer(body: dict[str, Any], person: str = person, mid: str = mid) -> Any:
                echo = shop.body(shop.echo(person, mid, text=body["message"]["text"]))
                loop.loop.run_in_executor(None, lambda: shop.house.webhook(shop.facebook_app, echo, secret=shop.secret))
                return accepted(mid)

            meta.script(person, answer)
        posted.append(shop.post(person, LONG))
    for message in posted:
        eventually(lambda message=message: shop.outcome(message) == ["channel", "user"], 20)
    shop.quiet()
    told = shop.events("message:delivery:user")
    assert sorted(event["payload"]["message"]["id"] for event in told) == sorted(posted)
    assert len(shop.messages()) == 24


def test_an_echo_of_each_part_makes_one_event(shop: Shop, meta: PlayedMeta, person: str) -> None:
    mids = [new_mid() for _ in range(3)]
    meta.script(person, *map(accepted, mids))
    message = shop.post(person, LONG)
    shop.outcome(message)
    for number, mid in enumerate(mids, start=1):
        for _ in range(2):
            shop.given(shop.echo(person, mid, text="x"))
        assert shop.outcome(message) == (["channel", "user"] if number == 3 else ["channel"])
    shop.given(shop.item(person, read={"mid": mids[-1]}))
    assert shop.outcome(message) == ["channel", "user"]


def test_a_read_tells_of_every_message_up_to_the_one_that_was_seen(shop: Shop, meta: PlayedMeta, person: str) -> None:
    mids = [new_mid() for _ in range(3)]
    meta.script(person, *map(accepted, mids))
    messages = [shop.post(person, str(number)) for number in range(3)]
    for message in messages:
        shop.outcome(message)
    shop.given(shop.item(person, read={"mid": mids[1]}))
    assert [shop.outcome(message) for message in messages] == [["channel", "user"], ["channel", "user"], ["channel"]]
    assert shop.told()[-3:] == ["read", "message:delivery:user", "message:delivery:user"]
    shop.given(shop.item(person, at=now_ms() + 1, read={"mid": mids[2]}), shop.echo(person, mids[0], text="0"))
    assert [shop.outcome(message) for message in messages] == [["channel", "user"]] * 3


def test_a_read_without_a_mid_is_of_everything(shop: Shop, meta: PlayedMeta, person: str) -> None:
    message = shop.post(person, "Hi")
    shop.outcome(message)
    shop.given(shop.item(person, read={"watermark": now_ms()}))
    assert shop.outcome(message) == ["channel", "user"]


def test_a_read_by_somebody_else_tells_nothing(shop: Shop, meta: PlayedMeta, person: str) -> None:
    mid = new_mid()
    meta.script(person, accepted(mid))
    message = shop.post(person, "Hi")
    shop.outcome(message)
    shop.given(shop.item(shop.person(), read={"mid": mid}))
    shop.given(shop.item(shop.person(), read={"watermark": 1}))
    assert shop.outcome(message) == ["channel"]


def test_the_echo_of_one_app_is_news_to_the_other(house: House, meta: PlayedMeta) -> None:
    """One account, connected to two apps: what one sends, the other sees as typed by the business."""
    one = house.shop()
    two = house.shop(of=one)
    person, mid = one.person(), new_mid()
    meta.script(person, accepted(mid))
    message = one.post(person, "Hi")
    one.outcome(message)
    one.given(one.echo(person, mid, text="Hi"))
    assert one.outcome(message) == ["channel", "user"]
    assert one.texts(person) == two.texts(person) == ["hello", "Hi"]
    assert [m["author"]["type"] for m in two.messages(person)] == ["user", "business"]


# The integration goes away ------------------------------------------------------------------------------------


def test_messages_that_wait_when_the_integration_is_deleted_fail_and_say_why(
    shop: Shop, house: House, meta: PlayedMeta, loop: Loop, person: str
) -> None:
    mid = new_mid()
    gate = Gate(loop, accepted(mid))
    meta.script(person, gate)
    under_way = shop.post(person, LONG)
    gate.wait()
    waiting = shop.post(person, "waiting")
    typing = {"author": {"type": "business"}, "type": "typing:start"}
    house.api("POST", f"/v2/apps/{shop.app_id}/conversations/{shop.conversation(person)}/activity", typing)
    house.api("DELETE", f"/v2/apps/{shop.app_id}/integrations/{shop.integration_id}")
    gate.open()
    for message in (under_way, waiting):
        error = shop.failure(message)
        assert error["code"] == "unauthorized"
        assert "integration of this conversation was deleted" in error["message"]
    shop.quiet()
    assert len(meta.asked[person]) == 1
    assert [row["state"] for row in shop.parts(under_way)] == ["sent", "pending", "pending"]


# Poison -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("culprit", ["render", "ask"])
def test_a_message_that_crashes_the_worker_fails_like_any_other_and_the_next_goes_on(
    shop: Shop, meta: PlayedMeta, person: str, monkeypatch: pytest.MonkeyPatch, culprit: str
) -> None:
    real = getattr(outbound, culprit)

    def crash(*args: Any) -> Any:
        if "poison" in str(args):
            raise RuntimeError("cannot digest this")
        return real(*args)

    monkeypatch.setattr(outbound, culprit, crash)
    if culprit == "ask":
        monkeypatch.setattr(shop.house.channel._outbound, "_grace", timedelta())
    poison, after = shop.post(person, "poison"), shop.post(person, "after")
    assert shop.outcome(after) == ["channel"]
    assert shop.failure(poison)["code"] == "uncategorized_error"
    assert meta.texts(person) == ["after"]


# Activities ---------------------------------------------------------------------------------------------------


def activity(shop: Shop, person: str, kind: str) -> None:
    path = f"/v2/apps/{shop.app_id}/conversations/{shop.conversation(person)}/activity"
    shop.house.api("POST", path, {"author": {"type": "business"}, "type": kind})


def test_typing_and_reading_reach_the_person_in_order(shop: Shop, meta: PlayedMeta, person: str) -> None:
    for kind in ("conversation:read", "typing:start", "typing:stop"):
        activity(shop, person, kind)
    shop.post(person, "Hi")
    shop.quiet()
    actions = [one.body for one in meta.asked[person][:3]]
    assert actions == [
        {"recipient": {"id": person}, "sender_action": action} for action in ("mark_seen", "typing_on", "typing_off")
    ]
    assert meta.texts(person)[3:] == ["Hi"]


def test_an_activity_that_fails_is_not_tried_again_and_holds_nobody_back(
    shop: Shop, meta: PlayedMeta, person: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for told in (refused(190), (504, b""), (200, b"<html>")):
        monkeypatch.setitem(meta.answers, ("POST", "me/messages"), told)
        activity(shop, person, "typing:start")
        shop.quiet()
    monkeypatch.delitem(meta.answers, ("POST", "me/messages"))
    assert shop.outcome(shop.post(person, "Hi")) == ["channel"]


def test_typing_that_waited_too_long_is_not_shown_but_reading_is(
    shop: Shop, house: House, meta: PlayedMeta, loop: Loop, person: str
) -> None:
    gate = Gate(loop, accepted(new_mid()))
    meta.script(person, gate)
    shop.post(person, "held")
    gate.wait()
    activity(shop, person, "typing:start")
    activity(shop, person, "conversation:read")
    house.execute(
        "update jobs set payload = regexp_replace(payload, '\"at\": ?[0-9.]+', '\"at\":1700000000')"
        " where kind = 'send' and key = $1 and payload like '{%'",
        shop.conversation(person),
    )
    gate.open()
    shop.quiet()
    assert [one.body.get("sender_action") for one in meta.asked[person]] == [None, "mark_seen"]


def test_every_activity_of_the_wire_has_its_sender_action() -> None:
    assert set(SENDER_ACTIONS) == {"typing:start", "typing:stop", "conversation:read"}


def test_every_outcome_has_its_effect() -> None:
    """The tests above go through the closed set; this one notices a new member."""
    assert {outcome.value for outcome in SendOutcome} == {
        "sent", "unknown", "retry", "rate_limited", "window_closed", "unreachable", "reconnect", "configuration",
        "permanent",
    }  # fmt: skip
