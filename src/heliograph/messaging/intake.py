"""Intake: arrivals of a channel, applied to users, conversations and messages, and told as events.

Set-based: a handful of statements per batch, whatever its size. Invariant: a mid is applied once, for ever; applying a
batch again changes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from heliograph.events import Event
from heliograph.events.wire_time import wire_time
from heliograph.messaging import attachments, commitment, contacts, shapes
from heliograph.messaging.apps import switched_on
from heliograph.messaging.arrivals import (
    Arrival,
    MessageArrival,
    PostbackArrival,
    Profile,
    ReadArrival,
    ReferralArrival,
    Route,
    UnsendArrival,
)
from heliograph.messaging.cards import masked_content
from heliograph.messaging.contacts import Contact, Key
from heliograph.storage import Connection, new_id

_OPENING = (MessageArrival, PostbackArrival, ReferralArrival)
_CREATION_REASON = {
    MessageArrival: "message",
    PostbackArrival: "startConversation",
    ReferralArrival: "startConversation",
}


@dataclass(slots=True)
class Applied:
    """What became of a batch. ``events`` carry the index of their arrival, so that a channel can weave in its own."""

    events: list[tuple[int, Event]] = field(default_factory=list)
    contacts: dict[Key, Contact] = field(default_factory=dict)
    duplicates: set[int] = field(default_factory=set)
    strangers: set[int] = field(default_factory=set)  # reads of people who never wrote
    made: set[Key] = field(default_factory=set)  # contacts that were not there before
    unwanted: set[int] = field(default_factory=set)  # of such people too, and not to start a conversation


# Served by mids_pkey.
_CLAIM = """
insert into mids (integration_id, mid, app_id, message_id)
select * from unnest($1::text[], $2::text[], $3::text[], $4::text[])
on conflict do nothing returning integration_id, mid
"""

_MORE_PARTS = """
insert into mids (integration_id, mid, part, app_id, message_id)
select * from unnest($1::text[], $2::text[], $3::smallint[], $4::text[], $5::text[]) on conflict do nothing
"""

# One statement for what every message touches: itself, its conversation, and the client whose window starts anew.
_WRITE = """
with written as (
    insert into messages (id, app_id, conversation_id, author_type, user_id, received, body)
    select id, app_id, conversation_id, author_type, user_id, $1, body
    from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::json[])
        with ordinality as m (id, app_id, conversation_id, author_type, user_id, body, ord)
    order by ord
), counted as (
    update conversations v set last_updated_at = greatest(last_updated_at, $1), message_count = message_count + t.n
    from unnest($8::text[], $9::int[]) as t (id, n) where v.id = t.id
)
update clients c set last_seen = greatest(c.last_seen, t.at), last_action_at = greatest(c.last_action_at, t.at)
from unnest($10::text[], $11::timestamptz[]) as t (id, at) where c.id = t.id
"""

_READ = """
update participants p set last_read = t.at, unread_count = 0
from unnest($1::text[], $2::text[], $3::timestamptz[]) as t (conversation_id, user_id, at)
where p.conversation_id = t.conversation_id and p.user_id = t.user_id
"""

_BLANK = """
update messages m set deleted = true,
    body = ((m.body::jsonb - 'metadata') || '{"deleted": true, "content": {"type": "text", "text": ""}}'::jsonb)::json
from mids k join unnest($1::text[], $2::text[]) as u (integration_id, mid) using (integration_id, mid)
where m.id = k.message_id and not m.deleted returning m.id
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
    fresh = await _claim(connection, arrivals, result.unwanted)
    await _make_contacts(connection, [arrivals[index] for index in sorted(fresh)], profiles, now, result)
    spoken = {_key(arrivals[index]) for index in fresh}
    await contacts.opened(connection, [contact for key, contact in result.contacts.items() if key in spoken])
    writer = _Writer(now)
    for index, arrival in enumerate(arrivals):
        if isinstance(arrival, UnsendArrival):
            writer.unsend(arrival)
            continue
        contact = result.contacts.get(_key(arrival))
        if contact is None:
            result.strangers.add(index)
            continue
        if index in result.unwanted:
            continue
        if isinstance(arrival, _OPENING) and index not in fresh:
            result.duplicates.add(index)
            continue
        result.events.extend((index, event) for event in writer.take(arrival, contact, fresh.get(index)))
    await writer.write(connection)
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
    arrivals: Sequence[Arrival],
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
        made = await contacts.create(connection, wanted, now)
        result.contacts |= made
        result.made = set(made)


