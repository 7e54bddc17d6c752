"""Instagram's room in a house of its own: PostgreSQL, receiver, API and workers in a background loop, Meta played beside.

Everything here blocks, so that a test reads from top to bottom. Workers poll fast: a retry is waited for, not slept for.
"""

import asyncio
import base64
import hashlib
import hmac
import http.client
import json
import secrets
import time
from collections.abc import Container, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from granian.constants import Interfaces
from granian.server.embed import Server

from heliograph.api import Services, create_api
from heliograph.channels.instagram import InstagramChannel, Options
from heliograph.channels.instagram.media.addresses import MEDIA_PATH
from heliograph.channels.instagram.meta.callback import CALLBACK_PATH
from heliograph.channels.instagram.meta.graph import Graph
from heliograph.channels.instagram.meta.pace import LIMITS, Kind
from heliograph.lanes import LaneWorkers
from heliograph.messaging import keys
from heliograph.messaging.forget import ForgetWorker
from heliograph.storage import Database, SecretBox, new_id
from tests.instagram.shop import DEADLINE, Shop, new_mid, now_ms, unique
from tests.simulator.support import Loop, eventually, free_port

__all__ = [
    "DEADLINE",
    "KEY",
    "LONG",
    "SECRET_KEY",
    "URL",
    "Answer",
    "House",
    "Shop",
    "new_mid",
    "now_ms",
    "sign",
    "unique",
    "within",
]

KEY = b"k" * 32
SECRET_KEY = base64.b64encode(KEY).decode()
URL = "https://shop.example/a.png"
LONG = " ".join(f"word{number:04d}" for number in range(250))  # 2,249 bytes: three parts


