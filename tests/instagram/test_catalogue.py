"""Every row of Meta's catalogue (Meta reference 1.6, 1.7) from a signed webhook to what is stored and told.

A row is a file in ``tests/fixtures/meta``: the items as Meta sends them, and what becomes of them towards a person who
wrote before. Words in capitals stand for ids and times that are made for each run.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from heliograph.channels.instagram.journal import leftovers
from tests.instagram.cases import meta_bytes, sentence
from tests.instagram.house import House, Shop, new_mid, now_ms

ROWS = sorted((Path(__file__).parent.parent / "fixtures" / "meta").glob("*.json"))
GIVEN = os.environ.get("HELIOGRAPH_META_FIXTURES", "")


def filled(value: Any, words: dict[str, Any]) -> Any:
    """A fixture with this run's ids and times in it."""
    if isinstance(value, str):
        return words.get(value, value)
    if isinstance(value, list):
        return [filled(one, words) for one in value]
    if isinstance(value, dict):
        return {name: filled(one, words) for name, one in value.items()}
    return value


def body(shop: Shop, case: dict[str, Any], items: list[Any]) -> bytes:
    entry = {"time": now_ms(), "id": shop.account, case["list"]: items, **case.get("entry", {})}
    return meta_bytes({"object": "instagram", "entry": [entry]})


@pytest.mark.parametrize("path", ROWS, ids=sentence)
def test_each_row_is_applied_as_written(shop: Shop, path: Path) -> None:
    person, mid = shop.person(hours=1), new_mid()
    at = now_ms()
    words = {
        "PERSON": person, "ACCOUNT": shop.account, "OWN-APP": shop.facebook_app, "MID": mid,
        "NOW": at, "LATER": at + 1000, "NOW-IN-SECONDS": str(at // 1000),
    }  # fmt: skip
    case = filled(json.loads(path.read_text()), words)
    told, stored = len(shop.told()), len(shop.messages(person))
    batches = [[item] for item in case["items"]] if case.get("apart") else [case["items"]]
    for _ in range(2):  # Meta repeats itself, and nothing is done twice
        for items in batches:
            answer = shop.house.webhook(shop.facebook_app, body(shop, case, items), secret=shop.secret)
            assert answer.status == 200
            shop.received()

    assert shop.told()[told:] == case["told"]
    messages = shop.messages(person)[stored:]
    assert [message["content"] for message in messages] == case["contents"]
    assert shop.leftovers() == case.get("leftovers", []) * 2
    for message in messages:
        assert message["author"]["type"] == case.get("author", "user")
        assert message.get("metadata") == case.get("metadata")
        assert message.get("quotedMessage") == case.get("quoted")
        reactions = [{**one, "author": None} for one in message.get("reactions", [])]
        assert reactions == [{**one, "author": None} for one in case.get("reactions", [])]
    for kind, name in (("referral", "referral"), ("thread:control", "thread")):
        assert [event["payload"][name] for event in shop.events(kind)] == ([case[name]] if name in case else [])
    raw = [row["channel"]["raw"] for row in _channels(shop) if "raw" in (row["channel"] or {})]
    assert raw == ([case["raw"]] if "raw" in case else [])


def _channels(shop: Shop) -> list[dict[str, Any]]:
    return shop.house.rows("select channel from messages where app_id = $1 order by seq", shop.app_id)


def test_replaying_what_was_left_changes_nothing(shop: Shop, house: House) -> None:
    person = shop.person()
    shop.given(shop.item(person, optin={"payload": "P"}), shop.item(person, message={"mid": "m", "is_self": True}))
    before = shop.leftovers()
    house.loop.run(leftovers.replay(house.database, "kind:optin"))
    house.quiet()
    assert sorted(shop.leftovers()) == sorted(before) == ["kind:optin", "self"]


# Samples that others collected ---------------------------------------------------------------------------------

# What is no message and no event of one (docs/instagram/inbound.md). Every other sample is understood.
LEFT_OF_SAMPLES = {
    "chatwoot/instagram_story_mention_event_with_echo": "echo:story_mention",
    "meta-docs/comments_business_login": "field:comments",
    "meta-docs/comments_facebook_login": "field:comments",
    "meta-docs/live_comments_facebook_login": "field:live_comments",
    "meta-docs/mentions_comment": "field:mentions",
    "meta-docs/mentions_media": "field:mentions",
    "meta-docs/message_share_and_ig_post_transition": "no_person",  # Meta prints these two without their sides
    "meta-docs/message_share_post_legacy_with_media_id": "no_person",
    "meta-postman/self_comment": "field:comments",
    "meta-postman/self_message_echo": "self",
    "meta-postman/self_postback": "self",
    "restfb/ig_comments_2021": "field:comments",
    "restfb/ig_comments_minimal": "field:comments",
    "restfb/ig_live_comments": "field:live_comments",
    "restfb/ig_mentions": "field:mentions",
    "restfb/ig_story_insights": "field:story_insights",
    "restfb/page_approles": "shape",  # legacy of Messenger
    "restfb/page_optin_basic": "kind:optin",
    "restfb/page_policy_callback_block": "policy:block",
    "restfb/page_policy_callback_unblock": "policy:unblock",
}


def samples() -> list[Path]:
    if not GIVEN:
        return []
    found = [path for path in sorted(Path(GIVEN).rglob("*.json")) if '"entry"' in path.read_text()]
    assert found, f"no webhook samples below {GIVEN}"
    return found


def made_real(value: Any, sample: str, account: str, theirs: Any) -> Any:
    """A sample with times, ids and numbers where its collector put words, this account, and mids of its own."""
    if isinstance(value, list):
        return [made_real(one, sample, account, theirs) for one in value]
    if not isinstance(value, dict):
        return value
    made = {name: made_real(one, sample, account, theirs) for name, one in value.items()}
    if "mid" in made:
        made["mid"] = f"{sample}:{made['mid']}"
    for name, real in (("timestamp", now_ms()), ("time", now_ms()), ("num_edit", "1")):
        if name in made and not str(made[name]).isdigit():
            made[name] = real
    for side in ("sender", "recipient"):
        if side in made:
            who = str(made[side]["id"])
            made[side]["id"] = account if who == str(theirs) else who.strip("<>").replace(" ", "_")
    return made


@pytest.mark.skipif(not GIVEN, reason="HELIOGRAPH_META_FIXTURES names no folder")
def test_every_sample_of_a_collection_is_understood(house: House) -> None:
    shop = house.shop()
    left: dict[str, str] = {}
    for path in samples():
        sample = path.relative_to(GIVEN).with_suffix("").as_posix()
        webhook = json.loads(path.read_text())
        for one in webhook if isinstance(webhook, list) else [webhook]:
            one["entry"] = [
                made_real(entry, sample, shop.account, entry["id"]) | {"id": shop.account} for entry in one["entry"]
            ]
        before = len(shop.leftovers())
        answer = house.webhook(shop.facebook_app, meta_bytes(webhook), secret=shop.secret)
        assert answer.status == 200, path
        shop.received()
        if found := shop.leftovers()[before:]:
            left[sample] = ", ".join(found)
    assert left == LEFT_OF_SAMPLES
    assert shop.told()
