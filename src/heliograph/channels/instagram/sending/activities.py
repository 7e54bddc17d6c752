"""Typing, seen marks and reactions on their way to Instagram (Meta reference 2.2). One that fails is not tried again.

Meta shows typing for about 20 seconds; it is not renewed: who types for longer says so again.
"""

import time
from collections.abc import Mapping
from typing import Any

import orjson

from heliograph.channels.instagram.accounts.records import open_access
from heliograph.channels.instagram.meta.graph import Graph, GraphError, NoAnswerError, NotSentError
from heliograph.channels.instagram.meta.holds import heard
from heliograph.channels.instagram.meta.limits import TYPING
from heliograph.channels.instagram.sending import loading
from heliograph.channels.instagram.sending.quoting import mid_of
from heliograph.lanes import Job
from heliograph.storage import Database, SecretBox
from heliograph.storage.secrets import SecretError
from heliograph.telemetry import metrics
from heliograph.telemetry.logs import get_logger

log = get_logger("instagram")

SENDER_ACTIONS = {
    "typing:start": "typing_on",
    "typing:stop": "typing_off",
    "conversation:read": "mark_seen",
    "react": "react",
    "unreact": "unreact",
}
# A typing bubble older than Meta shows one would be a lie.
_PASSING = frozenset({"typing_on", "typing_off"})
# Messages wait behind it.
_TIMEOUT_SECONDS = 3.0


async def pass_on(database: Database, graph: Graph, box: SecretBox, conversation_id: str, job: Job) -> None:
    """Tell Meta, unless the moment has passed. What comes of it is counted, and logged when it is not taken."""
    wanted = orjson.loads(job.payload)
    outcome = await _tell(database, graph, box, conversation_id, wanted)
    metrics.ACTIVITIES.labels(wanted["activity"], "taken" if outcome is None else "not taken").inc()
    if outcome is not None:
        log.info("sender action not taken", conversation=conversation_id, action=wanted["activity"], error=outcome)


async def _tell(
    database: Database, graph: Graph, box: SecretBox, conversation_id: str, wanted: Mapping[str, Any]
) -> str | None:
    """Why Meta was not told, or did not take it; None when it did."""
    action = SENDER_ACTIONS[wanted["activity"]]
    if action in _PASSING and time.time() - wanted["at"] > TYPING:
        return "too late"
    async with database.pool.acquire() as connection:
        row = await loading.load(connection, conversation_id, "")
        if row is None or row["page_token"] is None:
            return "no integration"
        mid = ""
        if "message" in wanted:
            mid = await mid_of(connection, row["app_id"], conversation_id, wanted["message"]) or ""
            if not mid:
                return "Instagram does not have the message"
    body = {"recipient": {"id": row["person"]}, "sender_action": action, **_payload(mid, wanted.get("reaction"))}
    try:
        token, secret = open_access(box, row)
        await graph.call(
            "POST", "/me/messages", token, secret=secret, body=body, timeout=_TIMEOUT_SECONDS, name="action"
        )
    except (GraphError, NotSentError, NoAnswerError, SecretError) as error:
        await heard(database, error)
        return str(error)
    if mid:
        await reacted(database, row, mid, wanted.get("reaction"))
    return None


def _payload(mid: str, reaction: str | None) -> dict[str, Any]:
    if not mid:
        return {}
    return {"payload": {"message_id": mid, **({"reaction": reaction} if reaction else {})}}


async def reacted(database: Database, row: Mapping[str, Any], mid: str, reaction: str | None) -> None:
    """Meta has the business's reaction to ``mid`` (None: taken back), and sends no echo of it (Meta reference 7, 34).

    The one place where it becomes known: whoever keeps reactions with their messages does so here.
    """
    log.info("reacted", integration=row["integration_id"], mid=mid, reaction=reaction)
