"""Instagram's room in a house of its own: PostgreSQL, receiver, API and workers in a background loop, Meta played beside.

Everything here blocks, so that a test reads from top to bottom. Workers poll fast: a retry is waited for, not slept for.
"""

import asyncio
import base64
import hashlib
import hmac
import http.client
import itertools
import json
import secrets
import time
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from granian.constants import Interfaces
from granian.server.embed import Server

from heliograph.api import Services, create_api
from heliograph.channels.instagram import InstagramChannel
from heliograph.channels.instagram.accounts.records import token_place
from heliograph.channels.instagram.journal.receive import CALLBACK_PATH
from heliograph.channels.instagram.media.addresses import MEDIA_PATH
from heliograph.channels.instagram.meta.graph import Graph
from heliograph.channels.instagram.meta.pace import LIMITS, Kind
from heliograph.lanes import LaneWorkers
from heliograph.messaging import keys
from heliograph.messaging.forget import ForgetWorker
from heliograph.storage import Database, SecretBox, new_id
from tests.instagram.cases import meta_bytes
from tests.simulator.support import Loop, eventually, free_port

KEY = b"k" * 32
SECRET_KEY = base64.b64encode(KEY).decode()
DEADLINE = 15.0
URL = "https://shop.example/a.png"
LONG = " ".join(f"word{number:04d}" for number in range(250))  # 2,249 bytes: three parts

_numbers = itertools.count(1)


def unique(prefix: str = "") -> str:
    """Digits that nothing else in this run has."""
    return f"{prefix}{secrets.randbelow(10**6):06d}{next(_numbers):05d}"


def new_mid() -> str:
    """A message id that nothing else has."""
    return f"aWdfZAG1f{unique()}ZDZD"


