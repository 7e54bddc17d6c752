"""Connecting by login, as pages use it: begin, returned, choices, choose; and taking the grant back, to start over.

Every call names the browser's nonce, and every call of a page of an app names that app: an attempt of another browser or
app is not found. No token, secret or code is in anything that is returned.
"""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from asyncpg.exceptions import ForeignKeyViolationError

from heliograph.channels.instagram.accounts.facebook_apps import FacebookAppError, FacebookAppRegister
from heliograph.channels.instagram.accounts.records import FacebookApps
from heliograph.channels.instagram.meta.flavours import FACEBOOK, FLAVOURS
from heliograph.channels.instagram.meta.graph import Graph, GraphError, NoAnswerError, NotSentError
from heliograph.channels.instagram.meta.login_hosts import LoginHosts
from heliograph.channels.instagram.onboarding import dialog, pages
from heliograph.channels.instagram.onboarding.attempts import Attempt, Attempts, Purpose
from heliograph.channels.instagram.onboarding.browser import new_nonce
from heliograph.channels.instagram.onboarding.choices import Chooser
from heliograph.channels.instagram.onboarding.exchange import exchange
from heliograph.channels.instagram.onboarding.outcomes import Begun, Choices, Connected, Connector, Returned
from heliograph.channels.instagram.onboarding.steps import Steps, error_of, from_meta
from heliograph.channels.instagram.onboarding.troubles import Kind, LoginError, Trouble, trouble
from heliograph.messaging.way_back import origin_of
from heliograph.storage import Database, SecretBox
from heliograph.telemetry.logs import get_logger

log = get_logger("instagram")

# Paths of our own pages, and nothing that a browser could read as another host.
_OURS = re.compile(r"/(?:dashboard|connect)(?:/[A-Za-z0-9_-]+)*")
# Meta's own words, shown as they are; no more of them than a sentence.
_LONGEST_SAID = 200

# By the primary key.
_BY = "select facebook_app_id from instagram_accounts where integration_id = $1 and app_id = $2"


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
        self._register = register
        self._hosts = hosts
        self._clock = clock
        self._steps = Steps(self._attempts, apps, clock)
        self._chooser = Chooser(database, graph, self._attempts, self._steps, connector, noted)

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
            raise error_of(Kind.NO_APP, purpose, said=str(error)) from error
        verifier = new_nonce() if FLAVOURS[app.login].pkce else None
        nonce = nonce or new_nonce()
        try:
            attempt_id, state = await self._attempts.begin(purpose, app.id, app.login, nonce, verifier, self._clock())
        except ForeignKeyViolationError:
            raise error_of(Kind.GONE, purpose) from None
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
        row = await self._database.fetchrow(_BY, purpose.integration_id, purpose.app_id)
        if row is None:
            raise error_of(Kind.GONE, purpose)
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
            raise error_of(Kind.EXPIRED if late else Kind.REPLAYED, attempt.purpose)
        try:
            return await self._granted(attempt, query)
        except LoginError as error:
            await self._attempts.failed(attempt.id)
            log.info("login failed", attempt=attempt.id, kind=error.kind.value)
            raise LoginError(error.trouble, attempt.purpose.again_at) from error

    async def _granted(self, attempt: Attempt, query: Mapping[str, str]) -> Returned:
        if "error" in query or not query.get("code"):
            raise LoginError(_refused(query))
        app = await self._steps.facebook_app(attempt)
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
        return (await self._steps.attempt(None, attempt_id, nonce)).purpose

    async def choices(self, app_id: str, attempt_id: str, nonce: str) -> Choices:
        """What can be connected, asked of Meta now."""
        return await self._chooser.choices(app_id, attempt_id, nonce)

    async def choose(
        self, app_id: str, attempt_id: str, nonce: str, account_id: str, switches: Mapping[str, Any] | None = None
    ) -> Connected:
        """Connect the account ``account_id`` of :class:`Row`, or reconnect the integration that has it.

        ``switches``: fields of the create body such as ``displayName``, ``humanAgentTag``; for a new integration only.
        The same choice again has the same answer.
        """
        return await self._chooser.choose(app_id, attempt_id, nonce, account_id, switches)

    async def start_over(self, app_id: str, attempt_id: str, nonce: str) -> Purpose:
        """Take back all that the person has granted to the Facebook app; what to begin anew with. The attempt is over.

        Accounts that the same person connected by this Facebook app stop working: Meta ends their tokens as well.
        """
        attempt = await self._steps.open(app_id, attempt_id, nonce)
        app = await self._steps.facebook_app(attempt)
        try:
            await pages.revoke(self._graph, app, attempt.user_token or "")
        except (GraphError, NotSentError, NoAnswerError) as error:
            found = from_meta(attempt, error)
            if found.kind is not Kind.GRANT_GONE:  # gone already: so much the better
                raise found from error
        await self._attempts.failed(attempt.id)
        log.info("grant taken back to start over", attempt=attempt.id, facebook_app=app.id)
        return attempt.purpose

    # Steps ------------------------------------------------------------------------------------------------------


def _refused(query: Mapping[str, str]) -> Trouble:
    """What a return without a code comes to. Meta's own words are shown, a sentence of them, and never believed."""
    if query.get("error") == "access_denied":
        return trouble(Kind.CANCELLED)
    texts = (query.get(name) for name in ("error_message", "error_description", "error_reason", "error"))
    said = next((text for text in texts if text), "no code came back")
    return trouble(Kind.META_REFUSED, said="".join(filter(str.isprintable, said))[:_LONGEST_SAID])
