"""Invitations: a link by which somebody without a session here connects an account to an app, once.

    open ──first visit──▶ opened ──login──▶ claimed ──connected──▶ used
      │                     │                  └──it did not work: opened again
      └──────── cancelled, or expired

Invariant: one account is connected by one invitation. A login claims it for an account before it connects that; of two
logins or two accounts at once one claims. Two requests for the same (a double click) share the claim, and the last of them
frees it. A claim whose process died is free again after :data:`CLAIM_FOR`; the account that it may have connected is then
found connected, and is reconnected.
The code of the link stands here as a hash: who reads the table can open none.
"""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from heliograph.events.wire_time import wire_time
from heliograph.messaging import paging
from heliograph.messaging.housekeeping import Pruning
from heliograph.messaging.paging import Cut, Slice
from heliograph.storage import Connection, new_id

# What stands before the code in a link.
PATH = "/connect/i/"
DEFAULT_LIFE = timedelta(days=7)
LONGEST_LIFE = timedelta(days=90)
CLAIM_FOR = timedelta(minutes=5)
KEEP = timedelta(days=90)


class Status(StrEnum):
    """How an invitation stands. ``open``: nobody has come yet."""

    OPEN = "open"
    OPENED = "opened"
    USED = "used"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


_INSERT = """
insert into invitations (id, app_id, code_hash, return_url, state, facebook_app_id, login, display_name, settings,
    brand_name, logo_url, created_at, expires_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) returning *
"""
# Served by invitations_of_app.
_LIST = "select * from invitations where app_id = $1"
# By the primary key.
_GET = "select * from invitations where app_id = $1 and id = $2"
_CANCEL = """
update invitations set cancelled_at = case when used_at is null and expires_at > $3 then coalesce(cancelled_at, $3)
    else cancelled_at end
where app_id = $1 and id = $2 returning id
"""
_WITH_APP = "select i.*, a.display_name as app_name from invitations i join apps a on a.id = i.app_id where "
# By the unique key of code_hash.
_BY_CODE = _WITH_APP + "i.code_hash = $1"
# By the primary key.
_BY_BROWSER = _WITH_APP + "i.id = $1 and i.begun_by = $2"
_BY_ID = _WITH_APP + "i.id = $1"
_OPENED = "update invitations set opened_at = $2 where id = $1 and opened_at is null"
_BEGUN = "update invitations set begun_by = $2 where id = $1"
_CLAIM = """
update invitations set claimed_by = $2, claimed_account = $3, claimed_at = $4,
    claims = case when claimed_by = $2 and claimed_account = $3 then claims else '{}' end || array[$5]
where id = $1 and cancelled_at is null and (claimed_by is null or (claimed_by = $2 and claimed_account = $3)
    or (used_at is null and claimed_at < $6)) returning id
"""
# The last of the requests that hold a claim frees it; one that was taken over holds nothing any more.
_RELEASE = """
update invitations set claims = array_remove(claims, $2),
    claimed_by = case when claims = array[$2] then null else claimed_by end,
    claimed_account = case when claims = array[$2] then null else claimed_account end,
    claimed_at = case when claims = array[$2] then null else claimed_at end
where id = $1 and $2 = any (claims) and used_at is null
"""
_USED = """
update invitations set claimed_by = $2, claimed_account = $3, used_at = $5, integration_id = $4, claims = '{}'
where id = $1 and used_at is null and (claimed_by is null or (claimed_by = $2 and claimed_account = $3)) returning id
"""


@dataclass(frozen=True, slots=True)
class Invitation:
    """One, as pages need it. ``settings`` are fields of the integration's create body. Texts are the inviter's: escape."""

    id: str
    app_id: str
    app_name: str
    return_url: str
    state: str | None
    facebook_app_id: str | None
    login: str | None
    display_name: str | None
    settings: Mapping[str, Any]
    brand_name: str | None
    logo_url: str | None
    created_at: datetime
    expires_at: datetime
    opened_at: datetime | None
    used_at: datetime | None
    cancelled_at: datetime | None
    claimed_by: str | None
    claimed_account: str | None
    integration_id: str | None

    @property
    def asker(self) -> str:
        """Who asks, in the page's words."""
        return self.brand_name or self.app_name

    def status(self, now: datetime) -> Status:
        """How it stands."""
        return status_of(self.used_at, self.cancelled_at, self.opened_at, self.expires_at, now)

    def used_by(self, attempt_id: str) -> bool:
        """Whether this login is the one that has connected."""
        return self.used_at is not None and self.claimed_by == attempt_id


class Reader(Protocol):
    """The database, or a connection to it."""

    async def fetchrow(self, query: str, *args: Any) -> Any:
        """One row, or None."""
        ...

    async def fetchval(self, query: str, *args: Any) -> Any:
        """The first column of one row, or None."""
        ...

    async def execute(self, query: str, *args: Any) -> Any:
        """Run a statement."""
        ...


def status_of(
    used_at: datetime | None,
    cancelled_at: datetime | None,
    opened_at: datetime | None,
    expires_at: datetime,
    now: datetime,
) -> Status:
    """How an invitation stands: what was done with it goes before what time did."""
    if used_at is not None:
        return Status.USED
    if cancelled_at is not None:
        return Status.CANCELLED
    if expires_at <= now:
        return Status.EXPIRED
    return Status.OPEN if opened_at is None else Status.OPENED


