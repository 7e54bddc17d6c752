"""The `profile` lanes: profiles of people we know, read again (Meta reference 5.1, gotcha 6). One lane per person.

    the person writes ──▶ [due?] ──▶ job ──▶ [due still?] ──▶ Graph API ──▶ client, and of the user what was ours
                                     │                         └── in vain: their next message tries again
                                     └── the account is paused: so does it; who was never asked about waits for its end

Invariant: what the business set, or took away, is never written over. A part of the user's profile is ours while it says
what the client's profile said; a client whose personal information was deleted has no name any more, and is left alone.

Nothing is told: Sunshine has no reason for it. ``client:update`` is for confirmed, matched and blocked clients,
``user:update`` for authentication and locales (Sunshine reference 3.3).
"""

import time
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from heliograph.channels.instagram.accounts import records
from heliograph.channels.instagram.accounts.records import FacebookApps
from heliograph.channels.instagram.media.dress import Dresser
from heliograph.channels.instagram.meta import pauses
from heliograph.channels.instagram.meta.graph import Graph
from heliograph.channels.instagram.profiles.reading import read_profile, read_profiles
from heliograph.lanes import Job, Lane, LaneKind, NewJob, Outcome, settle
from heliograph.messaging import contacts
from heliograph.messaging.arrivals import Profile
from heliograph.messaging.contacts import Contact, Key
from heliograph.storage import Connection, Database, SecretBox
from heliograph.telemetry.logs import get_logger

log = get_logger("instagram")

PROFILE_LANE = "profile"

# A profile is good for so long; one that could not be read is asked for again no sooner than this.
FRESH_FOR = timedelta(days=7)
RETRY_AFTER = timedelta(minutes=5)

# A person whose rows somebody else holds just now is written a moment later.
_HELD_PAUSE = 1.0
_MOST_REMEMBERED = 100_000

# Ends the payload of a job for somebody whom Meta was never asked about, as their account was paused.
_UNASKED = "/unasked"

# Served by clients_external and primary keys.
_READ = """
select c.integration_id, c.external_id, c.display_name, c.linked_at, c.profile_at, c.profile_tried_at, a.media_mode
from clients c join unnest($1::text[], $2::text[]) as k (integration_id, external_id)
    on c.integration_id = k.integration_id and c.external_id = k.external_id
join instagram_accounts a on a.integration_id = c.integration_id
where c.removed_at is null
"""

# Nobody is waited for: others lock users before clients or after them.
_TAKE = """
select c.id, c.integration_id, c.external_id, c.display_name, c.avatar_url, c.raw, u.id as user_id, u.profile
from clients c join unnest($1::text[], $2::text[]) as k (integration_id, external_id)
    on c.integration_id = k.integration_id and c.external_id = k.external_id
join users u on u.id = c.user_id
where c.removed_at is null and c.display_name is not null
order by c.id for no key update of c, u skip locked
"""
_WRITE_CLIENTS = """
update clients c set display_name = t.display_name, avatar_url = t.avatar_url, raw = t.raw,
    profile_at = $5::timestamptz, profile_tried_at = $5
from unnest($1::text[], $2::text[], $3::text[], $4::jsonb[]) as t (id, display_name, avatar_url, raw) where c.id = t.id
"""
_WRITE_USERS = """
update users u set profile = t.profile from unnest($1::text[], $2::jsonb[]) as t (id, profile)
where u.id = t.id and u.profile <> t.profile
"""
_TRIED = """
update clients set profile_tried_at = $2::timestamptz where id = any (array(
    select c.id from clients c join unnest($1::text[], $3::text[]) as k (integration_id, external_id)
        on c.integration_id = k.integration_id and c.external_id = k.external_id
    order by c.id for no key update skip locked))
"""


def due(name: str | None, read: datetime | None, *tried: datetime | None, now: datetime) -> bool:
    """Whether a client's profile should be read again. ``name``: None for one that was forgotten. Pure."""
    if name is None or any(at is not None and now - at < RETRY_AFTER for at in (read, *tried)):
        return False
    return read is None or now - read > FRESH_FOR


def renewed(client: Mapping[str, Any], user_profile: Mapping[str, Any], profile: Profile) -> dict[str, Any]:
    """The user's profile with what is ours of it brought up to date. ``client``: as it was before. Pure.

    First name and surname are one: whoever has set either has named the person.
    """
    was = contacts.user_profile(Profile(client["raw"].get("name"), avatar_url=client["avatar_url"]))
    told = contacts.user_profile(profile)
    changed = dict(user_profile)
    for names in (("givenName", "surname"), ("avatarUrl",)):
        if all(user_profile.get(name) == was.get(name) for name in names) and any(name in told for name in names):
            for name in names:
                changed.pop(name, None)
                if name in told:
                    changed[name] = told[name]
    return changed


@dataclass(slots=True)
class _Found:
    """Whose profiles are asked for, and what Meta said."""

    wanted: list[Key]
    profiles: Mapping[Key, Profile]

    @property
    def in_vain(self) -> list[Key]:
        """Whose profiles Meta did not tell."""
        return [key for key in self.wanted if key not in self.profiles]


