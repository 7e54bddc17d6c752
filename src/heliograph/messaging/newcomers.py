"""Newcomers: people who are not known yet become contacts.

person ──▶ had a client that the API removed? it comes back ──▶ otherwise: user, client, conversation, participant
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from heliograph.messaging import contacts, shapes
from heliograph.messaging.arrivals import Profile, Route
from heliograph.messaging.contacts import Contact, Key
from heliograph.messaging.names import animal_name, placeholder_name
from heliograph.messaging.switchboard.state import board
from heliograph.storage import Connection, new_id

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


@dataclass(frozen=True, slots=True)
class _Newcomer:
    """What a person's rows begin with; its fields are the columns that ``_CREATE`` is given."""

    app_id: str
    user_id: str
    client_id: str
    conversation_id: str
    participant_id: str
    integration_id: str
    type: str
    external_id: str
    profile: dict[str, Any]
    display_name: str
    avatar_url: str | None
    raw: dict[str, Any]

    def contact(self, switchboard: dict[str, Any] | None, now: datetime) -> Contact:
        """The contact, as its rows would be read."""
        user: dict[str, Any] = {
            "id": self.user_id, "external_id": None, "brand_id": None, "signed_up_at": None, "to_be_retained": None,
            "profile": self.profile, "metadata": {}, "identities": [],
        }  # fmt: skip
        client = {
            "id": self.client_id, "type": self.type, "status": "active", "integration_id": self.integration_id,
            "external_id": self.external_id, "last_seen": now, "linked_at": now, "display_name": self.display_name,
            "avatar_url": self.avatar_url, "raw": self.raw,
        }  # fmt: skip
        conversation = {
            "id": self.conversation_id, "type": "personal", "metadata": {}, "switchboard": switchboard,
            "active_switchboard_integration_id": None, "pending_switchboard_integration_id": None,
        }  # fmt: skip
        return Contact(
            *(self.app_id, self.integration_id, self.external_id),
            *(shapes.user(user), shapes.client(client), conversation),
            fresh=True,
            profile_tried_at=now,
        )


_COLUMNS = tuple(column.name for column in fields(_Newcomer))


async def create(
    connection: Connection, wanted: Mapping[Key, tuple[Route, Profile]], now: datetime
) -> dict[Key, Contact]:
    """Make user, client, default conversation and participant for each new person, in one statement.

    Whoever had a client that the API removed gets it back. People of an app that is being deleted are left out.
    """
    alive = await connection.fetch(_LIVING_APPS, list({route.app_id for route, _ in wanted.values()}))
    living = {row["id"]: row for row in alive}
    made = await _bring_back(connection, wanted, now)
    new = [
        _newcomer(route, person, profile, living[route.app_id]["settings"])
        for (integration_id, person), (route, profile) in wanted.items()
        if route.app_id in living and (integration_id, person) not in made
    ]
    if new:
        await connection.execute(_CREATE, *([getattr(one, name) for one in new] for name in _COLUMNS), now)
    for one in new:
        made[one.integration_id, one.external_id] = one.contact(living[one.app_id]["switchboard"], now)
    return made


def _newcomer(route: Route, person: str, profile: Profile, settings: Mapping[str, Any]) -> _Newcomer:
    user_id = new_id()
    unnamed = animal_name(user_id) if settings.get("useAnimalNames") else placeholder_name(route.type)
    return _Newcomer(
        app_id=route.app_id,
        user_id=user_id,
        client_id=new_id(),
        conversation_id=new_id(),
        participant_id=new_id(),
        integration_id=route.integration_id,
        type=route.type,
        external_id=person,
        profile=contacts.user_profile(profile),
        display_name=profile.name or profile.username or unnamed,
        avatar_url=profile.avatar_url,
        raw=profile.raw,
    )


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
    return await contacts.find(connection, [(row["integration_id"], row["external_id"]) for row in rows])
