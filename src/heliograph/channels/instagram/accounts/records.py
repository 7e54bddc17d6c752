"""Facebook apps (with their secrets) and the connected Instagram accounts: queries and small caches."""

import asyncio
import re
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from heliograph.channels.instagram.meta.flavours import FACEBOOK
from heliograph.channels.instagram.meta.graph import Caller, Token
from heliograph.messaging.arrivals import Route
from heliograph.storage import Connection, Database, SecretBox
from heliograph.storage.secrets import SecretError
from heliograph.telemetry.logs import get_logger

log = get_logger("instagram")

TYPE = "instagram"

# An app's id comes in a webhook's path, written by anybody.
_ID = re.compile(r"[\w.-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class FacebookApp:
    """An app at Meta that webhooks come from: a Facebook app, or the Instagram app that Instagram Login has beside it."""

    id: str
    secret: str = field(repr=False)
    verify_token: str = field(repr=False)
    login: str = FACEBOOK


@dataclass(frozen=True, slots=True)
class Account:
    """A connected account, as the inbound side sees it."""

    route: Route
    account_id: str
    story_replies: bool
    story_mentions: bool
    media_mode: str = "proxy"


def token_place(integration_id: str) -> str:
    """Where an account's token is sealed for."""
    return f"instagram_account:{integration_id}"


def open_token(box: SecretBox, row: Any) -> Token:
    """The token of a row with an account's ``page_token``, ``login``, ``integration_id``, ``account_id`` and
    ``facebook_app_id``. Raises :class:`SecretError`.

    Every token of an account is read here: from then on it knows its host, and for whom a call with it is made.
    """
    integration_id = row["integration_id"]
    caller = Caller(row["account_id"], row["facebook_app_id"])
    return Token(box.open(row["page_token"], token_place(integration_id)), row["login"], integration_id, caller)


def secret_place(facebook_app_id: str) -> str:
    """Where a Facebook app's secret is sealed for."""
    return f"facebook_app:{facebook_app_id}:secret"


def open_access(box: SecretBox, row: Any) -> tuple[Token, str]:
    """Token and app secret of a row as for :func:`open_token`, with ``app_secret``.

    Raises :class:`SecretError`.
    """
    return open_token(box, row), box.open(row["app_secret"], secret_place(row["facebook_app_id"]))


class FacebookApps:
    """The Facebook apps of this installation, cached for the webhook's hot path.

    A miss, or a signature that does not fit, reads the database again, at most once a second per app: so a new or
    rotated secret works at once, on every process.
    """

    def __init__(self, database: Database, box: SecretBox) -> None:
        self._database = database
        self._box = box
        self._apps: dict[str, FacebookApp] = {}
        self._ids: dict[str, str] = {}
        self._read_at: dict[str, float] = {}
        self._all: list[FacebookApp] = []
        self._all_read_at = -1.0
        self._reading_all: asyncio.Task[list[FacebookApp]] | None = None
        self._reading: dict[str, asyncio.Task[FacebookApp | None]] = {}

    def cached(self, app_id: str) -> FacebookApp | None:
        """What the cache holds."""
        return self._apps.get(app_id)

    def of_secret(self, secret: str | None) -> str | None:
        """The app of a secret, if this process has used it: as when a call was made with it."""
        if secret is None:
            return None
        return self._ids.get(secret)

    async def reload(self, app_id: str) -> FacebookApp | None:
        """Read an app anew, unless that was done within the last second. Who asks meanwhile gets the same answer."""
        if not _ID.fullmatch(app_id):
            return None
        reading = self._reading.get(app_id)
        if reading is None:
            if time.monotonic() - self._read_at.get(app_id, -1.0) < 1.0:
                return self._apps.get(app_id)
            reading = self._reading[app_id] = asyncio.create_task(self._read(app_id))
            reading.add_done_callback(lambda _: self._reading.pop(app_id, None))
        # Shielded: a caller who goes away does not take the others' answer along.
        return await asyncio.shield(reading)

    async def _read(self, app_id: str) -> FacebookApp | None:
        began = time.monotonic()
        row = await self._database.fetchrow("select * from facebook_apps where id = $1", app_id)
        if len(self._read_at) > 10_000:  # strangers may ask for any id; do not remember them for ever
            self._read_at.clear()
        self._read_at[app_id] = began
        if row is None:
            self._apps.pop(app_id, None)
        else:
            self._apps[app_id] = self._open(row)
        return self._apps.get(app_id)

    async def all(self) -> list[FacebookApp]:
        """Every app, for the callback that names none. Read at most once a second, and after every save."""
        reading = self._reading_all
        if reading is None:
            if time.monotonic() - self._all_read_at < 1.0:
                return self._all
            reading = self._reading_all = asyncio.create_task(self._read_all())
        return await asyncio.shield(reading)

    async def _read_all(self) -> list[FacebookApp]:
        self._all_read_at = time.monotonic()
        try:
            rows = await self._database.fetch("select * from facebook_apps order by id")
            self._all = [self._open(row) for row in rows]
            return self._all
        finally:
            self._reading_all = None

    async def save(self, app_id: str, secret: str, login: str = FACEBOOK) -> FacebookApp:
        """Store an app whose secret Meta has just accepted; its verify token and login are set once and kept."""
        row = await self._database.fetchrow(
            "insert into facebook_apps (id, secret, verify_token, login) values ($1, $2, $3, $4)"
            " on conflict (id) do update set secret = excluded.secret returning *",
            app_id,
            self._box.seal(secret, secret_place(app_id)),
            self._box.seal(secrets.token_urlsafe(24), f"facebook_app:{app_id}:verify_token"),
            login,
        )
        self._apps[app_id] = self._open(row)
        self._all_read_at = -1.0
        return self._apps[app_id]

    def forget(self, app_id: str) -> None:
        """An app was removed: this process knows it no more. Others find that out when they read it."""
        self._apps.pop(app_id, None)
        self._all_read_at = -1.0

    def _open(self, row: Any) -> FacebookApp:
        place = f"facebook_app:{row['id']}"
        app = FacebookApp(
            row["id"],
            self._box.open(row["secret"], secret_place(row["id"])),
            self._box.open(row["verify_token"], f"{place}:verify_token"),
            row["login"],
        )
        self._ids[app.secret] = app.id
        return app


# Served by instagram_accounts_routing and apps_pkey. The same account may be connected to several apps of this installation.
_ROUTE = """
select a.integration_id, a.app_id, a.facebook_app_id, a.account_id, a.story_replies, a.story_mentions, a.media_mode,
    p.settings
from instagram_accounts a join unnest($1::text[], $2::text[]) as k (facebook_app_id, account_id)
    on a.account_id = k.account_id and a.facebook_app_id = k.facebook_app_id
join apps p on p.id = a.app_id
order by a.integration_id
"""


async def connected(connection: Connection, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], list[Account]]:
    """The integrations that want webhooks of each (Facebook app, account)."""
    wanted = list(set(keys))
    found: dict[tuple[str, str], list[Account]] = {}
    for row in await connection.fetch(_ROUTE, [k[0] for k in wanted], [k[1] for k in wanted]):
        found.setdefault((row["facebook_app_id"], row["account_id"]), []).append(
            Account(
                Route(row["app_id"], row["integration_id"], TYPE, row["settings"]),
                row["account_id"],
                row["story_replies"],
                row["story_mentions"],
                row["media_mode"],
            )
        )
    return found


