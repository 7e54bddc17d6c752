"""Conversations that are emptied after a time of silence (Sunshine reference 2.1, ``conversationRetentionSeconds``).

    setting ──▶ conversation_retention [due] ──▶ look at some conversations ──▶ empty the silent ones ──┐
                    ▲      ▲                                                                            │
                    │      └──────────────────────── more to look at: due at once ──────────────────────┤
                    └── all seen: due when the longest silent one of the rest will be, or in a day ─────┘

As in the original, the messages go and the conversation stays; nothing is told. A message's mid stays too: it never comes
again. Spared are conversations of users with ``toBeRetained``, and those with a message that is still to be sent.

Each step is one short transaction that holds its app's row, so any number of processes share the work and a step that
dies leaves no trace. When nothing is due, a look costs one query.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from heliograph.messaging import messages
from heliograph.storage import Connection

SETTING = "conversationRetentionSeconds"

# A step looks at so many conversations, and deletes about so many messages.
SEEN_AT_ONCE = 500
DELETED_AT_ONCE = 2000

# When an app is searched again at the latest (users may be retained no more), and at the earliest.
LATEST = timedelta(days=1)
EARLIEST = timedelta(seconds=30)

_PUT = """
insert into conversation_retention (app_id, seconds) values ($1, $2)
on conflict (app_id) do update set seconds = excluded.seconds, due_at = now(), after = '', earliest = null
"""
_REMOVE = "delete from conversation_retention where app_id = $1"

# Served by conversation_retention_due.
_TAKE = """
select app_id, seconds, after, earliest from conversation_retention where due_at <= $1
order by due_at limit 1 for update skip locked
"""

# Served by conversations_of_app, participants_of_conversation, users_pkey and lanes_pkey.
_LOOK = """
select v.id, v.last_updated_at, v.message_count > 0 and not exists (
        select from participants p join users u on u.id = p.user_id
        where p.conversation_id = v.id and u.to_be_retained
    ) and not exists (select from lanes l where l.kind = 'send' and l.key = v.id) as may_go
from conversations v where v.app_id = $1 and v.id > $2 order by v.id limit $3
"""

# Whoever writes a message holds its conversation: one that is held, or was written to meanwhile, is left for next time.
_LOCK = """
select id from conversations where id = any ($1::text[]) and last_updated_at < $2 order by id for update skip locked
"""
_EMPTIED = "update conversations set message_count = 0 where id = any ($1::text[])"

_NOTE = "update conversation_retention set due_at = $2, after = $3, earliest = $4 where app_id = $1"


async def schedule(connection: Connection, app_id: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Begin, change or end the search in an app, after its settings went from ``before`` to ``after``."""
    seconds = after.get(SETTING) or 0
    if seconds == (before.get(SETTING) or 0):
        return
    await (connection.execute(_PUT, app_id, seconds) if seconds else connection.execute(_REMOVE, app_id))


async def step(connection: Connection, now: datetime) -> int | None:
    """Do a little of what is due, in the caller's transaction; returns how many messages went. None: nothing is due."""
    app = await connection.fetchrow(_TAKE, now)
    if app is None:
        return None
    silence = timedelta(seconds=app["seconds"])
    seen = await connection.fetch(_LOOK, app["app_id"], app["after"], SEEN_AT_ONCE)
    silent = [row["id"] for row in seen if row["may_go"] and row["last_updated_at"] < now - silence]
    locked = [row["id"] for row in await connection.fetch(_LOCK, silent, now - silence)] if silent else []
    gone = await messages.delete_some(connection, locked, DELETED_AT_ONCE)
    if gone >= DELETED_AT_ONCE:
        return gone  # the same conversations once more: they may hold more
    if locked:
        await connection.execute(_EMPTIED, locked)
    left = {row["id"] for row in seen if row["may_go"]} - set(locked)
    earliest = min([app["earliest"] or now, *(row["last_updated_at"] for row in seen if row["id"] in left)])
    if len(seen) == SEEN_AT_ONCE:
        await connection.execute(_NOTE, app["app_id"], now, seen[-1]["id"], earliest)
    else:
        due = min(earliest + silence, now + LATEST)
        await connection.execute(_NOTE, app["app_id"], max(due, now + EARLIEST), "", None)
    return gone
