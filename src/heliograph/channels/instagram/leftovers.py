"""Leftovers: items of the journal that were not applied. Kept, counted, shown; a newer version can try them again."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from heliograph.channels.instagram.receive import INBOUND_LANE
from heliograph.lanes import NewJob, enqueue
from heliograph.storage import Connection, Database


class Leftover(NamedTuple):
    """An item (by journal row and path) and why it was left."""

    journal_id: int
    path: str
    account: str
    person: str
    reason: str
    detail: str = ""


_KEEP = """
insert into journal_leftovers (journal_id, path, account_id, person_id, reason, detail)
select * from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
on conflict (journal_id, path) do update set reason = excluded.reason, detail = excluded.detail
"""

_SUMMARY = """
select reason, count(*) as items, min(created_at) as first, max(created_at) as last
from journal_leftovers group by reason order by count(*) desc
"""

_TAKE = """
delete from journal_leftovers l using (
    select journal_id, path from journal_leftovers
    where ($1::text is null or reason = $1) and journal_id <= $2 and (journal_id, path) > ($3, $4)
    order by journal_id, path limit $5 for update skip locked
) t
where l.journal_id = t.journal_id and l.path = t.path
returning l.journal_id, l.path, l.account_id, l.person_id,
          (select facebook_app_id from journal j where j.id = l.journal_id) as facebook_app_id
"""


async def keep(connection: Connection, leftovers: Sequence[Leftover]) -> None:
    """Note items that stay in the journal, in the caller's transaction."""
    if leftovers:
        await connection.execute(_KEEP, *(list(column) for column in zip(*leftovers, strict=True)))


async def summary(database: Database) -> list[Any]:
    """How many items were left, by reason."""
    return await database.fetch(_SUMMARY)


async def replay(database: Database, reason: str | None = None, *, batch: int = 1000) -> int:
    """Put leftovers (of one reason, or all) into their lanes again; returns how many.

    What is still not understood becomes a leftover anew; what was applied before is not applied twice.
    """
    total, after = 0, (0, "")
    newest = await database.fetchval("select coalesce(max(journal_id), 0) from journal_leftovers")
    while True:
        async with database.transaction() as connection:
            rows = await connection.fetch(_TAKE, reason, newest, *after, batch)
            rows = sorted(rows, key=lambda row: (row["journal_id"], row["path"]))
            await enqueue(connection, [_job(row) for row in rows if row["facebook_app_id"] is not None])
        total += len(rows)
        if len(rows) < batch:
            return total
        after = (rows[-1]["journal_id"], rows[-1]["path"])


def _job(row: Any) -> NewJob:
    key = f"{row['facebook_app_id']}/{row['account_id']}/{row['person_id']}"
    return NewJob(INBOUND_LANE, key, f"{row['journal_id']}:{row['path']}")
