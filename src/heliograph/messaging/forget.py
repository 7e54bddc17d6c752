"""Forgetting deleted users and conversations: what their deletion leaves behind, in small steps.

    DeleteUser ──▶ user and clients gone ──▶ job ──▶ conversations, one after the other ──▶ user:remove, settle
    DeleteConversation ──▶ conversation gone, conversation:remove ──▶ job ──▶ messages, some at a time ──▶ settle

Every arrow after a job is a short transaction: no lock outlives one, and a run that is killed starts again and goes on.
Whoever was writing into a conversation holds its row, and is waited for: what they wrote goes too.

mids stay, without their message: what was applied once is never applied again, however often it is repeated to us, and
an echo of what we sent is never taken for a message typed elsewhere.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from heliograph.events import Event, publish
from heliograph.lanes import Job, Lane, LaneKind, NewJob, Outcome, enqueue, settle
from heliograph.messaging import attachments, shapes
from heliograph.messaging.switchboard.state import SEEN
from heliograph.storage import Connection, Database
from heliograph.telemetry.logs import get_logger

log = get_logger("messaging")

FORGET_LANE = "forget"

CHUNK = 2000
# A part is at its channel just now: its answer, or its echo, finds the ledger as it was. Longer than any call takes.
_UNDER_WAY_SECONDS = 60.0
_UNDER_WAY_PAUSE = 1.0

# Served by users_pkey and clients_of_user. Deleting waits for those who lock the user: they are before it.
_TAKE_USER = "delete from users where app_id = $1 and id = $2 returning *"
_TAKE_CLIENTS = "delete from clients where user_id = $1"
# Served by clients_of_user and early_changes_of_person.
_TAKE_EARLY = """
delete from early_changes e using clients c
where c.user_id = $1 and e.integration_id = c.integration_id and e.person = c.external_id
"""

# Served by participants_of_user and conversations_pkey.
_NEXT = """
select v.id, v.type from participants p join conversations v on v.id = p.conversation_id
where p.user_id = $1 order by v.id limit 1
"""
_LIVING_APP = "select id from apps where id = $1 for key share"
_LOCK = f"select {SEEN} from conversations v where id = $1 for update of v"  # noqa: S608

# All led by indexes on what is given: messages_of_conversation, mids_of_message, primary keys.
_MESSAGES = "select id from messages where conversation_id = $1 and ($2::text is null or user_id = $2) limit $3"
_UNDER_WAY = """
select exists (select from send_parts where message_id = any ($1::text[]) and state = 'sending'
               and started_at > now() - make_interval(secs => $2))
"""
_OF_MESSAGES = (
    "update mids set message_id = null where message_id = any ($1::text[])",
    "delete from send_parts where message_id = any ($1::text[])",
    "delete from sends where message_id = any ($1::text[])",
    "delete from messages where id = any ($1::text[])",
)
_RECOUNT = "update conversations set message_count = greatest(message_count - $2, 0) where id = $1"
_CLOSE = (
    "delete from participants where conversation_id = $1",
    "delete from conversations where id = $1",
    "delete from commitments where conversation_id = $1",
    "select key from lanes where kind = 'send' and key = $1 for update",
    "delete from jobs where kind = 'send' and key = $1",
    "delete from lanes where kind = 'send' and key = $1",
)
_LEAVE = "delete from participants where conversation_id = $1 and user_id = $2"


class _UnderWayError(Exception):
    """Something is at its channel just now: it is erased a moment later."""


def conversation_job(conversation_id: str) -> str:
    """The payload of the job that erases a deleted conversation's messages."""
    return orjson.dumps({"conversation": conversation_id}).decode()


async def take_user(connection: Connection, app_id: str, user_id: str) -> bool:
    """Delete a user with their clients, and have the rest forgotten. False: no such user.

    Whoever writes on a channel after this is a new user.
    """
    row = await connection.fetchrow(_TAKE_USER, app_id, user_id)
    if row is None:
        return False
    await connection.execute(_TAKE_EARLY, user_id)
    await connection.execute(_TAKE_CLIENTS, user_id)
    payload = orjson.dumps({"app": app_id, "user": shapes.user(row)}).decode()
    await enqueue(connection, [NewJob(FORGET_LANE, user_id, payload)])
    return True


