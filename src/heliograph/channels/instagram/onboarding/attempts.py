"""Logins under way, as rows of ``login_attempts``.

    begun ──state comes back──▶ returned ──code exchanged──▶ granted ──account chosen──▶ chosen
      │ 15 minutes                  │                           │ 30 minutes
      └────────── expired           └──▶ failed                 └──▶ failed (start over)

Invariant: a state is used once. Its use is one update that finds the row in step ``begun``; of two at once one finds it.
State and nonce stand here as hashes: who reads the table can end nobody's login.
"""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from heliograph.messaging.housekeeping import Pruning
from heliograph.storage import Database, SecretBox, new_id
from heliograph.storage.secrets import SecretError
from heliograph.telemetry.logs import get_logger

log = get_logger("instagram")

RETURN_WITHIN = timedelta(minutes=15)
CHOOSE_WITHIN = timedelta(minutes=30)
KEEP = timedelta(hours=1)

_BEGIN = """
insert into login_attempts (id, state_hash, nonce_hash, app_id, integration_id, invitation_id, member_id, return_to,
    again_at, popup, facebook_app_id, login, verifier, expires_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
"""
# Served by the unique key of state_hash.
_BY_STATE = "select * from login_attempts where state_hash = $1"
_USE = """
update login_attempts set step = 'returned', verifier = null
where state_hash = $1 and nonce_hash = $2 and step = 'begun' and expires_at > $3 returning id
"""
# By the primary key.
_GRANT = """
update login_attempts set step = 'granted', user_token = $2, scopes = $3, expires_at = $4
where id = $1 and step = 'returned' returning id
"""
_FAIL = (
    "update login_attempts set step = 'failed', verifier = null, user_token = null where id = $1 and step <> 'chosen'"
)
_GET = "select * from login_attempts where id = $1 and nonce_hash = $2 and ($3::text is null or app_id = $3)"
_CHOSEN = """
update login_attempts set step = 'chosen', user_token = null, connected_id = $2, account_id = $3, created = $4
where id = $1 and step = 'granted' returning id
"""


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a login is for, and where it goes on. Kept with the attempt; nothing of it goes through the browser.

    ``return_to``: the path of ours that the chooser stands under; the attempt's id is put after it. ``again_at``: the path
    of ours where it was begun, for Try again. ``integration_id``: the integration to reconnect. ``invitation_id`` and
    ``member_id``: by whom it was begun, for the pages that ask. ``popup``: the dialog is in a window of its own.
    """

    app_id: str
    return_to: str
    again_at: str = ""
    integration_id: str | None = None
    invitation_id: str | None = None
    member_id: str | None = None
    popup: bool = False


@dataclass(frozen=True, slots=True)
class Attempt:
    """One login under way. ``user_token`` is that of the person, once there is one."""

    id: str
    purpose: Purpose
    facebook_app_id: str
    login: str
    step: str
    expires_at: datetime
    verifier: str | None = field(default=None, repr=False)
    user_token: str | None = field(default=None, repr=False)
    scopes: frozenset[str] | None = None
    connected: tuple[str, str, bool] | None = None
    """Integration, account, and whether it is a new one."""
    nonce_hash: bytes = field(default=b"", repr=False)

    def is_of(self, nonce: str) -> bool:
        """Whether it was begun in the browser with this nonce."""
        return hmac.compare_digest(self.nonce_hash, digest(nonce))


def digest(text: str) -> bytes:
    """The form in which a state or nonce is kept."""
    return hashlib.sha256(text.encode()).digest()


def pruning() -> list[Pruning]:
    """How attempts go by age: an hour after they have expired."""
    return [Pruning("login_attempts", "expires_at", datetime.fromtimestamp(0, UTC), "expires_at", KEEP)]


class Attempts:
    """The rows. Secrets are sealed for the row that they stand in."""

    def __init__(self, database: Database, box: SecretBox) -> None:
        self._database = database
        self._box = box

    async def begin(
        self, purpose: Purpose, facebook_app_id: str, login: str, nonce: str, verifier: str | None, now: datetime
    ) -> tuple[str, str]:
        """A new attempt: its id, and its state. Raises asyncpg's ForeignKeyViolationError for an app that is gone."""
        attempt_id, state = new_id(), secrets.token_urlsafe(32)
        await self._database.execute(
            _BEGIN,
            attempt_id,
            digest(state),
            digest(nonce),
            purpose.app_id,
            purpose.integration_id,
            purpose.invitation_id,
            purpose.member_id,
            purpose.return_to,
            purpose.again_at,
            purpose.popup,
            facebook_app_id,
            login,
            None if verifier is None else self._box.seal(verifier, _place(attempt_id, "verifier")),
            now + RETURN_WITHIN,
        )
        return attempt_id, state

    async def of_state(self, state: str) -> Attempt | None:
        """The attempt that a state belongs to, whatever has become of it."""
        row = await self._database.fetchrow(_BY_STATE, digest(state))
        return None if row is None else self._read(row)

    async def use(self, state: str, nonce: str, now: datetime) -> bool:
        """Use a state up. False: somebody else has, or it is late, or of another browser."""
        return await self._database.fetchval(_USE, digest(state), digest(nonce), now) is not None

    async def granted(self, attempt_id: str, token: str, scopes: frozenset[str] | None, now: datetime) -> bool:
        """Meta has given a token."""
        sealed = self._box.seal(token, _place(attempt_id, "user_token"))
        told = None if scopes is None else sorted(scopes)
        return await self._database.fetchval(_GRANT, attempt_id, sealed, told, now + CHOOSE_WITHIN) is not None

    async def failed(self, attempt_id: str) -> None:
        """It does not go on; what is secret of it goes."""
        await self._database.execute(_FAIL, attempt_id)

    async def get(self, attempt_id: str, nonce: str, app_id: str | None = None) -> Attempt | None:
        """An attempt of this browser, and of this app when one is given."""
        row = await self._database.fetchrow(_GET, attempt_id, digest(nonce), app_id)
        return None if row is None else self._read(row)

    async def chosen(self, attempt_id: str, integration_id: str, account_id: str, *, created: bool) -> None:
        """It came to an integration."""
        await self._database.execute(_CHOSEN, attempt_id, integration_id, account_id, created)

    def _read(self, row: Any) -> Attempt:
        key = row["id"]
        done = (row["connected_id"], row["account_id"], row["created"]) if row["connected_id"] else None
        purpose = Purpose(**{name: row[name] for name in Purpose.__slots__})
        return Attempt(
            key,
            purpose,
            row["facebook_app_id"],
            row["login"],
            row["step"],
            row["expires_at"],
            self._open(row, "verifier"),
            self._open(row, "user_token"),
            None if row["scopes"] is None else frozenset(row["scopes"]),
            done,
            row["nonce_hash"],
        )

    def _open(self, row: Mapping[str, Any], name: str) -> str | None:
        """None, too, for what was sealed with a key that is gone: the login is then begun anew."""
        try:
            return None if row[name] is None else self._box.open(row[name], _place(row["id"], name))
        except SecretError as error:
            log.warning("a login's secret is not readable", attempt=row["id"], error=str(error))
            return None


def _place(attempt_id: str, name: str) -> str:
    return f"login_attempt:{attempt_id}:{name}"
