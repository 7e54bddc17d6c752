"""Handing one part to Meta."""

from typing import Any

from heliograph.channels.base import SendOutcome
from heliograph.channels.instagram.meta.answers import Answer, refusal
from heliograph.channels.instagram.meta.graph import Graph, GraphError, NoAnswerError, NotSentError
from heliograph.channels.instagram.sending.override import REPLY_TO


async def ask(
    graph: Graph,
    person: str,
    part: dict[str, Any],
    tag: str | None,
    token: str,
    secret: str | None,
) -> Answer:
    """Send a part (Meta reference 2). There is no idempotency key at Meta: the caller has claimed the part.

    A part that quotes a message carries ``reply_to`` among its members; Meta wants it beside ``message``.
    """
    kind = {"messaging_type": "MESSAGE_TAG", "tag": tag} if tag else {"messaging_type": "RESPONSE"}
    beside = {REPLY_TO: part[REPLY_TO]} if REPLY_TO in part else {}
    message = {name: value for name, value in part.items() if name != REPLY_TO}
    body = {"recipient": {"id": person}, "message": message, **beside, **kind}
    try:
        answer = await graph.call("POST", "/me/messages", token, secret=secret, body=body, name="send")
    except GraphError as error:
        return refusal(error, alike=await graph.refuses_all(token, error))
    except NotSentError as error:
        return Answer(
            SendOutcome.RETRY, text=str(error), sunshine_code="channel_unavailable", advice="Meta could not be reached."
        )
    except NoAnswerError as error:
        return Answer(SendOutcome.UNKNOWN, text=str(error))
    mid = answer.get("message_id")
    if not isinstance(mid, str) or not mid:
        return Answer(SendOutcome.UNKNOWN, text="Meta's answer carries no message_id")
    return Answer(SendOutcome.SENT, mid)
