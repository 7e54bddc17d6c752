"""The checks of Page, account, app, and of what Meta said to our calls (Meta reference 2.6, 3.2, 4.2, 7). Pure."""

from heliograph.channels.health import SENDING, Finding
from heliograph.channels.instagram.accounts.tasks import TASKS, missing_tasks
from heliograph.channels.instagram.doctor.facts import Facts, Linked, NotTold, Refused, Threads, Token
from heliograph.channels.instagram.doctor.permission_checks import granted_all, lacks_right
from heliograph.channels.instagram.doctor.send_checks import objected
from heliograph.channels.instagram.doctor.token_checks import BOTH
from heliograph.channels.instagram.doctor.words import (
    APPS,
    MESSAGE_ACCESS,
    PAGE_SETTINGS,
    Speaker,
)
from heliograph.channels.instagram.meta.flavours import FACEBOOK
from heliograph.channels.instagram.meta.refusals import ABOUT_MODE

_ACCESS_OFF = (200, 2534041)
_NO_CAPABILITY = 3
_NOT_LINKED = (100, 2534013)


def page_link(say: Speaker, facts: Facts) -> Finding:
    """The Page is linked to this account."""
    if facts.login != FACEBOOK:
        return say.pointless("By Instagram Login there is no Page.")
    linked = facts.linked
    unlinked = isinstance(linked, Refused) and (linked.code, linked.subcode) == _NOT_LINKED
    if isinstance(linked, Linked) and linked.account_id is None:
        if not _sees_account(facts):
            return say.unknown("Without instagram_basic for the account Meta does not tell what the Page is linked to.")
        unlinked = True
    if unlinked:
        return _not_linked(say, facts, "no Instagram account")
    if isinstance(linked, Linked):
        if linked.account_id == facts.account_id:
            return say.well(f"The Page {linked.name} is linked to {linked.username or linked.account_id}.")
        return _not_linked(say, facts, f"another Instagram account ({linked.username or linked.account_id})")
    return say.unknown(_untold("what the Page is linked to", linked))


def _not_linked(say: Speaker, facts: Facts, to: str) -> Finding:
    return say.broken(
        f"The Page ({facts.page_id}) is linked to {to}, not to the account of this integration ({facts.account_id}).",
        "Sends are refused, and no webhook comes.",
        "On Facebook open the Page's Settings, then Linked accounts, then Instagram.",
        "Connect the Instagram account there again. It must be a professional account.",
        "Nothing else is needed: Heliograph looks again every 15 minutes. If the account now belongs to another Page,"
        " reconnect the integration with that Page.",
        link=PAGE_SETTINGS,
        stops=BOTH,
        code="unauthorized",
    )


def tasks(say: Speaker, facts: Facts) -> Finding:
    """The person who connected the Page may answer its messages."""
    if facts.login != FACEBOOK:
        return say.pointless("By Instagram Login there is no Page.")
    if facts.tasks is not None:
        missing = missing_tasks(facts.tasks)
        if not missing:
            return say.well("The person who connected the Page may answer its messages.")
        return _no_tasks(say, None, missing)
    refused = next((one for one in (facts.threads, facts.subscription) if lacks_right(one)), None)
    if isinstance(refused, Refused) and granted_all(facts):
        return _no_tasks(say, refused, tuple(TASKS))
    if isinstance(facts.threads, Threads):
        return say.well("Meta lets the token read the Page's threads.")
    return say.unknown("Meta did not tell which tasks the person has on the Page.")


def _no_tasks(say: Speaker, refused: Refused | None, missing: tuple[str, ...]) -> Finding:
    said = f" Meta says: {refused.named()}." if refused else ""
    may_send = "MESSAGING" not in missing
    what = "read messages and profiles of it" if may_send else "answer messages for it"
    return say.broken(
        f"The person who connected the Page may no longer {what}: everything is granted, but their role on it"
        f" lacks {' and '.join(missing)}.{said}",
        "Profiles and threads are refused." if may_send else "Sends, profiles and threads are refused.",
        "On Facebook open the Page's Settings, then Page access (or in Business Suite: Settings, People).",
        "Give that person full control, or at least the tasks Messages and Community activity.",
        "Or reconnect the integration as a person who has them.",
        link="https://www.facebook.com/settings?tab=profile_access",
        stops=() if may_send else (SENDING,),
        underlying=refused.underlying() if refused else None,
    )