def now_ms(**ago: float) -> int:
    """Meta's time of an event, now or some time ago."""
    return int((datetime.now(UTC) - timedelta(**ago)).timestamp() * 1000)


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
        self.graph = Graph(self.graph_url, "v25.0", timeout=2.0, instagram_url=f"{self.graph_url}/instagram")
        self.channel = InstagramChannel(
            self.database,
            self.box,
            self.graph,
            public_url=self.url,
            unknown_grace=self._grace,
            data_deletion=self._data_deletion,
            limits=self._limits,
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

    def shop(self, *, of: "Shop | None" = None, connected: bool = True, **columns: Any) -> "Shop":
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


@dataclass(frozen=True)
class Shop:
    """An app with an Instagram account, and what Meta and its customers do to it."""

    house: House
    app_id: str
    integration_id: str
    facebook_app: str
    secret: str
    account: str
    page: str
    token: str

    def connect(self, **columns: Any) -> None:
        """Write what connecting writes, without asking Meta. Media keep Meta's links, unless said otherwise."""
        columns = {"media_mode": "link", **columns}
        self.house.execute(
            "insert into integrations (id, app_id, type) values ($1, $2, 'instagram')", self.integration_id, self.app_id
        )
        names = "".join(f", {name}" for name in columns)
        self.house.execute(
            "insert into instagram_accounts (integration_id, app_id, facebook_app_id, page_id, account_id, page_token"
            f"{names}) values ($1, $2, $3, $4, $5, $6{''.join(f', ${n}' for n in range(7, 7 + len(columns)))})",
            self.integration_id,
            self.app_id,
            self.facebook_app,
            self.page,
            self.account,
            self.house.box.seal(self.token, token_place(self.integration_id)),
            *columns.values(),
        )

    # Meta's side ----------------------------------------------------------------------------------------------

    def item(self, person: str, at: int | None = None, **event: Any) -> dict[str, Any]:
        """A ``messaging`` item of a person."""
        sides = {"sender": {"id": person}, "recipient": {"id": self.account}}
        return {**sides, "timestamp": at or now_ms(), **event}

    def text(self, person: str, said: str = "hello", mid: str = "", at: int | None = None, **more: Any) -> Any:
        """The item of a text."""
        return self.item(person, at, message={"mid": mid or new_mid(), "text": said, **more})

    def echo(self, person: str, mid: str, at: int | None = None, **message: Any) -> dict[str, Any]:
        """The item of an echo."""
        sides = {"sender": {"id": self.account}, "recipient": {"id": person}}
        return {**sides, "timestamp": at or now_ms(), "message": {"mid": mid, **message, "is_echo": True}}

    def body(self, *items: Any, name: str = "messaging") -> bytes:
        """The bytes of a webhook with these items."""
        return meta_bytes({"object": "instagram", "entry": [{"time": now_ms(), "id": self.account, name: list(items)}]})

    def deliver(self, *items: Any, name: str = "messaging", house: House | None = None) -> None:
        """A webhook of Meta's with these items; it gets a 200."""
        body = self.body(*items, name=name)
        answer = (house or self.house).webhook(self.facebook_app, body, secret=self.secret)
        assert answer.status == 200, answer

    def given(self, *items: Any, name: str = "messaging") -> None:
        """Deliver, and wait until it is applied."""
        self.deliver(*items, name=name)
        self.received()

    def filed(self, seconds: float = DEADLINE) -> None:
        """Wait until all that came for this Facebook app is in its lanes."""
        waiting = "select count(*) from lanes where kind = 'filing' and key = $1"
        eventually(lambda: not self.house.value(waiting, self.facebook_app), seconds)

    def received(self, seconds: float = DEADLINE) -> None:
        """Wait until all that came for this Facebook app has been dealt with."""
        self.filed(seconds)
        waiting = "select count(*) from lanes where kind = 'inbound' and key like $1 || '/%'"
        eventually(lambda: not self.house.value(waiting, self.facebook_app), seconds)

    def quiet(self, seconds: float = DEADLINE) -> None:
        """Wait until nothing of this shop waits, neither inbound nor to be sent."""
        self.received(seconds)
        sending = (
            "select count(*) from lanes l join conversations v on v.id = l.key where l.kind = 'send' and v.app_id = $1"
        )
        eventually(lambda: not self.house.value(sending, self.app_id), seconds)

    # What it led to -------------------------------------------------------------------------------------------

    def events(self, *types: str) -> list[dict[str, Any]]:
        """The events of this app, in order; of these types only, when given (without ``conversation:``)."""
        wanted = {f"conversation:{name}" for name in types}
        rows = self.house.rows("select body from events where app_id = $1 order by seq", self.app_id)
        bodies = [json.loads(row["body"]) for row in rows]
        return [body for body in bodies if not wanted or body["type"] in wanted]

    def told(self) -> list[str]:
        """The types of this app's events, in order, without ``conversation:``."""
        return [event["type"].removeprefix("conversation:") for event in self.events()]

    def messages(self, person: str | None = None) -> list[dict[str, Any]]:
        """The stored messages, in order."""
        rows = self.house.rows(
            "select m.body from messages m join participants p using (conversation_id)"
            " join clients c on c.user_id = p.user_id where m.app_id = $1 and ($2::text is null or c.external_id = $2)"
            " order by m.seq",
            self.app_id,
            person,
        )
        return [row["body"] for row in rows]

    def texts(self, person: str | None = None) -> list[str]:
        """The texts of the stored messages, in order."""
        return [message["content"].get("text", "") for message in self.messages(person)]

    def leftovers(self) -> list[str]:
        """Why items of this account's webhooks were left, in the order of their arrival."""
        rows = self.house.rows(
            "select l.reason from journal_leftovers l join journal j on j.id = l.journal_id"
            " where j.facebook_app_id = $1 order by l.journal_id, length(l.path), l.path",
            self.facebook_app,
        )
        return [row["reason"] for row in rows]

    # The business's side --------------------------------------------------------------------------------------

    def person(self, **ago: float) -> str:
        """Somebody who wrote once, now or some time ago; their IGSID."""
        person = unique("5846")
        self.given(self.text(person, at=now_ms(**ago)))
        return person

    def conversation(self, person: str) -> str:
        """The conversation of somebody who wrote."""
        found = self.house.value(
            "select p.conversation_id from clients c join participants p using (user_id)"
            " where c.integration_id = $1 and c.external_id = $2",
            self.integration_id,
            person,
        )
        assert found, f"{person} has no conversation"
        return str(found)

    def post(self, person: str, said: str | Mapping[str, Any] = "Hi", *, subtypes: Iterable[str] = ()) -> str:
        """A message of the business by the API; its id."""
        content = {"type": "text", "text": said} if isinstance(said, str) else dict(said)
        author: dict[str, Any] = {"type": "business"}
        if subtypes:
            author["subtypes"] = list(subtypes)
        path = f"/v2/apps/{self.app_id}/conversations/{self.conversation(person)}/messages"
        answer = self.house.api("POST", path, {"author": author, "content": content}, 201)
        return str(answer["messages"][0]["id"])

    def deliveries(self, message_id: str) -> list[dict[str, Any]]:
        """The delivery events of a message, in order."""
        found = self.events("message:delivery:channel", "message:delivery:user", "message:delivery:failure")
        return [event for event in found if event["payload"]["message"]["id"] == message_id]

    def outcome(self, message_id: str, seconds: float = DEADLINE) -> list[str]:
        """Wait until a message is sent or failed; what was told of it, without ``conversation:message:delivery:``."""
        eventually(lambda: self.deliveries(message_id), seconds)
        return [event["type"].rpartition(":")[2] for event in self.deliveries(message_id)]

    def failure(self, message_id: str, seconds: float = DEADLINE) -> dict[str, Any]:
        """Wait until a message has failed; why."""
        assert self.outcome(message_id, seconds) == ["failure"]
        (event,) = self.deliveries(message_id)
        assert event["payload"]["isFinalEvent"] is True
        return dict(event["payload"]["error"])

    def parts(self, message_id: str) -> list[dict[str, Any]]:
        """The send ledger's rows of a message, in order."""
        return self.house.rows("select * from send_parts where message_id = $1 order by part", message_id)


def within(seconds: float) -> float:
    """A point in time, for loops with a deadline."""
    return time.monotonic() + seconds
