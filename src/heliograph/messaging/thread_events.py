"""What arrivals tell of who owns a thread (see `threads`): the event ``conversation:thread:control``, and its rows."""

from typing import Any

from heliograph.events import Event
from heliograph.messaging.arrivals import ControlArrival, MessageArrival, PostbackArrival
from heliograph.messaging.contacts import Contact
from heliograph.messaging.rows import Rows
from heliograph.messaging.threads import UNNAMED


def overheard(arrival: MessageArrival | PostbackArrival, contact: Contact, rows: Rows) -> list[Event]:
    """What the mere way of a message tells: in passing, so another app owns the thread; or to us as its owner."""
    if arrival.standby and contact.thread_owner is None:
        return _owned(arrival, contact, rows, "standby", UNNAMED)
    by_user = isinstance(arrival, PostbackArrival) or arrival.author == "user"
    if not arrival.standby and by_user and contact.thread_owner is not None:
        return _owned(arrival, contact, rows, "returned", None)
    return []


def control(arrival: ControlArrival, contact: Contact, rows: Rows) -> list[Event]:
    """What the channel told: the thread changed hands, or another app asks for it."""
    told = {"previousOwnerAppId": arrival.previous, "metadata": arrival.metadata}
    more = {name: value for name, value in told.items() if value}
    if arrival.change == "requested":
        return [_event(contact, rows, {"change": "requested", "requestedOwnerAppId": arrival.owner, **more})]
    owner = None if arrival.own else arrival.owner or UNNAMED
    return _owned(arrival, contact, rows, arrival.change, owner, **more)


def _owned(
    arrival: MessageArrival | PostbackArrival | ControlArrival,
    contact: Contact,
    rows: Rows,
    change: str,
    owner: str | None,
    **more: str,
) -> list[Event]:
    if contact.thread_owner_at is not None and contact.thread_owner_at > arrival.at:
        return []  # what is known is newer
    contact.thread_owner, contact.thread_owner_at = owner, arrival.at
    rows.owner(contact, owner, arrival.at)
    named = {} if owner in (None, UNNAMED) else {"ownerAppId": owner}
    return [_event(contact, rows, {"change": change, "ownedElsewhere": owner is not None, **named, **more})]


def _event(contact: Contact, rows: Rows, thread: dict[str, Any]) -> Event:
    return contact.event("conversation:thread:control", contact.about(thread=thread), rows.now)
