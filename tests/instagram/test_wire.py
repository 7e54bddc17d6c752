"""An item of a webhook to a typed event: our fixtures, tables, and anything at all."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heliograph.channels.instagram import wire
from heliograph.channels.instagram.inbound.contents import contents, metadata, raw
from heliograph.channels.instagram.wire.envelope import items
from tests.instagram.cases import ANY_JSON, FIXTURES, NEARLY_WEBHOOKS, meta_bytes, plain, sentence

PATH = "0.messaging.0"
# A reason is counted in a metric's label and stands in an index: few, short, plain.
REASON = re.compile(r"shape|empty|self|kind:optin|field:([A-Za-z][A-Za-z0-9_-]{0,39}|\?)")


def item(**event: Any) -> dict[str, Any]:
    return {"sender": {"id": "5"}, "recipient": {"id": "17"}, "timestamp": 1767272401337, **event}


def message(**fields: Any) -> dict[str, Any]:
    return item(message={"mid": "m1", **fields})


def test_there_is_a_fixture_for_everything_that_an_item_can_be() -> None:
    cases = [json.loads(path.read_text()) for path in FIXTURES]
    kinds = {one["event"]["kind"] for case in cases for one in case["understood"]}
    assert kinds == {kind.__name__ for kind in get_args(wire.Event)}


@pytest.mark.parametrize("path", FIXTURES, ids=sentence)
def test_each_fixture_is_understood_as_written(path: Path) -> None:
    case = json.loads(path.read_text())
    for found, expected in zip(items(meta_bytes(case["webhook"])), case["understood"], strict=True):
        event = wire.parse(found.path, found.value, wire.moment(found.time))
        assert {"kind": type(event).__name__, **plain(event)} == expected["event"]


@pytest.mark.parametrize(
    ("stamp", "at"),
    [
        (1767272401337, datetime(2026, 1, 1, 13, 0, 1, 337000, UTC)),
        ("1767272401337", datetime(2026, 1, 1, 13, 0, 1, 337000, UTC)),
        (1767272401, datetime(2026, 1, 1, 13, 0, 1, tzinfo=UTC)),
        ("1767272401", datetime(2026, 1, 1, 13, 0, 1, tzinfo=UTC)),
        ("1527459824", datetime(2018, 5, 27, 22, 23, 44, tzinfo=UTC)),  # the dashboard's test
        (233445667, datetime(1977, 5, 25, 22, 1, 7, tzinfo=UTC)),  # another one
        (99_999_999_999, datetime(5138, 11, 16, 9, 46, 39, tzinfo=UTC)),  # the last that is seconds
        (100_000_000_000, datetime(1973, 3, 3, 9, 46, 40, tzinfo=UTC)),  # the first that is milliseconds
        ("0001767272401", datetime(2026, 1, 1, 13, 0, 1, tzinfo=UTC)),
    ],
)
def test_a_timestamp_is_seconds_or_milliseconds_a_number_or_a_text(stamp: Any, at: datetime) -> None:
    event = wire.parse(PATH, message(text="t") | {"timestamp": stamp})
    assert isinstance(event, wire.Message)
    assert event.at == at


@pytest.mark.parametrize(
    "stamp",
    [None, 0, -1, True, False, 1767272401.337, "", " ", "1767272401.3", "-5", "1e12", "now", [], {}, 10**14, 2**63 - 1,
     "9" * 15, "9" * 400, "٣٤", "²"],
)  # fmt: skip
def test_any_other_timestamp_is_a_wrong_shape(stamp: Any) -> None:
    assert wire.parse(PATH, message(text="t") | {"timestamp": stamp}) == wire.NotUnderstood("shape")


@pytest.mark.parametrize("stamp", [None, "2021-09-08T06:34:04+0000", "<TIME_WEBHOOK_WAS_TRIGGERED>", 10**14])
def test_a_message_whose_time_cannot_be_read_has_that_of_its_webhook(stamp: Any) -> None:
    told_at = datetime(2026, 1, 1, 13, 0, 1, 749000, UTC)
    assert wire.parse(PATH, message(text="t") | {"timestamp": stamp}, told_at) == wire.Message(told_at, "m1", "t")
    taken_back = wire.parse(PATH, message(is_deleted=True) | {"timestamp": stamp}, told_at)
    assert taken_back == wire.Unsend(told_at, "m1")


@pytest.mark.parametrize(
    "event",
    [
        {"postback": {"mid": "m1", "title": "t", "payload": "p"}},
        {"reaction": {"mid": "m1", "action": "unreact"}},
        {"read": {"mid": "m1"}},
        {"referral": {"ref": "r", "source": "IG_ME", "type": "OPEN_THREAD"}},
    ],
    ids=lambda event: next(iter(event)),
)
def test_of_anything_else_such_a_time_is_a_wrong_shape(event: dict[str, Any]) -> None:
    told_at = datetime(2026, 1, 1, 13, 0, 1, 749000, UTC)
    assert wire.parse(PATH, item(**event) | {"timestamp": "now"}, told_at) == wire.NotUnderstood("shape")
    assert wire.parse(PATH, item(**event), told_at) != wire.NotUnderstood("shape")


@pytest.mark.parametrize(
    "wrong",
    [
        {"mid": None}, {"mid": ""}, {"mid": []}, {"mid": 1.5}, {"mid": True}, {"mid": "m" * 1025}, {"mid": "é" * 600},
        {"text": []}, {"text": 1.5}, {"text": True}, {"attachments": "image"}, {"attachments": {}}, {"attachments": ["x"]},
        {"attachments": [{"type": []}]}, {"attachments": [{"type": "image", "payload": "x"}]},
        {"attachments": [{"type": "image", "payload": {"url": {}}}]}, {"reply_to": "m0"}, {"reply_to": {"story": "s"}},
        {"reply_to": {"mid": []}}, {"quick_reply": "p"}, {"quick_reply": {"payload": []}},
    ],
)  # fmt: skip
def test_a_message_with_a_field_of_a_wrong_type_is_a_wrong_shape(wrong: dict[str, Any]) -> None:
    assert wire.parse(PATH, message(**{"text": "t", **wrong})) == wire.NotUnderstood("shape")


@pytest.mark.parametrize(
    "value",
    [None, 1, "x", [], {}, {"message": None}, {"message": 1}, {"postback": []}, {"read": 1}, {"sender": {"id": "5"}}],
)
def test_an_item_that_is_none_is_a_wrong_shape(value: Any) -> None:
    assert wire.parse(PATH, value) == wire.NotUnderstood("shape")
    wrapped = {"field": "messages", "value": value}
    assert wire.parse("0.changes.0", wrapped) == wire.NotUnderstood("shape")


@pytest.mark.parametrize("field", [None, [], {}, ["messages"], 1, True])
def test_a_field_that_is_no_text_is_a_wrong_shape(field: Any) -> None:
    assert wire.parse("0.changes.0", {"field": field, "value": message(text="t")}) == wire.NotUnderstood("shape")


def test_nul_which_no_database_holds_is_dropped_everywhere() -> None:
    event = wire.parse(
        PATH,
        item(message={
            "mid": "m\0" + "1", "text": "a\0b", "attachments": [{"type": "image", "payload": {"url": "u\0"}}],
            "reply_to": {"story": {"id": "s\0", "url": "\0v"}}, "quick_reply": {"payload": "p\0"},
        }),
    )  # fmt: skip
    assert "\\x00" not in repr(event)
    assert isinstance(event, wire.Message)
    assert (event.mid, event.text, event.quick_reply) == ("m1", "ab", "p")


def test_a_null_is_as_good_as_absent() -> None:
    event = wire.parse(PATH, message(text=None, attachments=[{"type": "image", "payload": {"url": "u"}}]))
    assert isinstance(event, wire.Message)
    assert event.text == ""


def test_an_empty_quick_reply_payload_is_one() -> None:
    event = wire.parse(PATH, message(text="Yes", quick_reply={"payload": ""}))
    assert isinstance(event, wire.Message)
    assert event.quick_reply == ""


def test_a_message_that_is_taken_back_is_nothing_else() -> None:
    event = wire.parse(PATH, message(text="secret", is_deleted=True, is_unsupported=True))
    assert isinstance(event, wire.Unsend)


def test_flags_count_only_when_they_are_true_itself() -> None:
    event = wire.parse(PATH, message(text="t", is_deleted="true", is_echo=1, is_unsupported="yes"))
    assert event == wire.Message(datetime(2026, 1, 1, 13, 0, 1, 337000, UTC), "m1", "t")


def test_the_longest_mid_is_taken() -> None:
    event = wire.parse(PATH, item(message={"mid": "m" * 1024, "text": "t"}))
    assert isinstance(event, wire.Message)


@pytest.mark.parametrize("kind", ["hologram", "MEDIA_SHARE", "Upper Case", "x" * 5000, "a\0b", "é", "", "?", "1"])
def test_what_a_stranger_could_write_is_no_reason(kind: str) -> None:
    event = wire.parse("0.changes.0", {"field": kind, "value": {}})
    assert isinstance(event, wire.NotUnderstood)
    assert REASON.fullmatch(event.reason), event.reason


@pytest.mark.parametrize("kind", ["hologram", "Upper Case", "x" * 5000, "a\0b", "é", "", "?", "1"])
def test_an_attachment_of_an_unknown_type_is_kept_as_it_came(kind: str) -> None:
    event = wire.parse(PATH, message(attachments=[{"type": kind, "payload": {"url": "u"}}]))
    assert isinstance(event, wire.Message)
    (attachment,) = event.attachments
    assert re.fullmatch(r"[A-Za-z][\w-]{0,39}|\?", attachment.type, re.ASCII)
    assert attachment.raw is not None
    assert attachment.raw["payload"] == {"url": "u"}


@given(ANY_JSON, st.sampled_from([PATH, "0.standby.1", "0.changes.0", "0", ""]))
def test_no_value_raises(value: Any, path: str) -> None:
    check(wire.parse(path, value))


@given(NEARLY_WEBHOOKS)
def test_no_webhook_that_is_almost_right_raises(webhook: Any) -> None:
    for found in items(json.dumps(webhook).encode()):
        check(wire.parse(found.path, found.value))


def check(event: wire.Event) -> None:
    assert "\\x00" not in repr(event)
    if isinstance(event, wire.NotUnderstood):
        assert REASON.fullmatch(event.reason), event.reason
        return
    if isinstance(event, wire.PolicyNotice):
        return
    assert event.at.tzinfo is UTC
    if isinstance(event, wire.Message):
        assert event.mid
        assert event.text or event.attachments or event.unsupported
        assert contents(event)
        orjson.dumps([contents(event), metadata(event), raw(event)])
