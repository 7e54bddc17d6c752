"""Forgetting deleted users and conversations: what their deletion leaves behind, in small steps.

    DeleteUser ──▶ user and clients gone ──▶ job ──▶ conversations, one after the other: messages, answers, events
                     ──▶ events about the user ──▶ what channels keep (`Elsewhere`) ──▶ user:remove, settle ──▶ last words
    DeleteConversation ──▶ conversation gone, conversation:remove ──▶ job ──▶ messages, some at a time ──▶ last words
    DeleteUserPersonalInformation ──▶ user and clients blank ──▶ job ──▶ names in messages and events
    last words: the events that tell of all this go when they are told

Events of a deleted user that still wait to be told are told no more; those of a deleted conversation are, then go.

Every arrow after a job is a short transaction: no lock outlives one, and a run that is killed starts again and goes on.
Whoever was writing into a conversation holds its row, and is waited for: what they wrote goes too.

mids stay, without their message: what was applied once is never applied again, however often it is repeated to us, and
an echo of what we sent is never taken for a message typed elsewhere.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

import orjson

from heliograph.events import Event, publish
from heliograph.lanes import Job, Lane, LaneKind, NewJob, Outcome, enqueue, settle
from heliograph.messaging import attachments, event_erasure, last_words, shapes
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
_TAKE_CLIENTS = "delete from clients where user_id = $1 returning integration_id, external_id"
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
_ANSWERS = """
delete from idempotency_keys where conversation_id = $1 and ($2::text is null or position($2 in response::text) > 0)
"""  # served by idempotency_keys_of_conversation
_ALL_LEAVE = "delete from participants where conversation_id = $1 returning user_id"
_CLOSE = (
    "delete from conversations where id = $1",
    "delete from commitments where conversation_id = $1",
    "select key from lanes where kind = 'send' and key = $1 for update",
    "delete from jobs where kind = 'send' and key = $1",
    "delete from lanes where kind = 'send' and key = $1",
)
_LEAVE = "delete from participants where conversation_id = $1 and user_id = $2"


# Served by messages_of_conversation, under the conversation's lock.
_NAMING = """
select id, seq, body from messages where conversation_id = $1 and seq > $2 and position($3 in body::text) > 0
order by seq limit $4
"""
_RENAME = "update messages m set body = t.body from unnest($1::text[], $2::json[]) as t (id, body) where m.id = t.id"
_CONVERSATIONS = "select conversation_id from participants where user_id = $1 order by conversation_id"


class NotYetError(Exception):
    """Something of theirs is under way just now: it is erased a moment later."""


class Elsewhere(Protocol):
    """What a channel keeps of people beside the domain."""

    async def forget(self, people: Sequence[tuple[str, str]], before: datetime) -> None:
        """Erase what came of people, as (integration, id on the channel), up to their deletion. It may be asked again.

        Raises :class:`NotYetError`.
        """


def conversation_job(conversation_id: str) -> str:
    """The payload of the job that erases a deleted conversation's messages."""
    return orjson.dumps({"conversation": conversation_id}).decode()


def personal_job(app_id: str, user_id: str) -> NewJob:
    """The job that takes a user's name out of messages and events."""
    return NewJob(FORGET_LANE, user_id, orjson.dumps({"app": app_id, "nameless": user_id}).decode())


async def take_user(connection: Connection, app_id: str, user_id: str, *, group: str = "") -> bool:
    """Delete a user with their clients, and have the rest forgotten. False: no such user.

    Whoever writes on a channel after this is a new user. ``group``: of the lane in which it is done.
    """
    row = await connection.fetchrow(_TAKE_USER, app_id, user_id)
    if row is None:
        return False
    await connection.execute(_TAKE_EARLY, user_id)
    clients = [list(client) for client in await connection.fetch(_TAKE_CLIENTS, user_id)]
    now = await connection.fetchval("select now()")
    what = {"app": app_id, "user": shapes.user(row), "clients": clients, "at": now}
    await enqueue(connection, [NewJob(FORGET_LANE, user_id, orjson.dumps(what).decode(), group)])
    return True


async def close(connection: Connection, conversation: Any, now: datetime) -> None:
    """Take a locked conversation away and tell of it. Nothing that waits in its `send` lane is sent any more.

    A worker that holds the lane loses its lease. The messages are left to be erased.
    """
    app_id, conversation_id = conversation["app_id"], conversation["id"]
    payload = {"conversation": shapes.conversation_brief(conversation)}
    await attachments.let_go_of_conversations(connection, [conversation_id])
    people = [row["user_id"] for row in await connection.fetch(_ALL_LEAVE, conversation_id)]
    for sql in _CLOSE:
        await connection.execute(sql, conversation_id)
    whose = people[0] if len(people) == 1 else None
    await publish(connection, [Event(app_id, "conversation:remove", payload, now, conversation_id, user_id=whose)])


