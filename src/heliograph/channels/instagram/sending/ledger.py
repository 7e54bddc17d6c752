"""The send ledger: what happened to each part of a business message. SQL only; `judging` decides.

              claim                    answer
    pending ─────────▶ sending ───────────────────▶ sent
       ▲                 │ │   not taken, may pass
       └─────────────────┼─┘
                         │ no answer, or the process died
                         ▼          echo, or found in the thread
                      unknown ──────────────────────────────▶ sent
                         │ not in the thread after the grace
                         ▼
                       failed  ◀── refused for good

A message fails with its part, but for one: when nobody can tell any more whether the part was sent, the message is told
as failed for that reason, and the part stays unknown.

Invariant: a part is handed to Meta only by whoever moved it from pending to sending, and nothing moves it back unless
Meta said that it did not take it; or whoever moved it has not asked Meta yet, and will not.

Each function takes many, in one statement. Whoever writes of a part that Meta was asked to take holds the conversation,
and got it before the part: answers and echoes come from two sides, often at once. What only reads is in `loading`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from heliograph.messaging.switchboard.state import CONVERSATION
from heliograph.storage import Connection

# Served by conversations_pkey.
_LOCK = "select id from conversations where id = any ($1::text[]) order by id for update skip locked"
_LOCK_ONE = "select id from conversations where id = $1 for update"

# Served by sends_pkey and conversations_pkey.
_LOCK_OF = """
select v.id from sends s join conversations v on v.id = s.conversation_id
where s.message_id = any ($1::text[]) order by v.id for update of v
"""

# A message that somebody has opened meanwhile stays as they wrote it.
_OPEN = """
with opened as (
    insert into sends (message_id, app_id, conversation_id, integration_id, client_id, state, parts)
    select message_id, app_id, conversation_id, integration_id, client_id, 'pending', parts
    from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::int[])
        as s (message_id, app_id, conversation_id, integration_id, client_id, parts)
    on conflict do nothing returning message_id
)
insert into send_parts (message_id, part, app_id, integration_id, client_id, request, state)
select p.message_id, p.part, p.app_id, p.integration_id, p.client_id, p.request, 'pending'
from unnest($7::text[], $8::int[], $9::text[], $10::text[], $11::text[], $12::json[])
    as p (message_id, part, app_id, integration_id, client_id, request)
join opened using (message_id) on conflict do nothing
"""

# Served by send_parts_pkey, as all that follow.
_CLAIM = """
update send_parts p set state = 'sending', started_at = now(), metas_time = $4, attempts = attempts + 1, tag = c.tag
from unnest($1::text[], $2::int[], $3::text[]) as c (message_id, part, tag)
where p.message_id = c.message_id and p.part = c.part and p.state = 'pending' returning p.message_id, p.part
"""

_UNCLAIM = """
update send_parts set state = 'pending', attempts = attempts - 1
where message_id = $1 and part = $2 and state = 'sending' and attempts = $3
"""

# The mid is ours from now on: its echo is an echo, whenever it comes.
_SENT = """
with said as (
    select * from unnest($1::text[], $2::int[], $3::text[], $4::text[], $5::text[])
        as s (message_id, part, mid, integration_id, app_id)
), taken as (
    update send_parts p set state = 'sent', mid = s.mid, settled_at = now()
    from said s where p.message_id = s.message_id and p.part = s.part and p.state in ('sending', 'unknown')
)
insert into mids (integration_id, mid, app_id, message_id)
select integration_id, mid, app_id, message_id from said order by integration_id, mid on conflict do nothing
"""

# The diagram's other arrows: where each leads to, and where it may come from.
_MOVE = """
update send_parts p set state = m.state, code = m.code, subcode = m.subcode, error = m.error,
    settled_at = case when m.state = 'failed' then now() end
from unnest($1::text[], $2::int[], $3::text[], $4::int[], $5::int[], $6::text[])
    as m (message_id, part, state, code, subcode, error)
where p.message_id = m.message_id and p.part = m.part
  and p.state = any (case m.state when 'failed' then array['pending', 'sending', 'unknown'] else array['sending'] end)
"""

_SLOT = """
update send_parts p set go_at = clock_timestamp() + make_interval(secs => t.seconds)
from unnest($1::text[], $2::int[], $3::float8[]) as t (message_id, part, seconds)
where p.message_id = t.message_id and p.part = t.part
"""

# A part in doubt stays unknown: should its echo come after all, it is not taken for another message.
_FAILED = """
with closed as (
    update send_parts set state = 'failed', settled_at = now()
    where message_id = any ($1::text[]) and not message_id = any ($2::text[]) and state in ('sending', 'unknown')
)
update sends set state = 'failed' where message_id = any ($1::text[])
"""

# Together with the echoes that were faster. Served by sends_pkey and send_parts_pkey.
_FINISHED = """
update sends s set state = 'sent', user_at = coalesce(s.user_at, case when not exists (
    select from send_parts p where p.message_id = s.message_id and not p.echoed) then $2::timestamptz end)
from (select message_id, user_at from sends where message_id = any ($1::text[]) for update) b
where s.message_id = b.message_id
returning s.message_id, b.user_at is null and s.user_at is not null as reached
"""

_ABOUT = f"""
select s.message_id, s.app_id, s.conversation_id, s.integration_id, s.client_id,
       {CONVERSATION} as conversation,
       u.id, u.external_id, u.brand_id, u.signed_up_at, u.to_be_retained, u.profile, u.metadata, u.identities,
       (select array_agg(p.mid order by p.part) from send_parts p where p.message_id = s.message_id) as mids
