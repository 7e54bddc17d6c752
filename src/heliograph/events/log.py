"""Publishing: events into the log, and into the lanes of the webhooks that want them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from heliograph.events.wire_time import wire_time
from heliograph.lanes import NewJob, enqueue
from heliograph.storage import Connection, new_id

WEBHOOK_LANE = "webhook"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in an app.

    ``payload`` is the wire's payload in its short form. ``user`` and ``client`` are what ``includeFullUser`` and
    ``includeFullSource`` put in the place of the short user, and into ``source``.
    """

    app_id: str
    type: str
    payload: dict[str, Any]
    created_at: datetime
    conversation_id: str | None = None
    user: dict[str, Any] | None = None
    client: dict[str, Any] | None = None
    id: str = field(default_factory=new_id)

    def body(self) -> str:
        """The event as a customer gets it."""
        return orjson.dumps(
            {"id": self.id, "type": self.type, "createdAt": wire_time(self.created_at), "payload": self.payload}
        ).decode()

    def extras(self) -> str | None:
        """What the two include flags need, or None."""
        if self.user is None and self.client is None:
            return None
        return orjson.dumps({"user": self.user, "client": self.client}).decode()


# Writes the events, and tells which webhooks their apps have: at most ten each, served by webhooks_of_app.
_INSERT = """
with written as (
    insert into events (id, app_id, conversation_id, type, body, extras, created_at)
    select id, app_id, conversation_id, type, body, extras, created_at
    from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[])
        with ordinality as e (id, app_id, conversation_id, type, body, extras, created_at, ord)
    order by ord
)
select id, app_id, triggers from webhooks where app_id = any ($2::text[])
"""


async def publish(connection: Connection, events: Sequence[Event]) -> None:
    """Write events, in order, and give them to every webhook that asked for them; part of the caller's transaction.

    The caller holds the lock of each event's conversation, so that order here is the order of what happened.
    """
    if not events:
        return
    rows = await connection.fetch(
        _INSERT,
        [event.id for event in events],
        [event.app_id for event in events],
        [event.conversation_id for event in events],
        [event.type for event in events],
        [event.body() for event in events],
        [event.extras() for event in events],
        [event.created_at for event in events],
    )
    by_app: dict[str, list[tuple[str, frozenset[str]]]] = {}
    for row in rows:
        by_app.setdefault(row["app_id"], []).append((row["id"], frozenset(row["triggers"])))
    await enqueue(
        connection,
        [
            NewJob(WEBHOOK_LANE, f"{webhook}/{event.conversation_id or event.app_id}", event.id, group=webhook)
            for event in events
            for webhook, triggers in by_app.get(event.app_id, ())
            if event.type in triggers
        ],
    )
