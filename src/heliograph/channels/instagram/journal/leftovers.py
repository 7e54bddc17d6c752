"""Leftovers: items of the journal that were not applied. Kept, counted, shown; a newer version can try them again."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from heliograph.channels.instagram.journal.entries import filing_job, inbound_job
from heliograph.channels.instagram.wire.envelope import LISTS
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


UNFILED = "unfiled"  # of a whole webhook, with path "": its items are not known

# What a metric may count apart; a stranger's inventions are counted together.
_NAMED = frozenset(
    {
        *("dashboard_test", "not_connected", "no_person", "shape", "empty", "self", "failed", UNFILED),
        *("switched_off:story_mention", "switched_off:story_reply", "switched_off:conversation_start"),
        *("echo:story_mention", "kind:optin", "policy:block", "policy:unblock"),
        *("field:comments", "field:live_comments", "field:mentions", "field:story_insights"),
        # Not left, but shown as a notice only; counted by type.
        *("attachment:unsupported", "attachment:unsupported_type", "attachment:ephemeral", "attachment:template"),
        *("attachment:image", "attachment:video", "attachment:audio", "attachment:file", "attachment:media"),
        *("attachment:story_mention", "attachment:like_heart"),
    }
)


def label(reason: str) -> str:
    """The reason as a metric's label: from a closed set."""
    return reason if reason in _NAMED else f"{reason.partition(':')[0]}:other"


_KEEP = """
insert into journal_leftovers (journal_id, path, account_id, person_id, reason, detail)
select * from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
on conflict (journal_id, path) do update set reason = excluded.reason, detail = excluded.detail
"""

_SUMMARY = """
select reason, count(*) as items, min(created_at) as first, max(created_at) as last
from journal_leftovers group by reason order by count(*) desc
"""

# The order in which the items came. A path is "", "3" or "0.messaging.12".
_IN_ORDER = f"""
journal_id, nullif(split_part(path, '.', 1), '')::int,
array_position(array[{", ".join(f"'{name}'" for name in LISTS)}], split_part(path, '.', 2)), length(path), path
"""

# Only what was left before $2: what this very replay leaves again has to wait for the next one.
# Served by journal_leftovers_by_reason.
_TAKE = f"""
with taken as (
    delete from journal_leftovers l using (
        select journal_id, path from journal_leftovers
        where ($1::text is null or reason = $1) and created_at < $2
        order by {_IN_ORDER}
        limit $3 for update skip locked
    ) t
    where l.journal_id = t.journal_id and l.path = t.path
    returning l.journal_id, l.path, l.account_id, l.person_id, l.reason
)
select t.*, (select facebook_app_id from journal j where j.id = t.journal_id) as facebook_app_id from taken t
order by {_IN_ORDER}
"""  # noqa: S608  the only thing put in is a constant above


async def keep(connection: Connection, leftovers: Sequence[Leftover]) -> None:
    """Note items that stay in the journal, in the caller's transaction."""
    # An item that several integrations left is one row: the first reason counts.
    rows = {(one.journal_id, one.path): one for one in reversed(leftovers)}
    if rows:
        await connection.execute(_KEEP, *(list(column) for column in zip(*rows.values(), strict=True)))


async def summary(database: Database) -> list[Any]:
    """How many items were left, by reason."""
    return await database.fetch(_SUMMARY)


async def replay(database: Database, reason: str | None = None, *, batch: int = 1000) -> int:
    """Put leftovers (of one reason, or all) into their lanes again; returns how many.

    What is still not understood becomes a leftover anew; what was applied before is not applied twice.
    """
    total = 0
    began = await database.fetchval("select clock_timestamp()")
    while True:
        async with database.transaction() as connection:
            rows = await connection.fetch(_TAKE, reason, began, batch)
            await enqueue(connection, [_job(row) for row in rows if row["facebook_app_id"] is not None])
        total += len(rows)
        if len(rows) < batch:
            return total


def _job(row: Any) -> NewJob:
    number, app = row["journal_id"], row["facebook_app_id"]
    if row["reason"] == UNFILED:
        return filing_job(app, [number])
    return inbound_job(number, row["path"], app, row["account_id"], row["person_id"])
