"""How checks say what they found, and the steps that come again and again."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from heliograph.channels.health import Finding, State

APPS = "https://developers.facebook.com/apps/"
DEBUGGER = "https://developers.facebook.com/tools/debug/accesstoken/"
BUSINESS_TOOLS = "https://www.facebook.com/settings?tab=business_tools"
PROOF = "https://developers.facebook.com/docs/graph-api/guides/secure-requests"
MESSAGE_ACCESS = (
    "https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/messaging-api"
)
WEBHOOKS = "https://developers.facebook.com/docs/instagram-platform/webhooks"
REVIEW = "https://developers.facebook.com/docs/resp-plat-initiatives/app-review"
SUPPORT = "https://business.facebook.com/business-support-home/"
ACCOUNT_STATUS = "https://help.instagram.com/338481628002750"
PAGE_SETTINGS = "https://www.facebook.com/settings?tab=linked_instagram"

# How a step begins that asks for a new login: pages offer the way to it.
RECONNECT = "Reconnect the integration"

# A new login is how nearly everything about a token is repaired.
LOG_IN_AGAIN = (
    f"{RECONNECT}: log in at Meta again, as a person who manages the account.",
    "If you connected it by the API: make a new token, and update the integration with it as pageAccessToken.",
)
# "Choose what you allow" is remembered by Meta: only a full revocation brings the long dialog back (Meta reference 4.3).
REVOKE_ALL = (
    "On Facebook open Settings, then Business integrations.",
    "Remove this app there. Logging in again without that keeps what was left out.",
    f"{RECONNECT}: log in again.",
    "In the dialog allow everything: every Page, every Instagram account, every permission.",
)


@dataclass(frozen=True, slots=True)
class Speaker:
    """Makes the findings of one check."""

    check: str
    title: str

    def well(self, finding: str, **more: Any) -> Finding:
        """All is well."""
        return Finding(self.check, self.title, State.OK, finding, **more)

    def warns(self, finding: str, consequence: str, *repair: str, **more: Any) -> Finding:
        """It works, but."""
        return Finding(self.check, self.title, State.WARNING, finding, consequence, repair, **more)

    def broken(self, finding: str, consequence: str, *repair: str, **more: Any) -> Finding:
        """It does not work."""
        return Finding(self.check, self.title, State.BROKEN, finding, consequence, repair, **more)

    def unknown(self, why: str) -> Finding:
        """It could not be seen."""
        return Finding(self.check, self.title, State.UNKNOWN, why)

    def pointless(self, why: str) -> Finding:
        """There is nothing to see."""
        return Finding(self.check, self.title, State.NOT_APPLICABLE, why)


def when(at: datetime) -> str:
    """A time, for people."""
    return f"{at:%-d %B %Y, %H:%M} UTC"
