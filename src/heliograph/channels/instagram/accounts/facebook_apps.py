"""The Facebook apps of this installation, as the built-in login uses them: listed, added, changed, removed, picked.

An app at Meta may be everybody's here (*shared*, one of them the default) or one app's own, such as a vendor's. One that
came with an integration's creation is neither: it serves the apps whose accounts are connected by it, because whoever
connected them has shown its secret.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from asyncpg.exceptions import ForeignKeyViolationError

from heliograph.channels.instagram.accounts import app_picking as picking
from heliograph.channels.instagram.accounts.app_entries import REDIRECT_PATH, Entry, entries
from heliograph.channels.instagram.accounts.app_picking import TITLES, Listed
from heliograph.channels.instagram.accounts.app_trial import LONGEST_NAME, FacebookAppError, Trial
from heliograph.channels.instagram.accounts.records import FacebookApps
from heliograph.channels.instagram.meta.flavours import FACEBOOK, INSTAGRAM
from heliograph.channels.instagram.meta.graph import Graph
from heliograph.channels.instagram.meta.login_hosts import LoginHosts
from heliograph.storage import Database
from heliograph.telemetry.logs import get_logger

log = get_logger("instagram")

__all__ = ["LONGEST_NAME", "REDIRECT_PATH", "Entry", "FacebookAppError", "FacebookAppRegister", "Listed", "entries"]

_ID = re.compile(r"[1-9]\d{4,31}", re.ASCII)
_CONFIG = re.compile(r"\d{5,32}", re.ASCII)
_SECRET = re.compile(r"[\x21-\x7e]{8,256}", re.ASCII)

# The accounts of each are counted by instagram_accounts_of_facebook_app. $1: an app, or null for all.
_LIST = """
select f.id, f.name, f.login, f.config_id, f.app_id, f.shared, f.is_default, f.created_at, f.checked_at,
    (select count(*) from instagram_accounts a where a.facebook_app_id = f.id and ($1::text is null or a.app_id = $1))
        as accounts
from facebook_apps f
where ($2::text is null or f.id = $2) and ($1::text is null or f.shared or f.app_id = $1
    or exists (select from instagram_accounts a where a.facebook_app_id = f.id and a.app_id = $1))
