"""When integrations are examined. In every process; whichever comes first does it, once.

A time stands in each report's row: a day after the last examination, a quarter of an hour where something is broken, now
when the integration is connected or its sends begin to fail (`notes/for_doctor`).
"""

from heliograph.channels.instagram.doctor.worker import DOCTOR_LANE
from heliograph.lanes import NewJob, Rounds, enqueue
from heliograph.storage import Database

ROUND_SECONDS = 5.0
_AT_ONCE = 100

# Served by integration_health_due and instagram_accounts_pkey. The examination writes the next time; this one is for
# what is never examined, as nobody is left who could be. A little by chance, so that accounts drift apart.
_DUE = """
with due as (
    select integration_id from integration_health where due_at <= now() order by due_at limit $1
    for update skip locked
), moved as (
    update integration_health h set due_at = now() + interval '1 hour' * (0.9 + 0.2 * random()) from due d
    where h.integration_id = d.integration_id returning h.integration_id, h.app_id
)
select m.integration_id, m.app_id from moved m join instagram_accounts a using (integration_id)
"""


class DoctorSchedule:
    """Looks for what is due, for as long as it runs."""

    def __init__(self, database: Database, *, every: float = ROUND_SECONDS) -> None:
        self._database = database
        self._rounds = Rounds("doctor schedule", self.look, every, at_once=True)

    def start(self) -> None:
        """Start in the running event loop."""
        self._rounds.start()

    async def stop(self) -> None:
        """Stop; a look under way is rolled back."""
        await self._rounds.stop()

    async def look(self) -> int:
        """Look once; how many examinations were begun."""
        begun = 0
        while True:
            async with self._database.transaction() as connection:
                due = await connection.fetch(_DUE, _AT_ONCE)
                await enqueue(
                    connection,
                    [NewJob(DOCTOR_LANE, row["integration_id"], row["app_id"], row["app_id"]) for row in due],
                )
            begun += len(due)
            if len(due) < _AT_ONCE:
                return begun
