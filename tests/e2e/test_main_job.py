"""The main job: from a customer's DM to the business's webhook, and the answer back."""

import json
from collections.abc import Iterator

import pytest

from tests.e2e.stack import Stack, call, stack, wait_for
from tests.support import open_directory

HOUR = 3600


@pytest.fixture(scope="module")
def house(each_database: str) -> Iterator[Stack]:
    """One installation for this module, on each database."""
    with open_directory() as directory, stack(each_database, directory) as made:
        yield made


@pytest.fixture
def person(house: Stack) -> str:
    """A person who has not written yet, as the control API names them; their IGSID."""
    made = house.control("POST", "people", {"name": "Noa Levi"})
    return str(house.control("GET", f"people/{made['id']}/igsid/{house.seed['instagram_account_id']}")["igsid"])


@pytest.fixture
def conversation(house: Stack, person: str) -> str:
    """The conversation of a person who has just said hello."""
    mid = house.customer_says("hello", person)["mid"]
    return str(wait_for(lambda: conversation_of(house, mid)))


def conversation_of(house: Stack, mid: str) -> str | None:
    """In which conversation a message of Meta's was told."""
    for payload in house.target.of("conversation:message"):
        if payload["message"]["source"].get("originalMessageId") == mid:
            return str(payload["conversation"]["id"])
    return None


def deliveries(house: Stack, message_id: str) -> list[tuple[str, dict]]:
    """What was told of a message's delivery, in order."""
    return [
        (event["type"].rpartition(":")[2], event["payload"])
        for event in list(house.target.events)
        if ":delivery:" in event["type"] and event["payload"]["message"]["id"] == message_id
    ]


def test_a_message_typed_on_the_phone_arrives_at_the_webhook_and_in_the_conversation(house: Stack, person: str) -> None:
    """First contact: conversation:create, then conversation:message with the person's name; listed by the API."""
    mid = house.customer_says("Is this in stock? Größe 38 🙂", person)["mid"]
    conversation_id = wait_for(lambda: conversation_of(house, mid))
    told = [e for e in house.target.events if e["payload"]["conversation"]["id"] == conversation_id]
    assert [event["type"] for event in told] == ["conversation:create", "conversation:message"]
    assert told[0]["payload"]["creationReason"] == "message"
    message = told[1]["payload"]["message"]
    assert message["author"]["displayName"] == "Noa Levi"
    assert message["source"]["type"] == "instagram"
    listed = house.messages.list_messages(house.app_id, conversation_id).messages
    assert [m.content.actual_instance.text for m in listed] == ["Is this in stock? Größe 38 🙂"]


def test_an_answer_posted_with_the_official_client_appears_on_the_phone(
    house: Stack, person: str, conversation: str
) -> None:
    """And is told as accepted by the channel, then as having reached the person, with Meta's id."""
    message_id = house.answer(conversation, "Yes, two left")
    told = wait_for(lambda: len(deliveries(house, message_id)) == 2 and deliveries(house, message_id))
    shown = house.phone(person)[-1]
    assert (shown["from"], shown["text"], shown["messaging_type"]) == ("business", "Yes, two left", "RESPONSE")
    assert [kind for kind, _ in told] == ["channel", "user"]
    assert [payload["isFinalEvent"] for _, payload in told] == [False, True]
    assert all(payload["externalMessages"] == [{"id": shown["mid"]}] for _, payload in told)


def test_a_story_mention_arrives_as_a_referral(house: Stack, person: str, conversation: str) -> None:
    """With the link to the story, in the person's conversation."""
    house.control("POST", "mentions", house.who(person))
    payload = wait_for(
        lambda: next(
            (p for p in house.target.of("conversation:referral") if p["conversation"]["id"] == conversation), None
        )
    )
    assert payload["referral"]["code"].startswith(house.simulator_url)
    assert payload["user"]["id"]


def test_a_story_reply_names_its_story(house: Stack, person: str) -> None:
    """The story's id and link stand in the message's metadata."""
    account = house.seed["instagram_account_id"]
    story = house.control("POST", f"accounts/{account}/stories", {})
    mid = house.customer_says("lovely", person, story_id=story["id"])["mid"]
    wait_for(lambda: conversation_of(house, mid))
    (message,) = (
        p["message"]
        for p in house.target.of("conversation:message")
        if p["message"]["source"].get("originalMessageId") == mid
    )
    assert message["metadata"]["instagram.storyId"] == story["id"]
    assert message["metadata"]["instagram.storyUrl"].startswith("http")


