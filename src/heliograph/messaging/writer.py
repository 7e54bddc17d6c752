"""Arrivals told as events: conversations that begin, messages, taps, reads. What stays of them goes to `rows`."""

from datetime import datetime
from typing import Any

from heliograph.events import Event
from heliograph.events.wire_time import wire_time
from heliograph.messaging import shapes, thread_events
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
from heliograph.messaging.rows import Rows
from heliograph.storage import Connection, new_id

Quotable = dict[tuple[str, str], dict[str, Any]]  # (integration, mid) -> the message's body

_CREATION_REASON = {
    MessageArrival: "message",
    PostbackArrival: "startConversation",
    ReferralArrival: "startConversation",
}


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
    """Tells arrivals as events, and gathers their rows. ``quotable``: the messages here that they may quote."""

    def __init__(self, now: datetime, quotable: Quotable) -> None:
        self._rows = Rows(now)
        self._quotable = quotable

    def take(self, arrival: Arrival, contact: Contact, message_id: str | None) -> list[Event]:
        """The events of one arrival; its rows are remembered for :meth:`write`."""
        events = []
        if isinstance(arrival, MessageArrival | PostbackArrival | ReferralArrival):
            events += self._came(arrival, contact)
        match arrival:
            case MessageArrival():
                assert message_id is not None
                events += self._message(arrival, contact, message_id)
                events += thread_events.overheard(arrival, contact, self._rows)
            case PostbackArrival():
                self._act(contact, arrival.at)
                self._rows.debt(contact, arrival.at)
                events.append(self._event("conversation:postback", contact, postback={"payload": arrival.payload}))
                if leaves_message(arrival):
                    assert message_id is not None
                    events += self._message(_echoed(arrival), contact, message_id)
                events += thread_events.overheard(arrival, contact, self._rows)
            case ReferralArrival():
                if arrival.acts:
                    self._act(contact, arrival.at)
                self._rows.media(contact, arrival)
            case ReadArrival():
                events += self._read(arrival, contact)
            case ControlArrival():
                events += thread_events.control(arrival, contact, self._rows)
        return events

    async def write(self, connection: Connection) -> None:
        """Write the rows of everything that was taken."""
        await self._rows.write(connection)

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
            return [contact.event("conversation:create", payload, self._rows.now)]
        if arrival.referral is None:
            return []
        return [self._event("conversation:referral", contact, referral=arrival.referral)]

    def _message(self, arrival: MessageArrival, contact: Contact, first_id: str) -> list[Event]:
        by_user = arrival.author == "user"
        self._rows.debt(contact, arrival.at if by_user else None)
        if by_user:
            self._act(contact, arrival.at)
        masks = masks_cards(arrival.route.settings)
        quoted, quoted_id = self._quote(arrival)
        events, message_ids = [], []
        for part, content in enumerate(arrival.contents):
            shown = masked_content(content) if masks else content
            message = self._body(arrival, contact, first_id if part == 0 else new_id(), shown, quoted)
            self._rows.message(contact, arrival, part, message, quoted_id)
            message_ids.append(message["id"])
            if part == 0:
                self._quotable[contact.integration_id, arrival.mid] = message
            told = message
            if by_user:
                told = {**message, "author": {**message["author"], "user": shapes.user_brief(contact.user)}}
            payload = {"conversation": contact.conversation, "message": told}
            events.append(contact.event("conversation:message", payload, self._rows.now))
        self._rows.media(contact, arrival, message_ids)
        return events

    def _body(
        self,
        arrival: MessageArrival,
        contact: Contact,
        message_id: str,
        content: dict[str, Any],
        quoted: dict[str, Any] | None,
    ) -> dict[str, Any]:
        """The wire's message (2.7)."""
        message: dict[str, Any] = {
            "id": message_id,
            "received": wire_time(self._rows.now),
            "author": contact.author if arrival.author == "user" else {"type": "business"},
            "content": content,
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
        return message

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
        self._rows.read(contact, arrival.at)
        activity = {
            "type": "conversation:read",
            "author": {"type": "user", "userId": contact.user["id"], "user": shapes.user_brief(contact.user)},
            "source": contact.source,
        }
        payload = {"conversation": contact.conversation, "activity": activity}
        return [contact.event("conversation:read", payload, self._rows.now)]

    def _act(self, contact: Contact, at: datetime) -> None:
        """The person acted: their window starts anew from the channel's time of it."""
        contact.client["lastSeen"] = wire_time(at)
        self._rows.action(contact, at)

    def _event(self, kind: str, contact: Contact, **what: Any) -> Event:
        return contact.event(kind, contact.about(**what), self._rows.now)
