"""The server, put together: settings, database, rooms, routes, workers.

Meta ──▶ /webhooks/instagram/…   plain ASGI, before everything else
business ──▶ /v2, /sc/v2         the API
people ──▶ /oauth, /sc/oauth     the API, too
            /connect             invitations; back from Meta's login dialog
members ──▶ /dashboard           the pages of who runs it; / leads there
anybody ──▶ /privacy/requests    how far a data deletion is
            /sc/attachments/v2   files, by whoever knows their address
            /sc/media/v2         media of people's messages, by proxy
operator ──▶ /healthz /readyz /metrics
"""

import asyncio
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from granian.constants import Interfaces
from granian.server.embed import Server
from starlette.responses import RedirectResponse

from heliograph.api import Services, create_api
from heliograph.api.attachment_files import ATTACHMENTS_PATH, AttachmentFiles
from heliograph.api.limits import Limits
from heliograph.channels.base import LiveChannel
from heliograph.channels.instagram.backfill import pruning as backfill_pruning
from heliograph.channels.instagram.journal.entries import pruning as journal_pruning
from heliograph.channels.instagram.media.addresses import MEDIA_PATH
from heliograph.channels.instagram.meta.callback import CALLBACK_PATH
from heliograph.channels.instagram.onboarding.attempts import pruning as login_pruning
from heliograph.connect import CONNECT_PATH, create_connect
from heliograph.connect import Services as ConnectServices
from heliograph.dashboard import create_dashboard
from heliograph.dashboard.frame import ROOT as DASHBOARD
from heliograph.dashboard.sessions import pruning as session_pruning
from heliograph.delivery.guard import parse_networks
from heliograph.delivery.removal import RemovalWorker
from heliograph.delivery.sender import Sender
from heliograph.delivery.worker import DeliveryWorker
from heliograph.lanes import LaneWorkers
from heliograph.messaging import invitations, owner_requests
from heliograph.messaging.automatic import AutomaticAnswers
from heliograph.messaging.erase import EraseWorker
from heliograph.messaging.forget import ForgetWorker
from heliograph.messaging.housekeeping import Housekeeper, Pruning, prunings
from heliograph.messaging.last_words import LastWordsWorker
from heliograph.opening.instagram import open_channel, open_graph
from heliograph.opening.storage import open_box, open_database
from heliograph.operate import Operate
from heliograph.settings import Settings
from heliograph.storage import Database, SecretBox
from heliograph.telemetry.logs import get_logger

log = get_logger("app")

# A handler that talks to the outside may be in the middle of something when we are told to stop.
DRAIN_SECONDS = 6.0

_TO_THE_DASHBOARD = RedirectResponse(f"{DASHBOARD}/", 307)


def _prunings(settings: Settings) -> list[Pruning]:
    """What goes by age, and when."""
    return [
        *prunings(
            events=timedelta(days=settings.keep_events_days),
            idempotency_keys=timedelta(hours=settings.keep_idempotency_keys_hours),
        ),
        *journal_pruning(timedelta(days=settings.keep_journal_days)),
        *owner_requests.pruning(),
        *backfill_pruning(timedelta(days=settings.keep_journal_days)),
        *login_pruning(),
        *invitations.pruning(),
        *session_pruning(),
    ]


