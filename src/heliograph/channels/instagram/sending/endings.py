"""Messages that are over, as a group of turns leaves them: what the ledger keeps of it, and what customers hear."""

from heliograph.channels.instagram.meta.refusals import owned_elsewhere
from heliograph.channels.instagram.sending import ledger
from heliograph.channels.instagram.sending.delivery_events import CHANNEL, FAILURE, USER, delivery_event
from heliograph.channels.instagram.sending.turn import Plan
from heliograph.events import Event, publish
from heliograph.messaging import commitment
from heliograph.storage import Connection


async def close(connection: Connection, plan: Plan) -> None:
    """Messages that are over: the ledger says so, and customers hear of it."""
    sent = [message_id for message_id, failure in plan.endings.items() if failure is None]
    given_up = [message_id for message_id, failure in plan.endings.items() if failure is not None] + plan.dropped
    reached = await ledger.finish(connection, sent, plan.now) if sent else set()
    if sent:
        await commitment.answered(connection, sent)
    if given_up:
        await ledger.give_up(connection, given_up, plan.in_doubt)
    for client_id, answer in plan.owned_elsewhere:
        await owned_elsewhere(connection, client_id, answer)
    if not plan.endings:
        return
    events: list[Event] = []
    # None: the conversation was deleted just now.
    told = {row["message_id"]: row for row in await ledger.about(connection, list(plan.endings))}
    for message_id, failure in plan.endings.items():
        about = told.get(message_id)
        if about is None:
            continue
        if failure is not None:
            events.append(delivery_event(FAILURE, about, plan.now, error=failure.wire()))
            continue
        events.append(delivery_event(CHANNEL, about, plan.now))
        if message_id in reached:
            events.append(delivery_event(USER, about, plan.now))
    await publish(connection, events)
