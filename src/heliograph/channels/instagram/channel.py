"""Instagram as a channel: what :class:`heliograph.channels.base.Channel` asks for."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from asyncpg.exceptions import ForeignKeyViolationError

from heliograph.channels.base import ChannelError, ConnectError, Conversions, GoneError, SendOutcome
from heliograph.channels.instagram.accounts import departure
from heliograph.channels.instagram.accounts.callbacks import OwnerCallbacks, asked
from heliograph.channels.instagram.accounts.departure import DepartureWorker
from heliograph.channels.instagram.accounts.facebook_apps import FacebookAppError, FacebookAppRegister
from heliograph.channels.instagram.accounts.logins import Found, Login, logins
from heliograph.channels.instagram.accounts.records import TYPE, FacebookApp, FacebookApps, token_place, tokens
from heliograph.channels.instagram.accounts.renewal import Renewal
from heliograph.channels.instagram.backfill import BackfillWorker, Schedule, runs
from heliograph.channels.instagram.doctor import records as health
from heliograph.channels.instagram.doctor.examination import InstagramDoctor
from heliograph.channels.instagram.doctor.public import OwnAddress
from heliograph.channels.instagram.doctor.requests import want
from heliograph.channels.instagram.doctor.schedule import DoctorSchedule
from heliograph.channels.instagram.doctor.worker import DoctorWorker
from heliograph.channels.instagram.inbound.worker import InboundWorker
from heliograph.channels.instagram.journal.arrivals import Arrivals
from heliograph.channels.instagram.journal.erasure import Forgetting, PeopleWorker, UnsentWorker
from heliograph.channels.instagram.journal.filing import FilingWorker
from heliograph.channels.instagram.journal.flood import Flood
from heliograph.channels.instagram.journal.receive import WebhookReceiver, callback_url
from heliograph.channels.instagram.media.addresses import Addresses
from heliograph.channels.instagram.media.cdn import Cdn
from heliograph.channels.instagram.media.dress import Dresser
from heliograph.channels.instagram.media.fresh import Fresh
from heliograph.channels.instagram.media.hosts import META_HOSTS, Hosts
from heliograph.channels.instagram.media.keep import KeepWorker
from heliograph.channels.instagram.media.proxy import Proxy
from heliograph.channels.instagram.meta import pauses
from heliograph.channels.instagram.meta.flavours import FACEBOOK
from heliograph.channels.instagram.meta.graph import Graph, GraphError, NoAnswerError, NotSentError, flavour_of
from heliograph.channels.instagram.meta.login_hosts import LoginHosts
from heliograph.channels.instagram.meta.meter import Meter
from heliograph.channels.instagram.meta.pace import LIMITS, Kind, Pace
from heliograph.channels.instagram.onboarding import Onboarding
from heliograph.channels.instagram.profiles.worker import ProfileWorker
from heliograph.channels.instagram.review import Review, test_calls
from heliograph.channels.instagram.sending import conversions
from heliograph.channels.instagram.sending.worker import OutboundWorker
from heliograph.lanes import LaneKind
from heliograph.messaging.owner_requests import STATUS_PATH
from heliograph.storage import Connection, Database, SecretBox, new_id
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


# Any other is a simulator, which takes more than https.
REAL_META = "https://graph.facebook.com"

# By app and account: who connects the same account at the same time waits, and sees it connected.
_ONE_BY_ONE = "select pg_advisory_xact_lock(hashtextextended($1, 448378268016))"


# Whether other integrations need a Facebook app and a Page. Served by instagram_accounts_of_facebook_app.
_OTHERS = """
select exists (select from instagram_accounts where facebook_app_id = $1) as of_app,
    exists (select from instagram_accounts where facebook_app_id = $1 and page_id = $2) as of_page
