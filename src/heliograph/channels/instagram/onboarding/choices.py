"""Choosing: what somebody who has logged in can connect, and connecting what they choose."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from heliograph.channels.base import ConnectError, GoneError
from heliograph.channels.instagram.meta.flavours import FLAVOURS
from heliograph.channels.instagram.meta.graph import Graph, GraphError, NoAnswerError, NotSentError
from heliograph.channels.instagram.onboarding import pages
from heliograph.channels.instagram.onboarding.attempts import Attempt, Attempts, Purpose
from heliograph.channels.instagram.onboarding.choosing import Here, Row, Seen, judge
from heliograph.channels.instagram.onboarding.outcomes import Choices, Connected, Connector, Missing
from heliograph.channels.instagram.onboarding.steps import Steps, error_of, from_meta
from heliograph.channels.instagram.onboarding.troubles import Kind, LoginError, trouble
from heliograph.storage import Database
from heliograph.telemetry.logs import get_logger

log = get_logger("instagram")

# Served by instagram_accounts_of_app.
_HERE = "select account_id, integration_id, facebook_app_id, login from instagram_accounts where app_id = $1"
# By the primary key.
_ACCOUNT = "select account_id from instagram_accounts where integration_id = $1 and app_id = $2"


class Chooser:
    """The choice. ``noted`` is told by which permissions of a Facebook app somebody's Pages were read."""

    def __init__(
        self,
        database: Database,
        graph: Graph,
        attempts: Attempts,
        steps: Steps,
        connector: Connector,
        noted: Callable[[str, Iterable[str]], Awaitable[None]],
    ) -> None:
        self._database = database
        self._graph = graph
        self._attempts = attempts
        self._steps = steps
        self._connector = connector
        self._noted = noted

    async def choices(self, app_id: str, attempt_id: str, nonce: str) -> Choices:
        """What can be connected, asked of Meta now."""
        attempt = await self._steps.open(app_id, attempt_id, nonce)
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
        attempt = await self._steps.attempt(app_id, attempt_id, nonce)
        if attempt.connected is None:
            attempt = await self._steps.open(app_id, attempt_id, nonce)
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

    # Steps ------------------------------------------------------------------------------------------------------

    async def _look(self, attempt: Attempt) -> tuple[pages.Shown, list[Row], Mapping[str, Seen]]:
        """What Meta shows, the rows of it, and the Pages by account."""
        app = await self._steps.facebook_app(attempt)
        try:
            shown = await pages.shown(self._graph, app, attempt.user_token or "", attempt.scopes)
        except (GraphError, NotSentError, NoAnswerError) as error:
            raise from_meta(attempt, error) from error
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
            raise error_of(Kind.GONE, purpose)
        return str(row["account_id"])

    async def _connect(self, attempt: Attempt, account_id: str, switches: Mapping[str, Any]) -> Connected:
        purpose, by = attempt.purpose, (attempt.facebook_app_id, attempt.login)
        _, rows, by_account = await self._look(attempt)
        only = await self._only(purpose)
        row = next((one for one in rows if one.account_id and one.account_id == account_id), None)
        if row is None:
            raise error_of(Kind.NOT_LISTED, purpose)
        if only is not None and account_id != only:
            wanted = next((one.username for one in rows if one.account_id == only), only)
            raise error_of(Kind.OTHER_ACCOUNT, purpose, wanted=f"@{wanted}", said=f"@{row.username or account_id}")
        if row.reason is not None and not row.eligible:
            stop = trouble(Kind.NOT_ELIGIBLE, said=row.reason.text)
            raise LoginError(replace(stop, remedies=row.reason.remedies), purpose.again_at)
        token = by_account[account_id].token
        try:
            if row.integration_id is not None:
                await self._connector.update(purpose.app_id, row.integration_id, {"pageAccessToken": token})
                integration_id, created = row.integration_id, False
            else:
                integration_id, created = await self._new(attempt, token, switches), True
        except GoneError as error:
            raise error_of(Kind.GONE, purpose) from error
        except ConnectError as error:
            # Two clicks: the other one has connected it since we looked.
            just_now = None if row.integration_id else (await self._here(purpose.app_id)).get(account_id)
            if just_now is None or (just_now.facebook_app_id, just_now.login) != by:
                raise error_of(Kind.CONNECT_REFUSED, purpose, said=str(error)) from error
            integration_id, created = just_now.integration_id, True
        await self._attempts.chosen(attempt.id, integration_id, account_id, created=created)
        log.info("connected by login", attempt=attempt.id, integration=integration_id, created=created)
        return Connected(integration_id, purpose.app_id, created, purpose)

    async def _new(self, attempt: Attempt, token: str, switches: Mapping[str, Any]) -> str:
        app = await self._steps.facebook_app(attempt)
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
            raise error_of(Kind.DONE, attempt.purpose)
        return Connected(integration_id, attempt.purpose.app_id, created, attempt.purpose)
