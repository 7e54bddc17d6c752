"""Pages that are open follow by pieces: each has its place, and comes again when what it shows has changed.

Nothing moves: a piece keeps the place that it had when the page was loaded, and what is new comes below.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Piece:
    """``shows`` can be compared; ``render`` makes the text of it."""

    shows: Any
    render: Callable[[], str]


class Follower:
    """What one open page has. ``mark``: of what it was loaded with (:func:`mark_of`)."""

    def __init__(self, mark: str) -> None:
        self._mark = mark
        self._has: Mapping[str, Any] | None = None

    def news(self, value: Any, pieces: Mapping[str, Piece]) -> dict[str, str]:
        """The texts of the pieces that it has not got yet."""
        first, has = self._has is None, self._has or {}
        self._has = {name: piece.shows for name, piece in pieces.items()}
        if first and mark_of(value) == self._mark:
            return {}
        return {name: piece.render() for name, piece in pieces.items() if first or has.get(name) != piece.shows}


def mark_of(value: Any) -> str:
    """A short mark of what a page shows: another one when it changes."""
    return hashlib.sha256(repr(value).encode()).hexdigest()[:16]
