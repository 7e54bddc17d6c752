"""The API in a house of its own: PostgreSQL, the ASGI app, granian on a loopback port, and a channel that is played."""

import asyncio
import base64
import http.client
import json
import random
import socket
import threading
import time
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

import sunshine_conversations_client as sunshine
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server

from heliograph.api import Services, create_api
from heliograph.api.attachment_files import ATTACHMENTS_PATH, AttachmentFiles
from heliograph.api.limits import Limits
from heliograph.channels.base import ChannelError, ConnectError, Conversions
from heliograph.lanes import LaneKind, LaneWorkers
from heliograph.messaging import keys, newcomers
from heliograph.messaging.arrivals import Profile, Route
from heliograph.messaging.erase import EraseWorker
from heliograph.messaging.forget import ForgetWorker
from heliograph.storage import Database, SecretBox, new_id
from tests.support import free_port

T = TypeVar("T")

NOW = datetime(2026, 3, 1, 9, 15, 2, 101000, tzinfo=UTC)
GOOD_TOKEN = "EAAgood"


class PlayedInstagram:
    """Stands for the Instagram channel: writes the rows it would write, refuses every token but the good one."""

    type = "instagram"

    def __init__(self, database: Database, box: SecretBox) -> None:
        self._database = database
        self._box = box
        self.disconnected: list[str] = []
        self.conversions: list[tuple[str, str, Mapping[str, Any]]] = []
        self.refuses: ChannelError | None = None  # what conversion events end in
        self.siblings: list[int] = []  # accounts of the same Facebook app, in the same app, at each disconnect

    def lane_kinds(self) -> Sequence[LaneKind]:
        return ()

    async def connect(self, app_id: str, request: Mapping[str, Any]) -> str:
        self._check(request["pageAccessToken"])
        integration_id, page_id = new_id(), "1029384756"
        settings = {
            "appId": request["appId"],
            "pageId": page_id,
            "businessId": str(17841400000000000 + random.randrange(10**9)),
            "businessName": "Café Lumen",
            "businessUsername": "cafe.lumen",
            "storyRepliesEnabled": request.get("storyRepliesEnabled", True),
            "storyMentionsEnabled": request.get("storyMentionsEnabled", True),
            "humanAgentTag": request.get("humanAgentTag", "afterWindow"),
        }
        async with self._database.transaction() as connection:
            await connection.execute(
                "insert into facebook_apps (id, secret, verify_token) values ($1, $2, $3) on conflict do nothing",
                request["appId"],
                self._box.seal(request["appSecret"], f"facebook_app:{request['appId']}"),
                self._box.seal("verify", f"verify_token:{request['appId']}"),
            )
            await connection.execute(
                "insert into integrations (id, app_id, type, display_name, settings)"
                " values ($1, $2, 'instagram', $3, $4)",
                integration_id,
                app_id,
                request.get("displayName"),
                settings,
            )
            await connection.execute(
                "insert into instagram_accounts (integration_id, app_id, facebook_app_id, page_id, account_id, page_token)"
                " values ($1, $2, $3, $4, $5, $6)",
                integration_id,
                app_id,
                request["appId"],
                page_id,
                settings["businessId"],
                self._box.seal(request["pageAccessToken"], f"page_token:{integration_id}"),
            )
        return integration_id

    async def update(self, app_id: str, integration_id: str, changes: Mapping[str, Any]) -> None:
        self._check(changes.get("pageAccessToken", GOOD_TOKEN))
        shown = {name: value for name, value in changes.items() if name != "pageAccessToken"}
        await self._database.execute(
            "update integrations set settings = settings || $3 where app_id = $1 and id = $2",
            app_id,
            integration_id,
            shown,
        )

    async def check_login(self, app_id: str, facebook_app_id: str | None, login: str | None) -> None:
        if facebook_app_id not in (None, "318264059172"):
            raise ConnectError(f"There is no Facebook app {facebook_app_id} here that this app may use.")

    async def disconnect(self, app_id: str, integration_id: str) -> None:
        self.disconnected.append(integration_id)
        self.siblings.append(
            await self._database.fetchval("select count(*) from instagram_accounts where app_id = $1", app_id)
        )

    async def post_conversions(
        self, app_id: str, integration_id: str, person: str, payload: Mapping[str, Any]
    ) -> Conversions:
        self.conversions.append((integration_id, person, payload))
        if self.refuses is not None:
            raise self.refuses
        return Conversions("1234567890123456", len(payload["data"]))

    def _check(self, token: str) -> None:
        if token != GOOD_TOKEN:
            raise ConnectError("pageAccessToken was refused by Meta: make a new one")


