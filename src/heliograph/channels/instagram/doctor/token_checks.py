"""The checks of the token and of the app's secret (Meta reference 4.2, 4.4, 4.6). Pure."""

from datetime import timedelta

from heliograph.channels.health import RECEIVING, SENDING, Finding
from heliograph.channels.instagram.doctor.facts import Facts, NotTold, Refused, Token
from heliograph.channels.instagram.doctor.words import (
    APPS,
    BUSINESS_TOOLS,
    DEBUGGER,
    LOG_IN_AGAIN,
    PROOF,
    Speaker,
    when,
)
from heliograph.channels.instagram.meta.flavours import FACEBOOK

BOTH = (SENDING, RECEIVING)
_SOON = timedelta(days=7)
_DATA_SOON = timedelta(days=14)
_NOTHING_GOES = "No message can be sent, and Meta may stop to send webhooks."

# Why Meta takes a token no more: what happened, and what helps (Meta reference 3.2). By subcode of 190.
DEATHS: dict[int | None, tuple[str, tuple[str, ...]]] = {
    458: ("The person who connected the account removed the app at Facebook.", LOG_IN_AGAIN),
    459: (
        "Facebook wants the person who connected the account to pass a security check.",
        (
            "Let that person log in at facebook.com and do what Facebook asks.",
            "Nothing else is needed: Heliograph looks again every 15 minutes. If Meta still refuses, reconnect.",
        ),
    ),
    460: ("The person who connected the account changed their password, or logged out everywhere.", LOG_IN_AGAIN),
    463: ("The token has expired.", LOG_IN_AGAIN),
    464: (
        "The person who connected the account must confirm their Facebook account.",
        (
            "Let that person log in at facebook.com and confirm the account.",
            "Nothing else is needed: Heliograph looks again every 15 minutes. If Meta still refuses, reconnect.",
        ),
    ),
    467: ("The token was revoked.", LOG_IN_AGAIN),
    492: (
        "The person who connected the account has no role on the Page any more.",
        (
            "In the Page's settings, under Page access, give that person a role again, or choose somebody who has one.",
            *LOG_IN_AGAIN,
        ),
    ),
}
_DEAD = ("Meta does not accept the token.", LOG_IN_AGAIN)


def token_valid(say: Speaker, facts: Facts) -> Finding:
    """Meta takes the token."""
    token = facts.token
    if isinstance(token, NotTold):
        return say.unknown(f"Meta could not be asked about the token: {token.reason}.")
    if isinstance(token, Refused):
        return say.unknown(f"Meta says nothing about the token to this app: {token.named()}.")
    if token.valid:
        return say.well("Meta accepts the token.")
    error = token.error
    what: str
    steps: tuple[str, ...]
    if error is not None and error.code == 100:
        what, steps = "The token belongs to another app than the integration.", LOG_IN_AGAIN
    else:
        what, steps = DEATHS.get(error.subcode if error else None, _DEAD)
    said = f" Meta says: {error.named()}." if error and error.text else ""
    return say.broken(
        f"{what}{said}",
        _NOTHING_GOES,
        *steps,
        link=BUSINESS_TOOLS if error and error.subcode == 458 else DEBUGGER,
        stops=BOTH,
        code="unauthorized",
        underlying=error.underlying() if error else None,
    )


def token_kind(say: Speaker, facts: Facts) -> Finding:
    """A Page token, where a Page speaks for the account."""
    if facts.login != FACEBOOK:
        return say.pointless("By Instagram Login there is one kind of token.")
    token = living(facts)
    if token is None or not token.kind:
        return say.unknown("Meta did not tell the kind of the token.")
    if token.kind == "PAGE":
        return say.well("It is a Page token.")
    return say.broken(
        f"The token is of the kind {token.kind}; only a Page token can send for the Page.",
        "No message can be sent, and the Page's webhooks cannot be subscribed.",
        "Ask GET /me/accounts with the user token: it lists the Pages with their own tokens.",
        "Update the integration with the Page's token as pageAccessToken.",
        link=DEBUGGER,
        stops=(SENDING,),
        code="unauthorized",
    )


