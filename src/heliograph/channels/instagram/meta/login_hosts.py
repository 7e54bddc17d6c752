"""Where Meta's login dialogs are, and where Instagram Login's code is exchanged (Meta reference 0)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LoginHosts:
    """Origins, perhaps with a path. Facebook Login's code is exchanged at the Graph API."""

    facebook: str = "https://www.facebook.com"
    instagram: str = "https://www.instagram.com"
    instagram_api: str = "https://api.instagram.com"
