"""The two product flavours of Meta's messaging for Instagram, as data.

The wire of webhooks and sends is the same in both; hosts, logins and the names of permissions differ. The simulator
plays Facebook Login (Page tokens); Instagram Login is a second value of this type, with its own host and edges.
"""

from dataclasses import dataclass

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