def token_expiry(say: Speaker, facts: Facts) -> Finding:
    """The token's end, and its renewal."""
    token = living(facts)
    if token is None:
        return say.unknown("The token cannot be seen.")
    end = token.expires_at
    if facts.refresh_error is not None:
        told = say.broken if facts.token_alarm else say.warns
        until = f" It ends on {when(end)}." if end else ""
        return told(
            f"The token could not be renewed.{until} {facts.refresh_error}",
            "When it has ended nothing can be sent.",
            *LOG_IN_AGAIN,
            link=DEBUGGER,
            code="unauthorized",
        )
    if end is None:
        return say.well("The token has no scheduled end.")
    if end - facts.now > _SOON:
        return say.well(f"The token is good until {when(end)}.")
    return say.warns(
        f"The token ends on {when(end)}.", "When it has ended nothing can be sent.", *LOG_IN_AGAIN, link=DEBUGGER
    )


def data_access(say: Speaker, facts: Facts) -> Finding:
    """How long Meta lets the app see the person's data: 90 days from their last login."""
    token = living(facts)
    if facts.login != FACEBOOK:
        return say.pointless("Instagram Login has no such end.")
    if token is None or token.data_access_until is None:
        return say.unknown("Meta did not tell until when the app may read the person's data.")
    until = token.data_access_until
    if until - facts.now > _DATA_SOON:
        return say.well(f"The app may read the person's data until {when(until)}.")
    ends = "ended" if until <= facts.now else "ends"
    return say.warns(
        f"The app's access to the data of the person who connected the account {ends} on {when(until)}.",
        "From then on Meta may refuse to tell the person's Pages and accounts, and so a reconnection without a login.",
        *LOG_IN_AGAIN,
        link=BUSINESS_TOOLS,
    )


def app_secret_proof(say: Speaker, facts: Facts) -> Finding:
    """Meta takes the app's secret, and whether it demands that every call proves it."""
    if facts.login != FACEBOOK:
        return say.pointless("Instagram's host takes no proof.")
    token = facts.token
    if isinstance(token, Refused) and not _wrong_secret(token):
        return say.unknown(f"Meta did not tell whether it accepts the app's secret: {token.named()}.")
    if isinstance(token, Refused):
        return say.broken(
            f"Meta does not accept the app's secret: {token.named()}.",
            "Every call is refused, and the signatures of webhooks do not fit.",
            "Look up the app secret in Meta's App Dashboard, under App settings, Basic.",
            "Create or update the integration with it as appSecret.",
            link=f"{APPS}{facts.facebook_app}/settings/basic/",
            stops=BOTH,
            code="unauthorized",
            underlying=token.underlying(),
        )
    if isinstance(token, NotTold):
        return say.unknown(f"Meta could not be asked: {token.reason}.")
    if facts.proof_demanded is None:
        return say.well("Every call carries the proof, and Meta accepts it.")
    if facts.proof_demanded:
        return say.well("The app demands appsecret_proof. Every call carries it, and Meta accepts it.")
    return say.well(
        "Every call carries the proof. The app does not demand it: a stolen token would work without the secret.",
        repair=("If you like: App Dashboard, App settings, Advanced, Security, switch on Require app secret.",),
        link=PROOF,
    )


def _wrong_secret(refused: Refused) -> bool:
    """How Meta answers an app whose id and secret do not fit: of the token, the app, or the proof (Meta reference 4.4)."""
    return refused.code in (190, 101) or (refused.code, refused.subcode) == (100, None)


def living(facts: Facts) -> Token | None:
    """The token that works, as far as Meta tells of one."""
    token = facts.token
    return token if isinstance(token, Token) and token.valid else None
