"""What the owners of connected accounts ask through the channel: to be disconnected, to have their data deleted.

    received ──▶ connection (grants and names go) ──▶ [conversations (theirs, if the operator says so)] ──▶ done

An owner is the person who connected an account. A request is kept by its confirmation code, with which its state can be
asked; who it is about stays only until it is done.
"""

import re
import secrets
from datetime import datetime, timedelta
from typing import Any

from heliograph.messaging.housekeeping import Pruning
from heliograph.storage import Connection, Database

DEPARTURE_LANE = "departure"
# Under the server's address; the confirmation code follows.
STATUS_PATH = "/privacy/requests"

# So long the page about a deletion can tell of it.
KEEP = timedelta(days=365)

_CODE = re.compile(r"[0-9a-f]{32}")

# The same signed request again is the same request. Served by the unique keys.
_RECEIVE = """
insert into owner_requests (code, digest, kind, scope, facebook_app_id, owner_id, issued_at)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict (digest) do nothing returning id, code
"""
_AGAIN = "select code from owner_requests where digest = $1"
_BY_CODE = "select kind, scope, step, requested_at, done_at from owner_requests where code = $1"
_GET = """
select id, kind, scope, facebook_app_id, owner_id, step, requested_at, issued_at from owner_requests where id = $1
"""
_REACHED = "update owner_requests set step = $2 where id = $1"
_DONE = "update owner_requests set step = 'done', owner_id = null, done_at = now() where id = $1"


def pruning() -> list[Pruning]:
    """How requests go by age."""
    return [Pruning("owner_requests", "id", 0, "requested_at", KEEP)]


async def receive(
    connection: Connection,
    digest: bytes,
    kind: str,
    scope: str,
    facebook_app_id: str,
    owner_id: str,
    issued_at: datetime,
) -> tuple[str, int | None]:
    """Note a request that was made at ``issued_at``; its code, and its number when it is new."""
    row = await connection.fetchrow(
        _RECEIVE, secrets.token_hex(16), digest, kind, scope, facebook_app_id, owner_id, issued_at
    )
    if row is not None:
        return row["code"], row["id"]
    return str(await connection.fetchval(_AGAIN, digest)), None


async def get(connection: Connection, number: int) -> Any:
    """A request's row by its number, or None."""
    return await connection.fetchrow(_GET, number)


async def by_code(database: Database, code: str) -> Any:
    """What may be shown of the request with this code, or None."""
    return await database.fetchrow(_BY_CODE, code) if _CODE.fullmatch(code) else None


async def reached(connection: Connection, number: int, step: str) -> None:
    """A request has come to this step."""
    await connection.execute(_REACHED, number, step)


async def done(connection: Connection, number: int) -> None:
    """All is done that was asked; who it was about is forgotten."""
    await connection.execute(_DONE, number)
