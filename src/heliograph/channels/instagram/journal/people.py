"""Whose items stand in the journal; and taking those out that must not stand there any more.

    filing ──▶ journal_people (webhook, person)
    a user is deleted ──▶ their webhooks ──▶ without their items ──▶ rewritten, or gone when nothing else is in them
    a message is unsent ──▶ the webhooks of its person ──▶ without the items that tell of it

Items of others stay as they are, each at its place, so that what was left of them can be tried again. An item that still
waits in its lane is waited for: it was received, so it is applied.

A person is a number made of Facebook app, account and person: rows stay small, and ids of people stand nowhere else for
it. Two people of one number cost a look into the wrong webhook: the item itself says whose it is.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from heliograph.channels.instagram.journal.entries import INBOUND_LANE
from heliograph.channels.instagram.wire.envelope import Item, items, people, said, without
from heliograph.storage import Connection
from heliograph.telemetry import metrics

# A webhook is at most a megabyte; most are half a kilobyte.
WEBHOOKS_AT_ONCE = 100


class Whose(NamedTuple):
    """A person as webhooks name them: Facebook app, account, and the person's id there."""

    facebook_app: str
    account: str
    person: str

    @property
    def lane(self) -> str:
        """The key of the lane that applies their items."""
        return "/".join(self)


class WaitingError(Exception):
    """An item of theirs waits to be applied."""


def number_of(whose: Whose) -> int:
    """The number that stands for a person. The same in every version: it is stored."""
    return int.from_bytes(hashlib.blake2b(whose.lane.encode(), digest_size=8).digest(), signed=True)


_FILED = """
insert into journal_people (journal_id, person) select * from unnest($1::bigint[], $2::bigint[]) on conflict do nothing
"""

# Served by journal_people_of and journal_pkey, in the order of the index.
_SOME = """
select p.journal_id, j.facebook_app_id, j.body from journal_people p join journal j on j.id = p.journal_id
where p.person = $1 and p.journal_id > $2 and j.received_at <= $3 order by p.journal_id limit $4
"""
# Locked in the order of their ids. Served by journal_pkey.
_LOCK = "select id, body from journal where id = any ($1::bigint[]) order by id for update"
_REWRITE = "update journal j set body = t.body from unnest($1::bigint[], $2::bytea[]) as t (id, body) where j.id = t.id"
_DELETE = "delete from journal where id = any ($1::bigint[])"
_DELETE_PEOPLE = "delete from journal_people where journal_id = any ($1::bigint[])"
_DELETE_PERSON = "delete from journal_people where person = $2 and journal_id = any ($1::bigint[])"
# Served by journal_leftovers_pkey.
_DELETE_LEFTOVERS = """
delete from journal_leftovers l using unnest($1::bigint[], $2::text[]) as t (journal_id, path)
where l.journal_id = t.journal_id and l.path = t.path
"""
# Served by jobs_pkey: the lane of one person.
_WAITING = f"select payload from jobs where kind = '{INBOUND_LANE}' and key = $1"  # noqa: S608


async def note(connection: Connection, webhooks: Iterable[tuple[int, str, Sequence[Item]]]) -> None:
    """Write down whom webhooks (number, Facebook app, items) name, in the caller's transaction."""
    rows = sorted(
        {
            (number, number_of(Whose(facebook_app, item.account, person)))
            for number, facebook_app, found in webhooks
            for item in found
            for person in people(item)
        }
    )
    if rows:
        await connection.execute(_FILED, [row[0] for row in rows], [row[1] for row in rows])


async def forget_some(connection: Connection, whose: Whose, before: datetime, after: int) -> int | None:
    """Take a person out of some of the webhooks that came up to ``before``, in the caller's transaction.

    ``after``: the number of the last webhook of the step before, at first 0; returns the next one's, None: all is done.
    Raises :class:`WaitingError`.
    """
    found = await connection.fetch(_SOME, number_of(whose), after, before, WEBHOOKS_AT_ONCE)
    if not found:
        return None
    numbers = [row["journal_id"] for row in found]
    waiting = {int(row["payload"].partition(":")[0]) for row in await connection.fetch(_WAITING, whose.lane)}
    if waiting.intersection(numbers):
        raise WaitingError
    await _take_out(connection, numbers, lambda item: item.account == whose.account and whose.person in people(item))
    await connection.execute(_DELETE_PERSON, numbers, number_of(whose))
    return int(numbers[-1])


async def unsend_some(
    connection: Connection, whose: Whose, mids: frozenset[str], before: datetime, after: int
) -> int | None:
    """Take the items that tell of these messages out of some webhooks of a person. As :func:`forget_some`."""
    found = await connection.fetch(_SOME, number_of(whose), after, before, WEBHOOKS_AT_ONCE)
    if not found:
        return None
    numbers = [row["journal_id"] for row in found]
    waiting = {int(row["payload"].partition(":")[0]) for row in await connection.fetch(_WAITING, whose.lane)}
    if waiting.intersection(numbers):
        raise WaitingError
    await _take_out(connection, numbers, lambda item: item.account == whose.account and tells_of(item, mids))
    return int(numbers[-1])


def tells_of(item: Item, mids: frozenset[str]) -> bool:
    """Whether an item holds what one of these messages said: the message, its echo, an edit, or a quote of it."""
    value = said(item)
    if not isinstance(value, Mapping):
        return False
    told = (value.get(name) for name in ("message", "message_edit", "postback"))
    return any(isinstance(one, Mapping) and not one.get("is_deleted") and one.get("mid") in mids for one in told)


async def _take_out(connection: Connection, numbers: Sequence[int], gone: Callable[[Item], bool]) -> None:
    rows = await connection.fetch(_LOCK, numbers)
    rewritten: dict[int, bytes] = {}
    emptied: list[int] = []
    places: list[tuple[int, str]] = []
    for row in rows:
        paths = [item.path for item in items(row["body"]) if gone(item)]
        if not paths:
            continue
        places += [(row["id"], path) for path in paths]
        rest = without(row["body"], paths)
        if rest is None:
            emptied.append(row["id"])
        else:
            rewritten[row["id"]] = rest
    if rewritten:
        await connection.execute(_REWRITE, list(rewritten), list(rewritten.values()))
    if emptied:
        await connection.execute(_DELETE, emptied)
        await connection.execute(_DELETE_PEOPLE, emptied)
    if places:
        await connection.execute(_DELETE_LEFTOVERS, [one[0] for one in places], [one[1] for one in places])
        metrics.ERASED.labels("journal").inc(len(rewritten) + len(emptied))