@dataclass
class Clock:
    """The time that the API believes."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@dataclass(frozen=True)
class Key:
    """An API key."""

    id: str
    secret: str

    @property
    def header(self) -> str:
        return "Basic " + base64.b64encode(f"{self.id}:{self.secret}".encode()).decode()


@dataclass(frozen=True)
class Person:
    """Somebody who wrote on Instagram once."""

    user_id: str
    client_id: str
    conversation_id: str
    external_id: str | None


@dataclass
class Answer:
    """What the API answered."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def error(self) -> dict[str, str]:
        """The only error of an error body."""
        assert set(self.body) == {"errors"}, self.body
        (error,) = self.body["errors"]
        assert set(error) == {"code", "title"}
        return dict(error)


class House:
    """The running API. ``start`` it in a thread of its own; everything else may be called from a test."""

    def __init__(self, database_url: str, limits: Limits | None = None) -> None:
        self._database_url = database_url
        self._limits = limits or Limits(guesses=0)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.box = SecretBox([b"k" * 32])
        self.clock = Clock()
        self.database: Database
        self.instagram: PlayedInstagram
        self.account: Key
        self._server: Server
        self._served: Any
        self._backstage: Database  # the worker's own: tests count the statements of the other
        self._eraser: LaneWorkers

    def start(self) -> None:
        self._thread.start()
        self.run(self._start())
        deadline = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                break
            except OSError:
                assert time.monotonic() < deadline, "the API does not listen"
                time.sleep(0.01)
        self.account = self.key("account")

    async def _start(self) -> None:
        self.database = await Database.connect(self._database_url, largest=8, patience=20)
        self.instagram = PlayedInstagram(self.database, self.box)
        services = Services(self.database, self.box, {"instagram": self.instagram}, self.clock, self._limits, self.url)
        api = create_api(services)
        files = AttachmentFiles(self.database)

        async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
            await (files if scope["path"].startswith(ATTACHMENTS_PATH) else api)(scope, receive, send)

        self._server = Server(
            application, port=self.port, interface=Interfaces.ASGINL, log_enabled=False, log_level=LogLevels.critical
        )
        self._served = asyncio.ensure_future(self._server.serve())
        self._backstage = await Database.connect(self._database_url, largest=2, patience=20)
        self.start_eraser()

    def start_eraser(self, grace: float = 0) -> None:
        """Start what erases deleted apps, users and conversations; in the server's event loop."""
        self._eraser = LaneWorkers(
            self._backstage,
            [EraseWorker(self._backstage, grace=grace).kind(), ForgetWorker(self._backstage).kind()],
            poll_seconds=0.1,
        )
        self._eraser.start()

    async def kill_eraser(self) -> None:
        """Stop it, whatever it is doing."""
        await self._eraser.stop(patience=0)

    def erased(self) -> None:
        """Wait until everything that was deleted is erased."""
        deadline = time.monotonic() + 20
        while self.rows("select 1 from lanes where kind in ('erase', 'forget')"):
            assert time.monotonic() < deadline, "the eraser does not come to an end"
            time.sleep(0.02)

    def stop(self) -> None:
        self._server.stop()
        self.run(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _stop(self) -> None:
        await asyncio.wait_for(self._served, 10)
        await self._eraser.stop()
        await self._backstage.close()
        await self.database.close()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run something in the server's event loop."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)

    # What tests begin with ------------------------------------------------------------------------------------

    def key(self, scope: str, app_id: str | None = None, integration_id: str | None = None) -> Key:
        async def make() -> dict[str, Any]:
            async with self.database.transaction() as connection:
                return await keys.create_key(connection, self.box, scope, app_id, integration_id, "test")

        made = self.run(make())
        return Key(made["id"], made["secret"])

    def app(self, **settings: Any) -> tuple[str, Key]:
        """A new app and a key for it."""
        app = self.post("/v2/apps", {"displayName": "Test", "settings": settings}).body["app"]
        return app["id"], self.key("app", app["id"])

    def connected(self, app_id: str) -> str:
        """A new Instagram integration; its id."""
        body = {"type": "instagram", "appId": "123", "appSecret": "s", "pageAccessToken": GOOD_TOKEN}
        answer = self.post(f"/v2/apps/{app_id}/integrations", body)
        assert answer.status == 201, answer.body
        return str(answer.body["integration"]["id"])

    def custom(self, app_id: str, *triggers: str) -> dict[str, Any]:
        """A new custom integration."""
        hook = {"target": "https://example.com/hook", "triggers": list(triggers) or ["conversation:message"]}
        answer = self.post(f"/v2/apps/{app_id}/integrations", {"type": "custom", "webhooks": [hook]})
        assert answer.status == 201, answer.body
        return dict(answer.body["integration"])

    def person(self, app_id: str, integration_id: str, external_id: str | None = None) -> Person:
        """Somebody who wrote on Instagram once; ``external_id`` is the user's."""

        async def make() -> Person:
            route, igsid = Route(app_id, integration_id, "instagram"), str(random.randrange(10**16))
            profile = Profile("Noa Berg", "noa", "https://cdn.example/noa.jpg", {"username": "noa"})
            async with self.database.transaction() as connection:
                made = await newcomers.create(connection, {(integration_id, igsid): (route, profile)}, NOW)
                contact = made[(integration_id, igsid)]
                await connection.execute(
                    "update users set external_id = $2 where id = $1", contact.user["id"], external_id
                )
            return Person(contact.user["id"], contact.client["id"], contact.conversation["id"], external_id)

        return self.run(make())

    def rows(self, sql: str, *args: Any) -> list[dict[str, Any]]:
        """What stands in the database."""
        return [dict(row) for row in self.run(self.database.fetch(sql, *args))]

    # Calling --------------------------------------------------------------------------------------------------

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: Key | None = None,
        raw: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One raw request. Without ``key``, the account key's."""
        sent = {"Authorization": (key or self.account).header}
        if body is not None:
            raw = json.dumps(body).encode()
        if raw is not None:
            sent["Content-Type"] = "application/json"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, raw, {**sent, **(headers or {})})
            response = connection.getresponse()
            text = response.read()
            assert response.headers["content-type"] == "application/json", (response.status, text)
            return Answer(response.status, json.loads(text), dict(response.headers.items()))
        finally:
            connection.close()

    def get(self, path: str, **options: Any) -> Answer:
        return self.request("GET", path, **options)

    def post(self, path: str, body: Any, **options: Any) -> Answer:
        return self.request("POST", path, body, **options)

    def patch(self, path: str, body: Any, **options: Any) -> Answer:
        return self.request("PATCH", path, body, **options)

    def delete(self, path: str, **options: Any) -> Answer:
        return self.request("DELETE", path, **options)

    def client(self, key: Key, prefix: str = "") -> sunshine.ApiClient:
        """The official client with a key."""
        return sunshine.ApiClient(sunshine.Configuration(host=self.url + prefix, username=key.id, password=key.secret))


def path_of(url: str) -> str:
    """Path and query of a link."""
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"
