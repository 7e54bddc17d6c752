"""What one POST carries: the envelope, and events with as much of the user and the source as the webhook asked for."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heliograph.delivery.payload import envelope, event_text

USER = {"id": "u1", "authenticated": False, "externalId": "x", "profile": {"givenName": "Ada"}, "metadata": {"a": 1}}
CLIENT = {"id": "c1", "type": "instagram", "status": "active", "raw": {"username": "ada"}}
BRIEF = {"id": "u1", "authenticated": False}
SOURCE = {"type": "instagram", "integrationId": "i1", "originalMessageId": "m_1"}

MESSAGE = {
    "conversation": {"id": "k1", "type": "personal"},
    "message": {
        "id": "m1",
        "author": {"type": "user", "userId": "u1", "user": BRIEF},
        "content": {"type": "text", "text": "hello"},
        "source": SOURCE,
    },
}
FULL_AUTHOR = {"type": "user", "userId": "u1", "user": USER}
FULL_SOURCE = {**SOURCE, "client": CLIENT}
# What the customer or the sender wrote is theirs, whatever its words look like.
LOOKALIKE = {
    "user": BRIEF,
    "message": {"metadata": {"user": BRIEF, "source": SOURCE}, "content": {"user": BRIEF, "source": SOURCE}},
}


def _event(payload: dict[str, Any]) -> str:
    return json.dumps(
        {"id": "e1", "type": "conversation:message", "createdAt": "2026-01-01T00:00:00.000Z"} | {"payload": payload}
    )


def _expanded(payload: dict[str, Any], *, user: bool, source: bool) -> dict[str, Any]:
    extras = json.dumps({"user": USER, "client": CLIENT})
    event = json.loads(event_text(_event(payload), extras, full_user=user, full_source=source))
    assert event["id"] == "e1"
    assert event["createdAt"] == "2026-01-01T00:00:00.000Z"
    result: dict[str, Any] = event["payload"]
    return result


@pytest.mark.parametrize(
    ("payload", "user", "source", "expected"),
    [
        (MESSAGE, False, False, MESSAGE),
        (MESSAGE, True, False, {**MESSAGE, "message": {**MESSAGE["message"], "author": FULL_AUTHOR}}),
        (MESSAGE, False, True, {**MESSAGE, "message": {**MESSAGE["message"], "source": FULL_SOURCE}}),
        (
            MESSAGE,
            True,
            True,
            {**MESSAGE, "message": {**MESSAGE["message"], "author": FULL_AUTHOR, "source": FULL_SOURCE}},
        ),
        ({"user": BRIEF, "source": SOURCE}, True, True, {"user": USER, "source": FULL_SOURCE}),
        ({"user": BRIEF}, False, True, {"user": BRIEF}),
        # another person, and a message that came through the API: not ours to fill in
        ({"user": {"id": "u2"}}, True, True, {"user": {"id": "u2"}}),
        ({"source": {"type": "api:conversations"}}, True, True, {"source": {"type": "api:conversations"}}),
        (LOOKALIKE, True, True, {**LOOKALIKE, "user": USER}),
        ({"user": None, "source": "x", "message": [1]}, True, True, {"user": None, "source": "x", "message": [1]}),
    ],
)
def test_the_include_flags(payload: dict[str, Any], user: bool, source: bool, expected: dict[str, Any]) -> None:
    """includeFullUser puts the full user in the brief one's place; includeFullSource adds the client to the source."""
    assert _expanded(payload, user=user, source=source) == expected


def test_an_event_without_extras_goes_as_it_stands() -> None:
    """Byte for byte what is in the log, whatever the flags."""
    text = _event(MESSAGE)
    assert event_text(text, None, full_user=True, full_source=True) is text
    assert event_text(text, '{"user":null,"client":null}', full_user=False, full_source=False) is text


@pytest.mark.parametrize(("user", "client"), [(None, CLIENT), (USER, None), (None, None)])
def test_an_event_that_knows_only_one_of_the_two(user: Any, client: Any) -> None:
    """A referral without a client, an API message without a user: what is known is filled in."""
    extras = json.dumps({"user": user, "client": client})
    event = json.loads(event_text(_event({"user": BRIEF, "source": SOURCE}), extras, full_user=True, full_source=True))
    assert event["payload"]["user"] == (user or BRIEF)
    assert event["payload"]["source"] == (FULL_SOURCE if client else SOURCE)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.dictionaries(st.text(), VALUES, max_size=4), min_size=1, max_size=5))
def test_the_envelope_is_json_with_the_events_in_order(events: list[dict[str, Any]]) -> None:
    """App, webhook with version v2, and the events as they were, in their order."""
    texts = [json.dumps(event, ensure_ascii=False) for event in events]
    assert json.loads(envelope("a1", "w1", texts)) == {
        "app": {"id": "a1"},
        "webhook": {"id": "w1", "version": "v2"},
        "events": events,
    }


@given(st.dictionaries(st.sampled_from(["user", "source", "message", "author", "metadata"]), VALUES, max_size=4))
def test_any_payload_can_be_expanded(payload: dict[str, Any]) -> None:
    """Whatever shape a future event has, filling in raises nothing and loses nothing."""
    assert set(_expanded(payload, user=True, source=True)) == set(payload)
