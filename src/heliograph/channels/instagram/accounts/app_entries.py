"""What Meta must have entered for a Facebook app: addresses and words, and the way to their fields. Pure."""

from dataclasses import dataclass

from heliograph.channels.instagram.accounts.records import FacebookApp
from heliograph.channels.instagram.meta.callback import callback_url
from heliograph.channels.instagram.meta.flavours import FACEBOOK

# Where Meta sends people back to, of every app and login.
REDIRECT_PATH = "/connect/callback"


@dataclass(frozen=True, slots=True)
class Entry:
    """An address or word to enter at Meta. ``where``: the way there in the App Dashboard. ``secret``: to show on demand."""

    label: str
    value: str
    where: str
    secret: bool = False


def entries(app: FacebookApp, public_url: str) -> tuple[Entry, ...]:
    """What Meta must have entered for an app. Pure."""
    callback, redirect = callback_url(public_url, app.id), f"{public_url}{REDIRECT_PATH}"
    if app.login == FACEBOOK:
        login, hooks = (
            "Facebook Login for Business, Settings",
            "Webhooks, object Instagram (done by itself at connecting)",
        )
        privacy = "App settings, Basic"
        own = (
            Entry("Valid OAuth redirect URI", redirect, login),
            Entry("Deauthorize callback URL", f"{callback}/deauthorize", login),
        )
    else:
        login = "Instagram, API setup with Instagram login, Business login settings"
        hooks, privacy = "Instagram, API setup with Instagram login, Configure webhooks", login
        own = (
            Entry("OAuth redirect URI", redirect, login),
            Entry("Deauthorize callback URL", f"{callback}/deauthorize", login),
        )
    return (
        *own,
        Entry("Data deletion request URL", f"{callback}/data-deletion", privacy),
        Entry("Webhook callback URL", callback, hooks),
        Entry("Verify token", app.verify_token, hooks, secret=True),
    )
