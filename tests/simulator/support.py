"""A simulator that runs in a background loop, a server that it sends webhooks to, and a blocking client."""

import asyncio
import http.client
import json
import threading
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from heliograph.simulator import serve
from tests.support import free_port

DEADLINE = 10.0
# What runs in the loop may be the start or the stop of a whole server, and a stop alone may take eight seconds.
_LOOP_SECONDS = 60.0
FIELDS = "messages,messaging_postbacks,messaging_seen,message_reactions,message_edit"


def eventually(check: Callable[[], Any], deadline: float = DEADLINE) -> Any:
    """The first true value of ``check``; fails when the deadline passes. Asks ever less often, for it costs, too."""
    end = time.monotonic() + deadline
    pause = 0.004
    while True:
        value = check()
        if value:
            return value
        assert time.monotonic() < end, f"still {value!r} after {deadline} s"
        threading.Event().wait(pause)
        pause = min(pause * 1.25, 0.05)


class Loop:
    """An event loop in a thread of its own."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(_LOOP_SECONDS)

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(DEADLINE)
        self.loop.close()


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> tuple[int, int, int | None]:
        """(HTTP status, code, subcode) of a refusal."""
        told = self.json["error"]
        return self.status, told["code"], told.get("error_subcode")


class Client:
    """A blocking HTTP client for one origin."""

    def __init__(self, port: int) -> None:
        self.port = port

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        form: dict[str, Any] | None = None,
        query: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        sent = dict(headers or {})
        if form is not None:
            body = urlencode(form)
            sent.setdefault("Content-Type", "application/x-www-form-urlencoded")
        elif body is not None and not isinstance(body, bytes):
            body = json.dumps(body)
            sent.setdefault("Content-Type", "application/json")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        try:
            connection.request(method, path + (f"?{urlencode(query)}" if query else ""), body, sent)
            answer = connection.getresponse()
            return Answer(answer.status, dict(answer.getheaders()), answer.read())
        finally:
            connection.close()

    def get(self, path: str, **query: Any) -> Answer:
        return self.call("GET", path, query=query)

    def post(self, path: str, **body: Any) -> Answer:
        return self.call("POST", path, body)


class Simulator(Client):
    """A running simulator."""

    def __init__(self, loop: Loop, data_dir: Path | None = None) -> None:
        super().__init__(free_port())
        self._loop = loop
        self._task: asyncio.Task[None] | None = None
        self.data_dir = data_dir

    def start(self) -> "Simulator":
        self._loop.run(self._start())
        return self

    async def _start(self) -> None:
        ready = asyncio.Event()
        self._task = asyncio.create_task(serve("127.0.0.1", self.port, self.data_dir, ready))
        waiting = asyncio.create_task(ready.wait())
        await asyncio.wait({waiting, self._task}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if self._task.done():
            self._task.result()

    def stop(self) -> float:
        """Stop, and tell how many seconds that took."""
        began = time.monotonic()
        self._loop.run(self._stop())
        return time.monotonic() - began

    async def _stop(self) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.wait({self._task})
        self._task = None

    @property
    def running(self) -> bool:
        return self._task is not None

    # short words for what tests do all the time

    def control(self, path: str, status: int = 201, **body: Any) -> Any:
        answer = self.call("POST", f"/_simulator{path}", body)
        assert answer.status == status, answer.body
        return answer.json

    def read(self, path: str, **query: Any) -> Any:
        answer = self.call("GET", f"/_simulator{path}", query=query)
        assert answer.status == 200, answer.body
        return answer.json


@dataclass
class Delivery:
    """One POST that arrived."""

    headers: dict[str, str]
    raw: bytes
    answered: int

    @property
    def items(self) -> list[dict[str, Any]]:
        return [item for entry in json.loads(self.raw)["entry"] for item in entry["messaging"]]


def answer_at_once(_: bytes) -> bool:
    return False


@dataclass
class Sink:
    """A callback. ``answers`` are statuses for the next POSTs, then 200; ``hold`` delays answers while it is set."""

    url: str = ""
    deliveries: list[Delivery] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    verify_status: int = 200
    challenge: str | None = None
    asked: list[dict[str, str]] = field(default_factory=list)
    hold: Callable[[bytes], bool] = answer_at_once
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    together: int = 0
    most_together: int = 0

    async def handle(self, request: web.Request) -> web.Response:
        if request.path.startswith("/files/"):
            kind, body = self.files[request.path.removeprefix("/files/")]
            return web.Response(body=body, headers={"Content-Type": kind})
        if request.method == "GET":
            self.asked.append(dict(request.query))
            text = request.query["hub.challenge"] if self.challenge is None else self.challenge
            return web.Response(text=text, status=self.verify_status)
        raw = await request.read()
        self.together += 1
        self.most_together = max(self.most_together, self.together)
        while self.hold(raw):  # noqa: ASYNC110 - the test decides, in another thread
            await asyncio.sleep(0.002)
        self.together -= 1
        status = self.answers.pop(0) if self.answers else 200
        self.deliveries.append(Delivery(dict(request.headers), raw, status))
        return web.Response(status=status)

    @property
    def items(self) -> list[dict[str, Any]]:
        """Every messaging item that was answered with 200, in the order of arrival."""
        return [item for one in self.deliveries if one.answered == 200 for item in one.items]

    def wait(self, count: int) -> list[dict[str, Any]]:
        return eventually(lambda: len(self.items) >= count and self.items)

    def texts(self) -> list[str | None]:
        return [item["message"].get("text") for item in self.items if "message" in item]


@dataclass
class Seeded:
    """A simulator with the seed's small world, subscribed to a sink."""

    simulator: Simulator
    sink: Sink
    facts: dict[str, str]

    @property
    def token(self) -> str:
        return self.facts["page_access_token"]

    @property
    def app_token(self) -> str:
        return f"{self.facts['facebook_app_id']}|{self.facts['facebook_app_secret']}"

    @property
    def account(self) -> str:
        return self.facts["instagram_account_id"]

    @property
    def igsid(self) -> str:
        return self.facts["customer_id"]

    def graph(self, method: str, path: str, body: Any = None, token: str | None = None, **query: Any) -> Answer:
        headers = {"Authorization": f"Bearer {token or self.token}"}
        return self.simulator.call(method, path, body, query=query, headers=headers)

    def send(self, message: Any = None, **body: Any) -> Answer:
        content = {} if message is None else {"message": message}
        return self.graph("POST", "/v23.0/me/messages", {"recipient": {"id": self.igsid}, **content, **body})

    def says(self, text: str = "hello", **more: Any) -> dict[str, Any]:
        body = {"account_id": self.account, "person": self.igsid, "text": text, **more}
        return self.simulator.control("/messages", **body)

    def acts(self, path: str, status: int = 201, **body: Any) -> Any:
        return self.simulator.control(path, status, account_id=self.account, person=self.igsid, **body)

    @property
    def person(self) -> str:
        """The id of the first person."""
        return self.simulator.read("/people")["people"][0]["id"]

    def thread(self) -> list[dict[str, Any]]:
        return self.simulator.read(f"/threads/{self.account}/{self.igsid}")["messages"]

    def subscribe(self) -> None:
        app_id = self.facts["facebook_app_id"]
        form = {"object": "instagram", "callback_url": self.sink.url, "verify_token": "known", "fields": FIELDS}
        answer = self.simulator.call("POST", f"/{app_id}/subscriptions", form={**form, "access_token": self.app_token})
        assert answer.status == 200, answer.body
        page = f"/{self.facts['page_id']}/subscribed_apps"
        assert self.graph("POST", page, {"subscribed_fields": "messages"}).status == 200