class ForgetWorker:
    """Handles the ``forget`` lanes: one job each. ``elsewhere``: what channels keep."""

    def __init__(self, database: Database, elsewhere: Sequence[Elsewhere] = ()) -> None:
        self._database = database
        self._elsewhere = elsewhere

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
                    await self._user(lane, job, what)
                elif "nameless" in what:
                    await self._nameless(lane, job, what["app"], what["nameless"])
                else:
                    await self._conversation(lane, job, what["conversation"])
            except NotYetError:
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
            await connection.execute(_ANSWERS, conversation_id, None)
            await enqueue(connection, [last_words.of_conversation(conversation_id)])
            await settle(connection, [Outcome(lane, [job.id])])

    async def _user(self, lane: Lane, job: Job, what: dict[str, Any]) -> None:
        app_id, user = what["app"], what["user"]
        while True:
            async with self._database.relaxed.acquire() as connection:
                row = await connection.fetchrow(_NEXT, user["id"])
            if row is None:
                break
            author = None if row["type"] == "personal" else user["id"]
            await self._messages(row["id"], author)
            await self._events(row["id"], author)
            await self._part(app_id, row["id"], user)
        clients = [(integration_id, person) for integration_id, person in what.get("clients", ())]
        for channel in self._elsewhere if clients else ():
            await channel.forget(clients, datetime.fromisoformat(what["at"]))
        async with self._database.transaction() as connection:
            if await connection.fetchval(_LIVING_APP, app_id) is not None:
                payload = {"user": shapes.user_brief(user)}
                await publish(connection, [Event(app_id, "user:remove", payload, datetime.now(UTC), user=user)])
                await enqueue(connection, [last_words.of_user(app_id, user["id"])])
            await settle(connection, [Outcome(lane, [job.id])])
        log.info("forgotten", user=user["id"], app=app_id)

    async def _nameless(self, lane: Lane, job: Job, app_id: str, user_id: str) -> None:
        ids = [row["conversation_id"] for row in await self._database.fetch(_CONVERSATIONS, user_id)]
        for conversation_id in ids:
            seq: int | None = 0
            while seq is not None:
                async with self._database.transaction(relaxed=True) as connection:
                    seq = await _rename(connection, conversation_id, user_id, seq)
        await event_erasure.blank_person(self._database, app_id, user_id, ids)
        async with self._database.transaction() as connection:
            await settle(connection, [Outcome(lane, [job.id])])

    async def _events(self, conversation_id: str, naming: str | None) -> None:
        """Erase a conversation's events (those that name a user, or all), some in each transaction."""
        more = True
        while more:
            async with self._database.transaction(relaxed=True) as connection:
                more = await event_erasure.delete_some(connection, conversation_id, naming)

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
            while await event_erasure.delete_some(connection, conversation_id, author):
                pass
            await connection.execute(_ANSWERS, conversation_id, author)
            if not alive:  # its deletion erases all conversations
                await connection.execute(_LEAVE, conversation_id, user["id"])
            elif row["type"] == "personal":
                await close(connection, row, now)
            else:
                await connection.execute(_LEAVE, conversation_id, user["id"])
                payload = {"conversation": shapes.conversation_brief(row), "user": shapes.user_brief(user)}
                leave = Event(app_id, "conversation:leave", payload, now, conversation_id, user, user_id=user["id"])
                await publish(connection, [leave])


async def _drop_messages(connection: Connection, conversation_id: str, author: str | None) -> int:
    ids: Sequence[str] = [row["id"] for row in await connection.fetch(_MESSAGES, conversation_id, author, CHUNK)]
    if not ids:
        return 0
    if await connection.fetchval(_UNDER_WAY, ids, _UNDER_WAY_SECONDS):
        raise NotYetError
    await attachments.let_go_of_messages(connection, ids)
    for sql in _OF_MESSAGES:
        await connection.execute(sql, ids)
    await connection.execute(_RECOUNT, conversation_id, len(ids))
    return len(ids)


async def _rename(connection: Connection, conversation_id: str, user_id: str, after: int) -> int | None:
    """Take a user's name out of some messages; the last one's place, None when all are done."""
    await connection.execute(_LOCK, conversation_id)
    rows = await connection.fetch(_NAMING, conversation_id, after, user_id, CHUNK)
    if not rows:
        return None
    bodies = [event_erasure.nameless(row["body"], user_id) for row in rows]
    await connection.execute(_RENAME, [row["id"] for row in rows], bodies)
    return int(rows[-1]["seq"])
