"""The journal: every webhook that got a 200, as it came; and the jobs that refer to it.

A webhook that Meta never sent, retold from its Conversations API (see `backfill/retold`), stands there too, and names the
run that found it and the integration that it is for.

filing job  "17,18,19"            webhooks whose items are yet to be put into their lanes
inbound job "17:0.messaging.2"    one item, by its webhook and its path there
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from heliograph.lanes import Job, NewJob
from heliograph.messaging.housekeeping import Pruning
from heliograph.storage import Connection

FILING_LANE = "filing"  # key: the Facebook app
INBOUND_LANE = "inbound"  # key: Facebook app, account, person

_READ = """
select id, facebook_app_id, body, received_at, backfill_run, integration_id from journal where id = any ($1::bigint[])
"""

# The least number that a job names; a filing job's are in order. Each is the first row of jobs_least_webhook.
_NUMBER = "split_part(split_part(payload, ',', 1), ':', 1)::bigint"
_LEAST_NAMED = f"""
select least(
    (select {_NUMBER} from jobs where kind = '{FILING_LANE}' order by {_NUMBER} limit 1),
    (select {_NUMBER} from jobs where kind = '{INBOUND_LANE}' order by {_NUMBER} limit 1))
"""  # noqa: S608  the only things put in are constants above
_WITH_IT = (
    "delete from journal_leftovers l using gone where l.journal_id = gone.k",
    "delete from journal_people p using gone where p.journal_id = gone.k",
)


def pruning(keep: timedelta) -> list[Pruning]:
    """How old webhooks go, with what was left of them. A keep of zero is for ever."""
    wanted = Pruning("journal", "id", 0, "received_at", keep, _LEAST_NAMED, _WITH_IT)
    return [wanted] if keep else []


async def read(connection: Connection, numbers: Iterable[int]) -> dict[int, Any]:
    """Webhooks by number, each with ``facebook_app_id``, ``body``, ``received_at`` and origin. Erased ones are missing."""
    return {row["id"]: row for row in await connection.fetch(_READ, list(numbers))}


def filing_job(facebook_app: str, numbers: Iterable[int]) -> NewJob:
    """The job that files these webhooks of an app."""
    return NewJob(FILING_LANE, facebook_app, ",".join(map(str, numbers)))


def filed_by(job: Job) -> list[int]:
    """The webhooks that a filing job names."""
    return [int(number) for number in job.payload.split(",")]


def inbound_job(number: int, path: str, facebook_app: str, account: str, person: str) -> NewJob:
    """The job that applies one item."""
    return NewJob(INBOUND_LANE, f"{facebook_app}/{account}/{person}", f"{number}:{path}")


def applied_by(job: Job) -> tuple[int, str]:
    """The item that an inbound job names: its webhook and its path there."""
    number, _, path = job.payload.partition(":")
    return int(number), path
