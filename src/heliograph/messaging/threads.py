"""Who owns a thread at its channel, where several apps share an account (Meta reference 2.6).

                 passed or taken to another app, told in passing, or a send refused because of it
    nobody else ───────────────────────────────────────────────────────────────────────────────▶ another app
        ▲        passed to us, or the person's next message comes to us as its owner                  │
        └──────────────────────────────────── 24 h after the person's last action ◀───────────────────┘

The row keeps the last that was told (``clients.thread_owner``); that it lapsed is seen when somebody asks.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from heliograph.storage import Connection

OWNERSHIP = timedelta(hours=24)
# An app that was not named.
UNNAMED = "?"

# Served by clients_external.
_ELSEWHERE = """
select c.integration_id, c.external_id, c.thread_owner, c.thread_owner_at, c.last_action_at
from clients c join unnest($1::text[], $2::text[]) as k (integration_id, external_id)
    on c.integration_id = k.integration_id and c.external_id = k.external_id
where c.thread_owner is not null
"""
# Served by clients_pkey.
_REFUSED = """
update clients set thread_owner = coalesce(thread_owner, $2), thread_owner_at = $3 where id = $1
"""
# Served by clients_pkey.
_WRITE = """
update clients c set thread_owner = t.owner, thread_owner_at = t.at
from unnest($1::text[], $2::text[], $3::timestamptz[]) as t (id, owner, at) where c.id = t.id
"""


def owned_elsewhere(client: Mapping[str, Any], now: datetime) -> bool:
    """Whether another app owns the thread now, from a row of ``clients``: then nothing may be said automatically."""
    if client["thread_owner"] is None:
        return False
    since = client["last_action_at"] or client["thread_owner_at"]
    return since is None or bool(now - since < OWNERSHIP)


async def elsewhere(connection: Connection, people: Iterable[tuple[str, str]], now: datetime) -> set[tuple[str, str]]:
    """Of these people, by (integration, id on the channel), those whose threads other apps own now."""
    keys = list(people)
    rows = await connection.fetch(_ELSEWHERE, [key[0] for key in keys], [key[1] for key in keys])
    return {(row["integration_id"], row["external_id"]) for row in rows if owned_elsewhere(row, now)}


async def refused(connection: Connection, client_id: str, now: datetime) -> None:
    """The channel refused a send because another app owns the thread. The caller holds the conversation."""
    await connection.execute(_REFUSED, client_id, UNNAMED, now)


async def write(connection: Connection, owners: Mapping[str, tuple[str | None, datetime]]) -> None:
    """Note the new owners of threads, by client. The caller holds their conversations."""
    if owners:
        columns = zip(*owners.values(), strict=True)
        await connection.execute(_WRITE, list(owners), *(list(column) for column in columns))
