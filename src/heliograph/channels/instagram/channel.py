"""Instagram as a channel: what :class:`heliograph.channels.base.LiveChannel` asks for."""

from collections.abc import Mapping, Sequence
from typing import Any

from heliograph.channels.base import ChannelError, ConnectError, Conversions, SendOutcome
from heliograph.channels.instagram import assembly
from heliograph.channels.instagram.accounts.callbacks import asked
from heliograph.channels.instagram.accounts.facebook_apps import FacebookAppError
from heliograph.channels.instagram.accounts.records import TYPE, FacebookApps
from heliograph.channels.instagram.assembly import Ground, Options
from heliograph.channels.instagram.backfill import Schedule
from heliograph.channels.instagram.doctor import records as health
from heliograph.channels.instagram.doctor.schedule import DoctorSchedule
from heliograph.channels.instagram.doctor.worker import DoctorWorker
from heliograph.channels.instagram.journal.erasure import Forgetting, PeopleWorker, UnsentWorker
from heliograph.channels.instagram.meta import pauses
from heliograph.channels.instagram.meta.graph import Graph, flavour_of
from heliograph.channels.instagram.meta.meter import Meter
from heliograph.channels.instagram.meta.pace import Pace
from heliograph.channels.instagram.sending import conversions
from heliograph.lanes import LaneKind
from heliograph.storage import Database, SecretBox


class InstagramChannel:
    """Instagram Direct, of accounts connected by Facebook Login or by Instagram Login."""

    type = TYPE

    def __init__(self, database: Database, box: SecretBox, graph: Graph, options: Options) -> None:
        self._database = database
        self._graph = graph
        self.apps = FacebookApps(database, box)
        self.pace = Pace(database, options.limits)
        self._ground = ground = Ground(database, box, graph, self.apps, self.pace, options)
        self.stand_in = graph.url if ground.simulated else ""
        """Where the simulator is that plays Meta's part; empty: Meta plays it."""
        self._accounts = assembly.accounts(ground)
        self._files = assembly.files(ground)
        self._messages = assembly.messages(ground, self._files)
        self._meter = Meter(database, self.apps.of_secret, self.pace)
        # Both stand upon the client, and it asks them: so it is told of them when they are there.
        graph.renew, graph.heard = self._accounts.renewal.instead_of, self._meter.hear
        self.facebook_apps = self._accounts.facebook_apps
        self.review = self._accounts.review
        self.onboarding = self._accounts.onboarding
        self.renewal = self._accounts.renewal
        self.doctor = self._accounts.doctor
        self.receiver = self._messages.receiver
        self.media = self._files.proxy
        self.forgetting = Forgetting(database)
        self.backfills = Schedule(database, every=options.backfill_every)
        self._examinations = DoctorSchedule(database)

    def start(self) -> None:
        """Start what has to be done from time to time, in the running event loop."""
        self.renewal.start()
        self.backfills.start()
        self._examinations.start()

    async def stop(self) -> None:
        """Stop that; what was under way is rolled back, or done again."""
        await self.backfills.stop()
        await self._examinations.stop()
        await self.renewal.stop()

    def pressed(self) -> bool:
        """Whether webhooks come in a flood just now: then what is not their 200 should stand back."""
        return bool(self._messages.flood)

    def lane_kinds(self) -> Sequence[LaneKind]:
        """`filing`, `inbound`, `send`, `media`, `profile`, `backfill`, `departure`, `doctor`,
        `unsent` and `people`."""
        others = (
            self._messages.outbound,
            self._files.keeping,
            self._files.profiles,
            self._accounts.departure,
            DoctorWorker(self._database, self.doctor),
            UnsentWorker(self._database),
            PeopleWorker(self._database),
        )
        return [*self.inbound_kinds(), *(worker.kind() for worker in others)]

    def inbound_kinds(self) -> Sequence[LaneKind]:
        """What brings messages in: `filing`, `inbound` and `backfill`."""
        return [worker.kind() for worker in (self._messages.filing, self._messages.inbound, self._messages.backfill)]

    async def called(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Meta calls, under ``CALLBACK_PATH``: with a webhook, or about a person who connected an account."""
        await (self._accounts.callbacks if asked(scope["path"]) else self.receiver)(scope, receive, send)

    async def close(self) -> None:
        """Wait for what was not awaited anywhere else, and close the connections to Meta's CDN."""
        await self._meter.close()
        await self._messages.heard.close()
        await self._files.cdn.close()

    async def count(self) -> None:
        """Bring up to date the metrics that are counted when somebody asks."""
        await pauses.count(self._database)
        await health.count(self._database)

    async def connect(self, app_id: str, request: Mapping[str, Any]) -> str:
        """Connect the account behind a Page token. Raises :class:`ConnectError`; then there is no integration."""
        return await self._accounts.connecting.connect(app_id, request)

    async def check_login(self, app_id: str, facebook_app_id: str | None, login: str | None) -> None:
        """Whether a login can be offered. Raises :class:`ConnectError`."""
        try:
            await self.facebook_apps.offers(app_id, facebook_app_id, login)
        except FacebookAppError as error:
            raise ConnectError(str(error)) from error

    async def update(self, app_id: str, integration_id: str, changes: Mapping[str, Any]) -> None:
        """Switches, and a new ``pageAccessToken``. Raises :class:`ConnectError`."""
        await self._accounts.connecting.update(app_id, integration_id, changes)

    async def disconnect(self, app_id: str, integration_id: str) -> None:
        """Unsubscribe Page and app, unless another integration still needs them. The rows stay for the caller to delete."""
        await self._accounts.connecting.disconnect(app_id, integration_id)

    async def post_conversions(
        self, app_id: str, integration_id: str, person: str, payload: Mapping[str, Any]
    ) -> Conversions:
        """Hand conversion events of a person to the account's dataset. Raises :class:`ChannelError`."""
        account_id = await self._database.fetchval(
            "select account_id from instagram_accounts where integration_id = $1 and app_id = $2",
            integration_id,
            app_id,
        )
        token = await self._ground.token(integration_id)
        if account_id is None or token is None:
            raise ChannelError(
                SendOutcome.RECONNECT, "No token of the integration can be used. Update it with a new one."
            )
        if not flavour_of(token[0]).conversions:
            raise ChannelError(
                SendOutcome.CONFIGURATION,
                "Meta takes conversion events for accounts connected by Facebook Login; this one is by Instagram Login.",
            )
        return await conversions.post(self._graph, account_id, person, payload, *token)
