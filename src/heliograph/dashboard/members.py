"""Members: the people who run this installation. Owners may do everything; agents see the apps that were given to them.

Invariant: while there are members, one of them is an owner who can sign in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from heliograph.storage import Connection, new_id

ROLES = {"owner": "Owner", "agent": "Agent"}
LONGEST_NAME = 100
LONGEST_EMAIL = 254


class EmailTakenError(Exception):
    """Another member has this email."""


class LastOwnerError(Exception):
    """Nobody would be left who may do everything."""


class NotFirstError(Exception):
    """There is a member already."""


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who may sign in, or was invited to."""

    id: str
    email: str
    name: str
    role: str
    has_password: bool
    created_at: datetime
    disabled_at: datetime | None
    last_app_id: str | None
    app_ids: tuple[str, ...] = ()  # of an agent; only where listed

    @property
    def is_owner(self) -> bool:
        """Whether they may do everything."""
        return self.role == "owner"

    @property
    def state(self) -> str:
        """active, invited or disabled."""
        return "disabled" if self.disabled_at else "active" if self.has_password else "invited"


# Of `members m`.
FIELDS = """m.id, m.email, m.name, m.role, m.password_hash is not null as has_password,
m.created_at, m.disabled_at, m.last_app_id"""

_ANY = "select exists (select from members)"
# There are a few members: _LIST reads all of them. member_apps by its primary key.
_LIST = f"""
select {FIELDS}, array(select a.app_id from member_apps a where a.member_id = m.id order by a.app_id) as app_ids
from members m order by m.disabled_at is not null, lower(m.name), m.id
"""  # noqa: S608
# By members_pkey.
_GET = f"""
select {FIELDS}, array(select a.app_id from member_apps a where a.member_id = m.id order by a.app_id) as app_ids
from members m where m.id = $1
"""  # noqa: S608
# By members_email.
_BY_EMAIL = f"select {FIELDS}, m.password_hash from members m where lower(m.email) = lower($1)"  # noqa: S608
_INSERT = """
insert into members (id, email, name, role, password_hash, created_at) values ($1, $2, $3, $4, $5, $6)
on conflict do nothing returning id
"""
# Whoever makes the first member, or takes an owner away, does it alone.
_ALONE = "lock table members in share row exclusive mode"
_OTHER_OWNERS = """
select exists (select from members where role = 'owner' and disabled_at is null and password_hash is not null and id <> $1)
"""
_NAME = "update members set name = $2 where id = $1"
_PASSWORD = "update members set password_hash = $2 where id = $1"  # noqa: S105
_REHASH = "update members set password_hash = $3 where id = $1 and password_hash = $2"
_ROLE = "update members set role = $2 where id = $1"
_STATE = "update members set disabled_at = $2 where id = $1"
_DELETE = "delete from members where id = $1 and password_hash is null"
_TAKE_APPS = """
delete from member_apps
where member_id = $1 and not app_id = any($2::text[]) and ($3::text[] is null or app_id = any($3::text[]))
"""
_GIVE_APPS = """
insert into member_apps (member_id, app_id) select $1, id from apps where id = any($2::text[]) on conflict do nothing
"""


def member_of(row: Any) -> Member:
    """A member from a row of FIELDS."""
    found = dict(row)
    return Member(
        **{name: found[name] for name in Member.__slots__ if name in found and name != "app_ids"},
        app_ids=tuple(found.get("app_ids") or ()),
    )


def email_problem(email: str) -> str | None:
    """What is wrong with an email, or None. Whether somebody reads it is not for us to find out."""
    name, at, host = email.rpartition("@")
    if not (name and at and host) or any(letter.isspace() or not letter.isprintable() for letter in email):
        return "An email looks like name@example.com."
    return f"Too long. At most {LONGEST_EMAIL} characters." if len(email) > LONGEST_EMAIL else None


