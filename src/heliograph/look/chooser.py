"""The chooser's lines as data: what any page shows from which one of several is chosen, some of them not possible yet.

``chooser.html`` has the markup as macros, ``chooser.css`` their style, ``chooser.js`` the search while one types. They work
without the script as well.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

# From so many on a list has a search box.
SEARCH_FROM = 8


class State(StrEnum):
    """How a line stands: to be chosen; chosen before, and to be chosen again; not possible yet."""

    FREE = "free"
    HERE = "here"
    BLOCKED = "blocked"


class Way(Protocol):
    """One way out of what blocks a line, step by step."""

    @property
    def name(self) -> str:
        """By which pages know it."""
        ...

    @property
    def title(self) -> str:
        """What it is, as a heading."""
        ...

    @property
    def steps(self) -> Sequence[str]:
        """What to do, in order."""
        ...

    @property
    def link(self) -> str:
        """Where the first step is, or empty."""
        ...


@dataclass(frozen=True, slots=True)
class Line:
    """One line. ``value`` is what choosing it sends. ``note`` says why it stands as it does. Texts may be anybody's."""

    value: str
    title: str
    also: str
    state: State
    word: str = ""
    note: str = ""
    ways: Sequence[Way] = ()

    @property
    def letter(self) -> str:
        """What stands for a picture."""
        return next((char for char in self.title if char.isalnum()), "·").upper()

    @property
    def searched(self) -> str:
        """What a search looks through."""
        return f"{self.title} {self.also}".lower()


@dataclass(frozen=True, slots=True)
class Listing:
    """A list as its page shows it: what can be chosen, what cannot, and the ways out of that, each once."""

    free: Sequence[Line]
    blocked: Sequence[Line]
    ways: Sequence[Way]
    total: int
    query: str = ""

    @property
    def searchable(self) -> bool:
        """Whether there is a search box."""
        return self.total >= SEARCH_FROM or bool(self.query)

    @property
    def only(self) -> str:
        """What is chosen beforehand: the only one that can be."""
        return self.free[0].value if len(self.free) == 1 and not self.query else ""


def listing(lines: Iterable[Line], query: str = "") -> Listing:
    """Put lines in order for a page, those that ``query`` does not name left out."""
    every = list(lines)
    words = query.lower().split()
    found = [line for line in every if all(word in line.searched for word in words)]
    blocked = [line for line in found if line.state is State.BLOCKED]
    ways = {way.name: way for line in blocked for way in line.ways}
    free = [line for line in found if line.state is not State.BLOCKED]
    return Listing(free, blocked, tuple(ways.values()), len(every), query)
