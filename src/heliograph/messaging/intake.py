"""Intake: arrivals of a channel, applied to users, conversations and messages, and told as events.

    find contacts ──▶ claim mids ──▶ make contacts ──▶ rows and events (`writer`) ──▶ write ──▶ changes (`changes`)

Set-based: a handful of statements per batch, whatever its size. Invariant: a mid is applied once, for ever; applying a
batch again changes nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from heliograph.events import Event
from heliograph.messaging import changes, contacts, newcomers
from heliograph.messaging.apps import switched_on
from heliograph.messaging.arrivals import (
    Arrival,
    ControlArrival,
    EditArrival,
    MessageArrival,
    PostbackArrival,
    Profile,
    ReactionArrival,
    ReferralArrival,
    Route,
    UnsendArrival,
)
from heliograph.messaging.contacts import Contact, Key
from heliograph.messaging.writer import Quotable, Writer, leaves_message
from heliograph.storage import Connection, new_id

_OPENING = (MessageArrival, PostbackArrival, ReferralArrival)
# What is applied once, by its mid. A change of a message is not: the newest stands (see `changes`).
_CLAIMED = (*_OPENING, ControlArrival)


@dataclass(slots=True)
class Applied:
    """What became of a batch. ``events`` carry the index of their arrival, so that a channel can weave in its own."""

    events: list[tuple[int, Event]] = field(default_factory=list)
    contacts: dict[Key, Contact] = field(default_factory=dict)
    duplicates: set[int] = field(default_factory=set)
    strangers: set[int] = field(default_factory=set)  # reads of people who never wrote
    made: set[Key] = field(default_factory=set)  # contacts that were not there before
    unwanted: set[int] = field(default_factory=set)  # of such people too, and not to start a conversation
    early: set[int] = field(default_factory=set)  # changes of messages that have not come yet: kept
    gone: set[int] = field(default_factory=set)  # changes of messages that are no more


# Served by mids_pkey; what came early, by early_changes' unique key.
_CLAIM = """
insert into mids (integration_id, mid, app_id, message_id)
select * from unnest($1::text[], $2::text[], $3::text[], $4::text[])
on conflict do nothing
returning integration_id, mid,
    exists (select from early_changes e where e.integration_id = mids.integration_id and e.mid = mids.mid) as early
