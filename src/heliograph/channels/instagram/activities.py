"""Typing and seen marks on their way to Instagram (Meta reference 2.2). One that fails is not tried again."""

import time

import orjson

from heliograph.channels.instagram import ledger
from heliograph.channels.instagram.accounts import secret_place, token_place
from heliograph.channels.instagram.graph import Graph, GraphError, NoAnswerError, NotSentError
from heliograph.lanes import Job
from heliograph.storage import Database, SecretBox
from heliograph.storage.secrets import SecretError
from heliograph.telemetry.logs import get_logger

log = get_logger("instagram")

SENDER_ACTIONS = {"typing:start": "typing_on", "typing:stop": "typing_off", "conversation:read": "mark_seen"}
# Meta shows typing for about this long; a mark older than that would be a lie.
_STALE_SECONDS = 20.0
# Messages wait behind it.
_TIMEOUT_SECONDS = 3.0


async def pass_on(database: Database, graph: Graph, box: SecretBox, conversation_id: str, job: Job) -> None:
    """Tell Meta, unless the moment has passed."""
    wanted = orjson.loads(job.payload)
    action = SENDER_ACTIONS[wanted["activity"]]
    if action != "mark_seen" and time.time() - wanted["at"] > _STALE_SECONDS:
        return
    async with database.pool.acquire() as connection:
        row = await ledger.load(connection, conversation_id, "")
    if row is None or row["page_token"] is None:
        return
    body = {"recipient": {"id": row["person"]}, "sender_action": action}
    try:
        token = box.open(row["page_token"], token_place(row["integration_id"]))
        secret = box.open(row["app_secret"], secret_place(row["facebook_app_id"]))
        await graph.call(
            "POST", "/me/messages", token, secret=secret, body=body, timeout=_TIMEOUT_SECONDS, name="action"
        )
    except (GraphError, NotSentError, NoAnswerError, SecretError) as error:
        log.info("sender action not taken", conversation=conversation_id, action=action, error=str(error))
