"""Cutting a page out of a list that is ordered by a time-ordered id (Sunshine reference 2.9)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from heliograph.storage import Connection


@dataclass(frozen=True, slots=True)
class Cut:
    """Which records: the first ``size`` after one, the last ``size`` before one, or from the list's beginning.

    ``backward``: without a cursor the last ``size`` records are meant, not the first.
    """

    size: int = 25
    after: str | None = None
    before: str | None = None
    backward: bool = False

    @property
    def descending(self) -> bool:
        """Whether the records are read from the later to the earlier."""
        return self.before is not None or (self.backward and self.after is None)


@dataclass(frozen=True, slots=True)
class Slice:
    """The records of a page, earliest first. ``more``: whether there are others in the direction of travel."""

    rows: list[Any]
    more: bool


def sliced(rows: list[Any], cut: Cut) -> Slice:
    """A page from up to ``cut.size + 1`` rows, read in the direction of the cut."""
    page = rows[: cut.size]
    if cut.descending:
        page.reverse()
    return Slice(page, len(rows) > cut.size)


async def cut_by_id(connection: Connection, sql: str, args: Sequence[Any], cut: Cut, *, column: str = "id") -> Slice:
    """Run ``sql``, a select that ends in its where clause, for one page in the order of ``column``."""
    order = f" order by {column}{' desc' if cut.descending else ''} limit ${len(args) + 1}"
    cursor = cut.after or cut.before
    if cursor is None:
        rows = await connection.fetch(sql + order, *args, cut.size + 1)
    else:
        sign = ">" if cut.after else "<"
        bound = f" and {column} {sign} ${len(args) + 2}"
        rows = await connection.fetch(sql + bound + order, *args, cut.size + 1, cursor)
    return sliced(list(rows), cut)
