"""What was said in a run, as those know who said it. The two sides are held against this, and against each other."""

import secrets
from dataclasses import dataclass, field


@dataclass
class Posted:
    """A message that the business posted by API, and got a 201 for."""

    id: str
    text: str


@dataclass
class Person:
    """Somebody who writes.

    ``disturbed``: Meta lost or shuffled webhooks of theirs, so what they wrote may be in another order. ``beyond``: mids
    that Meta's thread shows no more, and that nobody could bring in when no webhook did.
    """

    igsid: str
    conversation: str = ""
    posted: list[Posted] = field(default_factory=list)
    mids: list[str] = field(default_factory=list)  # of what they wrote, as long as they did not take it back
    disturbed: bool = False
    beyond: set[str] = field(default_factory=set)


@dataclass
class Book:
    """The people of a round."""

    people: list[Person] = field(default_factory=list)
    said: int = 0
    mark: str = field(default_factory=lambda: secrets.token_hex(4))

    @property
    def posted(self) -> int:
        """How many messages the business posted."""
        return sum(len(person.posted) for person in self.people)

    def text(self, what: str) -> str:
        """A text that nobody else writes in this run."""
        self.said += 1
        return f"{what} {self.mark}-{self.said}"
