"""Contacts: a person on a channel, and the user, client and default conversation that stand for them here."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from heliograph.messaging import shapes
from heliograph.messaging.arrivals import Profile, Route
from heliograph.messaging.names import animal_name, placeholder_name
from heliograph.messaging.switchboard.state import CONVERSATION, assign, board
from heliograph.storage import Connection, new_id

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

# Clients that the API took away come back to their users. Conversations first, in id order, as everywhere.
_LOCK_REMOVED = """
select v.id from unnest($1::text[], $2::text[]) as k (integration_id, external_id)
join clients c on c.integration_id = k.integration_id and c.external_id = k.external_id and c.removed_at is not null
join participants p on p.user_id = c.user_id
join conversations v on v.id = p.conversation_id and v.type = 'personal'
order by v.id for update of v
"""
_BRING_BACK = """
with back as (
    update clients c set removed_at = null, status = 'active', display_name = g.display_name,
        avatar_url = g.avatar_url, raw = g.raw, linked_at = $6::timestamptz, profile_at = case when g.raw <> '{}' then $6 end
    from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::jsonb[])
        as g (integration_id, external_id, display_name, avatar_url, raw)
    where c.integration_id = g.integration_id and c.external_id = g.external_id and c.removed_at is not null
    returning c.id, c.user_id, c.integration_id, c.external_id
), joined as (
    update participants p set client_id = b.id
    from back b, conversations v
    where p.user_id = b.user_id and p.client_id is null and v.id = p.conversation_id and v.type = 'personal'
)
select integration_id, external_id from back
"""

_CREATE = """
with given as (
    select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                         $8::text[], $9::jsonb[], $10::text[], $11::text[], $12::jsonb[])
        as g (app_id, user_id, client_id, conversation_id, participant_id, integration_id, type,
              external_id, profile, display_name, avatar_url, raw)
), made_users as (
    insert into users (id, app_id, profile, created_at) select user_id, app_id, profile, $13 from given
), made_clients as (
    insert into clients (id, app_id, user_id, integration_id, type, external_id, display_name, avatar_url, raw,
                         linked_at, profile_at)
    select client_id, app_id, user_id, integration_id, type, external_id, display_name, avatar_url, raw, $13,
           case when raw <> '{}' then $13 end
    from given
), made_conversations as (
    insert into conversations (id, app_id, is_default, last_updated_at, created_at)
    select conversation_id, app_id, true, $13, $13 from given
)
insert into participants (id, app_id, conversation_id, user_id, client_id, created_at)
select participant_id, app_id, conversation_id, user_id, client_id, $13 from given
"""


# Locked, so that an app cannot be deleted between this and the rows that would outlive it.
_LIVING_APPS = f"""
select a.id, a.settings, {board("a.id")} as switchboard
from apps a where a.id = any ($1::text[]) order by a.id for key share of a
"""  # noqa: S608


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


async def create(
    connection: Connection, wanted: Mapping[Key, tuple[Route, Profile]], now: datetime
) -> dict[Key, Contact]:
    """Make user, client, default conversation and participant for each new person, in one statement.

    Whoever had a client that the API removed gets it back. People of an app that is being deleted are left out.
    """
    alive = await connection.fetch(_LIVING_APPS, list({route.app_id for route, _ in wanted.values()}))
    living = {row["id"]: row for row in alive}
    made = await _bring_back(connection, wanted, now)
    columns: list[list[Any]] = [[] for _ in range(12)]
    for (integration_id, person), (route, profile) in wanted.items():
        if route.app_id not in living or (integration_id, person) in made:
            continue
        user_id, client_id, conversation_id = new_id(), new_id(), new_id()
        as_animals = living[route.app_id]["settings"].get("useAnimalNames")
        unnamed = animal_name(user_id) if as_animals else placeholder_name(route.type)
        name = profile.name or profile.username or unnamed
        of_user = user_profile(profile)
        row = (
            route.app_id, user_id, client_id, conversation_id, new_id(), integration_id, route.type, person,
            of_user, name, profile.avatar_url, profile.raw,
        )  # fmt: skip
        for column, value in zip(columns, row, strict=True):
            column.append(value)
        user_row: dict[str, Any] = {
            "id": user_id, "external_id": None, "brand_id": None, "signed_up_at": None, "to_be_retained": None,
            "profile": of_user, "metadata": {}, "identities": [],
        }  # fmt: skip
        client_row = {
            "id": client_id, "type": route.type, "status": "active", "integration_id": integration_id,
            "external_id": person, "last_seen": now, "linked_at": now, "display_name": name,
            "avatar_url": profile.avatar_url, "raw": profile.raw,
        }  # fmt: skip
        made[(integration_id, person)] = Contact(
            route.app_id,
            integration_id,
            person,
            shapes.user(user_row),
            shapes.client(client_row),
            {
                "id": conversation_id,
                "type": "personal",
                "metadata": {},
                "switchboard": living[route.app_id]["switchboard"],
                "active_switchboard_integration_id": None,
                "pending_switchboard_integration_id": None,
            },
            fresh=True,
            profile_tried_at=now,
        )
    if columns[0]:
        await connection.execute(_CREATE, *columns, now)
    return made


async def opened(connection: Connection, contacts: Iterable[Contact]) -> None:
    """Something was said in these conversations: those that nobody is in control of get their default."""
    by_id = {contact.row["id"]: contact for contact in contacts}
    for row in await assign(connection, [contact.row for contact in by_id.values()]):
        by_id[row["id"]].conversation = shapes.conversation_brief(row)


async def _bring_back(
    connection: Connection, wanted: Mapping[Key, tuple[Route, Profile]], now: datetime
) -> dict[Key, Contact]:
    """The contacts among ``wanted`` whose client was removed: active again, with the profile of now."""
    keys = list(wanted)
    columns = [key[0] for key in keys], [key[1] for key in keys]
    if not await connection.fetch(_LOCK_REMOVED, *columns):
        return {}
    people = wanted.values()
    rows = await connection.fetch(
        _BRING_BACK,
        *columns,
        [profile.name or profile.username or placeholder_name(route.type) for route, profile in people],
        [profile.avatar_url for _, profile in people],
        [profile.raw for _, profile in people],
        now,
    )
    return await find(connection, [(row["integration_id"], row["external_id"]) for row in rows])


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