"""

# Served by mids_pkey and messages_pkey.
_QUOTABLE = """
select k.integration_id, k.mid, m.body
from unnest($1::text[], $2::text[]) as q (integration_id, mid)
join mids k on k.integration_id = q.integration_id and k.mid = q.mid and k.part = 0
join messages m on m.id = k.message_id and not m.deleted
"""


async def apply(
    connection: Connection, arrivals: Sequence[Arrival], profiles: Mapping[Key, Profile], now: datetime
) -> Applied:
    """Apply arrivals, in order, in the caller's transaction. The caller publishes ``events``.

    ``profiles``: what the channel learned of people who write for the first time; a missing one never blocks.
    """
    result = Applied()
    # In this order: conversations are locked before mids, and nobody is made for what is not new.
    result.contacts = await contacts.find(connection, [_key(arrival) for arrival in arrivals])
    result.unwanted = _unwanted(arrivals, result.contacts)
    fresh, early = await _claim(connection, arrivals, result.unwanted)
    opening = [arrivals[index] for index in sorted(fresh) if isinstance(arrivals[index], _OPENING)]
    await _make_contacts(connection, opening, profiles, now, result)
    spoken = {_key(arrival) for arrival in opening}
    await contacts.opened(connection, [contact for key, contact in result.contacts.items() if key in spoken])
    writer = Writer(now, await _quotable(connection, opening))
    changed: list[changes.Numbered] = []
    unsends: list[tuple[int, UnsendArrival]] = []
    for index, arrival in enumerate(arrivals):
        if isinstance(arrival, UnsendArrival):
            unsends.append((index, arrival))
            continue
        if isinstance(arrival, ReactionArrival | EditArrival):
            changed.append((index, arrival))
            continue
        contact = result.contacts.get(_key(arrival))
        if contact is None:
            result.strangers.add(index)
            continue
        if index in result.unwanted:
            continue
        if isinstance(arrival, _CLAIMED) and index not in fresh:
            result.duplicates.add(index)
            continue
        result.events.extend((index, event) for event in writer.take(arrival, contact, fresh.get(index)))
    await writer.write(connection)
    result.events += await _take_back(connection, unsends, result.contacts, now)
    if early:
        changed += await changes.take_early(connection, early)
    await _change(connection, changed, now, result)
    # Stable: what belongs to an arrival stays in the order in which it was told.
    result.events.sort(key=lambda pair: pair[0])
    return result


def may_start(route: Route) -> bool:
    """Whether a tap, a referral or a mention starts a conversation (Sunshine reference 2.1)."""
    return not switched_on(route.settings, "ignoreAutoConversationStart")


def _key(arrival: Arrival) -> Key:
    return arrival.route.integration_id, arrival.person


def _unwanted(arrivals: Sequence[Arrival], known: Mapping[Key, Contact]) -> set[int]:
    """What would start a conversation and must not. Not claimed: it can be tried again when the setting has changed."""
    started, unwanted = set(known), set()
    for index, arrival in enumerate(arrivals):
        if isinstance(arrival, MessageArrival):
            started.add(_key(arrival))
        elif isinstance(arrival, _OPENING) and _key(arrival) not in started and not may_start(arrival.route):
            unwanted.add(index)
    return unwanted


async def _make_contacts(
    connection: Connection,
    arrivals: Iterable[Arrival],
    profiles: Mapping[Key, Profile],
    now: datetime,
    result: Applied,
) -> None:
    wanted = {
        _key(arrival): (arrival.route, profiles.get(_key(arrival), Profile()))
        for arrival in arrivals
        if _key(arrival) not in result.contacts
    }
    if wanted:
        made = await newcomers.create(connection, wanted, now)
        result.contacts |= made
        result.made = set(made)


async def _claim(
    connection: Connection, arrivals: Sequence[Arrival], unwanted: set[int]
) -> tuple[dict[int, str], dict[Key, tuple[int, Route]]]:
    """Which arrivals are new, by index, with the id their (first) message gets; and to which mids changes came early."""
    first: dict[Key, int] = {}
    taken_back: set[Key] = set()
    for index, arrival in enumerate(arrivals):
        if isinstance(arrival, UnsendArrival):
            taken_back.add((arrival.route.integration_id, arrival.mid))
        elif index in unwanted:
            continue
        elif isinstance(arrival, _CLAIMED) and (arrival.route.integration_id, arrival.mid) not in taken_back:
            first.setdefault((arrival.route.integration_id, arrival.mid), index)
    if not first:
        return {}, {}
    ids = {index: new_id() for index in sorted(first.values())}
    rows = await connection.fetch(
        _CLAIM,
        [key[0] for key in first],
        [key[1] for key in first],
        [arrivals[index].route.app_id for index in first.values()],
        [ids[index] if leaves_message(arrivals[index]) else None for index in first.values()],
    )
    new = {(row["integration_id"], row["mid"]): row["early"] for row in rows}
    fresh = {index: ids[index] for key, index in first.items() if key in new}
    return fresh, {key: (first[key], arrivals[first[key]].route) for key, early in new.items() if early}


async def _quotable(connection: Connection, arrivals: Iterable[Arrival]) -> Quotable:
    """The messages here that these quote."""
    keys = [
        (arrival.route.integration_id, arrival.quoted_mid)
        for arrival in arrivals
        if isinstance(arrival, MessageArrival) and arrival.quoted_mid is not None
    ]
    if not keys:
        return {}
    rows = await connection.fetch(_QUOTABLE, [key[0] for key in keys], [key[1] for key in keys])
    return {(row["integration_id"], row["mid"]): row["body"] for row in rows}


async def _take_back(
    connection: Connection, unsends: Sequence[tuple[int, UnsendArrival]], known: Mapping[Key, Contact], now: datetime
) -> list[tuple[int, Event]]:
    """Take messages back. The claim stays as a tombstone when one has not come yet: it will find its mid taken."""
    if not unsends:
        return []
    rows = [(unsend.route.integration_id, unsend.mid, unsend.route.app_id, None) for _, unsend in unsends]
    await connection.execute(_CLAIM, *(list(column) for column in zip(*rows, strict=True)))
    return await changes.take_back(connection, unsends, known, now)


async def _change(connection: Connection, changed: Sequence[changes.Numbered], now: datetime, result: Applied) -> None:
    # What came early is told behind its message, and before what came later.
    done = await changes.apply(connection, sorted(changed, key=lambda pair: pair[0]), result.contacts, now)
    result.events += done.events
    result.duplicates |= done.repeated
    result.early |= done.early
    result.gone |= done.gone
