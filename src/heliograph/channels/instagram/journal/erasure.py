"""Erasing from the journal, behind everything else: what of messages was unsent, and what a deleted user wrote.

    unsend applied ──▶ job in lane `unsent` of its person ──▶ their webhooks, some at a time ──▶ events ──▶ settle
    user deleted ──▶ job in lane `forget` (see :mod:`heliograph.messaging.forget`), which asks :class:`Forgetting`

Meta wants unsent messages removed (Meta reference 6): the message was blanked when the unsend was applied; here goes what
it said in the webhooks and in the events that told it. A run that is killed starts again and goes on.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime

import orjson

from heliograph.channels.instagram.accounts.records import TYPE
from heliograph.channels.instagram.journal import people
from heliograph.channels.instagram.journal.entries import filed_by, read
from heliograph.channels.instagram.journal.people import WaitingError, Whose
from heliograph.channels.instagram.wire.envelope import items
from heliograph.lanes import Job, Lane, LaneKind, NewJob, Outcome, enqueue, settle
from heliograph.messaging import event_erasure, forget
from heliograph.storage import Connection, Database
from heliograph.telemetry.logs import get_logger

log = get_logger("instagram")

UNSENT_LANE = "unsent"  # key: Facebook app, account, person
PEOPLE_LANE = "people"  # key: the Facebook app; webhooks that were filed before it was written down whom they name

WAIT_SECONDS = 0.5

# Both served by mids_pkey and messages_pkey.
_BLANKED = """
select m.id, m.conversation_id from unnest($1::text[], $2::text[]) as t (integration_id, mid)
join mids k on k.integration_id = t.integration_id and k.mid = t.mid join messages m on m.id = k.message_id and m.deleted
"""
_TAKEN_BACK = """
select k.integration_id, k.mid from unnest($1::text[], $2::text[]) as t (integration_id, mid)
join mids k on k.integration_id = t.integration_id and k.mid = t.mid and k.part = 0
left join messages m on m.id = k.message_id where coalesce(m.deleted, true)
"""

# By integration: the accounts that its people wrote to, of which some may be connected no more. Served by primary keys.
_ACCOUNTS = """
select integration_id, facebook_app_id, account_id from instagram_accounts where integration_id = any ($1::text[])
union
select integration_id, facebook_app_id, account_id from departed_accounts where integration_id = any ($1::text[])
"""


def unsent_jobs(unsent: Iterable[tuple[Whose, str, str]]) -> list[NewJob]:
    """Jobs for (person, integration, mid) of messages that were taken back."""
    return [
        NewJob(UNSENT_LANE, whose.lane, orjson.dumps([integration_id, mid]).decode())
        for whose, integration_id, mid in unsent
    ]


async def taken_back(connection: Connection, mids: Collection[tuple[str, str]]) -> list[tuple[str, str]]:
    """Which of these messages that came again, by (integration, mid), are not here any more: unsent, or deleted."""
    if not mids:
        return []
    rows = await connection.fetch(_TAKEN_BACK, [one[0] for one in mids], [one[1] for one in mids])
    return [(row["integration_id"], row["mid"]) for row in rows]


class UnsentWorker:
    """Handles the ``unsent`` lanes: all that waits in one is done in one go over its person's webhooks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def kind(self) -> LaneKind:
        """How the lane workers should run this."""
        return LaneKind(
            UNSENT_LANE, self.handle, self.on_dead, lanes_per_batch=4, jobs_per_lane=500, most_batches=1, most_lanes=16
        )

    async def handle(self, lanes: list[Lane]) -> None:
        """Take what each lane's messages said out of journal and events."""
        for lane in lanes:
            outcome = Outcome(lane, [job.id for job in lane.jobs])
            try:
                await self._erase(lane)
            except WaitingError:
                outcome = Outcome(lane, retry_after=WAIT_SECONDS)
            async with self._database.transaction() as connection:
                await settle(connection, [outcome])
            lane.settled = True

    async def on_dead(self, connection: Connection, lane: Lane, job: Job, error: str) -> None:
        """There is no giving up: the job begins anew."""
        log.error("removing an unsent message failed again and again, it goes on", error=error)
        await enqueue(connection, [NewJob(lane.kind, lane.key, job.payload)])

    async def _erase(self, lane: Lane) -> None:
        unsent: list[tuple[str, str]] = [tuple(orjson.loads(job.payload)) for job in lane.jobs]
        mids = frozenset(mid for _, mid in unsent)
        whose, now, after = Whose(*lane.key.split("/", 2)), datetime.now(UTC), 0
        while (reached := await self._some(whose, mids, now, after)) is not None:
            after = reached
        async with self._database.pool.acquire() as connection:
            rows = await connection.fetch(_BLANKED, [one[0] for one in unsent], [one[1] for one in unsent])
        for row in rows:
            await event_erasure.blank_message(self._database, row["conversation_id"], row["id"])

    async def _some(self, whose: Whose, mids: frozenset[str], before: datetime, after: int) -> int | None:
        async with self._database.transaction() as connection:
            return await people.unsend_some(connection, whose, mids, before, after)


class PeopleWorker:
    """Handles the ``people`` lanes: writes down whom older webhooks name. Empty for good once that is done."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def kind(self) -> LaneKind:
        """How the lane workers should run this."""
        return LaneKind(
            PEOPLE_LANE, self.handle, self.on_dead, lanes_per_batch=1, jobs_per_lane=1, most_batches=1, most_lanes=4
        )

    async def handle(self, lanes: list[Lane]) -> None:
        """Note the people of each lane's first webhooks."""
        for lane in lanes:
            async with self._database.transaction(relaxed=True) as connection:
                rows = await read(connection, [number for job in lane.jobs for number in filed_by(job)])
                found = [(row["id"], row["facebook_app_id"], items(row["body"])) for row in rows.values()]
                await people.note(connection, found)
                await settle(connection, [Outcome(lane, [job.id for job in lane.jobs])])
            lane.settled = True

    async def on_dead(self, connection: Connection, lane: Lane, job: Job, error: str) -> None:
        """Without it nobody's webhooks would be found: it begins anew."""
        log.error("webhooks could not be gone through, it goes on", facebook_app=lane.key, error=error)
        await enqueue(connection, [NewJob(lane.kind, lane.key, job.payload)])


class Forgetting:
    """What Instagram keeps of people beside the domain: see :class:`heliograph.messaging.forget.Elsewhere`."""

    type = TYPE

    def __init__(self, database: Database) -> None:
        self._database = database

    async def forget(self, people: Sequence[tuple[str, str]], before: datetime) -> None:
        """Take people, as (integration, IGSID), out of the webhooks that came before they were deleted."""
        if await self._database.fetchval("select exists (select from lanes where kind = $1)", PEOPLE_LANE):
            raise forget.NotYetError
        rows = await self._database.fetch(_ACCOUNTS, [integration_id for integration_id, _ in people])
        for row in rows:
            for person in {person for integration_id, person in people if integration_id == row["integration_id"]}:
                await self._forget(Whose(row["facebook_app_id"], row["account_id"], person), before)

    async def _forget(self, whose: Whose, before: datetime) -> None:
        after: int | None = 0
        try:
            while after is not None:
                async with self._database.transaction() as connection:
                    after = await people.forget_some(connection, whose, before, after)
        except WaitingError:
            raise forget.NotYetError from None
