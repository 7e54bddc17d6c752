"""Connecting, changing and disconnecting: what Meta is asked for it, and the rows that come of it.

examine ──▶ is it new here? ──▶ app stored ──▶ subscribed ──▶ rows, in one transaction
                                                                └── the app went meanwhile: unsubscribed again
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from asyncpg.exceptions import ForeignKeyViolationError

from heliograph.channels.base import ConnectError, GoneError
from heliograph.channels.instagram.accounts import departure
from heliograph.channels.instagram.accounts.logins import Found, logins
from heliograph.channels.instagram.accounts.parting import Parting
from heliograph.channels.instagram.accounts.records import TYPE, FacebookApp, FacebookApps, token_place
from heliograph.channels.instagram.meta.flavours import FACEBOOK
from heliograph.channels.instagram.meta.graph import Graph
from heliograph.channels.instagram.notes import for_backfill, for_doctor, for_review
from heliograph.messaging import integrations
from heliograph.storage import Connection, Database, SecretBox, new_id
from heliograph.telemetry.logs import get_logger

log = get_logger("instagram")

# Wire fields that can be changed, and the columns they stand in.
_SWITCHES = {
    "storyRepliesEnabled": "story_replies",
    "storyMentionsEnabled": "story_mentions",
    "humanAgentTag": "human_agent_tag",
    "carouselMode": "carousel_mode",
    "mediaMode": "media_mode",
}
_DEFAULTS = {
    "storyRepliesEnabled": True,
    "storyMentionsEnabled": True,
    "humanAgentTag": "afterWindow",
    "carouselMode": "native",
    "mediaMode": "proxy",
}

# By app and account: who connects the same account at the same time waits, and sees it connected.
_ONE_BY_ONE = "select pg_advisory_xact_lock(hashtextextended($1, 448378268016))"
# By the primary key.
_ACCOUNT = "select * from instagram_accounts where integration_id = $1 and app_id = $2"


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
        switches = _DEFAULTS | _given(_SWITCHES, request)
        try:
            integration_id = await self._insert(app_id, facebook_app, found, request, switches)
        except ForeignKeyViolationError:
            await self._take_back(app, found)
            raise GoneError("app") from None
        log.info("connected", integration=integration_id, account=found.account_id, facebook_app=facebook_app)
        return integration_id

    async def _insert(
        self,
        app_id: str,
        facebook_app: str,
        found: Found,
        request: Mapping[str, Any],
        switches: Mapping[str, Any],
    ) -> str:
        """The integration's id: an account that was here before is the one that it was, with its conversations."""
        settings = {"appId": facebook_app, **found.shown, **switches}
        async with self._database.transaction() as connection:
            await connection.execute(_ONE_BY_ONE, f"{app_id}/{found.account_id}")
            await self._check_new(connection, app_id, facebook_app, found)
            former = await departure.former(connection, app_id, facebook_app, found.account_id)
            integration_id = former or new_id()
            await connection.execute(
                "insert into integrations (id, app_id, type, display_name, settings) values ($1, $2, $3, $4, $5)",
                integration_id,
                app_id,
                TYPE,
                request.get("displayName"),
                settings,
            )
            await connection.execute(
                "insert into instagram_accounts (integration_id, app_id, facebook_app_id, page_id, account_id, page_token,"
                " login, owner_id, token_expires_at, refresh_at,"
                " story_replies, story_mentions, human_agent_tag, carousel_mode, media_mode, connected_at, heard_since)"
                " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $16)",
                integration_id,
                app_id,
                facebook_app,
                found.page_id,
                found.account_id,
                self._box.seal(found.token, token_place(integration_id)),
                found.login,
                found.owner_id,
                found.expires_at,
                found.refresh_at,
                *switches.values(),
                self._graph.now(),
            )
            if former is not None:
                await integrations.revive(connection, app_id, former)
            await for_doctor.want(connection, [integration_id])
            await for_backfill.connected(connection, app_id, facebook_app, found.account_id, self._graph.now())
            await for_review.succeeded(connection, facebook_app, for_review.CONNECTING[found.login], self._graph.now())
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
        there = await reader.fetchrow(
            "select integration_id, login from instagram_accounts"
            " where app_id = $1 and account_id = $2 and (facebook_app_id = $3 or login <> $4)",
            app_id,
            found.account_id,
            facebook_app,
            found.login,
        )
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
        row = await self._database.fetchrow(_ACCOUNT, integration_id, app_id)
        if row is None:
            raise ConnectError("This integration has no Instagram account. Delete it and create it anew.")
        settings = _given(_SWITCHES, changes)
        token = changes.get("pageAccessToken")
        found = await self._renew(row, token) if token else None
        if found:
            settings |= found.shown
        async with self._database.transaction() as connection:
            there = await connection.fetchval(
                "update integrations set settings = settings - case when $3 then 'tokenError' else '' end || $2::jsonb,"
                " status = case when $3 then 'active' else status end where id = $1 returning id",
                integration_id,
                settings,
                found is not None,
            )
            await connection.execute(
                "update instagram_accounts set story_replies = coalesce($2, story_replies),"
                " story_mentions = coalesce($3, story_mentions), human_agent_tag = coalesce($4, human_agent_tag),"
                " carousel_mode = coalesce($5, carousel_mode), media_mode = coalesce($6, media_mode)"
                " where integration_id = $1",
                integration_id,
                *(settings.get(name) for name in _SWITCHES),
            )
            if found and there:
                await connection.execute(
                    "update instagram_accounts set page_token = $2, page_id = $3, token_expires_at = $4, refresh_at = $5,"
                    " refresh_error = null, refusal = null, refused_at = null, ailment = null,"
                    " objection = null, objected_at = null, leaving_at = null, owner_id = $6,"
                    " connected_at = $7, heard_since = $7 where integration_id = $1",
                    integration_id,
                    self._box.seal(found.token, token_place(integration_id)),
                    found.page_id,
                    found.expires_at,
                    found.refresh_at,
                    found.owner_id,
                    self._graph.now(),
                )
                await for_doctor.want(connection, [integration_id], at_once=True)
                await for_backfill.reconnected(connection, integration_id)
                proven = for_review.CONNECTING[found.login]
                await for_review.succeeded(connection, row["facebook_app_id"], proven, self._graph.now())
        if there is None:
            if found and (app := await self._apps.reload(row["facebook_app_id"])):
                await self._take_back(app, found, integration_id)
            raise GoneError("integration")
        if found and found.page_id != row["page_id"] and (app := await self._apps.reload(row["facebook_app_id"])):
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
        row = await self._database.fetchrow(_ACCOUNT, integration_id, app_id)
        async with self._database.transaction() as connection:
            await departure.remember(connection, [integration_id])
        if row is None:
            return
        await for_backfill.disconnected(self._database, integration_id, self._graph.now())
        await self.parting.leave(await self._apps.reload(row["facebook_app_id"]), row)


def _given(names: Iterable[str], request: Mapping[str, Any]) -> dict[str, Any]:
    return {name: request[name] for name in names if request.get(name) is not None}
