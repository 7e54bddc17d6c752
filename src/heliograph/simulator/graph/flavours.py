"""The two product flavours of Meta's messaging for Instagram, as data.

The wire of webhooks and sends is the same in both; hosts, logins and the names of permissions differ. Facebook Login
(Page tokens) answers at the root of the simulator's address, Instagram Login (tokens of Instagram users) under
``/instagram``: that one prefix stands for graph.instagram.com, api.instagram.com and www.instagram.com, whose paths do not
meet (Meta reference 0, 4.6).
"""

import re
from dataclasses import dataclass
from typing import Any

INSTAGRAM_FIELDS = (
    "comments",
    "live_comments",
    "mentions",
    "message_edit",
    "message_reactions",
    "messages",
    "messaging_handover",
    "messaging_optins",
    "messaging_policy_enforcement",
    "messaging_postbacks",
    "messaging_referral",
    "messaging_seen",
    "response_feedback",
    "standby",
    "story_insights",
)
"""The fields of the object *instagram*."""


@dataclass(frozen=True, slots=True)
class Flavour:
    """The permissions that each kind of call needs."""

    name: str
    all_scopes: tuple[str, ...]
    send_scope: str
    read_scope: str
    profile_scope: str
    subscribe_scope: str
    messages_field_scope: str
    events_scope: str
    comments_scope: str
    private_reply_scopes: tuple[str, ...]
    account_fields: tuple[str, ...]
    """The names that ``POST /{ig-account-id}/subscribed_apps`` takes."""
    subscribe_refusal: str = "permission_metadata"
    send_limit: str = "send"
    prefix: str = ""
    """What stands before the path of every call."""
    instagram: bool = False
    """Whether its tokens are Instagram users', its errors ``IGApiException`` and Pages nothing it knows of."""


FACEBOOK_LOGIN = Flavour(
    name="facebook-login",
    all_scopes=(
        "pages_show_list",
        "pages_manage_metadata",
        "pages_messaging",
        "pages_read_engagement",
        "instagram_basic",
        "instagram_manage_messages",
        "instagram_manage_events",
        "instagram_manage_comments",
        "instagram_manage_insights",
        "business_management",
        "public_profile",
    ),
    send_scope="instagram_manage_messages",
    read_scope="instagram_manage_messages",
    profile_scope="instagram_basic",
    subscribe_scope="pages_manage_metadata",
    messages_field_scope="pages_messaging",
    events_scope="instagram_manage_events",
    comments_scope="instagram_manage_comments",
    private_reply_scopes=("instagram_manage_comments", "pages_messaging"),
    account_fields=INSTAGRAM_FIELDS,
)

INSTAGRAM_PREFIX = "/instagram"
INSTAGRAM_LOGIN_FIELDS = (
    "comment_poll_response",
    "comments",
    "follow",
    "live_comments",
    "mentions",
    "message_echoes",
    "message_edit",
    "message_reactions",
    "messages",
    "messaging_handover",
    "messaging_optins",
    "messaging_postbacks",
    "messaging_referral",
    "messaging_seen",
    "onboarding_welcome_message_series",
    "share_to_story",
    "standby",
    "story_insights",
    "story_poll_response",
)
"""The API's own error text names them; ``message_echoes`` and ``messaging_handover`` are the documents'."""

INSTAGRAM_LOGIN = Flavour(
    name="instagram-login",
    all_scopes=(
        "instagram_business_basic",
        "instagram_business_manage_messages",
        "instagram_business_manage_comments",
        "instagram_business_content_publish",
        "instagram_business_manage_insights",
    ),
    send_scope="instagram_business_manage_messages",
    read_scope="instagram_business_manage_messages",
    profile_scope="instagram_business_basic",
    subscribe_scope="instagram_business_manage_messages",
    messages_field_scope="instagram_business_manage_messages",
    events_scope="instagram_business_manage_messages",
    comments_scope="instagram_business_manage_comments",
    private_reply_scopes=("instagram_business_manage_comments",),
    account_fields=INSTAGRAM_LOGIN_FIELDS,
    subscribe_refusal="permission_app",
    send_limit="instagram_send",
    prefix=INSTAGRAM_PREFIX,
    instagram=True,
)

_PREFIXED = re.compile(r"^\(#-?\d+\) ")
_TOKEN_CODES = frozenset({102, 104, 190})


def dialect(flavour: Flavour, body: dict[str, Any]) -> dict[str, Any]:
    """An error as this flavour words it: Instagram's host has a type of its own, and no ``(#code)`` before the text."""
    error = body.get("error")
    if not flavour.instagram or not isinstance(error, dict):
        return body
    kind = "OAuthException" if error.get("code") in _TOKEN_CODES else "IGApiException"
    return {"error": {**error, "message": _PREFIXED.sub("", str(error.get("message", ""))), "type": kind}}