"""


class InstagramChannel:
    """Instagram Direct, of accounts connected by Facebook Login or by Instagram Login."""

    type = TYPE

    def __init__(
        self,
        database: Database,
        box: SecretBox,
        graph: Graph,
        *,
        public_url: str,
        unknown_grace: float,
        limits: Mapping[Kind, float] = LIMITS,
        media_hosts: Hosts | None = None,
        data_deletion: str = "connection",
        backfill_every: float = 0.0,
        login_hosts: LoginHosts | None = None,
        privacy_policy_url: str = "",
        terms_url: str = "",
    ) -> None:
        self._database = database
        self._box = box
        self._graph = graph
        self._public_url = public_url
        self.apps = FacebookApps(database, box)
        self._logins = logins(graph, self.apps, box, lambda app_id: callback_url(self._public_url, app_id))
        hosts = login_hosts or LoginHosts()
        self.stand_in = "" if graph.url == REAL_META else graph.url
        """Where the simulator is that plays Meta's part; empty: Meta plays it."""
        self.facebook_apps = FacebookAppRegister(database, self.apps, graph, hosts, public_url=public_url)
        self.review = Review(
            database,
            box,
            graph,
            self.apps,
            public_url=public_url,
            privacy_policy_url=privacy_policy_url,
            terms_url=terms_url,
        )
        self.onboarding = Onboarding(
            database, box, graph, self.apps, self.facebook_apps, self, hosts, noted=self.review.note_login
        )
        self.renewal = Renewal(database, box, graph)
        graph.renew = self.renewal.instead_of
        self._flood = Flood()
        self.receiver = WebhookReceiver(database, self.apps, self._flood)
        self.callbacks = OwnerCallbacks(
            database, self.apps, scope=data_deletion, status_url=lambda code: f"{public_url}{STATUS_PATH}/{code}"
        )
        self._arrivals = Arrivals(database, graph.now)
        self._filing = FilingWorker(database, self._arrivals)
        self._departure = DepartureWorker(database, graph, self.apps, box)
        self._erasing = UnsentWorker(database), PeopleWorker(database)
        self.forgetting = Forgetting(database)
        self.pace = Pace(database, limits)
        self._outbound = OutboundWorker(database, graph, box, self.pace, unknown_grace=unknown_grace)
        self._meter = Meter(database, self.apps.of_secret, self.pace)
        graph.heard = self._meter.hear
        self._cdn = Cdn(media_hosts or Hosts.of(META_HOSTS, graph.url))
        addresses = Addresses(box, public_url)
        dresser = Dresser(addresses.of_message, addresses.of_person, lambda url: self._cdn.hosts.trust(url) is not None)
        self._profiles = ProfileWorker(database, graph, self.apps, box, dresser)
        fresh = Fresh(database, graph, self.pace, self._tokens, self._profiles.read_now)
        self.media = Proxy(database, addresses, self._cdn, fresh)
        self._keeping = KeepWorker(database, addresses, self._cdn, fresh)
        self._inbound = InboundWorker(database, graph, self.apps, box, dresser, self._profiles)
        self._backfill = BackfillWorker(database, graph, box, self.pace, every=backfill_every)
        self.backfills = Schedule(database, every=backfill_every)
        self.doctor = InstagramDoctor(
            database,
            box,
            graph,
            self.apps,
            self.pace,
            callback=lambda app_id: callback_url(self._public_url, app_id),
            address=OwnAddress(public_url),
            simulated=graph.url != REAL_META,
        )
        self._examining = DoctorWorker(database, self.doctor)
        self.examinations = DoctorSchedule(database)

    def pressed(self) -> bool:
        """Whether webhooks come in a flood just now: then what is not their 200 should stand back."""
        return bool(self._flood)

    def lane_kinds(self) -> Sequence[LaneKind]:
        """`filing`, `inbound`, `send`, `media`, `profile`, `backfill`, `departure`, `doctor`,
        `unsent` and `people`."""
        others = (self._outbound, self._keeping, self._profiles, self._departure, self._examining, *self._erasing)
        return [*self.inbound_kinds(), *(worker.kind() for worker in others)]

    def inbound_kinds(self) -> Sequence[LaneKind]:
        """What brings messages in: `filing`, `inbound` and `backfill`."""
        return [self._filing.kind(), self._inbound.kind(), self._backfill.kind()]

    async def called(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Meta calls, under ``CALLBACK_PATH``: with a webhook, or about a person who connected an account."""
        await (self.callbacks if asked(scope["path"]) else self.receiver)(scope, receive, send)

    async def close(self) -> None:
        """Wait for what was not awaited anywhere else, and close the connections to Meta's CDN."""
        await self._meter.close()
        await self._arrivals.close()
        await self._cdn.close()

    async def _tokens(self, integration_id: str) -> tuple[str, str | None] | None:
        return (await tokens(self._database, self._box, self.apps, [integration_id])).get(integration_id)

    async def count(self) -> None:
        """Bring up to date the metrics that are counted when somebody asks."""
        await pauses.count(self._database)
        await health.count(self._database)

    async def connect(self, app_id: str, request: Mapping[str, Any]) -> str:
        """Connect the account behind a Page token. Raises :class:`ConnectError`; then there is no integration."""
        facebook_app, secret = request["appId"], request["appSecret"]
        login = self._logins[request.get("login") or FACEBOOK]
        found = await login.examine(facebook_app, secret, request["pageAccessToken"])
        await self._check_new(self._database, app_id, facebook_app, found)
        app = await login.save_app(facebook_app, secret, found)
        await login.subscribe(app, found)
        switches = _DEFAULTS | _given(_SWITCHES, request)
        integration_id = new_id()
        try:
            await self._insert(app_id, facebook_app, integration_id, found, request, switches)
        except ForeignKeyViolationError:
            await self._take_back(login, app, integration_id, found)
            raise GoneError("app") from None
        log.info("connected", integration=integration_id, account=found.account_id, facebook_app=facebook_app)
        return integration_id

    async def _insert(
        self,
        app_id: str,
        facebook_app: str,
        integration_id: str,
        found: Found,
        request: Mapping[str, Any],
        switches: Mapping[str, Any],
    ) -> None:
        settings = {"appId": facebook_app, **found.shown, **switches}
        async with self._database.transaction() as connection:
            await connection.execute(_ONE_BY_ONE, f"{app_id}/{found.account_id}")
            await self._check_new(connection, app_id, facebook_app, found)
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
            await want(connection, [integration_id])
            await runs.connected(connection, app_id, facebook_app, found.account_id, self._graph.now())
            await test_calls.note(connection, facebook_app, test_calls.CONNECTING[found.login], self._graph.now())

    async def _take_back(self, login: Login, app: FacebookApp, integration_id: str, found: Found) -> None:
        """What would have had the account is gone: unsubscribe again, unless another integration needs it."""
        sealed = self._box.seal(found.token, token_place(integration_id))
        row = {
            "integration_id": integration_id,
            "page_id": found.page_id,
            "page_token": sealed,
            "login": found.login,
            "account_id": found.account_id,
            "facebook_app_id": app.id,
        }
        others = await self._database.fetchrow(_OTHERS, app.id, found.page_id)
        if not others["of_page"]:
            with _at_best(integration_id, "Page"):
                await login.unsubscribe(app, row)
        if not others["of_app"]:
            with _at_best(integration_id, "app"):
                await login.unsubscribe_app(app)

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

    async def check_login(self, app_id: str, facebook_app_id: str | None, login: str | None) -> None:
        """Whether a login can be offered. Raises :class:`ConnectError`."""
        try:
            await self.facebook_apps.offers(app_id, facebook_app_id, login)
        except FacebookAppError as error:
            raise ConnectError(str(error)) from error

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
                    " refresh_error = null, refusal = null, refused_at = null, ailment = null, owner_id = $6,"
                    " connected_at = $7, heard_since = $7 where integration_id = $1",
                    integration_id,
                    self._box.seal(found.token, token_place(integration_id)),
                    found.page_id,
                    found.expires_at,
                    found.refresh_at,
                    found.owner_id,
                    self._graph.now(),
                )
                await want(connection, [integration_id], at_once=True)
                await runs.reconnected(connection, integration_id)
                proven = test_calls.CONNECTING[found.login]
                await test_calls.note(connection, row["facebook_app_id"], proven, self._graph.now())
        if there is None:
            if found and (app := await self.apps.reload(row["facebook_app_id"])):
                await self._take_back(self._logins[row["login"]], app, integration_id, found)
            raise GoneError("integration")

    async def _renew(self, row: Any, token: str) -> Found:
        app = await self.apps.reload(row["facebook_app_id"])
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
        login = self._logins[row["login"]]
        await runs.disconnected(self._database, integration_id, self._graph.now())
        if row["of_page"] == 1:
            with _at_best(integration_id, "Page"):
                await login.unsubscribe(app, row)
        if row["of_app"] == 1:
            with _at_best(integration_id, "app"):
                await login.unsubscribe_app(app)

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
            raise ChannelError(
                SendOutcome.RECONNECT, "No token of the integration can be used. Update it with a new one."
            )
        if not flavour_of(found[integration_id][0]).conversions:
            raise ChannelError(
                SendOutcome.CONFIGURATION,
                "Meta takes conversion events for accounts connected by Facebook Login; this one is by Instagram Login.",
            )
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