@pytest.mark.parametrize(
    ("silence", "tag"), [(1 * HOUR, None), (25 * HOUR, "HUMAN_AGENT"), (6 * 24 * HOUR, "HUMAN_AGENT")]
)
def test_between_a_day_and_a_week_the_answer_carries_the_tag(
    house: Stack, person: str, silence: int, tag: str | None
) -> None:
    """The person's last word was that long ago by Meta's own timestamp."""
    mid = house.customer_says("hello", person, age_seconds=silence)["mid"]
    conversation_id = wait_for(lambda: conversation_of(house, mid))
    message_id = house.answer(conversation_id, "here we are")
    wait_for(lambda: deliveries(house, message_id))
    assert deliveries(house, message_id)[0][0] == "channel"
    assert house.phone(person)[-1]["tag"] == tag


def test_after_eight_days_the_answer_fails_and_says_why(house: Stack, person: str) -> None:
    """delivery:failure with a sentence that a person understands; nothing reaches the phone."""
    mid = house.customer_says("hello", person, age_seconds=8 * 24 * HOUR)["mid"]
    conversation_id = wait_for(lambda: conversation_of(house, mid))
    message_id = house.answer(conversation_id, "too late")
    ((kind, payload),) = wait_for(lambda: deliveries(house, message_id))
    assert kind == "failure"
    assert payload["isFinalEvent"] is True
    assert payload["error"]["code"] == "message_outside_window"
    assert "7-day window closed" in payload["error"]["message"]
    assert "when the person writes" in payload["error"]["message"]
    assert [m["from"] for m in house.phone(person)] == ["person"]


def test_time_passing_at_meta_is_noticed_too(house: Stack, person: str, conversation: str) -> None:
    """When Meta's clock moves on by 25 hours the answer still goes out, with the tag; after 8 days it fails."""
    try:
        house.control("POST", "clock", {"advance_seconds": 25 * HOUR})
        late = house.answer(conversation, "a day later")
        wait_for(lambda: deliveries(house, late))
        assert house.phone(person)[-1]["tag"] == "HUMAN_AGENT"
        house.control("POST", "clock", {"advance_seconds": 7 * 24 * HOUR})
        too_late = house.answer(conversation, "a week later")
        wait_for(lambda: deliveries(house, too_late))
        assert deliveries(house, too_late)[0][0] == "failure"
    finally:
        house.control("POST", "clock", {"offset_seconds": 0})


def test_an_automatic_answer_never_carries_the_tag(house: Stack, person: str) -> None:
    """Meta forbids it: outside 24 hours a message of an AI fails instead."""
    mid = house.customer_says("hello", person, age_seconds=25 * HOUR)["mid"]
    conversation_id = wait_for(lambda: conversation_of(house, mid))
    message_id = house.answer(conversation_id, "beep", subtypes=["AI"])
    ((kind, payload),) = wait_for(lambda: deliveries(house, message_id))
    assert kind == "failure"
    assert "automatic" in payload["error"]["message"]


def test_a_long_answer_arrives_in_parts_and_in_order(house: Stack, person: str, conversation: str) -> None:
    """Split at 1000 bytes without cutting a character; every part's id is told."""
    text = "Ä" * 1200 + " end"
    message_id = house.answer(conversation, text)
    told = wait_for(lambda: len(deliveries(house, message_id)) == 2 and deliveries(house, message_id))
    parts = [m for m in house.phone(person) if m["from"] == "business"]
    assert "".join(m["text"] for m in parts).replace(" ", "") == text.replace(" ", "")
    assert all(len(m["text"].encode()) <= 1000 for m in parts)
    assert [m["id"] for m in told[0][1]["externalMessages"]] == [m["mid"] for m in parts]


def test_reply_buttons_come_back_as_the_customers_message(house: Stack, person: str, conversation: str) -> None:
    """A tap on a quick reply is a message with the button's payload."""
    body = {
        "author": {"type": "business"},
        "content": {
            "type": "text",
            "text": "Which size?",
            "actions": [{"type": "reply", "text": "38", "payload": "SIZE_38"}],
        },
    }
    path = f"/v2/apps/{house.app_id}/conversations/{conversation}/messages"
    message_id = house.api("POST", path, body, 201)["messages"][0]["id"]
    wait_for(lambda: deliveries(house, message_id))
    assert house.phone(person)[-1]["quick_replies"][0]["title"] == "38"
    mid = house.customer_says("38", person, quick_reply_payload="SIZE_38")["mid"]
    wait_for(lambda: conversation_of(house, mid))
    (content,) = (
        p["message"]["content"]
        for p in house.target.of("conversation:message")
        if p["message"]["source"].get("originalMessageId") == mid
    )
    assert content == {"type": "text", "text": "38", "payload": "SIZE_38"}


