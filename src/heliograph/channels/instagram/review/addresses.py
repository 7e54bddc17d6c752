"""The addresses to enter at Meta, and where each is entered. Pure."""

from dataclasses import dataclass

from heliograph.channels.instagram.accounts.app_entries import REDIRECT_PATH
from heliograph.channels.instagram.meta.callback import callback_url
from heliograph.channels.instagram.meta.flavours import FACEBOOK, INSTAGRAM

_WEBHOOKS = {
    FACEBOOK: "Webhooks, object Instagram. Heliograph enters it by itself when an account is connected",
    INSTAGRAM: "Instagram, API setup with Instagram login, Configure webhooks",
}
_LOGIN = {
    FACEBOOK: "Facebook Login (for Business), Settings, Valid OAuth Redirect URIs",
    INSTAGRAM: "Instagram, API setup with Instagram login, Business login settings, OAuth redirect URIs",
}
_OWNERS = {
    FACEBOOK: "Facebook Login (for Business), Settings",
    INSTAGRAM: "Instagram, API setup with Instagram login, Business login settings",
}
_BASIC = "App settings, Basic"


@dataclass(frozen=True, slots=True)
class Address:
    """One thing to enter. ``value`` is empty when nobody has set it; ``secret``: for owners' eyes only."""

    name: str
    value: str
    where: str
    secret: bool = False


def addresses(
    facebook_app_id: str, login: str, verify_token: str, *, public_url: str, privacy_policy_url: str, terms_url: str
) -> tuple[Address, ...]:
    """What is entered for a Facebook app."""
    callback = callback_url(public_url, facebook_app_id)
    return (
        Address("Callback URL", callback, _WEBHOOKS[login]),
        Address("Verify token", verify_token, _WEBHOOKS[login], secret=True),
        Address("OAuth redirect URI", f"{public_url}{REDIRECT_PATH}", _LOGIN[login]),
        Address("Deauthorize callback URL", f"{callback}/deauthorize", _OWNERS[login]),
        Address("Data deletion request URL", f"{callback}/data-deletion", f"{_OWNERS[login]}, and {_BASIC}"),
        Address("Privacy policy URL", privacy_policy_url, _BASIC),
        Address("Terms of service URL", terms_url, _BASIC),
        Address("Website (platform)", f"{public_url}/dashboard", f"{_BASIC}, Add platform, Website"),
    )
