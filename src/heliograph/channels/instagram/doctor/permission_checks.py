"""The checks of what was granted with the token (Meta reference 4.3, 4.6). Pure."""

from heliograph.channels.health import Finding
from heliograph.channels.instagram.doctor.facts import Facts, NotTold, Refused, Token
from heliograph.channels.instagram.doctor.token_checks import BOTH, living
from heliograph.channels.instagram.doctor.words import BUSINESS_TOOLS, RECONNECT, REVOKE_ALL, Speaker
from heliograph.channels.instagram.meta.flavours import FACEBOOK

# What a permission is for, and whether all goes without it.
PURPOSES: dict[str, tuple[str, tuple[str, ...]]] = {
    "instagram_basic": ("The account and the profiles of people cannot be read.", ()),
    "instagram_manage_messages": ("No message can be sent or read, and no webhook comes.", BOTH),
    "pages_manage_metadata": ("The Page's webhooks cannot be subscribed, nor put back when they are lost.", ()),
    "pages_messaging": ("The Page cannot be subscribed to the field messages.", ()),
    "instagram_business_basic": ("The account and the profiles of people cannot be read, and no token be renewed.", ()),
    "instagram_business_manage_messages": ("No message can be sent or read, and no webhook comes.", BOTH),
}
# Asked for, but not a condition of anything that Heliograph does today.
OPTIONAL_SCOPES = ("pages_messaging",)


def scope_granted(say: Speaker, facts: Facts, scope: str, login: str) -> Finding:
    """One permission was granted."""
    if facts.login != login:
        return say.pointless("It is a permission of the other login.")
    token = living(facts)
    if token is not None and token.scopes is None and login != FACEBOOK:
        return _shown_by_calls(say, facts, scope)
    if token is None or token.scopes is None:
        return say.unknown("Meta did not list what was granted.")
    if scope in token.scopes:
        return say.well("It was granted.")
    return _not_granted(say, scope, None)


def _shown_by_calls(say: Speaker, facts: Facts, scope: str) -> Finding:
    """By Instagram Login no call lists what was granted: those that need it must tell (Meta reference 4.6)."""
    needing = (facts.linked,) if scope == facts.flavour.required_scopes[0] else (facts.threads, facts.subscription)
    for told in needing:
        if isinstance(told, Refused) and lacks_right(told):
            return _not_granted(say, scope, told)
    if isinstance(needing[0], Refused | NotTold):
        return say.unknown("Meta did not list what was granted, and no call has shown it.")
    return say.well("Meta takes the calls that need it.")


def _not_granted(say: Speaker, scope: str, refused: Refused | None) -> Finding:
    consequence, stops = PURPOSES[scope]
    told = say.warns if scope in OPTIONAL_SCOPES else say.broken
    said = f" Meta says: {refused.named()}." if refused else ""
    return told(
        f"The permission {scope} was declined, or taken back since.{said}",
        consequence,
        f"{RECONNECT}: log in at Meta again.",
        f"Where the dialog lists permissions, leave {scope} switched on.",
        "If the dialog does not list it: on Facebook open Settings, Business integrations, remove the app there, and log in"
        " again.",
        link=BUSINESS_TOOLS,
        stops=stops,
        underlying=refused.underlying() if refused else None,
    )


def left_out(facts: Facts, token: Token) -> list[tuple[str, str]]:
    """The permissions that were granted, but not for this Page or account, and what each leaves out."""
    assets = {"instagram_": facts.account_id, "pages_": facts.page_id}
    wanted = {*facts.flavour.required_scopes, *OPTIONAL_SCOPES}
    return [
        (scope, "Instagram account" if prefix == "instagram_" else "Page")
        for scope, ids in sorted(token.grants.items())
        for prefix, asset in assets.items()
        if scope in wanted and scope.startswith(prefix) and asset not in ids
    ]


def granted_all(facts: Facts) -> bool:
    """Whether everything that is needed was granted, for this Page and account."""
    token = facts.token
    if not isinstance(token, Token) or not token.valid or token.scopes is None:
        return False
    return token.scopes.issuperset(facts.flavour.required_scopes) and not left_out(facts, token)


def lacks_right(told: object) -> bool:
    """Whether Meta refused for want of a permission, without a word on which (Meta reference 3.2)."""
    return isinstance(told, Refused) and told.code in (10, 200) and told.subcode is None


def grants(say: Speaker, facts: Facts) -> Finding:
    """What was granted covers this Page and this account ("Choose what you allow", Meta reference 4.3)."""
    if facts.login != FACEBOOK:
        return say.pointless("By Instagram Login one account is all there is to grant.")
    token = living(facts)
    if token is None or token.scopes is None:
        return say.unknown("Meta did not list what was granted.")
    missing = left_out(facts, token)
    if not missing:
        return say.well("Everything was granted for this Page and this account.")
    named = "; ".join(f"{scope} does not cover this {what}" for scope, what in missing)
    stops = tuple({stop: None for scope, _ in missing for stop in PURPOSES[scope][1]})
    told = say.warns if all(scope in OPTIONAL_SCOPES for scope, _ in missing) else say.broken
    return told(
        f"The person chose what to allow, and left something out: {named}.",
        " ".join(dict.fromkeys(PURPOSES[scope][0] for scope, _ in missing)),
        *REVOKE_ALL,
        link=BUSINESS_TOOLS,
        stops=stops,
    )