def sign(secret: str, body: bytes) -> str:
    """The value of ``X-Hub-Signature-256``."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


@dataclass
class Answer:
    """What the server answered."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class House:
    """One running server, working on its lanes: all of them, or only those of the kinds in ``works_on``."""

    def __init__(
        self,
        loop: Loop,
        database_url: str,
        graph_url: str,
        *,
        works_on: Container[str] | None = None,
        grace: float = 30.0,
        most_crashes: int = 3,
        data_deletion: str = "connection",
        limits: Mapping[Kind, float] = LIMITS,
    ) -> None:
        self.loop = loop
        self.database_url = database_url
        self.graph_url = graph_url
        self.box = SecretBox([KEY])
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._works_on = works_on
        self._grace = grace
        self._most_crashes = most_crashes
        self._data_deletion = data_deletion
        self._limits = limits
        self.database: Database
        self.channel: InstagramChannel
        self.lanes: LaneWorkers
        self._authorization: str = ""

    # Running --------------------------------------------------------------------------------------------------

    def start(self) -> "House":
        self.loop.run(self._start())
        eventually(self._answers)
        return self

    def _answers(self) -> bool:
        try:
            return self.http("PUT", CALLBACK_PATH).status == 405
        except OSError:
            return False

    async def _start(self) -> None:
        self.database = await Database.connect(self.database_url, largest=8, patience=5)
        # Longer than a test holds an answer back; `short_patience` is for those that mean it to end.
        self.graph = Graph(self.graph_url, "v25.0", timeout=10.0, instagram_url=f"{self.graph_url}/instagram")
        self.channel = InstagramChannel(
            self.database,
            self.box,
            self.graph,
            Options(
                public_url=self.url,
                unknown_grace=self._grace,
                data_deletion=self._data_deletion,
                limits=self._limits,
            ),
        )
        forgetting = ForgetWorker(self.database, [self.channel.forgetting])
        kinds = [
            replace(kind, most_crashes=self._most_crashes)
            for kind in (*self.channel.lane_kinds(), forgetting.kind())
            if self._works_on is None or kind.name in self._works_on
        ]
        self.lanes = LaneWorkers(self.database, kinds, poll_seconds=0.05)
        services = Services(self.database, self.box, {"instagram": self.channel}, lambda: datetime.now(UTC))
        api = create_api(services)

        async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
            if scope["path"].startswith(CALLBACK_PATH):
                await self.channel.called(scope, receive, send)
            elif scope["path"].startswith(MEDIA_PATH):
                await self.channel.media(scope, receive, send)
            elif scope["path"] == "/healthz":
                await _say_ok(send)
            else:
                await api(scope, receive, send)

        self._server = Server(
            application, port=self.port, interface=Interfaces.ASGINL, log_enabled=False, websockets=False
        )
        self._serving = asyncio.ensure_future(self._server.serve())
        self.lanes.start()

    def stop(self) -> None:
        self._server.stop()
        self.loop.run(self._stop())

    async def _stop(self) -> None:
        await asyncio.wait_for(self._serving, 10)
        await self.lanes.stop(patience=1.0)
        await self.channel.close()
        await self.graph.close()
        await self.database.close()

    # Asking ---------------------------------------------------------------------------------------------------

    def http(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None, **options: Any
    ) -> Answer:
        """One request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        try:
            connection.request(method, path, body, dict(headers or {}), **options)
            response = connection.getresponse()
            return Answer(response.status, response.read(), dict(response.headers.items()))
        finally:
            connection.close()

    def api(self, method: str, path: str, body: Any = None, status: int | None = None) -> Any:
        """A call of the API with an account key; the answer's JSON."""
        if not self._authorization:
            key = self.loop.run(self._key())
            self._authorization = "Basic " + base64.b64encode(f"{key['id']}:{key['secret']}".encode()).decode()
        raw = None if body is None else json.dumps(body)
        answer = self.http(
            method, path, raw, {"Authorization": self._authorization, "Content-Type": "application/json"}
        )
        assert answer.status == status if status else answer.status < 300, (answer.status, answer.body)
        return answer.json

    async def _key(self) -> dict[str, Any]:
        async with self.database.transaction() as connection:
            return await keys.create_key(connection, self.box, "account", None, None, "test")

    def webhook(self, app_id: str, body: bytes, *, secret: str | None = None, **headers: str) -> Answer:
        """A webhook of Meta's; signed, when there is a secret."""
        signature = {} if secret is None else {"X-Hub-Signature-256": sign(secret, body)}
        path = f"{CALLBACK_PATH}/{app_id}" if app_id else CALLBACK_PATH
        return self.http("POST", path, body, {"Content-Type": "application/json", **signature, **headers})

    def rows(self, sql: str, *args: Any) -> list[dict[str, Any]]:
        """What stands in the database."""
        return [dict(row) for row in self.loop.run(self.database.fetch(sql, *args))]

    def value(self, sql: str, *args: Any) -> Any:
        return self.loop.run(self.database.fetchval(sql, *args))

    def execute(self, sql: str, *args: Any) -> None:
        self.loop.run(self.database.execute(sql, *args))

    def quiet(self, seconds: float = DEADLINE) -> None:
        """Wait until all that was received has been dealt with."""
        eventually(lambda: not self.value("select count(*) from lanes where kind in ('filing', 'inbound')"), seconds)

    # What tests begin with ------------------------------------------------------------------------------------

    def new_app(self) -> str:
        """A Sunshine app."""
        app_id = new_id()
        self.execute("insert into apps (id, display_name) values ($1, 'Test')", app_id)
        return app_id

    def facebook_app(self) -> tuple[str, str]:
        """A Facebook app, as if Meta had accepted its secret."""
        app_id, secret = unique("10"), secrets.token_hex(16)
        self.loop.run(self.channel.apps.save(app_id, secret))
        return app_id, secret

    def shop(self, *, of: Shop | None = None, connected: bool = True, **columns: Any) -> Shop:
        """A Sunshine app with a connected Instagram account; the account and Facebook app of another shop, if given."""
        facebook_app, secret = (of.facebook_app, of.secret) if of else self.facebook_app()
        account, page = (of.account, of.page) if of else (unique("17841"), unique("10"))
        shop = Shop(self, self.new_app(), new_id(), facebook_app, secret, account, page, f"EAA{unique()}")
        if connected:
            shop.connect(**columns)
        return shop


async def _say_ok(send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": b'{"status":"ok"}'})


def within(seconds: float) -> float:
    """A point in time, for loops with a deadline."""
    return time.monotonic() + seconds
