"""The rows of a batch of arrivals, gathered while they are told as events, then written set-based."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from heliograph.events import Event
from heliograph.events.wire_time import wire_time
from heliograph.messaging import commitment, shapes, threads
from heliograph.messaging.apps import masks_cards, switched_on
from heliograph.messaging.arrivals import (
    Arrival,
    ControlArrival,
    MessageArrival,
    PostbackArrival,
    ReadArrival,
    ReferralArrival,
)
from heliograph.messaging.card_numbers import masked_content
from heliograph.messaging.contacts import Contact
from heliograph.storage import Connection, new_id

Quotable = dict[tuple[str, str], dict[str, Any]]  # (integration, mid) -> the message's body

_CREATION_REASON = {
    MessageArrival: "message",
    PostbackArrival: "startConversation",
    ReferralArrival: "startConversation",
}

_MORE_PARTS = """
insert into mids (integration_id, mid, part, app_id, message_id)
select * from unnest($1::text[], $2::text[], $3::smallint[], $4::text[], $5::text[]) on conflict do nothing
"""

# One statement for what every message touches: itself, its conversation, and the client whose window starts anew.
_WRITE = """
with written as (
    insert into messages (id, app_id, conversation_id, author_type, user_id, received, body, channel, quoted_id)
    select id, app_id, conversation_id, author_type, user_id, $1, body, channel, quoted_id
    from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::json[], $8::json[], $9::text[])
        with ordinality as m (id, app_id, conversation_id, author_type, user_id, body, channel, quoted_id, ord)
    order by ord
), counted as (
    update conversations v set last_updated_at = greatest(last_updated_at, $1), message_count = message_count + t.n
    from unnest($10::text[], $11::int[]) as t (id, n) where v.id = t.id
)
update clients c set last_seen = greatest(c.last_seen, t.at), last_action_at = greatest(c.last_action_at, t.at)
from unnest($12::text[], $13::timestamptz[]) as t (id, at) where c.id = t.id
"""

# A mid is claimed once, so its files are written once.
_MEDIA = """
insert into media (id, app_id, integration_id, mid, part, message_id, conversation_id, kind, position, url, refreshed_at)
select *, $11::timestamptz from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::smallint[], $6::text[],
                                       $7::text[], $8::text[], $9::smallint[], $10::text[])
on conflict do nothing
"""

_READ = """
update participants p set last_read = t.at, unread_count = 0
from unnest($1::text[], $2::text[], $3::timestamptz[]) as t (conversation_id, user_id, at)
where p.conversation_id = t.conversation_id and p.user_id = t.user_id
"""

_Row = tuple[str, str, str, str, str | None, dict[str, Any], dict[str, Any] | None, str | None]


def leaves_message(arrival: Arrival) -> bool:
    """Whether an arrival becomes a message of the conversation's history."""
    return isinstance(arrival, MessageArrival) or (
        isinstance(arrival, PostbackArrival) and switched_on(arrival.route.settings, "echoPostback")
    )


def _echoed(postback: PostbackArrival) -> MessageArrival:
    """What a tap is in the conversation's history, where the app wants it there: the label, with the payload."""
    content = {"type": "text", "text": postback.title or postback.payload, "payload": postback.payload}
    return MessageArrival(postback.route, postback.person, postback.at, postback.mid, (content,))


