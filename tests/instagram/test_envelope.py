"""A webhook's bytes to its items, and to whom each belongs."""

import json
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heliograph.channels.instagram.wire.envelope import LISTS, Item, items
from tests.instagram.cases import ANY_JSON, FIXTURES, NEARLY_WEBHOOKS, meta_bytes, sentence

ACCOUNT, PERSON = "17841405309211844", "5846102938471625"


def places(webhook: Any) -> list[tuple[str, str, str]]:
    return [(item.path, item.account, item.person) for item in items(meta_bytes(webhook))]


def one_item(item: Any, name: str = "messaging", entry_id: Any = ACCOUNT) -> tuple[str, str, str]:
    (found,) = places({"object": "instagram", "entry": [{"id": entry_id, "time": 1, name: [item]}]})
    return found


@pytest.mark.parametrize("path", FIXTURES, ids=sentence)
def test_each_fixture_is_taken_apart_as_written(path: Path) -> None:
    case = json.loads(path.read_text())
    assert places(case["webhook"]) == [(e["path"], e["account"], e["person"]) for e in case["understood"]]


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff\xfe", b"null", b"true", b"7", b'"text"', b"[]", b"{}", b'{"entry":{}}', b'{"entry":[]}', b"[[]]",
     b"[1,2]", b'{"object":"instagram","entry":null}', b"[" * 5000, b'"\\ud83d"'],
)  # fmt: skip
def test_a_body_that_is_no_webhook_is_one_item_of_nobody(body: bytes) -> None:
    (item,) = items(body)
    assert (item.path, item.account, item.person) == ("", "", "")


def test_messaging_standby_and_changes_of_one_entry_are_all_walked() -> None:
    entry = {"id": ACCOUNT, "changes": [{"field": "comments", "value": {}}], "messaging": [{}, {}], "standby": [{}]}
    assert [place[0] for place in places({"entry": [entry]})] == [
        "0.messaging.0", "0.messaging.1", "0.standby.0", "0.changes.0",
    ]  # fmt: skip


def test_entries_of_several_roots_are_numbered_through() -> None:
    roots = [{"entry": [{"id": "1", "messaging": [{}]}, {"id": "2", "messaging": [{}]}]}, {"entry": [{"id": "3"}]}, 7]
    assert places(roots) == [("0.messaging.0", "1", ""), ("1.messaging.0", "2", ""), ("2", "3", "")]


@pytest.mark.parametrize("entry", [None, 1, "x", [], {}, {"id": ACCOUNT}, {"id": ACCOUNT, "messaging": {}}])
def test_an_entry_with_nothing_to_walk_is_an_item_itself(entry: Any) -> None:
    account = ACCOUNT if isinstance(entry, dict) and entry else ""
    assert places({"entry": [entry]}) == [("0", account, "")]


@pytest.mark.parametrize(
    ("entry_id", "account"),
    [
        (ACCOUNT, ACCOUNT), (int(ACCOUNT), ACCOUNT), ("0", "0"), (0, "0"), (True, ""), (None, ""), (1.5, ""), ([], ""),
        ("", ""), ("a/b", ""), ("a b", ""), ("a\0b", ""), ("é", ""), ("x" * 64, "x" * 64), ("x" * 65, ""), ("a\n", ""),
    ],
)  # fmt: skip
def test_an_id_is_taken_when_it_can_be_part_of_a_lane_s_name(entry_id: Any, account: str) -> None:
    assert one_item({"sender": {"id": PERSON}}, entry_id=entry_id) == ("0.messaging.0", account, PERSON)


@pytest.mark.parametrize(
    ("item", "person"),
    [
        ({"sender": {"id": PERSON}, "recipient": {"id": ACCOUNT}, "message": {}}, PERSON),
        ({"sender": {"id": ACCOUNT}, "recipient": {"id": PERSON}, "message": {"is_echo": True}}, PERSON),
        ({"sender": {"id": ACCOUNT}, "recipient": {"id": PERSON}, "message": {}}, PERSON),  # echo without its flag
        ({"sender": {"id": ACCOUNT}, "recipient": {"id": PERSON}, "read": {}}, PERSON),
        ({"sender": {"id": "other"}, "recipient": {"id": PERSON}, "message": {"is_echo": True}}, PERSON),
        ({"sender": {"id": PERSON}, "message": {"is_echo": "true"}}, PERSON),
        ({"recipient": {"id": ACCOUNT}, "read": {}}, ""),
        ({"sender": {"id": 7}}, "7"),
        ({"sender": PERSON}, ""),
        ({"sender": None, "recipient": []}, ""),
        ({}, ""),
        ([], ""),
        ("text", ""),
    ],
)
def test_the_person_is_the_side_that_is_not_the_account(item: Any, person: str) -> None:
    assert one_item(item) == ("0.messaging.0", ACCOUNT, person)
    assert one_item(item, "standby") == ("0.standby.0", ACCOUNT, person)
    assert one_item({"field": "messages", "value": item}, "changes") == ("0.changes.0", ACCOUNT, person)


def test_an_item_of_changes_without_a_value_has_no_person() -> None:
    assert one_item({"field": "messages", "sender": {"id": PERSON}}, "changes") == ("0.changes.0", ACCOUNT, "")


def test_a_path_finds_the_same_value_again() -> None:
    body = meta_bytes({"entry": [{"id": ACCOUNT, "messaging": [{"a": 1}, {"b": 2}]}]})
    assert {item.path: item.value for item in items(body)} == {"0.messaging.0": {"a": 1}, "0.messaging.1": {"b": 2}}


def check(body: bytes) -> list[Item]:
    found = items(body)
    assert found, "every webhook has an item, so that nothing is lost"
    assert len({item.path for item in found}) == len(found)
    for item in found:
        assert len(item.account) <= 64
        assert len(item.person) <= 64
        assert item.path.isascii()
        assert not set(item.account + item.person) & set("/\0 \n")
    return found


@given(st.binary(max_size=300))
def test_no_bytes_raise(body: bytes) -> None:
    check(body)


@given(ANY_JSON | NEARLY_WEBHOOKS | st.lists(NEARLY_WEBHOOKS, max_size=2))
def test_no_json_raises_and_every_item_of_a_list_is_found(webhook: Any) -> None:
    found = check(orjson.dumps(webhook))
    roots = webhook if isinstance(webhook, list) else [webhook]
    walked = sum(
        len(values)
        for root in roots
        if isinstance(root, dict) and isinstance(root.get("entry"), list)
        for entry in root["entry"]
        if isinstance(entry, dict)
        for name in LISTS
        if isinstance(values := entry.get(name), list)
    )
    assert sum(item.path.count(".") == 2 for item in found) == walked
