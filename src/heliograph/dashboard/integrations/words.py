"""What the pages say of permissions, of Meta's two logins, and of people's messages. Pure data."""

from collections.abc import Mapping

from heliograph.channels.instagram.meta.flavours import FACEBOOK, FLAVOURS, INSTAGRAM

# Why each permission is asked for (Meta reference 0, 6), for who is about to grant it.
PERMISSIONS: Mapping[str, str] = {
    "pages_show_list": "to show you your Pages, so that you can choose one",
    "pages_manage_metadata": "to be told by Meta when somebody writes",
    "pages_messaging": "to let Meta know the app as the Page's messenger",
    "instagram_basic": "to see which Instagram account belongs to the Page",
    "instagram_manage_messages": "to read and answer the account's direct messages",
    "business_management": "to see Pages that belong to a business portfolio",
    "instagram_business_basic": "to see the account's name and picture",
    "instagram_business_manage_messages": "to read and answer the account's direct messages",
}

LOGINS: Mapping[str, str] = {FACEBOOK: "Facebook Login", INSTAGRAM: "Instagram Login"}

LOGIN_HELP: Mapping[str, str] = {
    FACEBOOK: "You log in with the Facebook profile that manages the account's Page.",
    INSTAGRAM: "You log in with the Instagram account itself. It needs no Page.",
}


def asked_for(login: str) -> list[tuple[str, str]]:
    """What a login's dialog asks for: pairs of permission and reason."""
    return [(scope, PERMISSIONS[scope]) for scope in FLAVOURS[login].wanted_scopes]


# What came, by the type of a message's content.
CAME: Mapping[str, str] = {
    "text": "A message",
    "image": "A picture",
    "file": "A file",
    "location": "A place",
}
