"""The commitment: businesses promise to answer within 24 hours, and an automatic answer counts (Meta reference 6).

    the person writes ──▶ owed since then ──▶ the business's answer is with the channel ──▶ nothing owed
                           │ writes again: still owed since the first time

Invariant: a conversation has a row in `commitments` exactly as long as something of the person has no answer. A message
that could not be sent, or that reached nobody, is no answer. Who was taken out of the conversation is owed none.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from heliograph.events.wire_time import wire_time
from heliograph.storage import Connection

ANSWER_WITHIN = timedelta(hours=24)
# From here on an answer is *soon* late.
SOON = timedelta(hours=4)


class State(StrEnum):
    """How an owed answer stands."""

    OPEN = "open"
    SOON = "soon"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class Debt:
    """What a conversation came to within a batch: owed since ``since``, or answered when that is None."""

    app_id: str
    integration_id: str
    since: datetime | None


def due_at(since: datetime) -> datetime:
    """By when the answer to something written at ``since`` is due."""
    return since + ANSWER_WITHIN


def state(since: datetime, now: datetime) -> State:
    """How an answer that is owed since ``since`` stands at ``now``."""
    left = due_at(since) - now
    if left <= timedelta():
        return State.LATE
    return State.SOON if left <= SOON else State.OPEN


# Served by commitments_pkey.
_ANSWERED = "delete from commitments where conversation_id = any ($1::text[])"
# By an integration that was deleted nobody can answer. Whoever deletes one has its clients first, as has who writes this.
# Served by integrations_pkey.
_OWED = """
insert into commitments (conversation_id, app_id, integration_id, since)
select d.conversation_id, d.app_id, d.integration_id, d.since
from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[]) as d (conversation_id, app_id, integration_id, since)
join integrations i on i.id = d.integration_id
on conflict do nothing
"""

# An answer is to what was written before it: what came after it, and before it was with the channel, is owed still.
# Served by messages_pkey, messages_of_conversation and commitments_pkey.
_SENT = """
with answer as (
    select conversation_id, max(seq) as seq from messages where id = any ($1::text[]) group by 1
), later as (
    select a.conversation_id, (
        select (m.body #>> '{source,originalMessageTimestamp}')::timestamptz from messages m
        where m.conversation_id = a.conversation_id and m.seq > a.seq and m.author_type = 'user' order by m.seq limit 1
    ) as since from answer a
), answered as (
    delete from commitments c using later l where c.conversation_id = l.conversation_id and l.since is null
)
update commitments c set since = l.since from later l where c.conversation_id = l.conversation_id and c.since < l.since
"""


# Unless somebody else of the conversation can be reached by it. Served by commitments_pkey, participants_of_conversation
# and clients_pkey.
_UNREACHABLE = """
delete from commitments k where k.conversation_id = any ($1::text[]) and k.integration_id = $2 and not exists (
    select from participants p join clients c on c.id = p.client_id
    where p.conversation_id = k.conversation_id and c.integration_id = $2
)
"""


async def note(connection: Connection, debts: Mapping[str, Sequence[Debt]]) -> None:
    """What people wrote and what was answered outside the API, in order, by conversation (locked by the caller)."""
    answered = [conversation for conversation, course in debts.items() if any(debt.since is None for debt in course)]
    owed = [(conversation, debt) for conversation, course in debts.items() if (debt := _first_owed(course))]
    if answered:
        await connection.execute(_ANSWERED, answered)
    if owed:
        await connection.execute(
            _OWED,
            [conversation for conversation, _ in owed],
            [debt.app_id for _, debt in owed],
            [debt.integration_id for _, debt in owed],
            [debt.since for _, debt in owed],
        )


async def answered(connection: Connection, message_ids: Iterable[str]) -> None:
    """These messages of the business are with the channel now. The caller holds their conversations."""
    await connection.execute(_SENT, list(message_ids))


async def unreachable(connection: Connection, conversation_ids: Sequence[str], integration_id: str) -> None:
    """A client of this integration left these conversations, which the caller holds: there is nobody to answer."""
    await connection.execute(_UNREACHABLE, list(conversation_ids), integration_id)


def _first_owed(course: Sequence[Debt]) -> Debt | None:
    """The first thing after the last answer; None when the answer came last."""
    owed = None
    for debt in course:
        owed = None if debt.since is None else owed or debt
    return owed


@dataclass(frozen=True, slots=True)
class Page:
    """Commitments, the most urgent first. ``more``: whether there are others after them."""

    rows: list[Any]
    more: bool


# Served by commitments_of_app.
_LIST = """
select conversation_id, integration_id, since from commitments
where app_id = $1 and ($2::timestamptz is null or since > $2) and ($3::timestamptz is null or since <= $3)
  and ($4::timestamptz is null or (since, conversation_id) > ($4, $5))
order by since, conversation_id limit $6
"""


async def list_due(
    connection: Connection,
    app_id: str,
    wanted: State | None,
    now: datetime,
    after: tuple[datetime, str] | None,
    size: int,
) -> Page:
    """Conversations of an app that are owed an answer, those first that wait longest; ``wanted`` narrows to a state.

    ``after`` is the (since, conversation) of the last one seen.
    """
    newer_than, older_than = _bounds(wanted, now)
    at, conversation = after or (None, None)
    rows = await connection.fetch(_LIST, app_id, newer_than, older_than, at, conversation, size + 1)
    return Page(list(rows[:size]), len(rows) > size)


def _bounds(wanted: State | None, now: datetime) -> tuple[datetime | None, datetime | None]:
    """The ``since`` that a state means: later than the first, not later than the second."""
    late, soon = now - ANSWER_WITHIN, now - ANSWER_WITHIN + SOON
    match wanted:
        case State.LATE:
            return None, late
        case State.SOON:
            return late, soon
        case State.OPEN:
            return soon, None
    return None, None


def wire(row: Any, now: datetime) -> dict[str, Any]:
    """A commitment as the API shows it."""
    return {
        "conversationId": row["conversation_id"],
        "integrationId": row["integration_id"],
        "waitingSince": wire_time(row["since"]),
        "responseDueAt": wire_time(due_at(row["since"])),
        "state": state(row["since"], now),
    }


# A scan of what is owed: as long as there are unanswered conversations, never as the history.
_COUNT = """
select count(*) filter (where since <= $1) as late, count(*) filter (where since > $1 and since <= $2) as soon,
       count(*) filter (where since > $2) as open, min(since) as oldest
from commitments
"""


async def count(connection: Connection, now: datetime) -> tuple[dict[State, int], timedelta]:
    """How many answers are owed, by state, and how long the oldest has been."""
    row = await connection.fetchrow(_COUNT, now - ANSWER_WITHIN, now - ANSWER_WITHIN + SOON)
    age = now - row["oldest"] if row["oldest"] else timedelta()
    return {one: row[one.value] for one in State}, max(age, timedelta())
