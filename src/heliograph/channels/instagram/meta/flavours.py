"""The two ways by which Meta lets an app message for an account, as data (Meta reference 0, 1.1, 3.3, 4).

*Facebook Login*: the account is linked to a Page, and a Page token speaks for it. *Instagram Login*: no Page; the token is
the account's own and lives for 60 days. Webhooks, sends and error codes are the same in both. What is not, stands here, and
nothing else in the channel asks which one an account came by; how each is connected, `accounts/logins` knows.
"""

from collections.abc import Mapping
from dataclasses import dataclass

FACEBOOK = "facebook"
INSTAGRAM = "instagram"


@dataclass(frozen=True, slots=True)
class Flavour:
    """One login. Its name stands in ``instagram_accounts.login``; its host `graph.Graph` knows."""

    login: str
    proof: bool
    """Whether calls carry ``appsecret_proof``. No source tells of it for Instagram's host."""
    required_scopes: tuple[str, ...]
    """Without these nothing works."""
    wanted_scopes: tuple[str, ...]
    """What the login dialog asks for: those, and those without which something works less well (0, 4.1)."""
    pkce: bool
    """Whether the dialog takes a code challenge. Meta documents it for Facebook's (OIDC code flow with PKCE, method S256);
    no source tells of it for Instagram's."""
    fields: str
    """What the Page, or the account, is subscribed to: Page fields there, Instagram's names here."""
    fields_at_least: str
    """What is asked for when Meta refuses that list: one wrong name refuses all of it."""
    conversations: str
    """The edge with the threads; ``{page_id}`` is the account's Page."""
    sends_per_second: float
    """The limit of an account for what is neither audio nor video."""
    alike: bool
    """Whether its host refuses an account without access with an error that looks like a wrong parameter (100)."""
    conversions: bool
    """Whether the account's dataset for conversion events can be reached."""


FLAVOURS: Mapping[str, Flavour] = {
    one.login: one
    for one in (
        Flavour(
            login=FACEBOOK,
            proof=True,
            required_scopes=("instagram_basic", "instagram_manage_messages", "pages_manage_metadata"),
            wanted_scopes=(
                "pages_show_list",
                "pages_manage_metadata",
                "pages_messaging",
                "instagram_basic",
                "instagram_manage_messages",
                "business_management",
            ),
            pkce=True,
            fields=(
                "messages,message_echoes,message_reactions,message_reads,messaging_postbacks,messaging_referrals,"
                "messaging_handovers,standby"
            ),
            # One Page field is enough for Instagram's webhooks to flow; this one needs no further permission.
            fields_at_least="feed",
            conversations="/{page_id}/conversations",
            sends_per_second=300.0,
            alike=False,
            conversions=True,
        ),
        Flavour(
            login=INSTAGRAM,
            proof=False,
            required_scopes=("instagram_business_basic", "instagram_business_manage_messages"),
            wanted_scopes=("instagram_business_basic", "instagram_business_manage_messages"),
            pkce=False,
            fields=(
                "messages,message_echoes,message_reactions,message_edit,messaging_postbacks,messaging_seen,"
                "messaging_referral,messaging_handover,standby"
            ),
            # Without the names that the documents have and the API's own list of them has not.
            fields_at_least=(
                "messages,message_reactions,message_edit,messaging_postbacks,messaging_seen,messaging_referral,standby"
            ),
            conversations="/me/conversations",
            sends_per_second=100.0,
            alike=True,
            conversions=False,
        ),
    )
}