# Whether Meta accepts nothing of an account `a` with its integration `i` any more. A token whose renewal failed is good
# until its end, and what keeps only webhooks away (`ailment`) stops no message.
REFUSED = """(i.status = 'inactive' or (
    i.status = 'error' and (a.refusal is not null or (a.refresh_error is null and a.ailment is null))
))"""

# Served by the primary keys.
_TOKENS = f"""
select a.integration_id, a.facebook_app_id, a.account_id, a.page_token, a.login
from instagram_accounts a join integrations i on i.id = a.integration_id
where a.integration_id = any ($1::text[]) and not {REFUSED}
"""  # noqa: S608  the only thing put in is a constant above


async def tokens(
    database: Database, box: SecretBox, apps: FacebookApps, integration_ids: Iterable[str]
) -> dict[str, tuple[str, str | None]]:
    """Page token and app secret of integrations, for calls on their behalf.

    One that cannot be read is left out, and one that Meta refused: it would only be refused again.
    """
    found: dict[str, tuple[str, str | None]] = {}
    for row in await database.fetch(_TOKENS, list(integration_ids)):
        try:
            token = open_token(box, row)
        except SecretError as error:
            log.warning("page token not readable", integration=row["integration_id"], error=str(error))
            continue
        app = apps.cached(row["facebook_app_id"]) or await apps.reload(row["facebook_app_id"])
        found[row["integration_id"]] = (token, app.secret if app else None)
    return found
