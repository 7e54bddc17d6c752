"""The checks of what Meta sends us: subscriptions, webhooks, our address, the version (Meta reference 1.1, 1.4). Pure."""

from datetime import timedelta

from heliograph.channels.health import RECEIVING, Finding
from heliograph.channels.instagram.accounts.facebook_login import APP_FIELDS_AT_LEAST
from heliograph.channels.instagram.doctor import versions
from heliograph.channels.instagram.doctor.facts import (
    AppSubscription,
    Facts,
    Fields,
    NotTold,
    Reached,
    Refused,
    Threads,
)
from heliograph.channels.instagram.doctor.words import APPS, WEBHOOKS, Speaker, when
from heliograph.channels.instagram.meta.flavours import FACEBOOK

APP_SUBSCRIPTION = "app_subscription"
PAGE_SUBSCRIPTION = "page_subscription"

# A webhook may be so long on its way before it counts as missing (Meta reference 1.4 knows of minutes).
_ON_ITS_WAY = timedelta(minutes=2)
# Meta's usual delay is a second or two.
_SLOW_SECONDS = 60.0
_NO_WEBHOOKS = "No webhook comes: what people write is only found by backfill, late."


def app_lost(facts: Facts) -> str | None:
    """What is wrong with the app's own subscription, or None; also where nobody knows."""
    told = facts.app_subscription
    if facts.login != FACEBOOK or isinstance(told, Refused | NotTold):
        return None
    if told is None:
        return "The app is not subscribed to webhooks of Instagram."
    return _flaw(facts, told)


def _flaw(facts: Facts, told: AppSubscription) -> str | None:
    missing = sorted(set(APP_FIELDS_AT_LEAST.split(",")) - told.fields)
    if told.callback_url != facts.callback:
        return f"Meta sends the app's webhooks to {told.callback_url}, not to {facts.callback}."
    if not told.active:
        return "The app's subscription is switched off."
    return f"The app's subscription lacks the fields {', '.join(missing)}." if missing else None


def subscription_lost(facts: Facts) -> str | None:
    """What is wrong with the subscription of Page or account, or None; also where nobody knows."""
    told = facts.subscription
    if not isinstance(told, Fields):
        return None
    node = "Page" if facts.login == FACEBOOK else "account"
    if not told.names:
        return f"The {node} is not subscribed to the app."
    # Of a Page one field is enough (Meta reference 1.1); it has names of its own.
    wanted = set() if facts.login == FACEBOOK else set(facts.flavour.fields_at_least.split(","))
    missing = sorted(wanted - told.names)
    return f"The {node}'s subscription lacks the fields {', '.join(missing)}." if missing else None


def app_subscription(say: Speaker, facts: Facts) -> Finding:
    """The app is subscribed: with our address, all fields, and active."""
    if facts.login != FACEBOOK:
        return say.pointless("By Instagram Login the webhook is entered in Meta's dashboard; no call tells of it.")
    return _subscription(
        say,
        facts,
        app_lost(facts),
        facts.app_subscription,
        f"Meta sends the app's webhooks to {facts.callback}.",
        (
            "Check that this address can be reached from the internet: see Public address below.",
            "Or enter it by hand: App Dashboard, Webhooks, Instagram. `heliograph keys verify-token` prints callback URL"
            " and verify token.",
        ),
        f"{APPS}{facts.facebook_app}/webhooks/",
    )


def page_subscription(say: Speaker, facts: Facts) -> Finding:
    """The Page, or by Instagram Login the account, is subscribed to the app."""
    node = "Page" if facts.login == FACEBOOK else "account"
    scope = "pages_manage_metadata" if facts.login == FACEBOOK else facts.flavour.required_scopes[1]
    return _subscription(
        say,
        facts,
        subscription_lost(facts),
        facts.subscription,
        f"The {node} is subscribed to the app.",
        (
            f"Reconnect the integration as a person who manages the {node}, and grant {scope}.",
            f"If another product uses the same app and {node}, it may have taken the subscription away: let it subscribe"
            " with all fields, or use another app.",
        ),
        WEBHOOKS,
    )


def _subscription(
    say: Speaker, facts: Facts, lost: str | None, told: object, well: str, repair: tuple[str, ...], link: str
) -> Finding:
    if say.check in facts.repaired:
        return say.well(f"{lost} Heliograph put it back just now.", link=link, repairable=True, repaired=True)
    if isinstance(told, Refused | NotTold):
        why = told.named() if isinstance(told, Refused) else told.reason
        return say.unknown(f"Meta did not tell what is subscribed: {why}.")
    if lost is None:
        return say.well(well, repairable=True)
    failed = facts.unrepaired.get(say.check)
    tried = f" Heliograph could not put it back: {failed.rstrip('.')}." if failed else ""
    return say.broken(f"{lost}{tried}", _NO_WEBHOOKS, *repair, link=link, stops=(RECEIVING,), repairable=True)


