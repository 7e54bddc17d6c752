"""Erasing what a deleted app leaves behind. The app itself went with its deletion; nobody reaches the rest any more.

    job ──▶ conversations, a few at a time ──▶ stale webhook lanes ──▶ idempotency keys ──▶ attachments
            [grace] ──▶ whole tables, some pages at a time ──▶ settle

Every arrow is many short transactions: no lock outlives one, so other tenants notice nothing. Each of them leaves less
to do and none depends on another, so a run that is killed starts again and goes on.

Whoever was already writing when the app went may still write: a conversation's rows under its lock (hence they go with
it), others at any time. For these the tables are searched only after the grace, longer than any handler takes.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

from heliograph.lanes import Job, Lane, LaneKind, NewJob, Outcome, enqueue, settle
from heliograph.storage import Connection, Database
from heliograph.telemetry.logs import get_logger

log = get_logger("messaging")

ERASE_LANE = "erase"

GRACE_SECONDS = 120.0
CHUNK = 2000
_CONVERSATIONS = 50
_LANES = 100
_PAGES = 128

# A worker that holds one of these loses its lease, and what it would have written is rolled back. Later ones find no
# webhook, and write nothing. Lanes are locked in (kind, key) order, as everywhere.
_STALE_LANES = """
select key from lanes l where kind = 'webhook' and not exists (select from webhooks w where w.id = l.grp)
order by key limit $1 for update
"""
_LOCK_LANES = "select key from lanes where kind = $1 and key = any ($2::text[]) order by key for update"
_DROP_JOBS = "delete from jobs where kind = $1 and key = any ($2::text[])"
_DROP_LANES = "delete from lanes where kind = $1 and key = any ($2::text[])"

# Served by conversations_of_app, messages_of_conversation, and indexes led by what is given.
_SOME = "select id from conversations where app_id = $1 order by id limit $2"
_LOCK = "select id from conversations where id = any ($1::text[]) order by id for update"
_MESSAGES = "select id from messages where conversation_id = any ($1::text[]) limit $2"
_OF_MESSAGES = (
    "delete from mids where message_id = any ($1::text[])",
    "delete from send_parts where message_id = any ($1::text[])",
    "delete from sends where message_id = any ($1::text[])",
    "delete from messages where id = any ($1::text[])",
)
_PEOPLE = "select distinct user_id from participants where conversation_id = any ($1::text[])"
# Clients before participants, as the deletion of an integration has them.
_OF_PEOPLE = "delete from clients where user_id = any ($1::text[])"
_PARTICIPANTS = "delete from participants where conversation_id = any ($1::text[])"
_USERS = "delete from users where id = any ($1::text[])"
_CONVERSATION = "delete from conversations where id = any ($1::text[])"
_COMMITMENTS = "delete from commitments where conversation_id = any ($1::text[])"

# Served by idempotency_keys_pkey.
_KEYS = """
delete from idempotency_keys
where app_id = $1 and key = any (array(select key from idempotency_keys where app_id = $1 limit $2))
"""

# Few at a time: each may be some ten megabytes. Nobody begins or finishes one of an app that is gone.
# Served by attachments_of_app.
_ATTACHMENTS_AT_ONCE = 4
_ATTACHMENTS = """
delete from attachments where id = any (array(select id from attachments where app_id = $1 limit $2))
"""

# No index leads to an app's rows in these: they are read from the first page to the last, which for such a rare
# operation is cheaper than an index that every insert pays for.
_SEARCHED = ("users", "clients", "sends", "send_parts", "mids", "events", "delivery_attempts")
_SIZE = "select pg_relation_size($1::text::regclass) / current_setting('block_size')::int"


class EraseWorker:
    """Handles the ``erase`` lanes: one job each, its payload the id of a deleted app."""

    def __init__(self, database: Database, *, grace: float = GRACE_SECONDS) -> None:
        self._database = database
        self._grace = grace

    def kind(self) -> LaneKind:
        """How the lane workers should run this."""
        return LaneKind(
            ERASE_LANE, self.handle, self.on_dead, lanes_per_batch=1, jobs_per_lane=1, most_batches=1, most_lanes=8
        )

    async def handle(self, lanes: list[Lane]) -> None:
        """Erase what is left of each lane's app."""
        for lane in lanes:
            if lane.jobs:
                await self._erase(lane, lane.jobs[0])

    async def on_dead(self, connection: Connection, lane: Lane, job: Job, error: str) -> None:
        """There is no giving up: the job begins anew."""
        log.error("erasing an app failed again and again, it goes on", app=job.payload, error=error)
        await enqueue(connection, [NewJob(lane.kind, lane.key, job.payload)])

    async def _erase(self, lane: Lane, job: Job) -> None:
        app_id = job.payload
        while await self._conversations(app_id):
            pass
        # Whoever published for a conversation without having seen its webhooks go has committed by now.
        while await self._stale_lanes():
            pass
        while await self._idempotency_keys(app_id):
            pass
        while await self._attachments(app_id):
            pass
        # Of a run that began later than this, all of what stragglers wrote is there to be found.
        rest = self._grace - (datetime.now(UTC) - job.enqueued_at).total_seconds()
        if rest > 0:
            outcome = Outcome(lane, retry_after=rest)
        else:
            for table in _SEARCHED:
                await self._search(table, app_id)
            outcome = Outcome(lane, [job.id])
        # Waits for the disk, and so for all before it, which did not.
        async with self._database.transaction() as connection:
            await settle(connection, [outcome])
        lane.settled = True
        if outcome.finished:
            log.info("erased", app=app_id)

    async def _stale_lanes(self) -> bool:
        """Drop some lanes of webhooks that are gone. True: there may be more."""
        async with self._database.transaction(relaxed=True) as connection:
            keys = [row["key"] for row in await connection.fetch(_STALE_LANES, _LANES)]
            await _drop(connection, "webhook", keys)
        return len(keys) == _LANES

    async def _conversations(self, app_id: str) -> bool:
        """Erase some conversations with all in them. True: there may be more."""
        async with self._database.relaxed.acquire() as connection:
            ids = [row["id"] for row in await connection.fetch(_SOME, app_id, _CONVERSATIONS)]
        if not ids:
            return False
        while True:
            async with self._database.transaction(relaxed=True) as connection:
                if await _drop_messages(connection, ids) < CHUNK:
                    break
        async with self._database.transaction(relaxed=True) as connection:
            await connection.execute(_LOCK, ids)
            while await _drop_messages(connection, ids):  # only what came in just now
                pass
            people = [row["user_id"] for row in await connection.fetch(_PEOPLE, ids)]
            await connection.execute(_OF_PEOPLE, people)
            await connection.execute(_PARTICIPANTS, ids)
            await connection.execute(_USERS, people)
            await connection.fetch(_LOCK_LANES, "send", ids)
            await _drop(connection, "send", ids)
            await connection.execute(_CONVERSATION, ids)
            await connection.execute(_COMMITMENTS, ids)
        return True

    async def _idempotency_keys(self, app_id: str) -> bool:
        """Erase some idempotency keys. True: there may be more."""
        async with self._database.transaction(relaxed=True) as connection:
            tag = await connection.execute(_KEYS, app_id, CHUNK)
        return bool(tag != "DELETE 0")

    async def _attachments(self, app_id: str) -> bool:
        """Erase some attachments with their pieces. True: there may be more."""
        async with self._database.transaction(relaxed=True) as connection:
            tag = await connection.execute(_ATTACHMENTS, app_id, _ATTACHMENTS_AT_ONCE)
        return bool(tag != "DELETE 0")

    async def _search(self, table: str, app_id: str) -> None:
        """Erase an app's rows from a table by reading all of it, some pages in each transaction."""
        delete = f"delete from {table} where ctid >= $2::text::tid and ctid < $3::text::tid and app_id = $1"  # noqa: S608
        async with self._database.relaxed.acquire() as connection:
            pages = await connection.fetchval(_SIZE, table)
        for page in range(0, pages, _PAGES):
            async with self._database.transaction(relaxed=True) as connection:
                await connection.execute(delete, app_id, f"({page},0)", f"({page + _PAGES},0)")
            await asyncio.sleep(0)


async def _drop_messages(connection: Connection, conversation_ids: Sequence[str]) -> int:
    ids = [row["id"] for row in await connection.fetch(_MESSAGES, conversation_ids, CHUNK)]
    for sql in _OF_MESSAGES if ids else ():
        await connection.execute(sql, ids)
    return len(ids)


async def _drop(connection: Connection, kind: str, keys: Sequence[str]) -> None:
    if keys:
        await connection.execute(_DROP_JOBS, kind, keys)
        await connection.execute(_DROP_LANES, kind, keys)