def test_what_the_owner_types_in_the_app_is_a_business_message(house: Stack, person: str, conversation: str) -> None:
    """Its echo is the only trace of it."""
    house.control("POST", "owner-messages", house.who(person) | {"text": "typed on the phone"})
    wait_for(lambda: "typed on the phone" in house.target.texts("business"))
    listed = house.messages.list_messages(house.app_id, conversation).messages
    assert listed[-1].author.type == "business"


def test_an_unsent_message_is_blanked(house: Stack, person: str, conversation: str) -> None:
    """Taken back by the person: its place remains, its text does not."""
    mid = house.customer_says("a secret", person)["mid"]
    wait_for(lambda: conversation_of(house, mid))
    house.control("POST", "unsend", {"mid": mid})

    def last() -> object:
        return house.messages.list_messages(house.app_id, conversation).messages[-1]

    wait_for(lambda: last().deleted)
    assert "secret" not in str(last())


def test_the_same_idempotency_key_posts_once(house: Stack, person: str, conversation: str) -> None:
    """The repeat gets the first answer; the phone shows one message."""
    body = {"author": {"type": "business"}, "content": {"type": "text", "text": "once"}}
    headers = {"idempotency-key": f"order-7-{conversation}"}
    answers = [call("POST", house.messages_url(conversation), body, house.key, headers) for _ in range(2)]
    assert answers[0] == answers[1]
    message_id = answers[0][1]["messages"][0]["id"]
    wait_for(lambda: len(deliveries(house, message_id)) == 2)
    assert [m["text"] for m in house.phone(person) if m["from"] == "business"] == ["once"]


def test_the_webhook_carries_its_secret(house: Stack, conversation: str) -> None:
    """X-API-Key is the secret that the API shows."""
    webhooks = house.api("GET", f"/v2/apps/{house.app_id}/integrations/{house.custom['id']}/webhooks")["webhooks"]
    assert house.target.keys == {webhooks[0]["secret"]}


def test_meta_may_repeat_itself(house: Stack, person: str) -> None:
    """The very same webhook again, signature and all: 200, and nothing happens twice."""
    account = house.seed["instagram_account_id"]
    item = {
        "sender": {"id": person},
        "recipient": {"id": account},
        "timestamp": 1795368893909,
        "message": {"mid": f"mid.repeat.{person}", "text": "once only"},
    }
    webhook = {"object": "instagram", "entry": [{"id": account, "time": 1795368894000, "messaging": [item]}]}
    assert [house.meta_posts(json.dumps(webhook).encode()) for _ in range(3)] == [200, 200, 200]
    follower = house.customer_says("afterwards", person)["mid"]
    wait_for(lambda: conversation_of(house, follower))
    assert house.target.texts().count("once only") == 1


def test_operators_see_what_happens(house: Stack, conversation: str) -> None:
    """Health, readiness and metrics answer; the metrics count what happened."""
    message_id = house.answer(conversation, "counted")
    wait_for(lambda: deliveries(house, message_id))
    assert call("GET", f"{house.server.url}/healthz") == (200, {"status": "ok"})
    assert call("GET", f"{house.server.url}/readyz") == (200, {"status": "ready"})

    def told() -> str:
        status, metrics = call("GET", f"{house.server.url}/metrics")
        assert status == 200
        return str(metrics) if 'heliograph_sends_total{outcome="sent"}' in metrics else ""

    metrics = wait_for(told, what="the send is counted")
    received = next(line for line in metrics.splitlines() if line.startswith("heliograph_webhooks_received_total"))
    assert float(received.split()[1]) >= 1
    for kind in ("inbound", "media", "profile", "departure", "unsent", "last_words"):
        assert f'heliograph_lane_oldest_job_seconds{{kind="{kind}"}}' in metrics


def test_the_log_holds_neither_secrets_nor_texts(house: Stack, person: str, conversation: str) -> None:
    """Structured, one JSON object a line; ids follow a message, its words do not."""
    message_id = house.answer(conversation, "words that nobody else may read")
    wait_for(lambda: deliveries(house, message_id))

    def written() -> list[str]:
        """The whole lines of the log: the last one may be just being written."""
        return house.server.log().rpartition("\n")[0].splitlines()

    wait_for(lambda: any(json.loads(line).get("message") == message_id for line in written()), what="it is in the log")
    log = "\n".join(written())
    lines = [json.loads(line) for line in written()]
    assert any("public_url" in line or "url" in line for line in lines)
    for secret in (
        house.seed["page_access_token"],
        house.seed["facebook_app_secret"],
        house.key["secret"],
        house.account_key["secret"],
        "words that nobody else may read",
    ):
        assert secret not in log
