"""The event log and its fan-out.

What happens to a conversation is published here, in the transaction that makes it happen: the event's row, and a job in
the lane of each webhook that asked for its trigger. So an event is never told without having happened, nor the reverse.

log        publishing                   triggers  the names of all events
wire_time  time as the wire writes it
"""

from heliograph.events.log import WEBHOOK_LANE, Audience, Event, publish
from heliograph.events.triggers import EXTENSIONS, TRIGGERS

__all__ = ["EXTENSIONS", "TRIGGERS", "WEBHOOK_LANE", "Audience", "Event", "publish"]
