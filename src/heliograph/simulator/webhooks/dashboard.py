"""What the App Dashboard's button "Test" sends, by field: samples with made-up ids and odd times (Meta reference 1.7).

Some fields of Meta's list never produce a test; they are not here.
"""

from typing import Any

ENTRY_ID = "0"
_WHO: dict[str, Any] = {"sender": {"id": "12334"}, "recipient": {"id": "23245"}}
_FRAME: dict[str, Any] = {**_WHO, "timestamp": "1527459824"}

SAMPLES: dict[str, dict[str, Any]] = {
    "messages": {**_FRAME, "message": {"mid": "random_mid", "text": "random_text"}},
    "messaging_postbacks": {
        **_FRAME,
        "postback": {"mid": "random_mid", "title": "Talk to human", "payload": "USER_DEFINED_PAYLOAD"},
    },
    "messaging_seen": {**_FRAME, "read": {"mid": "random_mid"}},
    "message_reactions": {
        **_WHO,
        "timestamp": 233445667,
        "reaction": {"mid": "random_mid", "action": "react", "reaction": "love", "emoji": "❤️"},
    },
    "message_edit": {**_FRAME, "message_edit": {"mid": "random_mid", "text": "random_text", "num_edit": "1"}},
    "messaging_referral": {
        **_FRAME,
        "referral": {"ref": "REF-DATA", "source": "IGME-SOURCE-LINK", "type": "OPEN_THREAD"},
    },
    "comments": {
        "from": {"id": "232323232", "username": "test"},
        "media": {"id": "123123123", "media_product_type": "FEED"},
        "id": "17865799348089039",
        "parent_id": "1231231234",
        "text": "This is an example.",
    },
    "live_comments": {"text": "This is an example.", "id": "123456789"},
    "mentions": {"comment_id": "17894227972186120", "media_id": "17918195224117851"},
    "story_insights": {
        "media_id": "17887498072083520",
        "exits": 3,
        "replies": 0,
        "reach": 44,
        "taps_forward": 4,
        "taps_back": 3,
        "impressions": 444,
    },
}
CHANGES_ONLY = frozenset({"comments", "live_comments", "mentions", "story_insights"})
"""Fields that have no other form."""
