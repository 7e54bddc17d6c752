"""Instagram as a channel: what :class:`heliograph.channels.base.Channel` asks for."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from heliograph.channels.base import ChannelError, ConnectError, Conversions, SendOutcome
from heliograph.channels.instagram.accounts.callbacks import OwnerCallbacks, asked
from heliograph.channels.instagram.accounts.connecting import Connecting
from heliograph.channels.instagram.accounts.departure import DepartureWorker
from heliograph.channels.instagram.accounts.facebook_apps import FacebookAppError, FacebookAppRegister
from heliograph.channels.instagram.accounts.records import TYPE, FacebookApps, tokens
from heliograph.channels.instagram.accounts.renewal import Renewal
from heliograph.channels.instagram.backfill import BackfillWorker, Schedule
from heliograph.channels.instagram.doctor import records as health
from heliograph.channels.instagram.doctor.examination import InstagramDoctor
from heliograph.channels.instagram.doctor.public import OwnAddress
from heliograph.channels.instagram.doctor.schedule import DoctorSchedule
from heliograph.channels.instagram.doctor.worker import DoctorWorker
from heliograph.channels.instagram.inbound.worker import InboundWorker
from heliograph.channels.instagram.journal.erasure import Forgetting, PeopleWorker, UnsentWorker
from heliograph.channels.instagram.journal.filing import FilingWorker
from heliograph.channels.instagram.journal.flood import Flood
from heliograph.channels.instagram.journal.heard import Heard
from heliograph.channels.instagram.journal.receive import WebhookReceiver
from heliograph.channels.instagram.media.addresses import Addresses
from heliograph.channels.instagram.media.cdn import Cdn
from heliograph.channels.instagram.media.dress import Dresser
from heliograph.channels.instagram.media.fresh import Fresh
from heliograph.channels.instagram.media.hosts import META_HOSTS, Hosts
from heliograph.channels.instagram.media.keep import KeepWorker
from heliograph.channels.instagram.media.proxy import Proxy
from heliograph.channels.instagram.meta import pauses
from heliograph.channels.instagram.meta.callback import callback_url
from heliograph.channels.instagram.meta.graph import Graph, flavour_of
from heliograph.channels.instagram.meta.login_hosts import LoginHosts
from heliograph.channels.instagram.meta.meter import Meter
from heliograph.channels.instagram.meta.pace import LIMITS, Kind, Pace
from heliograph.channels.instagram.onboarding import Onboarding
from heliograph.channels.instagram.profiles.worker import ProfileWorker
from heliograph.channels.instagram.review import Review
from heliograph.channels.instagram.sending import conversions
from heliograph.channels.instagram.sending.worker import OutboundWorker
from heliograph.lanes import LaneKind
from heliograph.messaging.owner_requests import STATUS_PATH
from heliograph.storage import Database, SecretBox
from heliograph.telemetry.logs import get_logger

log = get_logger("instagram")


# Any other is a simulator, which takes more than https.
REAL_META = "https://graph.facebook.com"


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
        self.apps = FacebookApps(database, box)
        callback = partial(callback_url, public_url)
        self._connecting = Connecting(database, box, graph, self.apps, callback)
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
            database, box, graph, self.apps, self.facebook_apps, self._connecting, hosts, noted=self.review.note_login
        )
        self.renewal = Renewal(database, box, graph)
        graph.renew = self.renewal.instead_of
        self._flood = Flood()
        self.receiver = WebhookReceiver(database, self.apps, self._flood)
        self.callbacks = OwnerCallbacks(
            database, self.apps, scope=data_deletion, status_url=lambda code: f"{public_url}{STATUS_PATH}/{code}"
        )
        self._heard = Heard(database, graph.now)
        self._filing = FilingWorker(database, self._heard)
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
            self._connecting.parting,
            callback=callback,
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
        await self._heard.close()
        await self._cdn.close()

    async def _tokens(self, integration_id: str) -> tuple[str, str | None] | None:
        return (await tokens(self._database, self._box, self.apps, [integration_id])).get(integration_id)

    async def count(self) -> None:
        """Bring up to date the metrics that are counted when somebody asks."""
        await pauses.count(self._database)
        await health.count(self._database)

    async def connect(self, app_id: str, request: Mapping[str, Any]) -> str:
        """Connect the account behind a Page token. Raises :class:`ConnectError`; then there is no integration."""
        return await self._connecting.connect(app_id, request)

    async def check_login(self, app_id: str, facebook_app_id: str | None, login: str | None) -> None:
        """Whether a login can be offered. Raises :class:`ConnectError`."""
        try:
            await self.facebook_apps.offers(app_id, facebook_app_id, login)
        except FacebookAppError as error:
            raise ConnectError(str(error)) from error

    async def update(self, app_id: str, integration_id: str, changes: Mapping[str, Any]) -> None:
        """Switches, and a new ``pageAccessToken``. Raises :class:`ConnectError`."""
        await self._connecting.update(app_id, integration_id, changes)

    async def disconnect(self, app_id: str, integration_id: str) -> None:
        """Unsubscribe Page and app, unless another integration still needs them. The rows stay for the caller to delete."""
        await self._connecting.disconnect(app_id, integration_id)

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
