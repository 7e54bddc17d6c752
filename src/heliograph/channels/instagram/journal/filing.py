"""The `filing` lanes: webhooks of the journal, each item of them put into its `inbound` lane. One lane per Facebook app.

    job "17,18,19" ──▶ journal ──▶ items ──▶ inbound lane of (Facebook app, account, person)
                                         ──▶ whom they name (`journal_people`), settle

Apart from receiving, so that the 200 waits for nothing but the journal; and a lane, so that items come to their lanes in
the order in which their webhooks got their 200, whatever dies when.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from heliograph.channels.instagram.journal import people
from heliograph.channels.instagram.journal.entries import FILING_LANE, filed_by, inbound_job, read
from heliograph.channels.instagram.journal.heard import Heard
from heliograph.channels.instagram.journal.leftovers import UNFILED, Leftover, keep
from heliograph.channels.instagram.wire.envelope import Item, items
from heliograph.lanes import Job, Lane, LaneKind, NewJob, Outcome, enqueue, settle
from heliograph.storage import Connection, Database

# One transaction files about so many webhooks of an app: enough to be cheap, short enough to let others through.
_WEBHOOKS_AT_ONCE = 500


class FilingWorker:
    """Handles the ``filing`` lanes."""

    def __init__(self, database: Database, heard: Heard) -> None:
        self._database = database
        self._heard = heard

    def kind(self) -> LaneKind:
        """How the lane workers should run this."""
        # One lane is all that an app receives: when its process dies, the others must not wait for it long.
        return LaneKind(
            FILING_LANE, self.handle, self.on_dead, jobs_per_lane=100, linger_seconds=0.02, lease_seconds=2.0
        )

    async def handle(self, lanes: list[Lane]) -> None:
        """File the webhooks of each lane's first jobs."""
        taken = {lane.key: _some(lane) for lane in lanes}
        async with self._database.transaction() as connection:
            # Commit order within an app is the order of its jobs, and of the ids within each.
            numbers = [number for jobs in taken.values() for job in jobs for number in filed_by(job)]
            webhooks = await read(connection, numbers)
            filed = [(row["id"], row["facebook_app_id"], items(row["body"])) for row in _each(numbers, webhooks)]
            await enqueue(connection, _jobs(filed))
            await people.note(connection, filed)
            outcomes = [Outcome(lane, [job.id for job in taken[lane.key]]) for lane in lanes]
            await settle(connection, outcomes)
        for lane in lanes:
            lane.settled = True
        self._heard.note((webhooks[number], found) for number, _, found in filed)

    async def on_dead(self, connection: Connection, lane: Lane, job: Job, error: str) -> None:
        """Webhooks that cannot be filed stay in the journal, shown as such; a replay tries again."""
        await keep(connection, [Leftover(number, "", "", "", UNFILED, error[:500]) for number in filed_by(job)])


def _some(lane: Lane) -> list[Job]:
    """The lane's first jobs, up to a fair number of webhooks; after a crash one alone, so that the guilty one is found."""
    taken: list[Job] = []
    webhooks = 0
    for job in lane.jobs:
        webhooks += len(filed_by(job))
        if taken and (webhooks > _WEBHOOKS_AT_ONCE or taken[0].attempts):
            break
        taken.append(job)
    return taken


def _each(numbers: Iterable[int], webhooks: Mapping[int, Any]) -> Iterator[Any]:
    return (webhooks[number] for number in numbers if number in webhooks)


def _jobs(filed: Iterable[tuple[int, str, Sequence[Item]]]) -> list[NewJob]:
    return [
        inbound_job(number, item.path, facebook_app, item.account, item.person)
        for number, facebook_app, found in filed
        for item in found
    ]
