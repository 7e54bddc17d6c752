"""What a report says in a word, with its colour and shape, and what all reports of an app say in a sentence. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from heliograph.channels.health import RECEIVING, SENDING, Finding, Report, State
from heliograph.channels.instagram.doctor.checks import CHECKS
from heliograph.channels.instagram.doctor.words import RECONNECT

# The check that asks Meta first: where it saw nothing, Meta did not answer.
_ASKED = CHECKS[0].name

# What broken findings stop: the word, and the same after a name.
_STOPPED: dict[frozenset[str], tuple[str, str]] = {
    frozenset({SENDING, RECEIVING}): ("Cannot send or receive", "can neither send nor receive"),
    frozenset({SENDING}): ("Cannot send", "cannot send"),
    frozenset({RECEIVING}): ("Cannot receive", "cannot receive"),
    frozenset(): ("Needs you", "needs somebody"),
}
# In this order findings stand: what is broken, what is to come, what we repaired.
_ORDER = {State.BROKEN: 0, State.WARNING: 1}


@dataclass(frozen=True, slots=True)
class Condition:
    """``kind`` is one of the look's statuses; ``does`` goes on after a name; ``what`` is the finding that counts most."""

    kind: str
    word: str
    does: str
    what: str = ""
    since: datetime | None = None

    @property
    def is_ill(self) -> bool:
        """Whether somebody is needed now."""
        return self.kind in ("bad", "off")


def condition(report: Report) -> Condition:
    """How the account of a report does. Of the findings, those that are well may be missing."""
    ill = worth_reading(report.findings)
    broken = [one for one in ill if one.state is State.BROKEN]
    if report.status == "inactive":
        return Condition("off", "Stopped", "is stopped", broken[0].finding if broken else "")
    if broken:
        stopped = frozenset(stop for one in broken for stop in one.stops)
        word, does = _STOPPED[stopped]
        causes = [one for one in broken if one.stops] or broken
        since = min((one.since for one in causes if one.since), default=None)
        return Condition("bad", word, does, causes[0].finding, since)
    if report.status == "error":
        what = "Meta refused a message since the last check. The next check says why."
        return Condition("bad", "Needs you", "needs somebody", what)
    if report.checked_at is None:
        return Condition("wait", "Not checked yet", "was not checked yet", "The first check follows within a minute.")
    warnings = [one for one in ill if one.state is State.WARNING]
    if warnings:
        what, since = warnings[0].finding, warnings[0].since
        return Condition("warn", "Look at it", "works, and has something to look at", what, since)
    if report.state is State.UNKNOWN or silence(report):
        return Condition("wait", "Not seen", "could not be seen", silence(report))
    return Condition("good", "Well", "is well")


def silence(report: Report) -> str:
    """Why Meta told nothing at the last check; empty when it did."""
    unseen = (one.finding for one in report.findings if one.check == _ASKED and one.state is State.UNKNOWN)
    return next(unseen, "")


def worth_reading(findings: Sequence[Finding]) -> list[Finding]:
    """What somebody should read, the worst first; and what was repaired just now."""
    kept = [one for one in findings if one.state in _ORDER or one.repaired]
    return sorted(kept, key=lambda one: (_ORDER.get(one.state, 2), not one.stops))


def needs_login(finding: Finding) -> bool:
    """Whether logging in at Meta again is part of its repair."""
    return finding.state in _ORDER and any(step.startswith(RECONNECT) for step in finding.repair)


@dataclass(frozen=True, slots=True)
class Sentence:
    """What a page says first; ``since`` and ``rest`` follow the text."""

    kind: str
    text: str
    since: datetime | None = None
    rest: str = ""


def sum_up(accounts: Sequence[tuple[str, Condition]], of_all: int) -> Sentence:
    """What is said of all accounts of an app: names and conditions, the ill ones first, and how many there are."""
    ill = [one for one in accounts if one[1].is_ill]
    looked_at = [one for one in accounts if one[1].kind == "warn"]
    unseen = [one for one in accounts if one[1].kind == "wait"]
    if len(ill) == 1:
        name, how = ill[0]
        return Sentence(how.kind, f"{name} {how.does}", how.since, _rest(of_all - 1, looked_at, unseen))
    if ill:
        number = f"{len(ill)} or more" if len(ill) == len(accounts) < of_all else str(len(ill))
        return Sentence("bad", f"{number} of {of_all} accounts need somebody")
    if looked_at:
        if of_all == 1:
            return Sentence("warn", f"{looked_at[0][0]} {looked_at[0][1].does}")
        return Sentence("warn", f"All {of_all} accounts work", rest=f"{len(looked_at)} should be looked at.")
    if unseen:
        if of_all == 1:
            return Sentence("wait", f"{unseen[0][0]} {unseen[0][1].does}")
        return Sentence("wait", f"{len(unseen)} of {of_all} accounts were not seen yet, or Meta did not answer")
    if of_all == 1:
        return Sentence("good", f"{accounts[0][0]} is well")
    return Sentence("good", "Both accounts are well" if of_all == 2 else f"All {of_all} accounts are well")


def _rest(number: int, looked_at: Sequence[object], unseen: Sequence[object]) -> str:
    if not number or unseen:
        return ""
    if looked_at:
        return "The other account works." if number == 1 else f"The other {number} accounts work."
    return "The other account is well." if number == 1 else f"The other {number} accounts are well."
