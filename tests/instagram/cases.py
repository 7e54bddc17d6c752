"""What the pure tests share: our fixture files, Meta's way of writing JSON, and arbitrary JSON."""

import dataclasses
import json
from datetime import datetime
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

FIXTURES = sorted((Path(__file__).parent / "fixtures").glob("*.json"))


def sentence(path: Path) -> str:
    """A fixture's name as a test's id."""
    return path.stem


def meta_bytes(webhook: Any) -> bytes:
    """A webhook as Meta writes it (Meta reference 1.3): compact, ASCII, slashes escaped."""
    return json.dumps(webhook, separators=(",", ":"), ensure_ascii=True).replace("/", "\\/").encode()


def plain(value: Any) -> Any:
    """An event as plain values: its kind, and the fields that are not at their default."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            one.name: plain(getattr(value, one.name))
            for one in dataclasses.fields(value)
            if one.default is dataclasses.MISSING or getattr(value, one.name) != one.default
        }
    if isinstance(value, tuple):
        return [plain(one) for one in value]
    return value.isoformat(timespec="milliseconds") if isinstance(value, datetime) else value


# Words of the wire, so that arbitrary JSON gets past the first check now and then.
_WORDS = (
    "object", "entry", "id", "time", "messaging", "standby", "changes", "field", "value", "sender", "recipient",
    "timestamp", "message", "mid", "text", "attachments", "type", "payload", "url", "reply_to", "story", "quick_reply",
    "is_echo", "is_deleted", "is_unsupported", "is_self", "postback", "title", "read", "watermark", "reaction", "action",
    "emoji", "message_edit", "num_edit", "referral", "ref", "ads_context_data", "product", "optin", "metadata",
    "pass_thread_control", "take_thread_control", "request_thread_control", "new_owner_app_id", "policy-enforcement",
    "generic", "elements", "buttons", "template_type", "story_media_url", "ig_post_media_id", "sticker_id",
)  # fmt: skip
_VALUES = ("instagram", "image", "story_mention", "messages", "0", "17841405309211844", "1767272401337", "", "\0")

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.sampled_from([1767272401337, 1767272401, 0, -1, 10**11, 10**14])
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(_VALUES)
)
KEYS = st.sampled_from(_WORDS) | st.text(max_size=8)
ANY_JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5), max_leaves=25
)


def _side() -> Any:
    return st.fixed_dictionaries({"id": st.sampled_from(["17841405309211844", "5846102938471625"])}) | ANY_JSON


ATTACHMENTS = (
    "image", "video", "audio", "file", "share", "ig_post", "ig_reel", "reel", "ig_story", "story", "story_mention",
    "ephemeral", "template", "unsupported_type", "like_heart", "media", "fallback", "hologram",
)  # fmt: skip


def _element() -> Any:
    button = st.fixed_dictionaries({"type": st.just("open_url"), "url": ANY_JSON, "title": ANY_JSON})
    return st.fixed_dictionaries({"title": ANY_JSON, "buttons": st.lists(button, max_size=2) | ANY_JSON}) | ANY_JSON


def _kinds() -> Any:
    """What an item may be beside a message."""
    control = st.fixed_dictionaries({"new_owner_app_id": ANY_JSON, "metadata": ANY_JSON}) | ANY_JSON
    referral = {"ref": ANY_JSON, "ads_context_data": ANY_JSON, "product": ANY_JSON}
    return {
        "reaction": st.fixed_dictionaries({"mid": st.just("m1"), "action": st.sampled_from(["react", "unreact"])})
        | st.fixed_dictionaries({"mid": ANY_JSON, "emoji": ANY_JSON}),
        "message_edit": st.fixed_dictionaries({"mid": st.just("m1"), "text": ANY_JSON, "num_edit": ANY_JSON}),
        "referral": st.fixed_dictionaries(referral) | ANY_JSON,
        "optin": ANY_JSON,
        "pass_thread_control": control,
        "take_thread_control": control,
        "request_thread_control": control,
        "policy-enforcement": st.fixed_dictionaries({"action": st.just("block"), "reason": ANY_JSON}) | ANY_JSON,
    }


def _item() -> Any:
    attachment = st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(ATTACHMENTS) | ANY_JSON,
            "payload": st.fixed_dictionaries(
                {},
                optional={
                    "url": st.text(max_size=9),
                    "generic": st.fixed_dictionaries({"elements": st.lists(_element(), max_size=2) | ANY_JSON}),
                    "elements": st.lists(_element(), max_size=2),
                    "text": ANY_JSON,
                    "buttons": ANY_JSON,
                    "ig_post_media_id": ANY_JSON,
                    "sticker_id": ANY_JSON,
                },
            )
            | ANY_JSON,
        },
    )
    message = st.fixed_dictionaries(
        {"mid": st.sampled_from(["m1", "m2"]) | ANY_JSON},
        optional={
            "text": st.text(max_size=9) | ANY_JSON,
            "attachments": st.lists(attachment | ANY_JSON, max_size=3) | ANY_JSON,
            "reply_to": st.fixed_dictionaries({"story": ANY_JSON}) | ANY_JSON,
            "quick_reply": ANY_JSON,
            "is_echo": st.booleans() | ANY_JSON,
            "is_deleted": st.booleans() | ANY_JSON,
            "is_unsupported": st.booleans() | ANY_JSON,
            "referral": ANY_JSON,
        },
    )
    return st.fixed_dictionaries(
        {"timestamp": st.sampled_from([1767272401337, "1767272401"]) | ANY_JSON},
        optional={
            "sender": _side(),
            "recipient": _side(),
            "message": message | ANY_JSON,
            "postback": st.fixed_dictionaries({"payload": ANY_JSON}) | ANY_JSON,
            "read": ANY_JSON,
            **_kinds(),
            "field": st.sampled_from(["messages", "comments"]) | ANY_JSON,
            "value": ANY_JSON,
        },
    )


# Webhooks that are almost right: the right frame, anything in it.
NEARLY_WEBHOOKS = st.fixed_dictionaries(
    {
        "object": st.just("instagram") | ANY_JSON,
        "entry": st.lists(
            st.fixed_dictionaries(
                {"id": st.sampled_from(["17841405309211844", 17841405309211844, "0"]) | ANY_JSON},
                optional={
                    name: st.lists(_item(), max_size=3) | ANY_JSON for name in ("messaging", "standby", "changes")
                },
            )
            | ANY_JSON,
            max_size=3,
        )
        | ANY_JSON,
    }
)