class ProfileWorker:
    """Handles the ``profile`` lanes. Their keys are ``{integration}/{person}``; so are their payloads, but for an ending."""

    def __init__(self, database: Database, graph: Graph, apps: FacebookApps, box: SecretBox, dresser: Dresser) -> None:
        self._database = database
        self._graph = graph
        self._apps = apps
        self._box = box
        self._dresser = dresser
        self._asked: dict[Key, float] = {}

    def kind(self) -> LaneKind:
        """How the lane workers should run this."""
        return LaneKind(PROFILE_LANE, self.handle, self.on_dead, lanes_per_batch=50, most_batches=2)

    def jobs(self, people: Iterable[Contact], now: datetime, unasked: Container[Key] = ()) -> list[NewJob]:
        """Jobs for those of these people whose profile is due; this process asks for none too often.

        ``unasked``: strangers whose profiles were not asked for, as Meta wants their account left alone.
        """
        jobs = []
        clock = time.monotonic()
        for contact in people:
            key = contact.integration_id, contact.person
            tried = None if key in unasked else contact.profile_tried_at
            if not due(contact.client.get("displayName"), contact.profile_at, tried, now=now):
                continue
            if self._asked.get(key, clock) > clock:
                continue
            if len(self._asked) >= _MOST_REMEMBERED:
                self._asked.clear()
            self._asked[key] = clock + RETRY_AFTER.total_seconds()
            payload = "/".join(key) + (_UNASKED if key in unasked else "")
            jobs.append(NewJob(PROFILE_LANE, "/".join(key), payload, contact.integration_id))
        return jobs

    async def handle(self, lanes: list[Lane]) -> None:
        """Read and write the profiles of each lane's person."""
        now = datetime.now(UTC)
        keys = [_key(lane) for lane in lanes]
        unasked = {_key(lane) for lane in lanes if any(job.payload.endswith(_UNASKED) for job in lane.jobs)}
        paused = await pauses.paused(self._database, {key[0] for key in keys})
        found = await self._find([key for key in keys if key[0] not in paused], unasked, now)
        if unasked.intersection(found.in_vain):
            paused |= await pauses.paused(self._database, {key[0] for key in found.in_vain})
        waits = {key: paused[key[0]] for key in unasked if key[0] in paused and key not in found.profiles}
        found.wanted = [key for key in found.wanted if key not in waits]
        async with self._database.transaction() as connection:
            waits |= dict.fromkeys(await _write(connection, found, now), _HELD_PAUSE)
            outcomes = [
                Outcome(lane, retry_after=waits[key]) if key in waits else Outcome(lane, [job.id for job in lane.jobs])
                for lane, key in zip(lanes, keys, strict=True)
            ]
            await settle(connection, outcomes)
        for lane in lanes:
            lane.settled = True

    async def on_dead(self, connection: Connection, lane: Lane, job: Job, error: str) -> None:
        """The person's next message tries again."""
        log.error("refreshing a profile failed again and again", lane=lane.key, error=error)

    async def read_now(self, integration_id: str, person: str) -> str | None:
        """Read a profile because its picture's link lapsed; Meta's fresh link, or None.

        Raises what the Graph client raises.
        """
        key = integration_id, person
        tokens = await records.tokens(self._database, self._box, self._apps, [integration_id])
        if integration_id not in tokens:
            return None
        profile = await read_profile(self._graph, person, *tokens[integration_id])
        dressed = self._dresser.profile(profile, integration_id, person, "proxy")
        async with self._database.transaction() as connection:
            await _write(connection, _Found([key], {key: dressed}), datetime.now(UTC))
        link = profile.raw.get("profile_pic")
        return link if isinstance(link, str) else None

    async def _find(self, keys: Sequence[Key], unasked: Container[Key], now: datetime) -> _Found:
        """Ask Meta about those of these people who are due. Whoever is new was asked about, unless ``unasked``."""
        rows = await self._database.fetch(_READ, [key[0] for key in keys], [key[1] for key in keys])
        return await self._read(
            [
                (key, row["media_mode"])
                for row in rows
                for key in [(row["integration_id"], row["external_id"])]
                if due(
                    row["display_name"],
                    row["profile_at"],
                    row["profile_tried_at"],
                    None if key in unasked else row["linked_at"],
                    now=now,
                )
            ]
        )

    async def _read(self, wanted: Sequence[tuple[Key, str]]) -> _Found:
        modes = dict(wanted)
        tokens = await records.tokens(self._database, self._box, self._apps, {key[0] for key in modes})
        asked = [(key, key[1], *tokens[key[0]]) for key in modes if key[0] in tokens]
        profiles = await read_profiles(self._database, self._graph, asked)
        dressed = {key: self._dresser.profile(profile, key[0], key[1], modes[key]) for key, profile in profiles.items()}
        return _Found(list(modes), dressed)


async def _write(connection: Connection, found: _Found, now: datetime) -> set[Key]:
    """Write what was found, and when it was looked for. Returns whose rows somebody else holds just now."""
    read = [key for key in found.wanted if key in found.profiles]
    if in_vain := found.in_vain:
        await connection.execute(_TRIED, [key[0] for key in in_vain], now, [key[1] for key in in_vain])
    if not read:
        return set()
    rows = await connection.fetch(_TAKE, [key[0] for key in read], [key[1] for key in read])
    clients, users = [], {}
    for row in rows:
        profile = found.profiles[row["integration_id"], row["external_id"]]
        name = profile.name or profile.username or row["display_name"]
        clients.append((row["id"], name, profile.avatar_url or row["avatar_url"], profile.raw))
        users[row["user_id"]] = renewed(row, row["profile"], profile)
    if clients:
        columns = map(list, zip(*clients, strict=True))
        await connection.execute(_WRITE_CLIENTS, *columns, now)
        await connection.execute(_WRITE_USERS, list(users), list(users.values()))
    # Also those who were deleted or forgotten meanwhile: at the next look nobody wants to read them.
    return set(read) - {(row["integration_id"], row["external_id"]) for row in rows}


def _key(lane: Lane) -> Key:
    integration_id, _, person = lane.key.partition("/")
    return integration_id, person
