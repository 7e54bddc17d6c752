"""What a run has yet to do: the threads in which something is missing. Pure.

    read ──▶ all is there ──▶ done
         └─▶ older ones may be missing, beyond what Meta shows ──▶ count ──▶ counted ──▶ done
              ▲                                                      │
              └── later, while Meta may still repeat their webhooks ─┘

What was read is kept in the journal either way. While older messages may still come it is held back there, so that they
come first.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any, Self

# A thread whose gap may still close is looked at again after so long, and then after twice as long each time.
GAP_PAUSE = timedelta(seconds=15)
_LONGEST_GAP_PAUSE = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Entry:
    """A thread of the list. Times are seconds since 1970; ``oldest`` is when the oldest of what is missing was said."""

    id: str
    person: str
    at: float  # not before
    oldest: float = 0.0
    missing: int = 0  # so many are, by the list
    count: bool = False  # next, the messages beyond those that Meta shows are counted, from `after` on
    after: str = ""
    until: float = 0.0  # when waiting for a part of ours ends
    kept: tuple[int, ...] = ()  # webhooks of the journal that are held back
    looks: int = 0
    tries: int = 0  # that Meta did not answer

    @classmethod
    def of(cls, stored: dict[str, Any]) -> Self:
        """As a run's row has it."""
        known = {field.name: stored[field.name] for field in fields(cls) if field.name in stored}
        return cls(**known | {"kept": tuple(stored.get("kept", ()))})

    def stored(self) -> dict[str, Any]:
        """For the run's row."""
        return asdict(self)

    def look_again(self, now: datetime) -> Self:
        """As it is when its gap may still close: to be read again later."""
        pause = min(GAP_PAUSE * 2**self.looks, _LONGEST_GAP_PAUSE)
        return replace(self, at=(now + pause).timestamp(), looks=self.looks + 1, count=False, after="", tries=0)


def next_up(todo: Sequence[Entry], now: datetime, *, listing: bool) -> Entry | None:
    """The thread whose turn it is; None: none, or the rest of the list first (``listing``: there is one).

    Threads that wait for something stand behind those that do not, so that no busy one keeps the others waiting.
    """
    due = [one for one in todo if one.at <= now.timestamp()]
    if listing:
        due = [one for one in due if not (one.looks or one.tries)]
    return min(due, key=lambda one: one.at, default=None)


def with_changed(todo: Sequence[Entry], entry: Entry, changed: Entry | None) -> list[Entry]:
    """The list with an entry as it is now; without it when ``changed`` is None."""
    return [changed if one is entry else one for one in todo if one is not entry or changed is not None]  # type: ignore[misc]


def all_kept(todo: Sequence[Entry]) -> list[int]:
    """The webhooks that are held back, in their order."""
    return sorted(number for one in todo for number in one.kept)
