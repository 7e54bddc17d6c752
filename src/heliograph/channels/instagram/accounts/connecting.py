"""Connecting, changing and disconnecting: what Meta is asked for it, and the rows that come of it.

examine ──▶ is it new here? ──▶ app stored ──▶ subscribed ──▶ rows, in one transaction
                                                                └── the app went meanwhile: unsubscribed again
"""

from collections.abc import Callable, Mapping
from typing import Any

from asyncpg.exceptions import ForeignKeyViolationError

from heliograph.channels.base import ConnectError, GoneError
from heliograph.channels.instagram.accounts import departure, storing
from heliograph.channels.instagram.accounts.logins import Found, logins
from heliograph.channels.instagram.accounts.parting import Parting
from heliograph.channels.instagram.accounts.records import FacebookApp, FacebookApps, token_place
from heliograph.channels.instagram.meta.flavours import FACEBOOK
from heliograph.channels.instagram.meta.graph import Graph
from heliograph.channels.instagram.notes import for_backfill, for_doctor, for_review
from heliograph.messaging import integrations
from heliograph.storage import Connection, Database, SecretBox, new_id
from heliograph.telemetry.logs import get_logger

log = get_logger("instagram")


class Connecting:
    """Accounts that come and go. ``callback``: where an app's webhooks are to go."""

    def __init__(
        self, database: Database, box: SecretBox, graph: Graph, apps: FacebookApps, callback: Callable[[str], str]
    ) -> None:
        self._database = database
        self._box = box
        self._graph = graph
        self._apps = apps
        self._logins = logins(graph, apps, box, callback)
        self.parting = Parting(database, self._logins)

    async def connect(self, app_id: str, request: Mapping[str, Any]) -> str:
        """Connect the account behind a Page token. Raises :class:`ConnectError`; then there is no integration."""
        facebook_app, secret = request["appId"], request["appSecret"]
        login = self._logins[request.get("login") or FACEBOOK]
        found = await login.examine(facebook_app, secret, request["pageAccessToken"])
        await self._check_new(self._database, app_id, facebook_app, found)
        app = await login.save_app(facebook_app, secret, found)
        await login.subscribe(app, found)
        try:
            integration_id = await self._insert(app_id, facebook_app, found, request)
        except ForeignKeyViolationError:
            await self._take_back(app, found)
            raise GoneError("app") from None
        log.info("connected", integration=integration_id, account=found.account_id, facebook_app=facebook_app)
        return integration_id

    async def _insert(self, app_id: str, facebook_app: str, found: Found, request: Mapping[str, Any]) -> str:
        """The integration's id: an account that was here before is the one that it was, with its conversations."""
        async with self._database.transaction() as connection:
            await storing.one_by_one(connection, app_id, found.account_id)
            await self._check_new(connection, app_id, facebook_app, found)
            former = await departure.former(connection, app_id, facebook_app, found.account_id)
            integration_id, now = former or new_id(), self._graph.now()
            await storing.insert(
                connection,
                integration_id,
                app_id,
                facebook_app,
                found,
                self._box.seal(found.token, token_place(integration_id)),
                now,
                display_name=request.get("displayName"),
                switches=storing.all_given(request),
            )
            if former is not None:
                await integrations.revive(connection, app_id, former)
            await for_doctor.want(connection, [integration_id])
            await for_backfill.connected(connection, app_id, facebook_app, found.account_id, now)
            await for_review.succeeded(connection, facebook_app, for_review.CONNECTING[found.login], now)
        return integration_id

    async def _take_back(self, app: FacebookApp, found: Found, integration_id: str = "") -> None:
        """What would have had the account is gone: unsubscribe again, unless another integration needs it."""
        row = {
            "integration_id": integration_id,
            "page_id": found.page_id,
            "page_token": self._box.seal(found.token, token_place(integration_id)),
            "login": found.login,
            "account_id": found.account_id,
            "facebook_app_id": app.id,
        }
        await self.parting.unsubscribe(app, row)

    async def _check_new(self, reader: Database | Connection, app_id: str, facebook_app: str, found: Found) -> None:
        """The same account twice in one app would tell every message twice (index instagram_accounts_once).

        By the other login, too: the two may give one person two ids, and then not even that could be seen.
        """
        there = await storing.twin(reader, app_id, facebook_app, found)
        if there is None:
            return
        name = found.username or found.account_id
        if there["login"] == found.login:
            raise ConnectError(
                f"The Instagram account {name} is already connected in this app, as integration"
                f" {there['integration_id']}. Update that one with the new token, or delete it first."
            )
        raise ConnectError(
            f"The Instagram account {name} is already connected in this app by the other login, as integration"
            f" {there['integration_id']}. Every message would come twice: delete that one first."
        )

    async def update(self, app_id: str, integration_id: str, changes: Mapping[str, Any]) -> None:
        """Switches, and a new ``pageAccessToken``: checked like the first, for the same account.

        Raises :class:`ConnectError`.
        """
        row = await storing.account(self._database, app_id, integration_id)
        if row is None:
            raise ConnectError("This integration has no Instagram account. Delete it and create it anew.")
        token = changes.get("pageAccessToken")
        found = await self._renew(row, token) if token else None
        there = await self._write(row, storing.given(changes), found)
        if found is not None:
            await self._after(row, found, there=there)
        if not there:
            raise GoneError("integration")

    async def _write(self, row: Any, switches: Mapping[str, Any], found: Found | None) -> bool:
        """What is changed, in one transaction; whether the integration is there still."""
        integration_id = row["integration_id"]
        async with self._database.transaction() as connection:
            there = await storing.change(connection, integration_id, switches, found)
            if found and there:
                now = self._graph.now()
                sealed = self._box.seal(found.token, token_place(integration_id))
                await storing.renew(connection, integration_id, found, sealed, now)
                await for_doctor.want(connection, [integration_id], at_once=True)
                await for_backfill.reconnected(connection, integration_id)
                proven = for_review.CONNECTING[found.login]
                await for_review.succeeded(connection, row["facebook_app_id"], proven, now)
        return there

    async def _after(self, row: Any, found: Found, *, there: bool) -> None:
        """A new token was found for the account of ``row``: unsubscribe what is not needed by it any more."""
        if there and found.page_id == row["page_id"]:
            return
        app = await self._apps.reload(row["facebook_app_id"])
        if app is None:
            return
        if not there:
            await self._take_back(app, found, row["integration_id"])
        else:
            # By the token of then: nobody else's speaks for the Page of then.
            await self.parting.unsubscribe(app, row)

    async def _renew(self, row: Any, token: str) -> Found:
        app = await self._apps.reload(row["facebook_app_id"])
        if app is None:
            raise ConnectError("The Facebook app of this integration is unknown. Delete it and create it anew.")
        login = self._logins[row["login"]]
        found = await login.examine(app.id, app.secret, token)
        if found.account_id != row["account_id"]:
            raise ConnectError(
                f"pageAccessToken leads to the Instagram account {found.account_id}, this integration is of"
                f" {row['account_id']}. Create another integration for another account."
            )
        await login.subscribe(app, found)
        return found

    async def disconnect(self, app_id: str, integration_id: str) -> None:
        """Unsubscribe Page and app, unless another integration still needs them. The rows stay for the caller to delete."""
        row = await storing.account(self._database, app_id, integration_id)
        async with self._database.transaction() as connection:
            await departure.remember(connection, [integration_id])
        if row is None:
            return
        await for_backfill.disconnected(self._database, integration_id, self._graph.now())
        await self.parting.leave(await self._apps.reload(row["facebook_app_id"]), row)
