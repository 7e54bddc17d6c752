"""The journal: every webhook that got a 200, as it came; and the jobs that refer to it.

filing job  "17,18,19"            webhooks whose items are yet to be put into their lanes
inbound job "17:0.messaging.2"    one item, by its webhook and its path there
"""

from collections.abc import Iterable
from typing import Any

from heliograph.lanes import Job, NewJob
from heliograph.storage import Connection

FILING_LANE = "filing"  # key: the Facebook app
INBOUND_LANE = "inbound"  # key: Facebook app, account, person

_READ = "select id, facebook_app_id, body, received_at from journal where id = any ($1::bigint[])"


async def read(connection: Connection, numbers: Iterable[int]) -> dict[int, Any]:
    """Webhooks by number, each with ``facebook_app_id``, ``body`` and ``received_at``. Erased ones are missing."""
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
