"""Instagram as a channel: what :class:`heliograph.channels.base.Channel` asks for."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from heliograph.channels.base import ChannelError, ConnectError, Conversions, SendOutcome
from heliograph.channels.instagram import connect as connecting
from heliograph.channels.instagram import conversions, departure
from heliograph.channels.instagram.accounts import TYPE, FacebookApps, token_place, tokens
from heliograph.channels.instagram.backfill import BackfillWorker, Schedule, runs
from heliograph.channels.instagram.callbacks import OwnerCallbacks, asked
from heliograph.channels.instagram.departure import DepartureWorker
from heliograph.channels.instagram.erasure import Forgetting, PeopleWorker, UnsentWorker
from heliograph.channels.instagram.filing import FilingWorker
from heliograph.channels.instagram.flood import Flood
from heliograph.channels.instagram.graph import Graph, GraphError, NoAnswerError, NotSentError
from heliograph.channels.instagram.inbound import InboundWorker
from heliograph.channels.instagram.media.addresses import Addresses
from heliograph.channels.instagram.media.cdn import Cdn
from heliograph.channels.instagram.media.dress import Dresser
from heliograph.channels.instagram.media.fresh import Fresh
from heliograph.channels.instagram.media.hosts import META_HOSTS, Hosts
from heliograph.channels.instagram.media.keep import KeepWorker
from heliograph.channels.instagram.media.proxy import Proxy
from heliograph.channels.instagram.outbound import OutboundWorker
from heliograph.channels.instagram.profiles import ProfileWorker
from heliograph.channels.instagram.receive import WebhookReceiver, callback_url
from heliograph.lanes import LaneKind
from heliograph.messaging.owner_requests import STATUS_PATH
from heliograph.storage import Database, SecretBox, new_id
from heliograph.storage.secrets import SecretError
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


class InstagramChannel:
    """Instagram Direct by the Messenger Platform (Facebook Login)."""

    type = TYPE

    def __init__(
        self,
        database: Database,
        box: SecretBox,
        graph: Graph,
        *,
        public_url: str,
        unknown_grace: float,
        media_hosts: Hosts | None = None,
        data_deletion: str = "connection",
        backfill_every: float = 0.0,
    ) -> None:
        self._database = database
        self._box = box
        self._graph = graph
        self._public_url = public_url
        self.apps = FacebookApps(database, box)
        self._flood = Flood()
        self.receiver = WebhookReceiver(database, self.apps, self._flood)
        self.callbacks = OwnerCallbacks(
            database, self.apps, scope=data_deletion, status_url=lambda code: f"{public_url}{STATUS_PATH}/{code}"
        )
        self._filing = FilingWorker(database)
        self._departure = DepartureWorker(database, graph, self.apps, box)
        self._erasing = UnsentWorker(database), PeopleWorker(database)
        self.forgetting = Forgetting(database)
        self._cdn = Cdn(media_hosts or Hosts.of(META_HOSTS, graph.url))
        addresses = Addresses(box, public_url)
        dresser = Dresser(addresses.of_message, addresses.of_person, lambda url: self._cdn.hosts.trust(url) is not None)
        self._profiles = ProfileWorker(database, graph, self.apps, box, dresser)
        fresh = Fresh(database, graph, self._tokens, self._profiles.read_now)
        self.media = Proxy(database, addresses, self._cdn, fresh)
        self._keeping = KeepWorker(database, addresses, self._cdn, fresh)
        self._inbound = InboundWorker(database, graph, self.apps, box, dresser, self._profiles)
        self._outbound = OutboundWorker(database, graph, box, unknown_grace=unknown_grace)
        self._backfill = BackfillWorker(database, graph, box, every=backfill_every)
        self.backfills = Schedule(database, every=backfill_every)

    def pressed(self) -> bool:
        """Whether webhooks come in a flood just now: then what is not their 200 should stand back."""
        return bool(self._flood)

    def lane_kinds(self) -> Sequence[LaneKind]:
        """`filing`, `inbound`, `send`, `media`, `profile`, `backfill`, `departure`, `unsent` and `people`."""
        others = (self._outbound, self._keeping, self._profiles, self._departure, *self._erasing)
        return [*self.inbound_kinds(), *(worker.kind() for worker in others)]

    def inbound_kinds(self) -> Sequence[LaneKind]:
        """What brings messages in: `filing`, `inbound` and `backfill`."""
        return [self._filing.kind(), self._inbound.kind(), self._backfill.kind()]

    async def called(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Meta calls, under ``CALLBACK_PATH``: with a webhook, or about a person who connected an account."""
        await (self.callbacks if asked(scope["path"]) else self.receiver)(scope, receive, send)

    async def close(self) -> None:
        """Close the connections to Meta's CDN."""
        await self._cdn.close()

    async def _tokens(self, integration_id: str) -> tuple[str, str | None] | None:
        return (await tokens(self._database, self._box, self.apps, [integration_id])).get(integration_id)

    async def connect(self, app_id: str, request: Mapping[str, Any]) -> str:
        """Connect the account behind a Page token. Raises :class:`ConnectError`; then there is no integration."""
        facebook_app, secret, token = request["appId"], request["appSecret"], request["pageAccessToken"]
        page = await connecting.examine(self._graph, facebook_app, secret, token)
        await self._check_new(app_id, facebook_app, page)
        # Meta has accepted the secret. It must be stored before Meta calls back to verify.
        app = await self.apps.save(facebook_app, secret)
        await connecting.subscribe(self._graph, app, callback_url(self._public_url, app.id), page, token)
        switches = _DEFAULTS | _given(_SWITCHES, request)
        integration_id = new_id()
        settings = {"appId": facebook_app, **_page_fields(page), **switches}
        async with self._database.transaction() as connection:
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
                " owner_id, story_replies, story_mentions, human_agent_tag, carousel_mode, media_mode)"
                " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
                integration_id,
                app_id,
                facebook_app,
                page.page_id,
                page.account_id,
                self._box.seal(token, token_place(integration_id)),
                page.owner_id,
                *switches.values(),
            )
            await runs.connected(connection, app_id, facebook_app, page.account_id, self._graph.now())
        log.info("connected", integration=integration_id, account=page.account_id, facebook_app=facebook_app)
        return integration_id

    async def _check_new(self, app_id: str, facebook_app: str, page: connecting.Page) -> None:
        """The same account twice in one app would tell every message twice (index instagram_accounts_once)."""
        there = await self._database.fetchval(
            "select integration_id from instagram_accounts where app_id = $1 and facebook_app_id = $2 and account_id = $3",
            app_id,
            facebook_app,
            page.account_id,
        )
        if there is not None:
            raise ConnectError(
                f"The Instagram account {page.username or page.account_id} is already connected in this app, as integration"
                f" {there}. Update that one with the new token, or delete it first."
            )

    async def update(self, app_id: str, integration_id: str, changes: Mapping[str, Any]) -> None:
        """Switches, and a new ``pageAccessToken``: checked like the first, for the same account.

        Raises :class:`ConnectError`.
        """
        row = await self._database.fetchrow(
            "select * from instagram_accounts where integration_id = $1 and app_id = $2", integration_id, app_id
        )
        if row is None:
            raise ConnectError("This integration has no Instagram account. Delete it and create it anew.")
        settings = _given(_SWITCHES, changes)
        token = changes.get("pageAccessToken")
        page = await self._renew(row, token) if token else None
        if page:
            settings |= _page_fields(page)
        async with self._database.transaction() as connection:
            await connection.execute(
                "update integrations set settings = settings || $2::jsonb,"
                " status = case when $3 then 'active' else status end where id = $1",
                integration_id,
                settings,
                page is not None,
            )
            await connection.execute(
                "update instagram_accounts set story_replies = coalesce($2, story_replies),"
                " story_mentions = coalesce($3, story_mentions), human_agent_tag = coalesce($4, human_agent_tag),"
                " carousel_mode = coalesce($5, carousel_mode), media_mode = coalesce($6, media_mode),"
                " page_token = coalesce($7, page_token), page_id = coalesce($8, page_id),"
                " owner_id = case when $7::bytea is null then owner_id else $9 end where integration_id = $1",
                integration_id,
                *(settings.get(name) for name in _SWITCHES),
                self._box.seal(token, token_place(integration_id)) if token else None,
                page.page_id if page else None,
                page.owner_id if page else None,
            )
            if page is not None:
                await runs.reconnected(connection, integration_id)

    async def _renew(self, row: Any, token: str) -> connecting.Page:
        app = await self.apps.reload(row["facebook_app_id"])
        if app is None:
            raise ConnectError("The Facebook app of this integration is unknown. Delete it and create it anew.")
        page = await connecting.examine(self._graph, app.id, app.secret, token)
        if page.account_id != row["account_id"]:
            raise ConnectError(
                f"pageAccessToken leads to the Instagram account {page.account_id}, this integration is of"
                f" {row['account_id']}. Create another integration for another account."
            )
        await connecting.subscribe(self._graph, app, callback_url(self._public_url, app.id), page, token)
        return page

    async def disconnect(self, app_id: str, integration_id: str) -> None:
        """Unsubscribe Page and app, unless another integration still needs them. The rows stay for the caller to delete."""
        row = await self._database.fetchrow(
            "select a.*, (select count(*) from instagram_accounts o where o.facebook_app_id = a.facebook_app_id) as of_app,"
            " (select count(*) from instagram_accounts o"
            "  where o.facebook_app_id = a.facebook_app_id and o.page_id = a.page_id) as of_page"
            " from instagram_accounts a where integration_id = $1 and app_id = $2",
            integration_id,
            app_id,
        )
        async with self._database.transaction() as connection:
            await departure.remember(connection, [integration_id])
        app = await self.apps.reload(row["facebook_app_id"]) if row else None
        if row is None or app is None:
            return
        await runs.disconnected(self._database, integration_id, self._graph.now())
        if row["of_page"] == 1:
            with _at_best(integration_id, "Page"):
                token = self._box.open(row["page_token"], token_place(integration_id))
                await connecting.unsubscribe_page(self._graph, app, row["page_id"], token)
        if row["of_app"] == 1:
            with _at_best(integration_id, "app"):
                await connecting.unsubscribe_app(self._graph, app)

    async def post_conversions(
        self, app_id: str, integration_id: str, person: str, payload: Mapping[str, Any]
    ) -> Conversions:
        """Hand conversion events of a person to the account's dataset. Raises :class:`ChannelError`."""
        account_id = await self._database.fetchval(
            "select account_id from instagram_accounts where integration_id = $1 and app_id = $2",
            integration_id,
            app_id,
        )
        found = await tokens(self._database, self._box, self.apps, [integration_id])
        if account_id is None or integration_id not in found:
            raise ChannelError(SendOutcome.RECONNECT, "The integration has no token that can be read. Connect it anew.")
        return await conversions.post(self._graph, account_id, person, payload, *found[integration_id])


@contextmanager
def _at_best(integration_id: str, what: str) -> Iterator[None]:
    """A dead or unreadable token cannot unsubscribe; Meta's webhooks then find the account not connected."""
    try:
        yield
    except (GraphError, NotSentError, NoAnswerError, SecretError) as error:
        log.warning("not unsubscribed at Meta", what=what, integration=integration_id, error=str(error))


def _given(names: Iterable[str], request: Mapping[str, Any]) -> dict[str, Any]:
    return {name: request[name] for name in names if request.get(name) is not None}


def _page_fields(page: connecting.Page) -> dict[str, Any]:
    return {
        "pageId": page.page_id,
        "businessId": page.account_id,
        "businessName": page.name or page.page_name,
        "businessUsername": page.username,
    }