def message_access(say: Speaker, facts: Facts) -> Finding:
    """The account's own switch "Allow access to messages" (Meta reference 6, 7 #16)."""
    threads = facts.threads
    if isinstance(threads, Threads):
        return say.well("Meta lets the app read the account's messages.")
    if isinstance(threads, NotTold) or (threads.code, threads.subcode) != _ACCESS_OFF:
        return say.unknown(_untold("whether the account lets apps at its messages", threads))
    return say.broken(
        "In the Instagram app access to messages is switched off for connected tools.",
        "Sends, profiles and threads are refused, and no webhook comes. Reconnecting does not help.",
        "In the Instagram app open the account's Settings, then Messages and story replies, then Message controls, then"
        " Connected tools.",
        "Switch on Allow access to messages.",
        "Nothing else is needed: Heliograph looks again every 15 minutes.",
        link=MESSAGE_ACCESS,
        stops=BOTH,
        underlying=threads.underlying(),
    )


def thread_owner(say: Speaker, facts: Facts) -> Finding:
    """Another app owns threads (Meta reference 2.6)."""
    if not facts.owned_elsewhere:
        return say.well("No other app is known to own a conversation.")
    several = f"{facts.owned_elsewhere} conversations" if facts.owned_elsewhere > 1 else "one conversation"
    return say.warns(
        f"Another app owns {several} of this account just now.",
        "Answers there are refused until the person has been silent for 24 hours, or that app lets go.",
        "In Meta Business Suite open Settings, then Integrations, then Conversation routing.",
        "Remove the other app there, make this app the default, or allow it to take control.",
        link="https://business.facebook.com/latest/settings",
    )


def app_mode(say: Speaker, facts: Facts) -> Finding:
    """The app is Live, and may serve this account, as far as its calls tell."""
    told = (facts.threads, facts.subscription, facts.linked)
    refused = next(
        (one for one in told if isinstance(one, Refused) and (one.code == _NO_CAPABILITY or _alike(facts, one))), None
    )
    if refused is not None:
        return _not_live(say, facts, refused, stops=BOTH)
    objection = objected(facts)
    if objection is not None and (objection.code, objection.subcode) in ABOUT_MODE:
        # Who has a role on the app is reached all the same.
        return _not_live(say, facts, objection.told(), stops=())
    if isinstance(facts.threads, Threads):
        return say.well("Meta answers the app's calls for this account; nothing tells that it is in Development mode.")
    return say.unknown("Meta tells no app its own mode, and no call has shown it.")


def _not_live(say: Speaker, facts: Facts, refused: Refused, stops: tuple[str, ...]) -> Finding:
    return say.broken(
        f"The app may not serve this account: it is in Development mode, or has no Advanced Access."
        f" Meta says: {refused.named()}.",
        "Only people and accounts with a role on the app are reached and heard.",
        "In Meta's App Dashboard switch the app from Development to Live.",
        "Under App Review ask for Advanced Access to the permissions of messaging; your business must be verified.",
        "For your own accounts alone: add whoever connected the account under App roles.",
        link=f"{APPS}{facts.facebook_app}/",
        stops=stops,
        underlying=refused.underlying(),
    )


def _alike(facts: Facts, refused: Refused) -> bool:
    """By Instagram Login a missing role looks like a wrong parameter, on every call (Meta reference 4.6)."""
    own = facts.linked
    return (
        facts.flavour.alike
        and isinstance(own, Refused)
        and (refused.code, refused.subcode) == (100, None) == (own.code, own.subcode)
    )


def _sees_account(facts: Facts) -> bool:
    token = facts.token
    if not isinstance(token, Token) or token.scopes is None:
        return False
    ids = token.grants.get("instagram_basic")
    return "instagram_basic" in token.scopes and (ids is None or facts.account_id in ids)


def _untold(what: str, told: object) -> str:
    if isinstance(told, Refused):
        return f"Meta did not tell {what}: {told.named()}."
    return f"Meta could not be asked {what}: {told.reason}." if isinstance(told, NotTold) else f"Nobody knows {what}."
