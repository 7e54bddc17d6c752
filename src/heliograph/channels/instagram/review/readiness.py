"""What is still missing before a submission. Pure: facts and the time in, a checklist out.

Sources: Meta reference 1.1, 6; Meta's guides to App Review.
"""

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from urllib.parse import urlsplit

from heliograph.channels.instagram.review.permission import Counted, Need, Permission
from heliograph.channels.instagram.review.permissions import of_login
from heliograph.channels.instagram.review.test_calls import LASTS


class State(StrEnum):
    """How a point of the checklist stands."""

    DONE = "done"
    MISSING = "missing"
    OPTIONAL = "optional"  # not done; it can be left out of the request
    LOOK = "look"  # only Meta knows


@dataclass(frozen=True, slots=True)
class Item:
    """One point. ``at`` and ``lapses`` are those of a test call."""

    key: str
    state: State
    title: str
    detail: str
    at: datetime | None = None
    lapses: datetime | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known here of a Facebook app. ``called``: the last successful call of each permission."""

    login: str
    accounts: int
    called: Mapping[str, datetime]
    public_url: str
    privacy_policy_url: str
    terms_url: str


def checklist(facts: Facts, now: datetime) -> tuple[Item, ...]:
    """Every point: first what is known here, then what only Meta knows."""
    return (
        _account(facts),
        *(test_call(one, facts.called.get(one.name), now) for one in of_login(facts.login) if _counts(one)),
        _callback(facts),
        _page("privacy_policy", "Privacy policy", "HELIOGRAPH_PRIVACY_POLICY_URL", facts.privacy_policy_url),
        _page("terms", "Terms of service", "HELIOGRAPH_TERMS_URL", facts.terms_url),
        *AT_META,
    )


def missing(items: tuple[Item, ...]) -> int:
    """How many points stand in the way of a submission."""
    return sum(one.state is State.MISSING for one in items)


def test_call(one: Permission, at: datetime | None, now: datetime) -> Item:
    """How the test call of a permission stands: never made, too old, or good until."""
    key, title = f"call:{one.name}", f"Test call of {one.name}"
    lapses = at + LASTS if at is not None else None
    if lapses is not None and now < lapses:
        return Item(key, State.DONE, title, "", at, lapses)
    begin = "None has succeeded yet." if at is None else "The last one is older than 30 days."
    if one.need is Need.REQUIRED:
        return Item(key, State.MISSING, title, f"{begin} {_HOW[one.counted]}", at, lapses)
    return Item(key, State.OPTIONAL, title, f"{begin} {_HOW[one.counted]} Or leave it out of the request.", at, lapses)


_HOW = {
    Counted.READ: "Make the test calls.",
    Counted.LOGIN: "Log in with Authenticate, as far as the list of Pages.",
    Counted.PORTFOLIO: "Log in with Authenticate as somebody with a Page in a portfolio; Meta's dashboard says whether it"
    " counted.",
}


def _counts(one: Permission) -> bool:
    return one.counted is not Counted.NEVER and one.need is not Need.FREE


def _account(facts: Facts) -> Item:
    title = "A connected account"
    if facts.accounts:
        said = "one account" if facts.accounts == 1 else f"{facts.accounts} accounts"
        return Item("account", State.DONE, title, f"{said[0].upper()}{said[1:]} by this app.")
    return Item(
        "account", State.MISSING, title, "Connect an account by this app: the test calls are made with its token."
    )


def _callback(facts: Facts) -> Item:
    title = "A public https address"
    url = urlsplit(facts.public_url)
    if url.scheme == "https" and _public(url.hostname or ""):
        return Item("public_url", State.DONE, title, facts.public_url)
    return Item(
        "public_url",
        State.MISSING,
        title,
        f"This server is known as {facts.public_url}. Meta calls https addresses that the internet reaches: set"
        " HELIOGRAPH_PUBLIC_URL.",
    )


def _public(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return "." in host and not host.endswith((".localhost", ".local", ".internal"))


def _page(key: str, title: str, setting: str, url: str) -> Item:
    if url.startswith("https://"):
        return Item(key, State.DONE, title, url)
    begin = f"{url} is not https." if url else "None is set."
    return Item(key, State.MISSING, title, f"{begin} Publish yours, set {setting}, and enter the same address at Meta.")


def _look(key: str, title: str, detail: str) -> Item:
    return Item(key, State.LOOK, title, detail)


def _at_meta() -> Iterator[Item]:
    yield _look(
        "addresses", "Addresses entered", "All of those below, in Meta's App Dashboard. We cannot see them there."
    )
    yield _look(
        "basics", "App icon, category, contact", "App settings, Basic: an icon of 1024 x 1024, a category, an email."
    )
    yield _look(
        "business_verification",
        "Business verification",
        "Advanced Access needs a verified business portfolio; apps that serve other businesses are asked who they are as a"
        " tech provider, too. We cannot see how far that is. Begin with it: it takes longest.",
    )
    yield _look(
        "data_handling", "Data handling questions", "Answered in the submission itself; docs/privacy.md has the facts."
    )
    yield _look(
        "reviewer",
        "A way in for the reviewer",
        "A login of your product that works without your help while the review lasts, and the steps in words.",
    )
    yield _look("screencast", "The screencast", "Recorded along the storyboard, in English, with this very app.")
    yield _look(
        "mode",
        "App mode",
        "In Development mode the app serves people with a role on it only. Switch it to Live when the review is passed.",
    )
    yield _look(
        "yearly", "Data use checkup", "Once a year Meta asks again. Who misses it loses access without a warning."
    )


AT_META = tuple(_at_meta())
