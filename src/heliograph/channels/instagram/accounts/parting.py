"""What Meta still sends for accounts that go: unsubscribed, unless another integration needs it.

    marked as leaving ──▶ Page unsubscribed, app unsubscribed ──▶ rows deleted by the caller

A Page, and an app's webhooks, may serve several integrations. Those that are leaving need nothing: of two that go at once
one unsubscribes, or both do, which is the same. The mark lapses, should the deletion never come.
"""

from collections.abc import Mapping
from typing import Any

from heliograph.channels.instagram.accounts.logins import Login
from heliograph.channels.instagram.accounts.records import FacebookApp
from heliograph.channels.instagram.meta.graph import GraphError, NoAnswerError, NotSentError
from heliograph.storage import Database
from heliograph.storage.secrets import SecretError
from heliograph.telemetry.logs import get_logger

log = get_logger("instagram")

# Of an account `a`: whether somebody is disconnecting it. A process that died meanwhile leaves it connected.
LEAVING = "(a.leaving_at is not null and a.leaving_at > now() - interval '10 minutes')"

# Whether integrations need a Facebook app and a Page. Served by instagram_accounts_of_facebook_app.
_NEEDED = f"""
select exists (select from instagram_accounts a where a.facebook_app_id = $1 and not {LEAVING}) as app,
    exists (select from instagram_accounts a where a.facebook_app_id = $1 and a.page_id = $2 and not {LEAVING}) as page
"""  # noqa: S608  the only thing put in is a constant above
# By the primary key.
_LEAVE = "update instagram_accounts set leaving_at = now() where integration_id = $1"


class Parting:
    """Unsubscribes. A dead or unreadable token cannot; Meta's webhooks then find the account not connected."""

    def __init__(self, database: Database, logins: Mapping[str, Login]) -> None:
        self._database = database
        self._logins = logins

    async def leave(self, app: FacebookApp | None, row: Any) -> None:
        """The account of ``row`` is disconnected: mark it, and unsubscribe what it alone needed."""
        await self._database.execute(_LEAVE, row["integration_id"])
        if app is not None:
            await self.unsubscribe(app, row)

    async def unsubscribe(self, app: FacebookApp, row: Any) -> None:
        """Unsubscribe Page and app of ``row`` where no integration needs them.

        ``row`` has the columns of :func:`open_token`, and ``page_id``; it need not be there any more.
        """
        login = self._logins[row["login"]]
        needed = await self._database.fetchrow(_NEEDED, app.id, row["page_id"])
        if not needed["page"]:
            try:
                await login.unsubscribe(app, row)
            except (GraphError, NotSentError, NoAnswerError, SecretError) as error:
                _warn(row, "Page", error)
        if not needed["app"]:
            try:
                await login.unsubscribe_app(app)
            except (GraphError, NotSentError, NoAnswerError) as error:
                _warn(row, "app", error)


def _warn(row: Any, what: str, error: Exception) -> None:
    log.warning("not unsubscribed at Meta", what=what, integration=row["integration_id"], error=str(error))
