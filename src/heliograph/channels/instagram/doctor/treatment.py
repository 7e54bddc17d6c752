"""What follows from findings for an integration: its status, and what its sends are told meanwhile. Pure.

              something that stops sending, or receiving               nothing does any more
    active ────────────────────────────────────────────────▶ error ─────────────────────────▶ active
       inactive: the owner took the account back. Only a new token leads out of that, no finding.

A refusal that a send met while the doctor was looking is news to it: that stays, and is looked at by the next run.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from heliograph.channels.health import RECEIVING, SENDING, Finding, State
from heliograph.channels.instagram.doctor.facts import Facts, NotTold
from heliograph.channels.instagram.notes.for_doctor import NOT_AGAIN_WITHIN

# How soon an integration is examined again: a healthy one, and one that is not.
DAILY = timedelta(days=1)
BROKEN_AGAIN = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Standing:
    """How an integration stands now, on disk. ``token_error``: its token could not be renewed, and its end is near."""

    status: str
    token_error: bool
    refusal: Mapping[str, Any] | None
    refused_at: datetime | None


@dataclass(frozen=True, slots=True)
class Treatment:
    """What to write. ``refusal``: what sends fail with; None: they go. ``ailment``: why it is an error all the same.

    ``by_meta``: the refusal is the one that Meta gave a send, and stays dated. ``healed``: what was stopped goes on.
    """

    status: str
    refusal: Mapping[str, Any] | None
    ailment: str | None
    by_meta: bool = False
    healed: bool = False


def treat(standing: Standing, facts: Facts, findings: Sequence[Finding]) -> Treatment | None:
    """What follows; None: all stays as it is."""
    if standing.status == "inactive" or isinstance(facts.token, NotTold):
        return None
    if is_news(standing, facts):
        return None
    sending = _first(findings, SENDING)
    if sending is not None:
        if sending.check == "sends" and standing.refusal is not None:
            return Treatment("error", standing.refusal, None, by_meta=True)
        return Treatment("error", _told(sending), None)
    receiving = _first(findings, RECEIVING)
    if receiving is not None:
        return Treatment("error", None, receiving.finding)
    status = "error" if standing.token_error else "active"
    return Treatment(status, None, None, healed=standing.status == "error" and status == "active")


def is_news(standing: Standing, facts: Facts) -> bool:
    """Whether a send was refused since the facts were read."""
    return standing.refused_at is not None and (facts.refusal is None or standing.refused_at != facts.refusal.at)


def again_in(standing: Standing, facts: Facts, findings: Sequence[Finding]) -> timedelta:
    """When the next examination is due."""
    if is_news(standing, facts):
        return NOT_AGAIN_WITHIN
    troubled = isinstance(facts.token, NotTold) or any(one.state is State.BROKEN for one in findings)
    return BROKEN_AGAIN if troubled else DAILY


def _first(findings: Sequence[Finding], what: str) -> Finding | None:
    return next((one for one in findings if one.state is State.BROKEN and what in one.stops), None)


def _told(finding: Finding) -> dict[str, Any]:
    """As messages are told, in the form of ``instagram_accounts.refusal``."""
    message = " ".join([finding.finding, *finding.repair])
    return {
        "code": finding.code,
        "message": message,
        "underlying": dict(finding.underlying) if finding.underlying else None,
    }
