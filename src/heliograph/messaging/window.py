"""The window: whether, and how, a business may write to a person (Meta reference 2.3, architecture "Windows"). Pure.

person acts ──24 h──▶ standard ──7 d──▶ human agent ──▶ closed, until the person acts again
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Literal

STANDARD = timedelta(hours=24)
HUMAN_AGENT = timedelta(days=7)

TagPolicy = Literal["afterWindow", "always", "never"]


class Window(StrEnum):
    """What a business may do now."""

    STANDARD = "standard"
    HUMAN_AGENT = "human_agent"
    CLOSED = "closed"


def window(last_action: datetime | None, now: datetime) -> Window:
    """The window at ``now``, given the person's last action: message, story reply or mention, postback."""
    if last_action is None:
        return Window.CLOSED
    silence = now - last_action
    if silence < STANDARD:
        return Window.STANDARD
    return Window.HUMAN_AGENT if silence < HUMAN_AGENT else Window.CLOSED


@dataclass(frozen=True, slots=True)
class Permit:
    """The verdict over one send: go (with or without the tag), or why not."""

    allowed: bool
    tagged: bool = False
    reason: str = ""


def permit(last_action: datetime | None, now: datetime, *, policy: TagPolicy, automatic: bool) -> Permit:
    """May this message go out now, and does it carry the human agent tag?

    ``policy`` is the integration's ``humanAgentTag``. ``automatic``: written by no human; Meta forbids the tag on it,
    so outside 24 h it may not go at all.
    """
    state = window(last_action, now)
    if state is Window.STANDARD:
        return Permit(True, tagged=policy == "always" and not automatic)
    if last_action is None:
        return Permit(False, reason="The person has not written yet; only they can open the conversation.")
    if policy == "never":
        return Permit(
            False,
            reason=f"The 24-hour window closed on {_day(last_action + STANDARD)}, and this integration does not use the"
            " human agent tag (humanAgentTag: never). It opens again when the person writes.",
        )
    if state is Window.CLOSED:
        closed = _day(last_action + HUMAN_AGENT)
        return Permit(False, reason=f"The 7-day window closed on {closed}. It opens again when the person writes.")
    if automatic:
        return Permit(
            False,
            reason=f"The 24-hour window closed on {_day(last_action + STANDARD)}, and Meta forbids the human agent tag on"
            " automatic messages. It opens again when the person writes; a human may answer now.",
        )
    return Permit(True, tagged=True)


def _day(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
