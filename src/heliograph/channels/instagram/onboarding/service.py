"""Connecting by login, as pages use it: begin, returned, choices, choose; and taking the grant back, to start over.

Every call names the browser's nonce, and every call of a page of an app names that app: an attempt of another browser or
app is not found. No token, secret or code is in anything that is returned.
"""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from asyncpg.exceptions import ForeignKeyViolationError

from heliograph.channels.base import ConnectError, GoneError
from heliograph.channels.instagram.accounts.facebook_apps import FacebookAppError, FacebookAppRegister
from heliograph.channels.instagram.accounts.records import FacebookApp, FacebookApps
from heliograph.channels.instagram.meta.flavours import FACEBOOK, FLAVOURS
from heliograph.channels.instagram.meta.graph import Graph, GraphError, NoAnswerError, NotSentError
from heliograph.channels.instagram.meta.login_hosts import LoginHosts
from heliograph.channels.instagram.onboarding import dialog, pages
from heliograph.channels.instagram.onboarding.attempts import Attempt, Attempts, Purpose
from heliograph.channels.instagram.onboarding.browser import new_nonce
from heliograph.channels.instagram.onboarding.choosing import Here, Row, Seen, judge
from heliograph.channels.instagram.onboarding.exchange import exchange
from heliograph.channels.instagram.onboarding.outcomes import Begun, Choices, Connected, Connector, Missing, Returned
from heliograph.channels.instagram.onboarding.troubles import Kind, LoginError, Trouble, trouble
from heliograph.messaging.way_back import origin_of
from heliograph.storage import Database, SecretBox
from heliograph.telemetry.logs import get_logger

log = get_logger("instagram")

# Paths of our own pages, and nothing that a browser could read as another host.
_OURS = re.compile(r"/(?:dashboard|connect)(?:/[A-Za-z0-9_-]+)*")
# Meta's own words, shown as they are; no more of them than a sentence.
_LONGEST_SAID = 200

# Served by instagram_accounts_of_app.
_HERE = "select account_id, integration_id, facebook_app_id, login from instagram_accounts where app_id = $1"
# By the primary key.
_ACCOUNT = """
select account_id, facebook_app_id, login from instagram_accounts where integration_id = $1 and app_id = $2
"""


async def _not_noted(_facebook_app_id: str, _granted: Iterable[str]) -> None:
    """Nobody wants to know."""