def webhooks(say: Speaker, facts: Facts) -> Finding:
    """What Meta knows to have been said has come to us."""
    threads, last = facts.threads, facts.last_webhook_at
    heard = f"The last webhook came on {when(last)}." if last else "No webhook has come yet."
    if not isinstance(threads, Threads):
        return say.unknown(f"{heard} Meta did not tell when something was last said.")
    newest = threads.newest
    if newest is None or (facts.heard_since is not None and newest <= facts.heard_since):
        return say.well(f"{heard} Nothing was said since the account was connected.")
    if facts.now - newest <= _ON_ITS_WAY:
        return say.well(f"{heard} Something was said just now.")
    if facts.last_event_at is not None and newest <= facts.last_event_at + _ON_ITS_WAY:
        return say.well(heard)
    repair = (
        "Look at the other findings first: subscriptions, message access, app mode, public address.",
        "In Meta's App Dashboard, under Webhooks, Instagram, compare the callback URL with"
        f" {facts.callback}, and send a test.",
        "Look for refused webhooks in the server's log.",
    )
    if facts.last_event_at is None:
        return say.broken(
            f"No webhook has come since the account was connected, but Meta knows of something said on {when(newest)}.",
            _NO_WEBHOOKS,
            *repair,
            link=WEBHOOKS,
            stops=(RECEIVING,),
        )
    return say.warns(
        f"Meta knows of something said on {when(newest)}; the youngest that a webhook told of is from"
        f" {when(facts.last_event_at)}.",
        "Webhooks may be missing. Backfill brings in what they would have told.",
        *repair,
        link=WEBHOOKS,
    )


def webhook_latency(say: Speaker, facts: Facts) -> Finding:
    """How long webhooks are on their way."""
    if facts.latency is None:
        return say.unknown("No webhook has come yet.")
    if facts.latency <= _SLOW_SECONDS:
        return say.well(f"Webhooks come {facts.latency:.1f} s after what they tell of.")
    return say.warns(
        f"Webhooks come {facts.latency:.0f} s after what they tell of; Meta's usual time is a second or two.",
        "Answers are late by as much.",
        "See whether this server was down or slow: Meta repeats what got no 200, later and later.",
        "See whether Meta has trouble: https://metastatus.com.",
        link="https://metastatus.com",
    )


def graph_version(say: Speaker, facts: Facts) -> Finding:
    """The Graph API's version has not ended."""
    version = facts.graph_version
    if version not in versions.ENDS:
        return say.unknown(f"Nothing is known here of {version}; Meta's page of versions tells when it ends.")
    end = versions.ENDS[version]
    if end is None or end - facts.today > versions.SOON:
        until = f"ends on {end:%-d %B %Y}" if end else "has no end yet"
        return say.well(f"{version} {until}.")
    newest = max(versions.ENDS, key=lambda name: float(name[1:]))
    return say.warns(
        f"{version} {'ended' if end <= facts.today else 'ends'} on {end:%-d %B %Y}.",
        "Meta answers calls of a version that has ended by another one, which may answer otherwise.",
        f"Set HELIOGRAPH_GRAPH_VERSION to a younger one, such as {newest}, and start the server anew.",
        link=versions.SOURCE,
    )


def public_url(say: Speaker, facts: Facts) -> Finding:
    """Our address is https, and answers with a certificate that the world trusts."""
    ours, url = facts.public, facts.public.url
    if not ours.secure and not facts.simulated:
        return say.broken(
            f"The public address is {url}, which is not https.",
            "Meta sends webhooks to https alone.",
            "Put a TLS proxy in front of Heliograph and set HELIOGRAPH_PUBLIC_URL to its https address.",
            link=WEBHOOKS,
            stops=(RECEIVING,),
        )
    if ours.reached is Reached.WELL:
        return say.well(f"{url} answers{' over TLS' if ours.secure else ''}.")
    detail = f": {ours.detail}" if ours.detail else ""
    if ours.reached is Reached.CERTIFICATE:
        return say.broken(
            f"The certificate of {url} is not one that the world trusts{detail}.",
            "Meta sends webhooks to addresses with a public certificate alone.",
            "Get a certificate from a public authority, and let the proxy send its whole chain.",
            link=WEBHOOKS,
            stops=(RECEIVING,),
        )
    if ours.reached is Reached.REDIRECT:
        return say.broken(
            f"{url} redirects{detail}.",
            "Meta follows no redirects: webhooks stop without a word.",
            "Set HELIOGRAPH_PUBLIC_URL to the address that answers by itself.",
            link=WEBHOOKS,
            stops=(RECEIVING,),
        )
    told = "does not answer this server" if ours.reached is Reached.NO_ANSWER else "is answered by something else"
    return say.warns(
        f"{url} {told}{detail}.",
        "If Meta sees the same, no webhook comes. From outside it may look better than from here.",
        f"Open {url}/healthz from another network; it must answer with status ok.",
        "Check name, proxy and firewall, and HELIOGRAPH_PUBLIC_URL.",
        link=WEBHOOKS,
    )
