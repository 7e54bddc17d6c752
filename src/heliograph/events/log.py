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
class Audience:
    """Who hears of an event of the switchboard, by ids of switchboard integrations.

    ``also``: whoever it concerns, in control or not. ``only`` and ``but``: the same event told in two ways, one for
    this integration alone and one for all others.
    """

    also: frozenset[str] = frozenset()
    only: str | None = None
    but: str | None = None


EVERYBODY = Audience()


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in an app.

    ``payload`` is the wire's payload in its short form. ``user`` and ``client`` are what ``includeFullUser`` and
    ``includeFullSource`` put in the place of the short user, and into ``source``. ``user_id``: whose erasure takes an
    event that no conversation leads to, or one that is going.
    """

    app_id: str
    type: str
    payload: dict[str, Any]
    created_at: datetime
    conversation_id: str | None = None
    user: dict[str, Any] | None = None
    client: dict[str, Any] | None = None
    audience: Audience = EVERYBODY
    user_id: str | None = None
    id: str = field(default_factory=new_id)

    def body(self) -> str:
        """The event as a customer gets it."""
        return orjson.dumps(
            {"id": self.id, "type": self.type, "createdAt": wire_time(self.created_at), "payload": self.payload}
        ).decode()

    def subject(self) -> str | None:
        """The user whose erasure takes it, where its conversation does not lead to it."""
        if self.user_id is None and self.conversation_id is None and self.user is not None:
            return str(self.user["id"])
        return self.user_id

    def extras(self) -> str | None:
        """What the two include flags need, or None."""
        if self.user is None and self.client is None:
            return None
        return orjson.dumps({"user": self.user, "client": self.client}).decode()


# Writes the events, and tells which webhooks their apps have: at most ten each. Of a webhook whose integration is on an
# enabled switchboard, its place there; the look for it, by the integration, is all that an app without one pays.
# Served by webhooks_of_app, switchboard_integrations_of_integration and switchboards_pkey.
_INSERT = """
with written as (
    insert into events (id, app_id, conversation_id, type, body, extras, created_at, user_id)
    select id, app_id, conversation_id, type, body, extras, created_at, user_id
    from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::text[])
        with ordinality as e (id, app_id, conversation_id, type, body, extras, created_at, user_id, ord)
    order by ord
)
select w.id, w.app_id, w.triggers, b.place, b.standby, b.leads
from webhooks w left join (
    select i.integration_id, i.id as place, i.deliver_standby_events as standby, s.default_id = i.id as leads
    from switchboard_integrations i join switchboards s on s.id = i.switchboard_id and s.enabled
) b on b.integration_id = w.integration_id
where w.app_id = any ($2::text[])
"""


@dataclass(frozen=True, slots=True)
class _Webhook:
    """A webhook of an app. ``place`` is its integration's on the switchboard, None when there it is not."""

    id: str
    triggers: frozenset[str]
    place: str | None
    standby: bool  # wants events of conversations that others are in control of
    leads: bool  # gets control of conversations that nobody is in control of


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
        [event.subject() for event in events],
    )
    by_app: dict[str, list[_Webhook]] = {}
    for row in rows:
        webhook = _Webhook(
            row["id"], frozenset(row["triggers"]), row["place"], bool(row["standby"]), bool(row["leads"])
        )
        by_app.setdefault(row["app_id"], []).append(webhook)
    await enqueue(
        connection,
        [
            NewJob(WEBHOOK_LANE, f"{webhook.id}/{event.conversation_id or event.app_id}", event.id, group=webhook.id)
            for event in events
            for webhook in by_app.get(event.app_id, ())
            if event.type in webhook.triggers and _hears(webhook, event)
        ],
    )


def _hears(webhook: _Webhook, event: Event) -> bool:
    """Whether the switchboard lets an event through (Sunshine reference 3.1).

    Whoever is not on it hears everything. Whoever is hears of conversations it is in control of, or has been offered;
    of others only with ``deliverStandbyEvents``. While nobody is in control the default hears: control will be its own,
    and what comes in the moment when a switchboard is enabled must reach somebody.
    """
    place, audience = webhook.place, event.audience
    if audience.only not in (None, place) or (place is not None and place == audience.but):
        return False
    conversation = event.payload.get("conversation")
    if place is None or webhook.standby or place in audience.also or conversation is None:
        return True
    sides = (conversation.get(f"{role}SwitchboardIntegration", {}).get("id") for role in ("active", "pending"))
    return place in sides or (webhook.leads and "activeSwitchboardIntegration" not in conversation)
