"""How an integration does: a word with its colour and shape, and what is wrong. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from heliograph.channels.health import Finding, State

LIVE = "instagram"
CUSTOM = "custom"

# Types of the wire whose names do not tell what they are.
_TITLES: Mapping[str, str] = {
    LIVE: "Instagram Direct",
    CUSTOM: "Webhooks",
    "web": "Web Messenger",
    "ios": "iOS SDK",
    "android": "Android SDK",
    "unity": "Unity SDK",
    "apple": "Apple Messages for Business",
    "line": "LINE",
    "messagebird": "MessageBird",
    "twitter": "X, formerly Twitter",
    "whatsapp": "WhatsApp",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """``kind`` is one of the look's statuses. ``what``: the most important thing that is wrong, as a sentence."""

    kind: str
    word: str
    what: str = ""
    needs_login: bool = False
    """Whether logging in at Meta again is what helps, as far as that can be told."""

    @property
    def well(self) -> bool:
        """Whether nobody has to look at it."""
        return self.kind in ("good", "calm", "off") and not self.what


def title_of(kind: str) -> str:
    """The name of an integration type."""
    return _TITLES.get(kind, kind.capitalize())


def stand(kind: str, status: str, state: str | None = None, findings: Sequence[Finding] = ()) -> Standing:
    """How an integration of this type and wire status does; ``state`` and ``findings`` are the doctor's."""
    if kind == CUSTOM:
        return Standing("calm", "Sends webhooks")
    if kind != LIVE:
        return Standing("off", "Kept, does nothing here")
    worst = first(findings)
    what = worst.finding if worst else ""
    if status == "inactive":
        return Standing("off", "Stopped", what or "The account's owner has taken the access back at Meta.", True)
    if status == "error" or state == State.BROKEN:
        return Standing("bad", "Needs you", what or "Meta does not accept the access any more.", True)
    if state == State.WARNING:
        return Standing("warn", "Works, look at it", what)
    return Standing("good", "Connected")


def unwell(findings: Sequence[Finding]) -> list[Finding]:
    """What somebody has to look at, what is broken first."""
    ill = [one for one in findings if not one.is_well and one.state is not State.UNKNOWN]
    return sorted(ill, key=lambda one: one.state is not State.BROKEN)


def first(findings: Sequence[Finding]) -> Finding | None:
    """The one to look at first."""
    return next(iter(unwell(findings)), None)


def name_of(display_name: str | None, settings: Mapping[str, Any], kind: str) -> str:
    """What people call it: the name they gave, else the account's."""
    return display_name or handle_of(settings) or str(settings.get("businessName") or title_of(kind))


def handle_of(settings: Mapping[str, Any]) -> str:
    """``@username``, or nothing."""
    username = settings.get("businessUsername")
    return f"@{username}" if username else ""