order by f.created_at, f.id
"""
_DESCRIBE = """
update facebook_apps set name = $2, config_id = $3, app_id = $4, shared = $5, checked_at = coalesce($6, checked_at)
where id = $1
"""
_CHECKED = "update facebook_apps set checked_at = now() where id = $1"
_NO_DEFAULT = "update facebook_apps set is_default = false where is_default and id <> $1"
_DEFAULT = "update facebook_apps set is_default = true where id = $1 and shared"
_REMOVE = "delete from facebook_apps where id = $1"


class FacebookAppRegister:
    """The register. ``app_id`` in a call is the app that asks; None is whoever runs the installation."""

    def __init__(
        self, database: Database, apps: FacebookApps, graph: Graph, hosts: LoginHosts, *, public_url: str
    ) -> None:
        self._database = database
        self._apps = apps
        self._public_url = public_url
        self._trial = Trial(graph, hosts, self.redirect_uri)

    @property
    def redirect_uri(self) -> str:
        """Where Meta sends people back to, for every app and login."""
        return f"{self._public_url}{REDIRECT_PATH}"

    async def all(self, app_id: str | None = None) -> list[Listed]:
        """Those that may be used, the oldest first."""
        return [_listed(row) for row in await self._database.fetch(_LIST, app_id, None)]

    async def get(self, facebook_app_id: str, app_id: str | None = None) -> Listed | None:
        """One that may be used, or None."""
        row = await self._database.fetchrow(_LIST, app_id, facebook_app_id)
        return None if row is None else _listed(row)

    async def pick(self, app_id: str, facebook_app_id: str | None = None) -> Listed:
        """The one to log in with (:func:`picking.pick`). Raises :class:`FacebookAppError`."""
        return picking.pick(await self.all(app_id), app_id, facebook_app_id)

    async def offers(
        self, app_id: str, facebook_app_id: str | None = None, login: str | None = None
    ) -> dict[str, Listed]:
        """The ways to log in that a page can offer (:func:`picking.offers`). Raises :class:`FacebookAppError`."""
        return picking.offers(await self.all(app_id), app_id, facebook_app_id, login)

    async def add(
        self,
        facebook_app_id: str,
        secret: str,
        *,
        name: str = "",
        login: str = FACEBOOK,
        config_id: str | None = None,
        app_id: str | None = None,
        default: bool = False,
    ) -> Listed:
        """Try an app at Meta, and keep it: for ``app_id`` alone, or for everybody. Raises :class:`FacebookAppError`."""
        _check_texts(facebook_app_id, secret, name, config_id, login)
        _check_default(default, shared=app_id is None)
        known = await self.get(facebook_app_id)
        if known is not None and known.login != login:
            raise FacebookAppError(f"{facebook_app_id} is known here as an app of {TITLES[known.login]}.")
        if known is not None and (known.shared or known.app_id is not None):
            whose = "here already" if known.shared or known.app_id == app_id else "in this installation already"
            raise FacebookAppError(
                f"The Facebook app {facebook_app_id} is registered {whose}. Change that one instead: on the page Settings,"
                " or with heliograph facebook-apps change."
            )
        told, checked_at = await self._trial.of(facebook_app_id, secret, login)
        if known is not None:
            await self._may_replace(known, secret, app_id, proven=checked_at is not None)
        await self._apps.save(facebook_app_id, secret, login)
        await self._describe(
            facebook_app_id, name.strip() or told or f"App {facebook_app_id}", config_id, app_id, checked_at
        )
        if default:
            await self._make_default(facebook_app_id)
        log.info("Facebook app added", facebook_app=facebook_app_id, login=login, app=app_id)
        return await self._must(facebook_app_id)

    async def change(
        self,
        facebook_app_id: str,
        *,
        app_id: str | None = None,
        name: str | None = None,
        secret: str | None = None,
        config_id: str | None = None,
        default: bool = False,
    ) -> Listed:
        """Change what is given; an empty ``config_id`` takes it away. A new secret is tried first. An app changes only its
        own. Raises :class:`FacebookAppError`.
        """
        one = await self._own(facebook_app_id, app_id)
        _check_texts(facebook_app_id, secret, name or "", config_id or None, one.login)
        _check_default(default, shared=one.shared)
        checked_at = None
        if secret:
            _, checked_at = await self._trial.of(facebook_app_id, secret, one.login)
            await self._may_replace(one, secret, app_id, proven=checked_at is not None)
            await self._apps.save(facebook_app_id, secret, one.login)
        await self._describe(
            facebook_app_id,
            one.name if name is None or not name.strip() else name.strip(),
            one.config_id if config_id is None else config_id or None,
            one.app_id,
            checked_at,
            shared=one.shared,
        )
        if default:
            await self._make_default(facebook_app_id)
        log.info("Facebook app changed", facebook_app=facebook_app_id, rotated=bool(secret))
        return await self._must(facebook_app_id)

    async def remove(self, facebook_app_id: str, *, app_id: str | None = None) -> None:
        """Remove one by which no account is connected. Raises :class:`FacebookAppError`."""
        one = await self._own(facebook_app_id, app_id)
        try:
            await self._database.execute(_REMOVE, facebook_app_id)
        except ForeignKeyViolationError:
            # Of other apps, too: their number is theirs.
            count = f"{one.accounts} " if app_id is None and one.accounts else ""
            raise FacebookAppError(
                f"{count}Instagram account(s) are connected by the Facebook app {facebook_app_id}. Delete their"
                " integrations first."
            ) from None
        self._apps.forget(facebook_app_id)
        log.info("Facebook app removed", facebook_app=facebook_app_id)

    async def proven(self, facebook_app_id: str) -> None:
        """Meta has just accepted its id and secret."""
        await self._database.execute(_CHECKED, facebook_app_id)

    async def entries(self, facebook_app_id: str, app_id: str | None = None) -> Sequence[Entry]:
        """What Meta must have entered for one. Raises :class:`FacebookAppError`."""
        await self._own(facebook_app_id, app_id)
        app = await self._apps.reload(facebook_app_id)
        if app is None:
            raise _unknown(facebook_app_id)
        return entries(app, self._public_url)

    async def _own(self, facebook_app_id: str, app_id: str | None) -> Listed:
        one = await self.get(facebook_app_id, app_id)
        if one is None or (app_id is not None and one.app_id != app_id):
            raise _unknown(facebook_app_id)
        return one

    async def _must(self, facebook_app_id: str) -> Listed:
        one = await self.get(facebook_app_id)
        if one is None:
            raise _unknown(facebook_app_id)
        return one

    async def _describe(
        self,
        facebook_app_id: str,
        name: str,
        config_id: str | None,
        app_id: str | None,
        checked_at: datetime | None,
        *,
        shared: bool | None = None,
    ) -> None:
        for_all = app_id is None if shared is None else shared
        try:
            await self._database.execute(
                _DESCRIBE, facebook_app_id, name, config_id or None, app_id, for_all, checked_at
            )
        except ForeignKeyViolationError:
            raise FacebookAppError(f"There is no app {app_id}.") from None

    async def _make_default(self, facebook_app_id: str) -> None:
        async with self._database.transaction() as connection:
            await connection.execute(_NO_DEFAULT, facebook_app_id)
            await connection.execute(_DEFAULT, facebook_app_id)

    async def _may_replace(self, one: Listed, secret: str, app_id: str | None, *, proven: bool) -> None:
        """An unproven secret does not take the place of one that other apps' accounts depend on (decision 11)."""
        app = await self._apps.reload(one.id)
        if proven or app_id is None or app is None or app.secret == secret:
            return
        theirs = await self.get(one.id, app_id)
        if one.accounts > (theirs.accounts if theirs else 0):
            raise FacebookAppError(
                f"The secret of {one.id} is another than the one that accounts here depend on, and Meta has no call that"
                " proves it. Ask whoever runs this server to change it."
            )


