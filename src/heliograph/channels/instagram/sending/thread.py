"""Looking for a part of unknown outcome in Meta's own record of the thread (Meta reference 5.2)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from heliograph.channels.base import SendOutcome
from heliograph.channels.instagram.meta.answers import Answer, refusal
from heliograph.channels.instagram.meta.graph import (
    CLOCK_TOLERANCE,
    Graph,
    GraphError,
    NoAnswerError,
    NotSentError,
    flavour_of,
)
from heliograph.channels.instagram.sending.matching import is_listed_as
from heliograph.storage import Database

# Meta writes whole seconds, and clocks may differ by what the Graph client does not correct.
_SLACK = CLOCK_TOLERANCE + timedelta(seconds=5)
# Refusals of the reading itself that pass by themselves, and those that tell something about the integration.
_PASSES = (SendOutcome.RETRY, SendOutcome.RATE_LIMITED, SendOutcome.UNKNOWN)
_STANDS = (SendOutcome.RECONNECT, SendOutcome.CONFIGURATION)
# Of a thread's messages Meta tells the content of so many, the youngest (5.2).
_MOST_TOLD = 20
_FIELDS = "messages{id,created_time,from,to,message,attachments}"

# Which messages we know, and whether each was here before the one that is looked for. Served by mids_pkey, messages_pkey.
_KNOWN = """
select k.mid, coalesce(m.seq <= own.seq and m.conversation_id = own.conversation_id, false) as before
from mids k left join messages m on m.id = k.message_id left join messages own on own.id = $3
where k.integration_id = $1 and k.mid = any ($2::text[])
"""


async def look_for(database: Database, graph: Graph, row: Any, part: Any, token: str, secret: str | None) -> Answer:
    """Whether Meta has the part: *sent* with its mid, or *permanent* when it is not there.

    *Unknown* when Meta does not tell enough of the thread to say that it is not there. *Retry* when Meta cannot be asked
    now; *reconnect*, *configuration* or *permanent* when it never may be.
    """
    try:
        answer = await graph.call(
            "GET",
            flavour_of(token).conversations.format(page_id=row["page_id"]),
            token,
            secret=secret,
            params={"platform": "instagram", "user_id": row["person"], "fields": _FIELDS},
            name="conversations",
        )
    except GraphError as error:
        return _unreadable(refusal(error))
    except (NotSentError, NoAnswerError) as error:
        return Answer(SendOutcome.RETRY, text=str(error))
    by_its_clock_now = part["started_at"] + (graph.now() - datetime.now(part["started_at"].tzinfo))
    # Either clock may have been put right since: the earlier of the two times is sure not to be too late.
    earliest = min(part["metas_time"] or by_its_clock_now, by_its_clock_now) - _SLACK
    listed = [
        message
        for conversation in answer.get("data", [])
        for message in conversation.get("messages", {}).get("data", [])
    ]
    candidates = [message["id"] for message in listed if _is_part(message, row, part, earliest)]
    told = [message["id"] for message in listed if _created(message) is not None]
    known = await database.fetch(_KNOWN, row["integration_id"], told, row["message_id"])
    taken = {one["mid"] for one in known}
    # Meta lists the newest first; the oldest that fits is the one.
    for mid in reversed(candidates):
        if mid not in taken:
            return Answer(SendOutcome.SENT, mid)
    # Whatever was here before the message was posted is older than its parts, whatever the clocks say.
    if not (any(one["before"] for one in known) or _reaches_back(listed, earliest)):
        return Answer(
            SendOutcome.UNKNOWN, text="The thread went on, and Meta does not tell of it as far back as the part."
        )
    return Answer(
        SendOutcome.PERMANENT,
        text=part["error"] or "no answer",
        advice="Meta did not answer, and the message is not in the thread. It was not sent; you may send it again.",
    )


def _unreadable(refused: Answer) -> Answer:
    if refused.outcome in _PASSES:
        return Answer(SendOutcome.RETRY, text=refused.text, hold=refused.hold)
    stands = refused.outcome in _STANDS
    return replace(
        refused,
        outcome=refused.outcome if stands else SendOutcome.PERMANENT,
        sunshine_code=refused.sunshine_code if stands else "uncategorized_error",
        advice="Meta did not answer the send, and the thread cannot be read to see whether the message is there: it may"
        f" have been sent. {refused.advice}",
        once_more=False,
        in_doubt=True,
    )


def _reaches_back(listed: Sequence[dict[str, Any]], earliest: datetime) -> bool:
    """Whether Meta told of the thread since ``earliest``: of long ones it tells the youngest messages only (5.2)."""
    told = [created for message in listed if (created := _created(message)) is not None]
    return any(created < earliest for created in told) or len(told) == len(listed) < _MOST_TOLD


def _created(message: dict[str, Any]) -> datetime | None:
    try:
        return datetime.fromisoformat(message["created_time"])
    except (KeyError, TypeError, ValueError):
        return None


def _is_part(message: dict[str, Any], row: Any, part: Any, earliest: datetime) -> bool:
    sender = (message.get("from") or {}).get("id")
    created = _created(message)
    if created is None or sender == row["person"] or created < earliest:
        return False
    return is_listed_as(part["request"], message.get("message") or "", bool(message.get("attachments")))