async def _claim(connection: Connection, arrivals: Sequence[Arrival], unwanted: set[int]) -> dict[int, str]:
    """Which arrivals are new, by index, with the id their (first) message gets."""
    first: dict[Key, int] = {}
    taken_back: set[Key] = set()
    for index, arrival in enumerate(arrivals):
        if isinstance(arrival, UnsendArrival):
            taken_back.add((arrival.route.integration_id, arrival.mid))
        elif index in unwanted:
            continue
        elif isinstance(arrival, _OPENING) and (arrival.route.integration_id, arrival.mid) not in taken_back:
            first.setdefault((arrival.route.integration_id, arrival.mid), index)
    if not first:
        return {}
    ids = {index: new_id() for index in sorted(first.values())}
    rows = await connection.fetch(
        _CLAIM,
        [key[0] for key in first],
        [key[1] for key in first],
        [arrivals[index].route.app_id for index in first.values()],
        [ids[index] if _leaves_message(arrivals[index]) else None for index in first.values()],
    )
    new = {(row["integration_id"], row["mid"]) for row in rows}
    return {index: ids[index] for key, index in first.items() if key in new}


def _leaves_message(arrival: Arrival) -> bool:
    return isinstance(arrival, MessageArrival) or (
        isinstance(arrival, PostbackArrival) and switched_on(arrival.route.settings, "echoPostback")
    )


def _echoed(postback: PostbackArrival) -> MessageArrival:
    """What a tap is in the conversation's history, where the app wants it there: the label, with the payload."""
    content = {"type": "text", "text": postback.title or postback.payload, "payload": postback.payload}
    return MessageArrival(postback.route, postback.person, postback.at, postback.mid, (content,))