async def close(connection: Connection, conversation: Any, now: datetime) -> None:
    """Take a locked conversation away and tell of it. Nothing that waits in its `send` lane is sent any more.

    A worker that holds the lane loses its lease. The messages are left to be erased.
    """
    app_id, conversation_id = conversation["app_id"], conversation["id"]
    payload = {"conversation": shapes.conversation_brief(conversation)}
    await attachments.let_go_of_conversations(connection, [conversation_id])
    for sql in _CLOSE:
        await connection.execute(sql, conversation_id)
    await publish(connection, [Event(app_id, "conversation:remove", payload, now, conversation_id)])


class ForgetWorker:
    """Handles the ``forget`` lanes: one job each."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def kind(self) -> LaneKind:
        """How the lane workers should run this."""
        return LaneKind(
            FORGET_LANE, self.handle, self.on_dead, lanes_per_batch=1, jobs_per_lane=1, most_batches=2, most_lanes=8
        )

    async def handle(self, lanes: list[Lane]) -> None:
        """Forget what each lane's job names."""
        for lane in lanes:
            if not lane.jobs:
                continue
            job = lane.jobs[0]
            what = orjson.loads(job.payload)
            try:
                if "user" in what:
                    await self._user(lane, job, what["app"], what["user"])
                else:
                    await self._conversation(lane, job, what["conversation"])
            except _UnderWayError:
                async with self._database.transaction() as connection:
                    await settle(connection, [Outcome(lane, retry_after=_UNDER_WAY_PAUSE)])
            lane.settled = True

    async def on_dead(self, connection: Connection, lane: Lane, job: Job, error: str) -> None:
        """There is no giving up: the job begins anew."""
        log.error("forgetting failed again and again, it goes on", lane=lane.key, error=error)
        await enqueue(connection, [NewJob(lane.kind, lane.key, job.payload)])

    async def _conversation(self, lane: Lane, job: Job, conversation_id: str) -> None:
        await self._messages(conversation_id)
        async with self._database.transaction() as connection:
            await settle(connection, [Outcome(lane, [job.id])])

    async def _user(self, lane: Lane, job: Job, app_id: str, user: dict[str, Any]) -> None:
        while True:
            async with self._database.relaxed.acquire() as connection:
                row = await connection.fetchrow(_NEXT, user["id"])
            if row is None:
                break
            author = None if row["type"] == "personal" else user["id"]
            await self._messages(row["id"], author)
            await self._part(app_id, row["id"], user)
        async with self._database.transaction() as connection:
            if await connection.fetchval(_LIVING_APP, app_id) is not None:
                payload = {"user": shapes.user_brief(user)}
                await publish(connection, [Event(app_id, "user:remove", payload, datetime.now(UTC), user=user)])
            await settle(connection, [Outcome(lane, [job.id])])
        log.info("forgotten", user=user["id"], app=app_id)

    async def _messages(self, conversation_id: str, author: str | None = None) -> None:
        """Erase messages (of one author, or all), some in each transaction."""
        while True:
            async with self._database.transaction(relaxed=True) as connection:
                if await _drop_messages(connection, conversation_id, author) < CHUNK:
                    return

    async def _part(self, app_id: str, conversation_id: str, user: dict[str, Any]) -> None:
        """End a user's part in a conversation: a personal one goes, from a group they go."""
        now = datetime.now(UTC)
        async with self._database.transaction() as connection:
            alive = await connection.fetchval(_LIVING_APP, app_id) is not None
            row = await connection.fetchrow(_LOCK, conversation_id)
            if row is None:
                return
            author = None if row["type"] == "personal" else user["id"]
            while await _drop_messages(connection, conversation_id, author):  # only what came in just now
                pass
            if not alive:  # its deletion erases all conversations
                await connection.execute(_LEAVE, conversation_id, user["id"])
            elif row["type"] == "personal":
                await close(connection, row, now)
            else:
                await connection.execute(_LEAVE, conversation_id, user["id"])
                payload = {"conversation": shapes.conversation_brief(row), "user": shapes.user_brief(user)}
                await publish(connection, [Event(app_id, "conversation:leave", payload, now, conversation_id, user)])


async def _drop_messages(connection: Connection, conversation_id: str, author: str | None) -> int:
    ids: Sequence[str] = [row["id"] for row in await connection.fetch(_MESSAGES, conversation_id, author, CHUNK)]
    if not ids:
        return 0
    if await connection.fetchval(_UNDER_WAY, ids, _UNDER_WAY_SECONDS):
        raise _UnderWayError
    await attachments.let_go_of_messages(connection, ids)
    for sql in _OF_MESSAGES:
        await connection.execute(sql, ids)
    await connection.execute(_RECOUNT, conversation_id, len(ids))
    return len(ids)