def digest(text: str) -> bytes:
    """The form in which codes and nonces are kept. They have 256 bits: nobody finds them by trying."""
    return hashlib.sha256(text.encode()).digest()


def pruning() -> list[Pruning]:
    """How invitations go by age."""
    return [Pruning("invitations", "expires_at", datetime.fromtimestamp(0, UTC), "expires_at", KEEP)]


# For the app ------------------------------------------------------------------------------------------------------------


async def create(
    connection: Connection, app_id: str, given: Mapping[str, Any], expires_at: datetime, now: datetime
) -> tuple[dict[str, Any], str]:
    """A new one, and its code, which is told this once. ``given``: returnUrl, state, facebookAppId, login, displayName,
    settings, brandName, logoUrl."""
    code = secrets.token_urlsafe(32)
    row = await connection.fetchrow(
        _INSERT,
        new_id(),
        app_id,
        digest(code),
        given["returnUrl"],
        given.get("state"),
        given.get("facebookAppId"),
        given.get("login"),
        given.get("displayName"),
        given.get("settings") or {},
        given.get("brandName"),
        given.get("logoUrl"),
        now,
        expires_at,
    )
    return wire(row, now), code


async def list_invitations(connection: Connection, app_id: str, cut: Cut) -> Slice:
    """A page of an app's invitations."""
    return await paging.cut_by_id(connection, _LIST, (app_id,), cut)


async def get(connection: Connection, app_id: str, invitation_id: str, now: datetime) -> dict[str, Any] | None:
    """One invitation of an app, or None."""
    row = await connection.fetchrow(_GET, app_id, invitation_id)
    return None if row is None else wire(row, now)


async def cancel(connection: Connection, app_id: str, invitation_id: str, now: datetime) -> bool:
    """End one that is not used yet; whether there is such a one. A used or expired one stays as it is."""
    return await connection.fetchval(_CANCEL, app_id, invitation_id, now) is not None


_SHOWN = {
    "state": "state",
    "facebookAppId": "facebook_app_id",
    "login": "login",
    "displayName": "display_name",
    "brandName": "brand_name",
    "logoUrl": "logo_url",
    "integrationId": "integration_id",
}
_TIMES = {"openedAt": "opened_at", "usedAt": "used_at", "cancelledAt": "cancelled_at"}


def wire(row: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """A row as the API shows it: never with its code."""
    status = status_of(row["used_at"], row["cancelled_at"], row["opened_at"], row["expires_at"], now)
    return {
        "id": row["id"],
        "status": status.value,
        "returnUrl": row["return_url"],
        "createdAt": wire_time(row["created_at"]),
        "expiresAt": wire_time(row["expires_at"]),
        **({"settings": row["settings"]} if row["settings"] else {}),
        **{name: row[column] for name, column in _SHOWN.items() if row[column] is not None},
        **{name: wire_time(row[column]) for name, column in _TIMES.items() if row[column] is not None},
    }


# For its pages ------------------------------------------------------------------------------------------------------------


async def by_code(reader: Reader, code: str) -> Invitation | None:
    """The one of a link."""
    return _read(await reader.fetchrow(_BY_CODE, digest(code)))


async def by_browser(reader: Reader, invitation_id: str, nonce: str) -> Invitation | None:
    """One in which this browser began a login last: the way back without the link's code."""
    return _read(await reader.fetchrow(_BY_BROWSER, invitation_id, digest(nonce))) if nonce else None


async def by_id(reader: Reader, invitation_id: str) -> Invitation | None:
    """One that a login names."""
    return _read(await reader.fetchrow(_BY_ID, invitation_id))


async def opened(reader: Reader, invitation_id: str, now: datetime) -> None:
    """Somebody looks at its page."""
    await reader.execute(_OPENED, invitation_id, now)


async def begun(reader: Reader, invitation_id: str, nonce: str) -> None:
    """A browser has begun a login."""
    await reader.execute(_BEGUN, invitation_id, digest(nonce))


async def claim(reader: Reader, invitation_id: str, attempt_id: str, account_id: str, now: datetime) -> str | None:
    """Take it for a login that is about to connect an account: the claim, to release it by. None: another login has it,
    or this one for another account, or it is cancelled."""
    mine = new_id()
    taken = await reader.fetchval(_CLAIM, invitation_id, attempt_id, account_id, now, mine, now - CLAIM_FOR)
    return None if taken is None else mine


async def release(reader: Reader, invitation_id: str, claim_id: str) -> None:
    """What claimed it did not connect."""
    await reader.execute(_RELEASE, invitation_id, claim_id)


async def used(
    reader: Reader, invitation_id: str, attempt_id: str, account_id: str, integration_id: str, now: datetime
) -> None:
    """The login has connected. Said again it changes nothing."""
    await reader.execute(_USED, invitation_id, attempt_id, account_id, integration_id, now)


def _read(row: Any) -> Invitation | None:
    return None if row is None else Invitation(**{name: row[name] for name in Invitation.__slots__})