class Application:
    """The rooms of one process, wired. An ASGI application once started."""

    def __init__(self, settings: Settings, database: Database, box: SecretBox) -> None:
        self._graph = open_graph(settings)
        instagram = open_channel(settings, database, box, self._graph)
        self._instagram: LiveChannel = instagram
        self._connect = create_connect(
            ConnectServices(database, instagram.onboarding, instagram.facebook_apps, settings.reachable_at)
        )
        networks = parse_networks(settings.webhook_allow_networks)
        self._sender = Sender(networks)
        delivery = DeliveryWorker(database, box, self._sender)
        removal = RemovalWorker(database, box, self._sender)
        forgetting = ForgetWorker(database, [self._instagram.forgetting])
        erasing = EraseWorker(database).kind(), forgetting.kind(), LastWordsWorker(database).kind()
        kinds = [*self._instagram.lane_kinds(), delivery.kind(), removal.kind(), *erasing]
        self._lanes = LaneWorkers(database, kinds, pressed=self._instagram.pressed)
        self._housekeeper = Housekeeper(database, _prunings(settings), pressed=self._instagram.pressed)
        self._answers = AutomaticAnswers(database, clock=self._graph.now, pressed=self._instagram.pressed)
        services = Services(
            database,
            box,
            {self._instagram.type: self._instagram},
            lambda: datetime.now(UTC),
            Limits(settings.api_rate, settings.api_burst),
            settings.reachable_at,
            public_url_is_set=bool(settings.public_url),
            channel_clock=self._graph.now,
            webhook_networks=networks,
        )
        self._api = create_api(services)
        self.dashboard = create_dashboard(services)
        self._operate = Operate(database, (kind.name for kind in kinds), self._instagram.count, clock=self._graph.now)
        # Who answers at a path, and who at all that begins like this; the rest is the API's.
        self._at: dict[str, Any] = {
            CALLBACK_PATH: self._instagram.called,
            DASHBOARD: self.dashboard,
            **dict.fromkeys(self._operate.paths, self._operate),
        }
        self._below: tuple[tuple[str, Any], ...] = (
            (f"{CALLBACK_PATH}/", self._instagram.called),
            (ATTACHMENTS_PATH, AttachmentFiles(database)),
            (MEDIA_PATH, self._instagram.media),
            (CONNECT_PATH, self._connect),
            (f"{DASHBOARD}/", self.dashboard),
        )

    def start(self) -> None:
        """Start the workers."""
        self._lanes.start()
        self._housekeeper.start()
        self._answers.start()
        self._instagram.start()
        self._operate.ready = True

    async def stop(self) -> None:
        """Finish what is under way, give back the rest."""
        self._operate.ready = False
        await self._answers.stop()
        await self._instagram.stop()
        await self._housekeeper.stop()
        await self._lanes.stop(patience=DRAIN_SECONDS)
        await self._sender.close()
        await self._instagram.close()
        await self._graph.close()

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Answer one request."""
        await self._room_of(scope)(scope, receive, send)

    def _room_of(self, scope: dict[str, Any]) -> Any:
        path = scope.get("path", "")
        if scope["type"] != "http":
            return self._api
        if path == "/" and scope["method"] in ("GET", "HEAD"):
            return _TO_THE_DASHBOARD
        return self._at.get(path) or next((room for start, room in self._below if path.startswith(start)), self._api)


async def serve(
    settings: Settings, *, ready: asyncio.Event | None = None, first_run: Callable[[str], None] | None = None
) -> None:
    """Run the server until cancelled; then drain and stop. ``ready`` is set once it answers.

    ``first_run`` is told, before that, the address at which the first owner makes an account, as long as there is none.

    Raises OSError when the port is taken.
    """
    started = time.monotonic()
    _check_port(settings.host, settings.port)
    async with open_database(settings) as database:
        application = Application(settings, database, open_box(settings))
        http = Server(
            application,
            address=settings.host,
            port=settings.port,
            interface=Interfaces.ASGINL,
            log_enabled=False,
            websockets=False,
            backlog=1024,
        )
        application.start()
        serving = asyncio.create_task(http.serve())
        try:
            await _listening(settings, serving)
            log.info(
                "heliograph is up",
                url=settings.reachable_at,
                database="embedded" if not settings.database_url.get_secret_value() else "HELIOGRAPH_DATABASE_URL",
                graph=f"{settings.graph_url}/{settings.graph_version}",
                seconds=round(time.monotonic() - started, 2),
            )
            link = await application.dashboard.first_link() if first_run is not None else None
            if first_run is not None and link is not None:
                first_run(link)
            if ready is not None:
                ready.set()
            await asyncio.shield(serving)
        finally:
            application.dashboard.stop()  # open pages would hold the HTTP server up
            http.stop()  # type: ignore[no-untyped-call]  # granian leaves it unannotated
            await asyncio.wait({serving}, timeout=2)
            await application.stop()
            log.info("heliograph stopped")


def _check_port(host: str, port: int) -> None:
    """Raise OSError when somebody listens there: granian would share the port with them, silently."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))


async def _listening(settings: Settings, serving: "asyncio.Task[None]") -> None:
    """Wait until the port answers, or the server gave up."""
    host = "127.0.0.1" if settings.host == "0.0.0.0" else settings.host  # noqa: S104
    while True:
        if serving.done():
            await serving
            raise RuntimeError(f"the HTTP server on port {settings.port} stopped while starting")
        try:
            _, writer = await asyncio.open_connection(host, settings.port)
        except OSError:
            await asyncio.sleep(0.02)
        else:
            writer.close()
            return
