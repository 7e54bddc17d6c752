"""Handing one part to Meta, and what its answer means."""

from dataclasses import dataclass
from typing import Any

from heliograph.channels.base import SendOutcome
from heliograph.channels.instagram.meta.errors import Hold, meaning
from heliograph.channels.instagram.meta.graph import Graph, GraphError, NoAnswerError, NotSentError
from heliograph.channels.instagram.sending.override import REPLY_TO


@dataclass(frozen=True, slots=True)
class Answer:
    """The outcome of a send. ``mid`` when it was sent; ``code``, ``subcode`` and ``text`` are Meta's own.

    ``once_more``: Meta did not take it, and one more try is worth it before the outcome counts.
    ``hold``: who is to be left alone now. ``in_doubt``: for good, and yet it may have been sent.
    """

    outcome: SendOutcome
    mid: str = ""
    code: int | None = None
    subcode: int | None = None
    text: str = ""
    sunshine_code: str = "uncategorized_error"
    advice: str = ""
    once_more: bool = False
    hold: Hold | None = None
    in_doubt: bool = False

    def underlying(self) -> dict[str, Any] | None:
        """Meta's error as customers get it beside ours; None when Meta said nothing."""
        if self.code is None:
            return None
        said = {"code": self.code, "subcode": self.subcode, "message": self.text}
        return {name: value for name, value in said.items() if value is not None}


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


def refusal(error: GraphError, *, alike: bool = False) -> Answer:
    """What Meta's error means, in words that say what to do. ``alike``: every call with the token gets this error."""
    meant = meaning(error.code, error.subcode, transient=error.transient, status=error.status, alike=alike)
    text = f"{meant.advice} Meta said: {error}"
    return Answer(
        meant.outcome,
        code=error.code,
        subcode=error.subcode,
        text=error.message[:500],
        sunshine_code=meant.code,
        advice=text,
        once_more=meant.once_more,
        hold=meant.hold,
    )