class Writer:
    """Gathers the rows of a batch. ``quotable``: the messages here that arrivals of the batch may quote."""

    def __init__(self, now: datetime, quotable: Quotable) -> None:
        self._now = now
        self._quotable = quotable
        self._messages: list[_Row] = []
        self._parts: list[tuple[str, str, int, str, str]] = []
        self._media: list[tuple[str, str, str, str, int, str | None, str | None, str, int, str]] = []
        self._counts: dict[str, int] = {}
        self._actions: dict[str, datetime] = {}
        self._reads: dict[tuple[str, str], datetime] = {}
        self._owners: dict[str, tuple[str | None, datetime]] = {}
        self._debts: dict[str, list[commitment.Debt]] = {}

    def take(self, arrival: Arrival, contact: Contact, message_id: str | None) -> list[Event]:
        """The events of one arrival; its rows are remembered for :meth:`write`."""
        events = []
        if isinstance(arrival, MessageArrival | PostbackArrival | ReferralArrival):
            events += self._came(arrival, contact)
        match arrival:
            case MessageArrival():
                assert message_id is not None
                events += self._message(arrival, contact, message_id)
                events += self._overheard(arrival, contact)
            case PostbackArrival():
                self._act(contact, arrival)
                self._owe(contact, arrival.at)
                postback = {"payload": arrival.payload}
                events.append(self._event("conversation:postback", contact, self._about(contact, postback=postback)))
                if leaves_message(arrival):
                    assert message_id is not None
                    events += self._message(_echoed(arrival), contact, message_id)
                events += self._overheard(arrival, contact)
            case ReferralArrival():
                if arrival.acts:
                    self._act(contact, arrival)
                self._show(arrival, contact)
            case ReadArrival():
                events += self._read(arrival, contact)
            case ControlArrival():
                events += self._control(arrival, contact)
        return events

    def _came(self, arrival: MessageArrival | PostbackArrival | ReferralArrival, contact: Contact) -> list[Event]:
        """That a conversation begins, and by what the person came, if that is known."""
        if contact.fresh:
            contact.fresh = False
            payload: dict[str, Any] = {
                "conversation": contact.conversation,
                "user": shapes.user_brief(contact.user),
                "creationReason": _CREATION_REASON[type(arrival)],
                "source": contact.source,
            }
            if arrival.referral is not None:
                payload["referral"] = arrival.referral
            return [self._event("conversation:create", contact, payload)]
        if arrival.referral is None:
            return []
        payload = self._about(contact, referral=arrival.referral)
        return [self._event("conversation:referral", contact, payload)]

    def _message(self, arrival: MessageArrival, contact: Contact, first_id: str) -> list[Event]:
        events = []
        by_user = arrival.author == "user"
        self._owe(contact, arrival.at if by_user else None)
        if by_user:
            self._act(contact, arrival)
        conversation_id = contact.conversation["id"]
        masks = masks_cards(arrival.route.settings)
        quoted, quoted_id = self._quote(arrival)
        message_ids = []
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
            if quoted is not None:
                message["quotedMessage"] = quoted
            message_ids.append(message["id"])
            user_id = contact.user["id"] if by_user else None
            channel = {"raw": arrival.raw} if part == 0 and arrival.raw is not None else None
            self._messages.append(
                (message["id"], contact.app_id, conversation_id, arrival.author, user_id, message, channel, quoted_id)
            )
            if part:
                self._parts.append((contact.integration_id, arrival.mid, part, contact.app_id, message["id"]))
            else:
                self._quotable[contact.integration_id, arrival.mid] = message
            self._counts[conversation_id] = self._counts.get(conversation_id, 0) + 1
            told = message
            if by_user:
                told = {**message, "author": {**message["author"], "user": shapes.user_brief(contact.user)}}
            payload = {"conversation": contact.conversation, "message": told}
            events.append(self._event("conversation:message", contact, payload))
        self._show(arrival, contact, message_ids)
        return events

    def _show(
        self, arrival: MessageArrival | ReferralArrival, contact: Contact, message_ids: Sequence[str] = ()
    ) -> None:
        """Remember the files that addresses of ours name: each goes with the message that shows it."""
        for part, one in enumerate(arrival.media):
            message_id = message_ids[one.content or 0] if message_ids else None
            conversation_id = None if message_ids else contact.conversation["id"]
            self._media.append(
                (
                    *(one.id, contact.app_id, contact.integration_id, arrival.mid, part),
                    *(message_id, conversation_id, one.kind, one.position, one.url),
                )
            )

    def _quote(self, arrival: MessageArrival) -> tuple[dict[str, Any] | None, str | None]:
        """The wire's ``quotedMessage`` (2.7): the message itself where it is known, and its id; else the channel's id."""
        if arrival.quoted_mid is None:
            return None, None
        found = self._quotable.get((arrival.route.integration_id, arrival.quoted_mid))
        if found is None:
            return {"type": "externalMessageId", "externalMessageId": arrival.quoted_mid}, None
        # A quote of a quote would grow without end.
        whole = {name: value for name, value in found.items() if name != "quotedMessage"}
        return {"type": "message", "message": whole}, found["id"]

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

    # Who owns the thread --------------------------------------------------------------------------------------

    def _overheard(self, arrival: MessageArrival | PostbackArrival, contact: Contact) -> list[Event]:
        """What the mere way of a message tells: in passing, so another app owns the thread; or to us as its owner."""
        if arrival.standby and contact.thread_owner is None:
            return self._owned(arrival, contact, "standby", threads.UNNAMED)
        by_user = isinstance(arrival, PostbackArrival) or arrival.author == "user"
        if not arrival.standby and by_user and contact.thread_owner is not None:
            return self._owned(arrival, contact, "returned", None)
        return []

    def _control(self, arrival: ControlArrival, contact: Contact) -> list[Event]:
        told = {"previousOwnerAppId": arrival.previous, "metadata": arrival.metadata}
        more = {name: value for name, value in told.items() if value}
        if arrival.change == "requested":
            thread = {"change": "requested", "requestedOwnerAppId": arrival.owner, **more}
            return [self._thread(contact, thread)]
        owner = None if arrival.own else arrival.owner or threads.UNNAMED
        return self._owned(arrival, contact, arrival.change, owner, **more)

    def _owned(
        self,
        arrival: MessageArrival | PostbackArrival | ControlArrival,
        contact: Contact,
        change: str,
        owner: str | None,
        **more: str,
    ) -> list[Event]:
        if contact.thread_owner_at is not None and contact.thread_owner_at > arrival.at:
            return []  # what is known is newer
        contact.thread_owner, contact.thread_owner_at = owner, arrival.at
        self._owners[contact.client["id"]] = owner, arrival.at
        named = {} if owner in (None, threads.UNNAMED) else {"ownerAppId": owner}
        return [self._thread(contact, {"change": change, "ownedElsewhere": owner is not None, **named, **more})]

    def _thread(self, contact: Contact, thread: dict[str, Any]) -> Event:
        return self._event("conversation:thread:control", contact, self._about(contact, thread=thread))

    # ----------------------------------------------------------------------------------------------------------

    def _about(self, contact: Contact, **what: Any) -> dict[str, Any]:
        return {
            "conversation": contact.conversation,
            "user": shapes.user_brief(contact.user),
            "source": contact.source,
            **what,
        }

    def _event(self, kind: str, contact: Contact, payload: Mapping[str, Any]) -> Event:
        return Event(
            contact.app_id, kind, dict(payload), self._now, contact.conversation["id"], contact.user, contact.client
        )

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
            columns = zip(*self._messages, strict=True) if self._messages else [()] * 8
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
        if self._media:
            await connection.execute(_MEDIA, *map(list, zip(*self._media, strict=True)), self._now)
        if self._reads:
            await connection.execute(
                _READ, [k[0] for k in self._reads], [k[1] for k in self._reads], list(self._reads.values())
            )
        await threads.write(connection, self._owners)