class _Writer:
    """Gathers the rows of a batch while its arrivals are told as events, then writes them set-based."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._messages: list[tuple[str, str, str, str, str | None, dict[str, Any]]] = []
        self._parts: list[tuple[str, str, int, str, str]] = []
        self._counts: dict[str, int] = {}
        self._actions: dict[str, datetime] = {}
        self._reads: dict[tuple[str, str], datetime] = {}
        self._unsent: list[tuple[str, str, str]] = []
        self._debts: dict[str, list[commitment.Debt]] = {}

    def take(self, arrival: Arrival, contact: Contact, message_id: str | None) -> list[Event]:
        """The events of one arrival; its rows are remembered for :meth:`write`."""
        events = []
        if contact.fresh and isinstance(arrival, _OPENING):
            contact.fresh = False
            payload = {
                "conversation": contact.conversation,
                "user": shapes.user_brief(contact.user),
                "creationReason": _CREATION_REASON[type(arrival)],
                "source": contact.source,
            }
            if isinstance(arrival, ReferralArrival):
                payload["referral"] = arrival.referral
            events.append(self._event("conversation:create", contact, payload))
            if isinstance(arrival, ReferralArrival):
                self._act(contact, arrival)
                return events
        match arrival:
            case MessageArrival():
                assert message_id is not None
                events += self._message(arrival, contact, message_id)
            case PostbackArrival():
                self._act(contact, arrival)
                self._owe(contact, arrival.at)
                postback = {"payload": arrival.payload}
                events.append(self._event("conversation:postback", contact, self._about(contact, postback=postback)))
                if _leaves_message(arrival):
                    assert message_id is not None
                    events += self._message(_echoed(arrival), contact, message_id)
            case ReferralArrival():
                self._act(contact, arrival)
                payload = self._about(contact, referral=arrival.referral)
                events.append(self._event("conversation:referral", contact, payload))
            case ReadArrival():
                events += self._read(arrival, contact)
        return events

    def unsend(self, arrival: UnsendArrival) -> None:
        """Remember a message that was taken back; also one that has not come yet, of whomever."""
        self._unsent.append((arrival.route.integration_id, arrival.mid, arrival.route.app_id))

    def _message(self, arrival: MessageArrival, contact: Contact, first_id: str) -> list[Event]:
        events = []
        by_user = arrival.author == "user"
        self._owe(contact, arrival.at if by_user else None)
        if by_user:
            self._act(contact, arrival)
        conversation_id = contact.conversation["id"]
        masks = switched_on(arrival.route.settings, "maskCreditCardNumbers")
        for part, content in enumerate(arrival.contents):
            message: dict[str, Any] = {
                "id": first_id if part == 0 else new_id(),
                "received": wire_time(self._now),
                "author": contact.author if by_user else {"type": "business"},
                "content": masked_content(content) if masks else content,
                "source": {
                    **contact.source,
                    "originalMessageId": arrival.mid,
                    "originalMessageTimestamp": wire_time(arrival.at),
                },
            }
            if arrival.metadata is not None:
                message["metadata"] = arrival.metadata
            if arrival.quoted_mid is not None:
                message["quotedMessage"] = {
                    "type": "externalMessageId",
                    "externalMessageId": arrival.quoted_mid,
                }
            user_id = contact.user["id"] if by_user else None
            self._messages.append((message["id"], contact.app_id, conversation_id, arrival.author, user_id, message))
            if part:
                self._parts.append((contact.integration_id, arrival.mid, part, contact.app_id, message["id"]))
            self._counts[conversation_id] = self._counts.get(conversation_id, 0) + 1
            told = message
            if by_user:
                told = {**message, "author": {**message["author"], "user": shapes.user_brief(contact.user)}}
            payload = {"conversation": contact.conversation, "message": told}
            events.append(self._event("conversation:message", contact, payload))
        return events

    def _read(self, arrival: ReadArrival, contact: Contact) -> list[Event]:
        if contact.last_read is not None and contact.last_read >= arrival.at:
            return []
        contact.last_read = arrival.at
        self._reads[(contact.conversation["id"], contact.user["id"])] = arrival.at
        brief = shapes.user_brief(contact.user)
        activity = {
            "type": "conversation:read",
            "author": {"type": "user", "userId": contact.user["id"], "user": brief},
            "source": contact.source,
        }
        payload = {"conversation": contact.conversation, "activity": activity}
        return [self._event("conversation:read", contact, payload)]

    def _about(self, contact: Contact, **what: Any) -> dict[str, Any]:
        return {
            "conversation": contact.conversation,
            "user": shapes.user_brief(contact.user),
            "source": contact.source,
            **what,
        }

    def _event(self, kind: str, contact: Contact, payload: dict[str, Any]) -> Event:
        return Event(contact.app_id, kind, payload, self._now, contact.conversation["id"], contact.user, contact.client)

    def _act(self, contact: Contact, arrival: Arrival) -> None:
        """The person acted: their window starts anew from Meta's time of it."""
        client_id = contact.client["id"]
        contact.client["lastSeen"] = wire_time(arrival.at)
        self._actions[client_id] = max(arrival.at, self._actions.get(client_id, datetime.min.replace(tzinfo=UTC)))

    def _owe(self, contact: Contact, since: datetime | None) -> None:
        """The person is owed an answer, or (None) has got one."""
        debt = commitment.Debt(contact.app_id, contact.integration_id, since)
        self._debts.setdefault(contact.conversation["id"], []).append(debt)

    async def write(self, connection: Connection) -> None:
        """Write everything gathered, one statement a table."""
        if self._messages or self._actions:
            columns = zip(*self._messages, strict=True) if self._messages else [()] * 6
            await connection.execute(
                _WRITE,
                self._now,
                *map(list, columns),
                list(self._counts),
                list(self._counts.values()),
                list(self._actions),
                list(self._actions.values()),
            )
        await commitment.note(connection, self._debts)
        if self._parts:
            await connection.execute(_MORE_PARTS, *map(list, zip(*self._parts, strict=True)))
        if self._reads:
            await connection.execute(
                _READ, [k[0] for k in self._reads], [k[1] for k in self._reads], list(self._reads.values())
            )
        if self._unsent:
            # The claim stays as a tombstone when the message has not come yet: it will find its mid taken.
            integrations, mids, apps = map(list, zip(*self._unsent, strict=True))
            await connection.execute(_CLAIM, integrations, mids, apps, [None] * len(mids))
            blanked = await connection.fetch(_BLANK, integrations, mids)
            if blanked:
                await attachments.let_go_of_messages(connection, [row["id"] for row in blanked])
