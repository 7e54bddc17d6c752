"""Contacts: a person on a channel, and the user, client and default conversation that stand for them here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from heliograph.events import Event
from heliograph.messaging import shapes
from heliograph.messaging.arrivals import Profile
from heliograph.messaging.names import placeholder_name
from heliograph.messaging.switchboard.state import CONVERSATION, assign
from heliograph.storage import Connection

Key = tuple[str, str]  # integration id, the person's id on the channel


@dataclass(slots=True)
class Contact:
    """A known person. ``conversation`` is locked for the transaction that found or made it."""

    app_id: str
    integration_id: str
    person: str
    user: dict[str, Any]  # the wire's full user
    client: dict[str, Any]  # the wire's client
    row: dict[str, Any]  # the conversation's, with its switchboard
    last_read: datetime | None = None
    thread_owner: str | None = None  # see `threads`
    thread_owner_at: datetime | None = None
    fresh: bool = field(default=False)  # made in this transaction
    profile_at: datetime | None = None  # when the channel told the profile
    profile_tried_at: datetime | None = None  # when it was last asked for it
    conversation: dict[str, Any] = field(init=False)  # the wire's truncated conversation

    def __post_init__(self) -> None:
        self.conversation = shapes.conversation_brief(self.row)

    @property
    def source(self) -> dict[str, Any]:
        """The wire's ``source`` of what this contact does."""
        return {"type": self.client["type"], "integrationId": self.integration_id}

    @property
    def author(self) -> dict[str, Any]:
        """The wire's ``author`` of what this contact writes."""
        name = self.client.get("displayName", placeholder_name(self.client["type"]))
        author = {"type": "user", "userId": self.user["id"], "displayName": name}
        if "avatarUrl" in self.client:
            author["avatarUrl"] = self.client["avatarUrl"]
        return author

    def about(self, **what: Any) -> dict[str, Any]:
        """The payload of an event about something of this contact's conversation."""
        brief = shapes.user_brief(self.user)
        return {"conversation": self.conversation, "user": brief, "source": self.source, **what}

    def event(self, kind: str, payload: dict[str, Any], now: datetime) -> Event:
        """An event of this contact's conversation."""
        return Event(self.app_id, kind, payload, now, self.conversation["id"], self.user, self.client)


# Served by clients_external, participants_of_user and the primary keys. Locks conversations in id order.
_FIND = f"""
select to_jsonb(c) as client, to_jsonb(u) as usr, {CONVERSATION} as conversation, c.app_id, p.last_read
from unnest($1::text[], $2::text[]) as k (integration_id, external_id)
join clients c on c.integration_id = k.integration_id and c.external_id = k.external_id
join users u on u.id = c.user_id
join participants p on p.user_id = c.user_id and p.client_id = c.id
join conversations v on v.id = p.conversation_id and v.is_default
order by v.id for update of v
"""  # noqa: S608

_KNOWN = """
select c.integration_id, c.external_id from clients c
join unnest($1::text[], $2::text[]) as k (integration_id, external_id)
    on c.integration_id = k.integration_id and c.external_id = k.external_id
where c.removed_at is null
"""

Action = tuple[str, str, datetime]  # integration id, the person's id on the channel, when

_ACT = """
update clients c set last_seen = greatest(c.last_seen, t.at), last_action_at = greatest(c.last_action_at, t.at)
from (
    select integration_id, external_id, max(at) as at
    from unnest($1::text[], $2::text[], $3::timestamptz[]) as a (integration_id, external_id, at) group by 1, 2
) t
where c.integration_id = t.integration_id and c.external_id = t.external_id
"""


async def act(connection: Connection, actions: Sequence[Action]) -> None:
    """These people did something that is not told, but opens their window all the same."""
    if actions:
        await connection.execute(_ACT, *(list(column) for column in zip(*actions, strict=True)))


async def unknown(connection: Connection, keys: Sequence[Key]) -> set[Key]:
    """Which of these people never wrote before: the channel may want to read their profiles first."""
    rows = await connection.fetch(_KNOWN, [k[0] for k in keys], [k[1] for k in keys])
    return set(keys) - {(row["integration_id"], row["external_id"]) for row in rows}


async def find(connection: Connection, keys: Iterable[Key]) -> dict[Key, Contact]:
    """The contacts among ``keys`` that exist, their conversations locked until the transaction ends."""
    wanted = list(set(keys))
    rows = await connection.fetch(_FIND, [k[0] for k in wanted], [k[1] for k in wanted])
    found = {}
    for row in rows:
        client = _timed(row["client"])
        contact = Contact(
            row["app_id"],
            client["integration_id"],
            client["external_id"],
            shapes.user(_timed(row["usr"])),
            shapes.client(client),
            row["conversation"],
            row["last_read"],
            client["thread_owner"],
            client["thread_owner_at"],
            profile_at=client["profile_at"],
            profile_tried_at=client["profile_tried_at"] or client["linked_at"],
        )
        found[(contact.integration_id, contact.person)] = contact
    return found


async def opened(connection: Connection, contacts: Iterable[Contact]) -> None:
    """Something was said in these conversations: those that nobody is in control of get their default."""
    by_id = {contact.row["id"]: contact for contact in contacts}
    for row in await assign(connection, [contact.row for contact in by_id.values()]):
        by_id[row["id"]].conversation = shapes.conversation_brief(row)


def user_profile(profile: Profile) -> dict[str, Any]:
    """What of a person's profile on the channel goes into the user's."""
    given, _, surname = (profile.name or "").partition(" ")
    fields = {"givenName": given[:128], "surname": surname[:128], "avatarUrl": profile.avatar_url}
    return {name: value for name, value in fields.items() if value}


def _timed(row: dict[str, Any]) -> dict[str, Any]:
    """`to_jsonb` writes times as text; give them back as times."""
    times = ("last_seen", "linked_at", "signed_up_at", "thread_owner_at", "profile_at", "profile_tried_at")
    for name in times:
        if row.get(name):
            row[name] = datetime.fromisoformat(row[name]).astimezone(UTC)
    return row
