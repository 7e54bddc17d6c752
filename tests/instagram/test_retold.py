"""What the Conversations API tells, retold as webhooks: Meta reference 5.2 to 1.6, case by case, through the real parser."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heliograph.channels.instagram import wire
from heliograph.channels.instagram.backfill import listing, retold
from heliograph.channels.instagram.wire.envelope import items

ACCOUNT, PAGE, PERSON = "17841400000000001", "1014578", "584600000000001"
AT = "2025-07-28T22:44:49+0000"
CDN = "https://lookaside.fbsbx.com/ig_messaging_cdn/?asset_id=1&signature=A"


def _message(by: str = PERSON, **fields: Any) -> dict[str, Any]:
    return {"id": "mid1", "created_time": AT, "from": {"id": by, "username": "a"}, "message": "", **fields}


def _retold(*messages: dict[str, Any]) -> list[Any]:
    """The events of a thread that Meta lists so, the youngest first."""
    told, _ = listing.told({"id": "t1", "messages": {"data": list(messages)}}, ACCOUNT, PAGE)
    body = retold.webhook(ACCOUNT, PERSON, told, 1_753_742_700_000)
    found = items(body)
    assert all((item.account, item.person) == (ACCOUNT, PERSON) for item in found)
    return [wire.parse(item.path, item.value) for item in found]


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({"message": "Nice shot 👍🏼"}, {"text": "Nice shot 👍🏼"}),
        (
            {"attachments": {"data": [{"id": "1", "image_data": {"url": CDN, "width": 1, "height": 1}}]}},
            {"attachments": (wire.Attachment("image", CDN),)},
        ),
        (
            {"attachments": {"data": [{"id": "1", "video_data": {"url": CDN, "preview_url": CDN}}]}},
            {"attachments": (wire.Attachment("video", CDN),)},
        ),
        (
            {"attachments": {"data": [{"id": "1", "mime_type": "audio/mp4", "file_url": CDN}]}},
            {"attachments": (wire.Attachment("audio", CDN),)},
        ),
        (
            {"attachments": {"data": [{"id": "1", "name": "menu.pdf", "file_url": CDN}]}},
            {"attachments": (wire.Attachment("file", CDN),)},
        ),
        (
            {"message": "wow", "story": {"reply_to": {"link": CDN, "id": "18074"}}},
            {"text": "wow", "story": wire.Story("18074", CDN)},
        ),
        ({"message": "that one", "reply_to": {"mid": "mid0"}}, {"text": "that one", "quoted_mid": "mid0"}),
        ({"message": "that one", "reply_to": {"id": "mid0"}}, {"text": "that one", "quoted_mid": "mid0"}),
    ],
)
def test_a_message_is_what_its_webhook_would_have_been(fields: dict[str, Any], wanted: dict[str, Any]) -> None:
    (event,) = _retold(_message(**fields))
    assert isinstance(event, wire.Message)
    assert event.at.isoformat() == "2025-07-28T22:44:49+00:00"
    assert {name: getattr(event, name) for name in wanted} == wanted
    assert not event.echo


@pytest.mark.parametrize("sender", [{"id": ACCOUNT}, {"id": PAGE}, {"id": "9009", "user_id": ACCOUNT}])
def test_what_the_account_said_is_an_echo(sender: dict[str, str]) -> None:
    (event,) = _retold({**_message(message="We are here"), "from": sender})
    assert (event.echo, event.text) == (True, "We are here")


def test_a_story_mention_is_a_story_mention() -> None:
    (event,) = _retold(_message(story={"mention": {"link": CDN, "id": "18074"}}))
    assert (type(event), event.mid, event.url) == (wire.StoryMention, "mid1", CDN)


def _raw(**fields: Any) -> Any:
    told, _ = listing.told({"messages": {"data": [_message(**fields)]}}, ACCOUNT, PAGE)
    return orjson.loads(retold.webhook(ACCOUNT, PERSON, told, 1))["entry"][0]["messaging"]


def test_what_is_unsupported_says_so() -> None:
    for told in (True, "true"):
        (item,) = _raw(is_unsupported=told)
        assert item["message"] == {"mid": "mid1", "is_unsupported": True}


def test_shares_products_and_attachments_without_a_link_keep_their_place() -> None:
    product = {"id": "5", "retailer_id": "r5", "image_url": CDN, "name": "A lamp", "price": "$10"}
    shares = [
        {"link": CDN},
        {"link": CDN, "template": {"payload": {"product": {"elements": {"data": [product]}}}}},
    ]
    (item,) = _raw(shares={"data": shares}, attachments={"data": [{"id": "1", "generic_template": {}}]})
    assert item["message"]["attachments"] == [
        {"type": "unsupported_type"},
        {"type": "share", "payload": {"url": CDN}},
        {
            "type": "template",
            "payload": {
                "product": {
                    "elements": [
                        {"id": "5", "retailer_id": "r5", "image_url": CDN, "title": "A lamp", "subtitle": "$10"}
                    ]
                }
            },
        },
    ]


def test_reactions_of_the_person_follow_their_message_and_the_accounts_own_do_not() -> None:
    said, reaction = _raw(
        message="hi",
        reactions={
            "data": [
                {"reaction": "love", "users": [{"id": PERSON}]},
                {"reaction": "laugh", "users": [{"id": ACCOUNT}]},
            ]
        },
    )
    assert said["message"]["text"] == "hi"
    assert reaction["reaction"] == {"mid": "mid1", "action": "react", "reaction": "love", "emoji": "\u2764\ufe0f"}
    assert reaction["timestamp"] == said["timestamp"]


@pytest.mark.parametrize("word", ["love", "like", "laugh", "wow", "sad", "angry", "other"])
def test_a_reaction_looks_the_same_whichever_way_it_comes(word: str) -> None:
    _, item = _raw(message="hi", reactions={"data": [{"reaction": word, "users": [{"id": PERSON}]}]})
    by_backfill = wire.parse("0.messaging.0", item)
    item["reaction"] = {"mid": "mid1", "action": "react", "reaction": word}
    assert wire.parse("0.messaging.0", item) == by_backfill
    assert isinstance(by_backfill, wire.Reaction)
    assert bool(by_backfill.emoji) == (word != "other")


def test_the_bytes_look_as_metas_do() -> None:
    told, _ = listing.told({"messages": {"data": [_message(message="é/😀")]}}, ACCOUNT, PAGE)
    body = retold.webhook(ACCOUNT, PERSON, told, 1)
    assert body.startswith(b'{"object":"instagram","entry":[{"time":1,"id":"17841400000000001","messaging":[{"sender":')
    assert b'"text":"\\u00e9\\/\\ud83d\\ude00"' in body


def test_messages_come_oldest_first_and_those_of_one_second_as_meta_orders_them() -> None:
    listed = [_message(message=text, id=text) for text in ("third", "second")]
    listed.append(_message(message="first", id="first", created_time="2025-07-28T22:44:48+0000"))
    assert [event.text for event in _retold(*listed)] == ["first", "second", "third"]


def test_a_message_without_its_content_is_unreadable() -> None:
    bare = {"id": "mid9", "created_time": AT}
    told, unreadable = listing.told({"messages": {"data": [_message(message="hi"), bare]}}, ACCOUNT, PAGE)
    assert [one.mid for one in told] == ["mid1"]
    assert [one.mid for one in unreadable] == ["mid9"]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["data", "id", "from", "url", "users", "link", "mention", "reply_to", "payload", "elements"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
_FIELDS = ("message", "attachments", "shares", "story", "reactions", "reply_to", "is_unsupported", "from", "to")


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(_FIELDS, _JSON)))
def test_whatever_meta_answers_raises_nothing(fields: dict[str, Any]) -> None:
    answer = {"data": [{"id": "t", "updated_time": AT, **fields}], "messages": {"data": [_message() | fields]}}
    told, _ = listing.told(answer, ACCOUNT, PAGE)
    assert items(retold.webhook(ACCOUNT, PERSON, told, 1)) is not None
    listing.threads(answer, ACCOUNT, PAGE)
    listing.named(answer)
