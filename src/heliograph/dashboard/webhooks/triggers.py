"""The events that a webhook can ask for, in groups, each with its sentence from the API's reference. Pure."""

from dataclasses import dataclass

from heliograph.api.reference.events import EVENTS
from heliograph.events import EXTENSIONS, TRIGGERS


@dataclass(frozen=True, slots=True)
class Trigger:
    """An event's name and when it is sent. ``ours``: beside Sunshine's."""

    name: str
    when: str
    ours: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Events that belong together."""

    title: str
    triggers: tuple[Trigger, ...]


# The first that a name begins with has it; what none has is among the last. The order is the page's.
_GROUPS = (
    ("Messages", ("conversation:message", "conversation:postback")),
    ("Conversations", ("conversation:",)),
    ("People", ("user:", "client:")),
    ("Switchboard", ("switchboard:",)),
    ("Integrations", ("integration:", "")),
)

# What the reference has no payload for.
_BESIDE = {"passthrough:messaging": "What a channel told, as it told it."}

# Ticked for a new webhook: what a program that answers people needs.
FIRST = ("conversation:message", "conversation:postback", "conversation:message:delivery:failure")


def groups() -> list[Group]:
    """Every trigger once."""
    left = sorted(TRIGGERS)
    made = []
    for title, beginnings in _GROUPS:
        own = [name for name in left if name.startswith(beginnings)]
        left = [name for name in left if name not in own]
        made.append(Group(title, tuple(Trigger(name, _when(name), name in EXTENSIONS) for name in own)))
    return made


def _when(name: str) -> str:
    if name in _BESIDE:
        return _BESIDE[name]
    return EVENTS[name][0].removesuffix(" An addition of ours.")
