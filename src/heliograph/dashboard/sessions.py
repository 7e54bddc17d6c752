"""Sessions: who is signed in where. The token is the browser's alone; here is its hash.

sign in ──▶ new token, whatever the browser brought ──▶ used ──▶ 14 days unused, 60 days old, signed out,
                                                                or another password: gone
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from heliograph.dashboard.members import FIELDS, Member, member_of
from heliograph.dashboard.tokens import digest_of, new_token
from heliograph.messaging.housekeeping import Pruning
from heliograph.storage import Connection

IDLE = timedelta(days=14)
LONGEST = timedelta(days=60)
# To write each request down would cost more than it tells.
SEEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is signed in. ``digest`` names the session."""

    digest: bytes
    member: Member
    created_at: datetime
    seen_at: datetime


_INSERT = """
insert into sessions (digest, member_id, browser, created_at, seen_at, expires_at) values ($1, $2, $3, $4, $4, $5)
"""
# By sessions_pkey and members_pkey.
_FIND = f"""
select s.digest, s.created_at as began, s.seen_at, {FIELDS} from sessions s join members m on m.id = s.member_id
where s.digest = $1 and s.expires_at > $2 and s.seen_at > $3 and m.disabled_at is null
"""  # noqa: S608
_SEEN = "update sessions set seen_at = $2 where digest = $1"
_END = "delete from sessions where digest = $1"
# By sessions_of_member.
_END_OTHERS = "delete from sessions where member_id = $1 and digest <> $2"
_LIST = """
select digest, browser, created_at, seen_at from sessions
where member_id = $1 and expires_at > $2 and seen_at > $3 order by seen_at desc, digest
"""


async def begin(connection: Connection, member_id: str, browser: str, now: datetime) -> str:
    """Sign somebody in; the token for their browser."""
    token = new_token()
    await connection.execute(_INSERT, digest_of(token), member_id, browser[:200], now, now + LONGEST)
    return token


async def find(connection: Connection, token: str, now: datetime) -> Session | None:
    """The session of a token, or None: there is none, it lapsed, or the member was disabled."""
    return await find_by_digest(connection, digest_of(token), now)


async def find_by_digest(connection: Connection, digest: bytes, now: datetime) -> Session | None:
    """The same for one that is known already."""
    row = await connection.fetchrow(_FIND, digest, now, now - IDLE)
    return None if row is None else Session(row["digest"], member_of(row), row["began"], row["seen_at"])


async def seen(connection: Connection, session: Session, now: datetime) -> None:
    """Note that it is used, if the last note is not fresh."""
    if now - session.seen_at >= SEEN_EVERY:
        await connection.execute(_SEEN, session.digest, now)


async def end(connection: Connection, token: str) -> None:
    """Sign out."""
    await connection.execute(_END, digest_of(token))


async def end_others(connection: Connection, member_id: str, digest: bytes = b"") -> None:
    """Sign a member out everywhere, but in the session of ``digest``."""
    await connection.execute(_END_OTHERS, member_id, digest)


async def list_of(connection: Connection, member_id: str, now: datetime) -> list[dict[str, Any]]:
    """A member's sessions, the last used first: digest, browser, created_at, seen_at."""
    return [dict(row) for row in await connection.fetch(_LIST, member_id, now, now - IDLE)]


def pruning() -> list[Pruning]:
    """What is left of sessions, links and counts goes by age."""
    first = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
    return [
        Pruning("sessions", "created_at", first, "created_at", LONGEST),
        Pruning("member_links", "created_at", first, "created_at", timedelta(days=8)),
        Pruning("sign_in_attempts", "at", first, "at", timedelta(days=1)),
    ]
