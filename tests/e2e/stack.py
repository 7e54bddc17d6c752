"""A whole installation as a test drives it: server, simulator, a webhook target, the official client."""

import base64
import hashlib
import hmac
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psutil
import sunshine_conversations_client as sunshine
from sunshine_conversations_client.api import ActivitiesApi, ConversationsApi, MessagesApi
from sunshine_conversations_client.model import Author, Content, MessagePost, TextMessage

from tests.support import free_port

TRIGGERS = [
    "conversation:create",
    "conversation:message",
    "conversation:referral",
    "conversation:postback",
    "conversation:read",
    "conversation:message:delivery:channel",
    "conversation:message:delivery:user",
    "conversation:message:delivery:failure",
]


def wait_for(condition: Callable[[], Any], seconds: float = 20, what: str = "") -> Any:
    """Wait until ``condition()`` is true and return it; fail after ``seconds``."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"after {seconds} s still not true: {what or condition}"
        time.sleep(0.02)


def call(
    method: str, url: str, body: Any = None, key: dict[str, str] | None = None, headers: dict[str, str] | None = None
) -> tuple[int, Any]:
    """One HTTP call with JSON both ways; the status and the answer, whatever the status. A body of bytes goes as it is."""
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"content-type": "application/json", **(headers or {})}, method=method)
    if key:
        pair = base64.b64encode(f"{key['id']}:{key['secret']}".encode()).decode()
        request.add_header("authorization", f"Basic {pair}")
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            raw = response.read()
            status = response.status
    except urllib.error.HTTPError as error:
        raw, status = error.read(), error.code
    try:
        return status, json.loads(raw)
    except ValueError:
        return status, raw.decode()


class Target:
    """A customer's webhook endpoint: keeps every event, in order of arrival. ``status`` is what it answers."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.keys: set[str] = set()
        self.status = 200
        lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                if outer.status == 200:
                    with lock:
                        outer.events += body["events"]
                        outer.keys.add(self.headers["X-API-Key"])
                self.send_response(outer.status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The payloads of one trigger so far."""
        return [event["payload"] for event in list(self.events) if event["type"] == kind]

    def texts(self, author: str = "user") -> list[str]:
        """The texts of messages told so far, by author type."""
        messages = [payload["message"] for payload in self.of("conversation:message")]
        return [m["content"].get("text", "") for m in messages if m["author"]["type"] == author]

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


class Server:
    """A `heliograph serve` process."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        self._environment = environment
        self._log = log
        self.url = f"http://127.0.0.1:{environment['HELIOGRAPH_PORT']}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it is ready."""
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "heliograph", "serve"], env=self._environment, stderr=log, stdout=log
            )
        wait_for(self.is_ready, 60, f"the server is ready; its log: {self._log}")

    def is_ready(self) -> bool:
        """Whether ``/readyz`` says so. Fails when the process has ended."""
        assert self.process is not None
        assert self.process.poll() is None, self.log()[-2000:]
        try:
            return call("GET", f"{self.url}/readyz")[0] == 200
        except OSError:
            return False

    def cpu_seconds(self) -> float:
        """What it has taken of the processors so far. Unlike the time that passed, no matter of who else is busy."""
        assert self.process is not None
        taken = psutil.Process(self.process.pid).cpu_times()
        return float(taken.user + taken.system)

    def kill(self) -> None:
        """SIGKILL."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)

    def terminate(self) -> float:
        """SIGTERM; how many seconds it took to stop."""
        assert self.process is not None
        start = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)
        return time.monotonic() - start

    def log(self) -> str:
        """All it has logged."""
        return self._log.read_text()


class Stack:
    """Server, simulator, target, an app with a connected account, and the official client for it."""

    def __init__(self, database_url: str, directory: Path, **settings: str) -> None:
        self.directory = directory
        simulator_port = free_port()
        self.simulator_url = f"http://127.0.0.1:{simulator_port}"
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("HELIOGRAPH_")},
            "HELIOGRAPH_DATABASE_URL": database_url,
            "HELIOGRAPH_DATA_DIR": str(directory / "data"),
            "HELIOGRAPH_GRAPH_URL": self.simulator_url,
            "HELIOGRAPH_WEBHOOK_ALLOW_NETWORKS": "127.0.0.0/8",
            **{f"HELIOGRAPH_{name.upper()}": value for name, value in settings.items()},
        }
        self.simulator = subprocess.Popen(
            [sys.executable, "-m", "heliograph", "simulate", "--port", str(simulator_port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.servers: list[Server] = []
        self.server = self.another_server()
        self.target = Target()

    def another_server(self) -> Server:
        """A server process on the same database, not yet started."""
        port = str(free_port())
        environment = self.environment | {"HELIOGRAPH_PORT": port, "HELIOGRAPH_PUBLIC_URL": f"http://127.0.0.1:{port}"}
        self.servers.append(Server(environment, self.directory / f"server-{port}.log"))
        return self.servers[-1]

    def command(self, *arguments: str, seconds: float = 60) -> str:
        """Run a `heliograph` command; its output. Fails when it takes longer."""
        done = subprocess.run(
            [sys.executable, "-m", "heliograph", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=True,
        )
        return done.stdout

    def set_up(self) -> None:
        """What an operator does first: start, make a key, an app, a webhook; connect an account."""
        self.server.start()
        self.account_key = json.loads(self.command("keys", "create", "--json"))
        # Tests write ids of people into texts, and one in ten of those would pass for the number of a card.
        settings = {"maskCreditCardNumbers": False}
        app = self.api("POST", "/v2/apps", {"displayName": "Test", "settings": settings}, 201)["app"]
        self.app_id = app["id"]
        self.key = self.api("POST", f"/v2/apps/{self.app_id}/keys", {"displayName": "Key"}, 201)["key"]
        custom = {"type": "custom", "webhooks": [{"target": self.target.url, "triggers": TRIGGERS}]}
        self.custom = self.api("POST", f"/v2/apps/{self.app_id}/integrations", custom, 201)["integration"]
        self.seed = wait_for(lambda: self.control("POST", "seed", {}), what="the simulator answers")
        wanted = {
            "type": "instagram",
            "appId": self.seed["facebook_app_id"],
            "appSecret": self.seed["facebook_app_secret"],
            "pageAccessToken": self.seed["page_access_token"],
        }
        self.integration = self.api("POST", f"/v2/apps/{self.app_id}/integrations", wanted, 201)["integration"]
        configuration = sunshine.Configuration(
            host=self.server.url, username=self.key["id"], password=self.key["secret"]
        )
        client = sunshine.ApiClient(configuration)
        self.messages, self.activities = MessagesApi(client), ActivitiesApi(client)
        self.conversations = ConversationsApi(client)

    def api(self, method: str, path: str, body: Any = None, expected: int = 200) -> Any:
        """One API call with the account key."""
        status, answer = call(method, self.server.url + path, body, self.account_key)
        assert status == expected, (status, answer)
        return answer

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """One call of the simulator's control API; None when it does not answer yet."""
        try:
            status, answer = call(method, f"{self.simulator_url}/_simulator/{path}", body)
        except OSError:
            return None
        assert status < 300, (status, answer)
        return answer

    def customer_says(self, text: str, person: str | None = None, **more: Any) -> Any:
        """The simulated customer writes."""
        return self.control("POST", "messages", self.who(person) | {"text": text} | more)

    def who(self, person: str | None = None) -> dict[str, str]:
        """Account and person, as the control API wants them."""
        return {"account_id": self.seed["instagram_account_id"], "person": person or self.seed["customer_id"]}

    def meta_posts(self, body: bytes) -> int:
        """A webhook as Meta signs it, past the simulator; the status it got."""
        digest = hmac.new(self.seed["facebook_app_secret"].encode(), body, hashlib.sha256).hexdigest()
        url = f"{self.server.url}/webhooks/instagram/{self.seed['facebook_app_id']}"
        return call("POST", url, body, headers={"X-Hub-Signature-256": f"sha256={digest}"})[0]

    def messages_url(self, conversation_id: str) -> str:
        """Where messages of a conversation are posted and listed."""
        return f"{self.server.url}/v2/apps/{self.app_id}/conversations/{conversation_id}/messages"

    def phone(self, person: str | None = None) -> list[dict[str, Any]]:
        """What the customer sees: the thread's messages in order."""
        who = self.who(person)
        messages: list[dict[str, Any]] = self.control("GET", f"threads/{who['account_id']}/{who['person']}")["messages"]
        return messages

    def answer(self, conversation_id: str, text: str, **more: Any) -> str:
        """The business answers with the official client; the message's id."""
        post = MessagePost(author=Author(type="business", **more), content=Content(TextMessage(type="text", text=text)))
        return str(self.messages.post_message(self.app_id, conversation_id, post).messages[0].id)

    def close(self) -> None:
        """Stop everything that was started here."""
        for server in self.servers:
            if server.process is not None and server.process.poll() is None:
                server.terminate()
        self.simulator.terminate()
        self.simulator.wait(60)
        self.target.close()


@contextmanager
def stack(database_url: str, directory: Path, **settings: str) -> Iterator[Stack]:
    """A :class:`Stack`, set up; stopped at the end."""
    made = Stack(database_url, directory, **settings)
    try:
        made.set_up()
        yield made
    finally:
        made.close()