from sends s join conversations v on v.id = s.conversation_id
join clients c on c.id = s.client_id join users u on u.id = c.user_id
where s.message_id = any ($1::text[]) order by v.id, s.message_id for update of v
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Opening:
    """A message on first sight: its row as `loading` found it, and the requests of its parts, in order."""

    message_id: str
    row: Mapping[str, Any]
    requests: Sequence[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Taken:
    """A part that Meta took, and calls ``mid``."""

    message_id: str
    part: int
    mid: str
    integration_id: str
    app_id: str


@dataclass(frozen=True, slots=True)
class Move:
    """A part on its way to another state: pending, unknown or failed; with Meta's words, if there are any."""

    message_id: str
    part: int
    state: str
    code: int | None = None
    subcode: int | None = None
    error: str | None = None


async def lock(connection: Connection, conversation_ids: Iterable[str]) -> set[str]:
    """Hold these conversations until the transaction ends, first of all locks. Returns those that nobody else holds:
    who has many waits for none."""
    return {row["id"] for row in await connection.fetch(_LOCK, list(conversation_ids))}


async def lock_one(connection: Connection, conversation_id: str) -> None:
    """Hold a conversation until the transaction ends; wait for whoever has it."""
    await connection.execute(_LOCK_ONE, conversation_id)


async def lock_of(connection: Connection, message_ids: Sequence[str]) -> None:
    """Hold the conversations of these messages: before any of their parts is touched."""
    await connection.execute(_LOCK_OF, list(message_ids))


async def open_parts(connection: Connection, openings: Sequence[Opening]) -> None:
    """Write messages and their parts on first sight."""
    of_messages = [(one, one.row) for one in openings]
    of_parts = [
        (one, one.row, number, request) for one in openings for number, request in enumerate(one.requests, start=1)
    ]
    await connection.execute(
        _OPEN,
        [one.message_id for one, _ in of_messages],
        [row["app_id"] for _, row in of_messages],
        [row["conversation"]["id"] for _, row in of_messages],
        [row["integration_id"] for _, row in of_messages],
        [row["client_id"] for _, row in of_messages],
        [len(one.requests) for one, _ in of_messages],
        [one.message_id for one, *_ in of_parts],
        [number for _, _, number, _ in of_parts],
        [row["app_id"] for _, row, *_ in of_parts],
        [row["integration_id"] for _, row, *_ in of_parts],
        [row["client_id"] for _, row, *_ in of_parts],
        [request for *_, request in of_parts],
    )


async def claim(
    connection: Connection, parts: Sequence[tuple[str, int, str | None]], metas_now: datetime
) -> set[tuple[str, int]]:
    """Move parts (message, part, tag) from pending to sending. Only those returned may be handed to Meta.

    ``metas_now`` is kept: by Meta's clock, what comes of this is not older.
    """
    rows = await connection.fetch(_CLAIM, *(list(column) for column in zip(*parts, strict=True)), metas_now)
    return {(row["message_id"], row["part"]) for row in rows}


async def unclaim(connection: Connection, message_id: str, part: int, attempts: int) -> None:
    """Take a claim back that was not used and will not be. ``attempts``: those before it."""
    await connection.execute(_UNCLAIM, message_id, part, attempts + 1)


async def take(connection: Connection, taken: Sequence[Taken]) -> None:
    """Meta took these parts, or has them."""
    await connection.execute(
        _SENT,
        [one.message_id for one in taken],
        [one.part for one in taken],
        [one.mid for one in taken],
        [one.integration_id for one in taken],
        [one.app_id for one in taken],
    )


async def move(connection: Connection, moves: Sequence[Move]) -> None:
    """Put parts into another state, each if the diagram has an arrow from where it is."""
    await connection.execute(
        _MOVE,
        [one.message_id for one in moves],
        [one.part for one in moves],
        [one.state for one in moves],
        [one.code for one in moves],
        [one.subcode for one in moves],
        [one.error and one.error[:1000] for one in moves],
    )


async def set_slots(connection: Connection, slots: Sequence[tuple[str, int, float]]) -> None:
    """Parts (message, part) have their slot in so many seconds."""
    await connection.execute(_SLOT, *(list(column) for column in zip(*slots, strict=True)))


async def give_up(connection: Connection, message_ids: Sequence[str], in_doubt: Iterable[str] = ()) -> None:
    """These go no further: none of their parts is waited for any more, and no later echo is taken for theirs.

    ``in_doubt``: those of which a part may have been sent. It still knows its echo.
    """
    await connection.execute(_FAILED, list(message_ids), list(in_doubt))


async def finish(connection: Connection, message_ids: Sequence[str], now: datetime) -> set[str]:
    """These are sent as a whole. Returns those that are also known to have reached the person, told now for the first
    time."""
    return {row["message_id"] for row in await connection.fetch(_FINISHED, list(message_ids), now) if row["reached"]}


async def about(connection: Connection, message_ids: Sequence[str]) -> list[Any]:
    """What a delivery event tells of each message. Locks the conversations: an event is about to be published."""
    return list(await connection.fetch(_ABOUT, list(message_ids)))
