"""Links that open once: the first owner's, an invited member's, and the one for a lost password.

Opening shows a page and uses nothing up, since mail programs and chats open links to show what they are. Sending the
page's form does.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from heliograph.dashboard import members
from heliograph.dashboard.tokens import digest_of, new_token
from heliograph.storage import Connection

LIVES = {"first": timedelta(hours=1), "invitation": timedelta(days=7), "reset": timedelta(hours=24)}
WELCOME_PATH = "/dashboard/welcome/"


@dataclass(frozen=True, slots=True)
class Link:
    """An open link: what for, and whose it is (None for the first owner's)."""

    purpose: str
    member_id: str | None


_INSERT = "insert into member_links (digest, purpose, member_id, created_at, expires_at) values ($1, $2, $3, $4, $5)"
# By member_links_of_member.
_VOID = "delete from member_links where member_id = $1"
# By member_links_pkey.
_FIND = "select purpose, member_id from member_links where digest = $1 and expires_at > $2"
_TAKE = "delete from member_links where digest = $1 and expires_at > $2 returning purpose, member_id"
_VOID_FIRST = "delete from member_links where purpose = 'first'"


async def create(connection: Connection, purpose: str, member_id: str | None, now: datetime) -> str:
    """A new link's token, in the caller's transaction. A member's earlier ones open no more."""
    token = new_token()
    if member_id is not None:
        await connection.execute(_VOID, member_id)
    await connection.execute(_INSERT, digest_of(token), purpose, member_id, now, now + LIVES[purpose])
    return token


async def for_member(connection: Connection, member: members.Member, now: datetime) -> str:
    """A link for somebody to choose a password by."""
    return await create(connection, "reset" if member.has_password else "invitation", member.id, now)


async def for_first(connection: Connection, now: datetime) -> str | None:
    """A link for the first owner; None when there is a member already.

    Each process that starts makes one. Those made before hold their hour: several processes start beside each other.
    """
    return None if await members.is_there_any(connection) else await create(connection, "first", None, now)


async def find(connection: Connection, token: str, now: datetime) -> Link | None:
    """What a link is for, or None when it opens nothing."""
    row = await connection.fetchrow(_FIND, digest_of(token), now)
    return None if row is None else Link(row["purpose"], row["member_id"])


async def take(connection: Connection, token: str, now: datetime) -> Link | None:
    """The same, and it opens nothing from now on; in the transaction that does what it is for."""
    row = await connection.fetchrow(_TAKE, digest_of(token), now)
    return None if row is None else Link(row["purpose"], row["member_id"])


async def void(connection: Connection, member_id: str) -> None:
    """A member's links open nothing any more."""
    await connection.execute(_VOID, member_id)


async def void_first(connection: Connection) -> None:
    """There is an owner: no link makes another."""
    await connection.execute(_VOID_FIRST)


def address_of(public_url: str, token: str) -> str:
    """Where a link leads."""
    return f"{public_url}{WELCOME_PATH}{token}"
