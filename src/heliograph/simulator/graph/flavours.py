"""The two product flavours of Meta's messaging for Instagram, as data.

The wire of webhooks and sends is the same in both; hosts, logins and the names of permissions differ. The simulator
plays Facebook Login (Page tokens); Instagram Login is a second value of this type, with its own host and edges.
"""

from dataclasses import dataclass


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
        "business_management",
        "public_profile",
    ),
    send_scope="instagram_manage_messages",
    read_scope="instagram_manage_messages",
    profile_scope="instagram_basic",
    subscribe_scope="pages_manage_metadata",
    messages_field_scope="pages_messaging",
    events_scope="instagram_manage_events",
)