def name_problem(name: str) -> str | None:
    """What is wrong with a member's name, or None."""
    if not name:
        return "Say what others shall call this person."
    return None if len(name) <= LONGEST_NAME else f"Too long. At most {LONGEST_NAME} characters."


async def is_there_any(connection: Connection) -> bool:
    """Whether somebody has been here before."""
    return bool(await connection.fetchval(_ANY))


async def list_all(connection: Connection) -> list[Member]:
    """All members by name, those who were disabled last."""
    return [member_of(row) for row in await connection.fetch(_LIST)]


async def get(connection: Connection, member_id: str) -> Member | None:
    """One member, or None."""
    row = await connection.fetchrow(_GET, member_id)
    return None if row is None else member_of(row)


async def by_email(connection: Connection, email: str) -> tuple[Member, str | None] | None:
    """A member and the hash of their password, or None."""
    row = await connection.fetchrow(_BY_EMAIL, email)
    return None if row is None else (member_of(row), row["password_hash"])


async def create_first(connection: Connection, email: str, name: str, password_hash: str, now: datetime) -> str:
    """The first owner's id, in the caller's transaction. Raises :class:`NotFirstError`."""
    await connection.execute(_ALONE)
    if await is_there_any(connection):
        raise NotFirstError
    return await _create(connection, email, name, "owner", password_hash, now)


async def invite(
    connection: Connection, email: str, name: str, role: str, app_ids: Sequence[str], now: datetime
) -> str:
    """A member without a password yet, in the caller's transaction; their id. Raises :class:`EmailTakenError`."""
    member_id = await _create(connection, email, name, role, None, now)
    await give_apps(connection, member_id, app_ids)
    return member_id


async def rename(connection: Connection, member_id: str, name: str) -> None:
    """Call a member something else."""
    await connection.execute(_NAME, member_id, name)


async def set_password(connection: Connection, member_id: str, password_hash: str) -> None:
    """A new password. What it ends is for the caller to end."""
    await connection.execute(_PASSWORD, member_id, password_hash)


async def rehash(connection: Connection, member_id: str, old: str, new: str) -> None:
    """The same password by newer parameters, unless it was changed meanwhile."""
    await connection.execute(_REHASH, member_id, old, new)


async def set_role(connection: Connection, member_id: str, role: str) -> None:
    """Another role, in the caller's transaction. Raises :class:`LastOwnerError`."""
    if role != "owner":
        await _another_owner(connection, member_id)
    await connection.execute(_ROLE, member_id, role)


async def give_apps(
    connection: Connection, member_id: str, app_ids: Sequence[str], among: Sequence[str] | None = None
) -> None:
    """The apps that an agent sees from now on, in the caller's transaction. Those that do not exist are left out.

    ``among``: of these only is one taken away, such as those that a form had room for; None: of all.
    """
    await connection.execute(_TAKE_APPS, member_id, list(app_ids), None if among is None else list(among))
    await connection.execute(_GIVE_APPS, member_id, list(app_ids))


async def disable(connection: Connection, member_id: str, now: datetime) -> None:
    """Let a member in no more, in the caller's transaction. Raises :class:`LastOwnerError`."""
    await _another_owner(connection, member_id)
    await connection.execute(_STATE, member_id, now)


async def enable(connection: Connection, member_id: str) -> None:
    """Let a member in again."""
    await connection.execute(_STATE, member_id, None)


async def withdraw(connection: Connection, member_id: str) -> bool:
    """Take an invitation back; False when there is none, or it was accepted."""
    return str(await connection.execute(_DELETE, member_id)) == "DELETE 1"


async def _create(
    connection: Connection, email: str, name: str, role: str, password_hash: str | None, now: datetime
) -> str:
    member_id = new_id()
    if await connection.fetchval(_INSERT, member_id, email, name, role, password_hash, now) is None:
        raise EmailTakenError
    return member_id


async def _another_owner(connection: Connection, member_id: str) -> None:
    await connection.execute(_ALONE)
    if not await connection.fetchval(_OTHER_OWNERS, member_id):
        raise LastOwnerError