def _listed(row: Any) -> Listed:
    return Listed(**dict(row))


def _check_texts(facebook_app_id: str, secret: str | None, name: str, config_id: str | None, login: str) -> None:
    if login not in TITLES:
        raise FacebookAppError(f"login must be {FACEBOOK} or {INSTAGRAM}.")
    if not _ID.fullmatch(facebook_app_id):
        raise FacebookAppError("The app's id is a number, as it stands in the App Dashboard.")
    if secret is not None and not _SECRET.fullmatch(secret):
        raise FacebookAppError("The secret has 8 to 256 letters and digits, without spaces.")
    if len(name) > LONGEST_NAME or (name and not name.isprintable()):
        raise FacebookAppError(f"The name must have at most {LONGEST_NAME} printable characters.")
    if config_id and login != FACEBOOK:
        raise FacebookAppError("Only Facebook Login for Business has a configuration id.")
    if config_id and not _CONFIG.fullmatch(config_id):
        raise FacebookAppError("The configuration id is a number, as it stands under Facebook Login for Business.")


def _check_default(wanted: bool, *, shared: bool) -> None:
    """The default is taken from whichever had it, so only one that can have it may ask."""
    if wanted and not shared:
        raise FacebookAppError("Only one for everybody can be the default: the default is everybody's.")


def _unknown(facebook_app_id: str) -> FacebookAppError:
    return FacebookAppError(f"There is no Facebook app {facebook_app_id[:40]} here that can be changed.")