class Onboarding:
    """The service. Every method raises :class:`LoginError` for what a person can read and do something about.

    ``noted`` is told by which permissions of a Facebook app somebody's Pages were read.
    """

    def __init__(
        self,
        database: Database,
        box: SecretBox,
        graph: Graph,
        apps: FacebookApps,
        register: FacebookAppRegister,
        connector: Connector,
        hosts: LoginHosts,
        *,
        noted: Callable[[str, Iterable[str]], Awaitable[None]] = _not_noted,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._attempts = Attempts(database, box)
        self._graph = graph
        self._apps = apps
        self._register = register
        self._connector = connector
        self._hosts = hosts
        self._noted = noted
        self._clock = clock

    async def begin(
        self, purpose: Purpose, facebook_app_id: str | None = None, *, rerequest: bool = False, nonce: str = ""
    ) -> Begun:
        """Begin a login for an app. Without ``facebook_app_id``: the one of the integration to reconnect, else the app's
        own, else the installation's (:meth:`FacebookAppRegister.pick`). ``rerequest`` asks again for what was declined.
        ``nonce``: the one that this browser has already, so that two logins in two tabs both work.

        Raises ValueError for paths that are not ours.
        """
        for path in (purpose.return_to, purpose.again_at or purpose.return_to):
            if not _OURS.fullmatch(path):
                raise ValueError(f"{path!r} is no path of our pages")
        try:
            wanted = await self._app_of(purpose, facebook_app_id)
            app = await self._register.pick(purpose.app_id, wanted)
        except FacebookAppError as error:
            raise self._error(Kind.NO_APP, purpose, said=str(error)) from error
        verifier = new_nonce() if FLAVOURS[app.login].pkce else None
        nonce = nonce or new_nonce()
        try:
            attempt_id, state = await self._attempts.begin(purpose, app.id, app.login, nonce, verifier, self._clock())
        except ForeignKeyViolationError:
            raise self._error(Kind.GONE, purpose) from None
        asked = dialog.Asked(
            app.login,
            app.id,
            self._register.redirect_uri,
            state,
            verifier,
            app.config_id,
            rerequest,
            purpose.popup,
        )
        log.info("login begun", attempt=attempt_id, facebook_app=app.id, app=purpose.app_id)
        return Begun(dialog.address(self._hosts, self._graph.version, asked), nonce, attempt_id)

    async def _app_of(self, purpose: Purpose, given: str | None) -> str | None:
        """The Facebook app to use, as far as the purpose tells: a reconnected integration keeps its own."""
        if purpose.integration_id is None:
            return given
        row = await self._database.fetchrow(_ACCOUNT, purpose.integration_id, purpose.app_id)
        if row is None:
            raise self._error(Kind.GONE, purpose)
        if given is not None and given != row["facebook_app_id"]:
            raise FacebookAppError(
                f"The integration was connected by the Facebook app {row['facebook_app_id']}, and is reconnected by that"
                " one. To change to another, delete it and connect the account anew."
            )
        return str(row["facebook_app_id"])

    async def returned(self, query: Mapping[str, str], nonce: str) -> Returned:
        """The browser is back from Meta, with this query. The state is used up, whatever comes of it."""
        now, state = self._clock(), query.get("state", "")
        attempt = await self._attempts.of_state(state) if state else None
        if attempt is None:
            raise LoginError(trouble(Kind.WRONG_STATE))
        if not attempt.is_of(nonce):
            # Of somebody else's login nothing is told, and nothing is changed.
            raise LoginError(trouble(Kind.OTHER_BROWSER, here=origin_of(self._register.redirect_uri)))
        if not await self._attempts.use(state, nonce, now):
            late = attempt.step == "begun" and attempt.expires_at <= now
            raise self._error(Kind.EXPIRED if late else Kind.REPLAYED, attempt.purpose)
        try:
            return await self._granted(attempt, query)
        except LoginError as error:
            await self._attempts.failed(attempt.id)
            log.info("login failed", attempt=attempt.id, kind=error.kind.value)
            raise LoginError(error.trouble, _again(attempt.purpose)) from error

    async def _granted(self, attempt: Attempt, query: Mapping[str, str]) -> Returned:
        if "error" in query or not query.get("code"):
            raise LoginError(_refused(query))
        app = await self._facebook_app(attempt)
        access = await exchange(
            self._graph, self._hosts, app, query["code"], self._register.redirect_uri, attempt.verifier
        )
        await self._register.proven(app.id)
        if not await self._attempts.granted(attempt.id, access.token, access.scopes, self._clock()):
            raise LoginError(trouble(Kind.GONE))
        log.info("login granted", attempt=attempt.id, facebook_app=app.id)
        path = f"{attempt.purpose.return_to}/{attempt.id}"
        return Returned(attempt.id, attempt.purpose, path, attempt.login == FACEBOOK)

    async def purpose_of(self, attempt_id: str, nonce: str) -> Purpose:
        """What an attempt of this browser is for: for pages that do not know the app by themselves."""
        return (await self._attempt(None, attempt_id, nonce)).purpose

    async def choices(self, app_id: str, attempt_id: str, nonce: str) -> Choices:
        """What can be connected, asked of Meta now."""
        attempt = await self._open(app_id, attempt_id, nonce)
        shown, rows, _ = await self._look(attempt)
        await self._noted(attempt.facebook_app_id, shown.grant.scopes or ())
        flavour = FLAVOURS[attempt.login]
        missing = tuple(
            Missing(scope, scope in flavour.required_scopes) for scope in shown.grant.missing(flavour.wanted_scopes)
        )
        needed = [one.scope for one in missing if one.needed]
        stop = None
        if needed:
            stop = trouble(Kind.DENIED_SCOPES, said=" and ".join(needed))
        elif not rows:
            stop = trouble(Kind.NO_PAGES)
        ordered = sorted(
            rows, key=lambda row: (not row.eligible, (row.page_name or row.username).casefold(), row.page_id)
        )
        return Choices(
            attempt.purpose,
            attempt.login,
            attempt.facebook_app_id,
            shown.user_name,
            tuple(ordered),
            missing,
            stop,
            shown.cut,
        )

    async def choose(
        self, app_id: str, attempt_id: str, nonce: str, account_id: str, switches: Mapping[str, Any] | None = None
    ) -> Connected:
        """Connect the account ``account_id`` of :class:`Row`, or reconnect the integration that has it.

        ``switches``: fields of the create body such as ``displayName``, ``humanAgentTag``; for a new integration only.
        The same choice again has the same answer.
        """
        attempt = await self._attempt(app_id, attempt_id, nonce)
        if attempt.connected is None:
            attempt = await self._open(app_id, attempt_id, nonce)
            try:
                return await self._connect(attempt, account_id, switches or {})
            except LoginError as error:
                # The other click's choice may have ended this attempt meanwhile.
                after = await self._attempts.get(attempt_id, nonce, app_id)
                if after is None or after.connected is None:
                    raise
                log.info("chosen twice", attempt=attempt_id, kind=error.kind.value)
                attempt = after
        return self._done(attempt, account_id)

    async def start_over(self, app_id: str, attempt_id: str, nonce: str) -> Purpose:
        """Take back all that the person has granted to the Facebook app; what to begin anew with. The attempt is over.

        Accounts that the same person connected by this Facebook app stop working: Meta ends their tokens as well.
        """
        attempt = await self._open(app_id, attempt_id, nonce)
        app = await self._facebook_app(attempt)
        try:
            await pages.revoke(self._graph, app, attempt.user_token or "")
        except (GraphError, NotSentError, NoAnswerError) as error:
            found = self._from_meta(attempt, error)
            if found.kind is not Kind.GRANT_GONE:  # gone already: so much the better
                raise found from error
        await self._attempts.failed(attempt.id)
        log.info("grant taken back to start over", attempt=attempt.id, facebook_app=app.id)
        return attempt.purpose

    # Steps ------------------------------------------------------------------------------------------------------

    async def _attempt(self, app_id: str | None, attempt_id: str, nonce: str) -> Attempt:
        found = await self._attempts.get(attempt_id, nonce, app_id) if nonce else None
        if found is None:
            raise LoginError(trouble(Kind.WRONG_STATE))
        return found

    async def _open(self, app_id: str, attempt_id: str, nonce: str) -> Attempt:
        """An attempt that an account can be chosen in."""
        attempt = await self._attempt(app_id, attempt_id, nonce)
        if attempt.step == "chosen":
            raise self._error(Kind.DONE, attempt.purpose)
        if attempt.expires_at <= self._clock():
            raise self._error(Kind.EXPIRED, attempt.purpose)
        if attempt.step != "granted":
            raise self._error(Kind.REPLAYED, attempt.purpose)
        if attempt.user_token is None:
            raise self._error(Kind.GRANT_GONE, attempt.purpose)
        return attempt

    async def _look(self, attempt: Attempt) -> tuple[pages.Shown, list[Row], Mapping[str, Seen]]:
        """What Meta shows, the rows of it, and the Pages by account."""
        app = await self._facebook_app(attempt)
        try:
            shown = await pages.shown(self._graph, app, attempt.user_token or "", attempt.scopes)
        except (GraphError, NotSentError, NoAnswerError) as error:
            raise self._from_meta(attempt, error) from error
        here = await self._here(attempt.purpose.app_id)
        only = await self._only(attempt.purpose)
        required = FLAVOURS[attempt.login].required_scopes
        by = (attempt.facebook_app_id, attempt.login)
        rows = [judge(seen, shown.grant, required, here, by=by, only=only) for seen in shown.pages]
        return shown, rows, {seen.account_id: seen for seen in shown.pages if seen.account_id}

    async def _here(self, app_id: str) -> Mapping[str, Here]:
        """By account, what the app has."""
        return {
            row["account_id"]: Here(row["integration_id"], row["facebook_app_id"], row["login"])
            for row in await self._database.fetch(_HERE, app_id)
        }

    async def _only(self, purpose: Purpose) -> str | None:
        if purpose.integration_id is None:
            return None
        row = await self._database.fetchrow(_ACCOUNT, purpose.integration_id, purpose.app_id)
        if row is None:
            raise self._error(Kind.GONE, purpose)
        return str(row["account_id"])

    async def _connect(self, attempt: Attempt, account_id: str, switches: Mapping[str, Any]) -> Connected:
        purpose, by = attempt.purpose, (attempt.facebook_app_id, attempt.login)
        _, rows, by_account = await self._look(attempt)
        only = await self._only(purpose)
        row = next((one for one in rows if one.account_id and one.account_id == account_id), None)
        if row is None:
            raise self._error(Kind.NOT_LISTED, purpose)
        if only is not None and account_id != only:
            wanted = next((one.username for one in rows if one.account_id == only), only)
            raise self._error(Kind.OTHER_ACCOUNT, purpose, wanted=f"@{wanted}", said=f"@{row.username or account_id}")
        if row.reason is not None and not row.eligible:
            stop = trouble(Kind.NOT_ELIGIBLE, said=row.reason.text)
            raise LoginError(replace(stop, remedies=row.reason.remedies), _again(purpose))
        token = by_account[account_id].token
        try:
            if row.integration_id is not None:
                await self._connector.update(purpose.app_id, row.integration_id, {"pageAccessToken": token})
                integration_id, created = row.integration_id, False
            else:
                integration_id, created = await self._new(attempt, token, switches), True
        except GoneError as error:
            raise self._error(Kind.GONE, purpose) from error
        except ConnectError as error:
            # Two clicks: the other one has connected it since we looked.
            just_now = None if row.integration_id else (await self._here(purpose.app_id)).get(account_id)
            if just_now is None or (just_now.facebook_app_id, just_now.login) != by:
                raise self._error(Kind.CONNECT_REFUSED, purpose, said=str(error)) from error
            integration_id, created = just_now.integration_id, True
        await self._attempts.chosen(attempt.id, integration_id, account_id, created=created)
        log.info("connected by login", attempt=attempt.id, integration=integration_id, created=created)
        return Connected(integration_id, purpose.app_id, created, purpose)

    async def _new(self, attempt: Attempt, token: str, switches: Mapping[str, Any]) -> str:
        app = await self._facebook_app(attempt)
        request = {
            **switches,
            "type": "instagram",
            "appId": app.id,
            "appSecret": app.secret,
            "pageAccessToken": token,
            "login": app.login,
        }
        return await self._connector.connect(attempt.purpose.app_id, request)

    def _done(self, attempt: Attempt, account_id: str) -> Connected:
        assert attempt.connected is not None
        integration_id, connected, created = attempt.connected
        if connected != account_id:
            raise self._error(Kind.DONE, attempt.purpose)
        return Connected(integration_id, attempt.purpose.app_id, created, attempt.purpose)

    async def _facebook_app(self, attempt: Attempt) -> FacebookApp:
        app = await self._apps.reload(attempt.facebook_app_id)
        if app is None:
            raise self._error(Kind.GONE, attempt.purpose)
        return app

    def _from_meta(self, attempt: Attempt, error: Exception) -> LoginError:
        """What an error at reading with the person's token comes to."""
        kind = Kind.META_UNREACHABLE
        if isinstance(error, GraphError) and not error.passes:
            no_access = FLAVOURS[attempt.login].alike and (error.code, error.subcode) == (100, None)
            kind = {190: Kind.GRANT_GONE, 101: Kind.APP_MISCONFIGURED}.get(error.code, Kind.META_REFUSED)
            kind = Kind.NOT_REACHED if no_access else kind
        return self._error(kind, attempt.purpose, said=str(error))

    def _error(self, kind: Kind, purpose: Purpose, **words: str) -> LoginError:
        return LoginError(trouble(kind, **words), _again(purpose))


def _again(purpose: Purpose) -> str:
    return purpose.again_at


def _refused(query: Mapping[str, str]) -> Trouble:
    """What a return without a code comes to. Meta's own words are shown, a sentence of them, and never believed."""
    if query.get("error") == "access_denied":
        return trouble(Kind.CANCELLED)
    texts = (query.get(name) for name in ("error_message", "error_description", "error_reason", "error"))
    said = next((text for text in texts if text), "no code came back")
    return trouble(Kind.META_REFUSED, said="".join(filter(str.isprintable, said))[:_LONGEST_SAID])
