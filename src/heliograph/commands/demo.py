"""`heliograph demo`: database, server and simulator in one process, connected and ready to be tried.

What a newcomer would do by hand is done here the same way: an account key by the command line's own means, everything
else through the HTTP API. `DIR/demo.json` (0600) holds what other programs need.
"""

import asyncio
import contextlib
import json
import os
import shutil
import socket
from collections.abc import Coroutine
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from heliograph import simulator
from heliograph.app import serve
from heliograph.commands.console import console
from heliograph.commands.listen import Listener, listen
from heliograph.messaging.keys import create_key
from heliograph.opening.instagram import opened_channel
from heliograph.opening.storage import open_box
from heliograph.settings import Settings
from heliograph.storage import Database
from heliograph.telemetry.logs import configure_logging

HOST = "127.0.0.1"
LISTENED = [
    "conversation:create",
    "conversation:message",
    "conversation:postback",
    "conversation:read",
    "conversation:referral",
    "conversation:message:delivery:channel",
    "conversation:message:delivery:user",
    "conversation:message:delivery:failure",
]


class Demo:
    """One demo: its ports, its directory, and what it made."""

    def __init__(self, port: int, simulator_port: int, listen_port: int, data_dir: Path) -> None:
        self.server_url = f"http://{HOST}:{port}"
        self.simulator_url = f"http://{HOST}:{simulator_port}"
        self._listen_port = listen_port
        self._file = data_dir / "demo.json"
        self._last = data_dir / "demo-last.json"
        self._data_dir = data_dir
        # How to answer by hand, until it was told.
        self._answer = ""
        self._first_run = ""
        # Set, not inherited: a demo must not touch somebody's real database or Meta.
        for name in [name for name in os.environ if name.startswith("HELIOGRAPH_")]:
            if name not in ("HELIOGRAPH_LOG_LEVEL", "HELIOGRAPH_LOG_FORMAT"):
                del os.environ[name]
        self.settings = Settings(
            host=HOST,
            port=port,
            public_url=self.server_url,
            data_dir=data_dir,
            graph_url=self.simulator_url,
            webhook_allow_networks="127.0.0.0/8,::1/128",
        )

    async def run(self) -> None:
        """Start everything, prepare, tell, and go on until cancelled."""
        self._data_dir.mkdir(parents=True, exist_ok=True)
        # The file tells others that all is ready: it goes now, and comes back then.
        self._file.unlink(missing_ok=True)
        level = os.environ.get("HELIOGRAPH_LOG_LEVEL", "WARNING")
        configure_logging(level=level)
        listener = Listener(spoken=self._tell_how_to_answer)
        simulating, serving, listening = asyncio.Event(), asyncio.Event(), asyncio.Event()
        tasks = [
            _named("simulator", simulator.serve(HOST, self.simulator_port, self._data_dir, ready=simulating)),
            _named("listener", listen(HOST, self._listen_port, listener, ready=listening)),
            _named("server", serve(self.settings, ready=serving, first_run=self._found_empty)),
        ]
        try:
            for ready in (simulating, listening, serving):
                await _either(ready, tasks)
            known = await self._prepare()
            self._write(known)
            self._tell(known)
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            self._file.unlink(missing_ok=True)
            # The server first: it may still be answering for the simulator.
            for task in reversed(tasks):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.wait({task})

    @property
    def simulator_port(self) -> int:
        """The simulator's port."""
        return int(self.simulator_url.rpartition(":")[2])

    async def _prepare(self) -> dict[str, Any]:
        """What the last demo left, brought up to date; or everything anew."""
        async with aiohttp.ClientSession() as http:
            async with http.post(f"{self.simulator_url}/_simulator/seed", json={"connections": True}) as response:
                seed = await response.json()
            known = self._read()
            if known and await self._still_there(http, known):
                known |= self._urls()
                await self._refresh(http, known)
                await self._offer_login(known)
                return known
            known = await self._create(http, seed)
            await self._offer_login(known)
            return known

    async def _still_there(self, http: aiohttp.ClientSession, known: dict[str, Any]) -> bool:
        path = f"/v2/apps/{known['app_id']}/integrations/{known['integration_id']}"
        async with http.get(self.server_url + path, auth=_auth(known["account_key"])) as response:
            return response.status == 200

    async def _refresh(self, http: aiohttp.ClientSession, known: dict[str, Any]) -> None:
        """Ports may have changed since: the callback and the listening webhook follow."""
        auth = _auth(known["account_key"])
        base = f"/v2/apps/{known['app_id']}/integrations"
        token = {"pageAccessToken": known["page_access_token"]}
        await self._call(http, "PATCH", f"{base}/{known['integration_id']}", auth, {"type": "instagram", **token})
        webhooks = await self._call(http, "GET", f"{base}/{known['listener_id']}/webhooks", auth)
        webhook = webhooks["webhooks"][0]
        path = f"{base}/{known['listener_id']}/webhooks/{webhook['id']}"
        await self._call(http, "PATCH", path, auth, {"target": self._listen_url})

    async def _offer_login(self, seed: dict[str, Any]) -> None:
        """The simulated Facebook app is everybody's here: accounts can be connected by logging in with it."""
        database = await Database.connect(await self._database_url(), largest=4)
        try:
            async with opened_channel(self.settings, database, open_box(self.settings)) as channel:
                register = channel.facebook_apps
                known = await register.get(seed["facebook_app_id"])
                if known is None or not known.shared:
                    await register.add(seed["facebook_app_id"], seed["facebook_app_secret"], name="Demo", default=True)
        finally:
            await database.close()

    async def _create(self, http: aiohttp.ClientSession, seed: dict[str, Any]) -> dict[str, Any]:
        database = await Database.connect(await self._database_url(), largest=4)
        try:
            async with database.transaction() as connection:
                box = open_box(self.settings)
                account = await create_key(connection, box, "account", None, None, "Demo account key")
        finally:
            await database.close()
        auth = _auth(account)
        app = (await self._call(http, "POST", "/v2/apps", auth, {"displayName": "Demo"}))["app"]
        base = f"/v2/apps/{app['id']}"
        key = (await self._call(http, "POST", f"{base}/keys", auth, {"displayName": "Demo app key"}))["key"]
        custom = {
            "type": "custom",
            "displayName": "Demo listener",
            "webhooks": [{"target": self._listen_url, "triggers": LISTENED}],
        }
        listening = (await self._call(http, "POST", f"{base}/integrations", auth, custom))["integration"]
        wanted = {
            "type": "instagram",
            "displayName": seed["instagram_username"],
            "appId": seed["facebook_app_id"],
            "appSecret": seed["facebook_app_secret"],
            "pageAccessToken": seed["page_access_token"],
        }
        connected = (await self._call(http, "POST", f"{base}/integrations", auth, wanted))["integration"]
        return {
            **self._urls(),
            "account_key": {"id": account["id"], "secret": account["secret"]},
            "app_id": app["id"],
            "app_key": {"id": key["id"], "secret": key["secret"]},
            "integration_id": connected["id"],
            "listener_id": listening["id"],
            **{name: seed[name] for name in ("facebook_app_id", "facebook_app_secret", "page_id", "page_access_token")},
            **{name: seed[name] for name in ("instagram_account_id", "instagram_username", "customer_id")},
        }

    def _dashboard_words(self) -> str:
        return "make your account, within the hour" if self._first_run else "accounts, keys, members"

    def _urls(self) -> dict[str, str]:
        return {
            "server_url": self.server_url,
            "dashboard_url": self._first_run or f"{self.server_url}/dashboard/",
            "simulator_url": self.simulator_url,
            "listener_url": self._listen_url,
        }

    def _found_empty(self, link: str) -> None:
        """There is no member yet: the dashboard opens with this."""
        self._first_run = link

    @property
    def _listen_url(self) -> str:
        return f"http://{HOST}:{self._listen_port}/"

    async def _database_url(self) -> str:
        from heliograph.storage.embedded import EmbeddedServer  # noqa: PLC0415  it runs already; this finds it

        return await EmbeddedServer(self._data_dir).start()

    async def _call(
        self, http: aiohttp.ClientSession, method: str, path: str, auth: aiohttp.BasicAuth, body: Any = None
    ) -> Any:
        async with http.request(method, self.server_url + path, auth=auth, json=body) as response:
            answer = await response.json()
            if response.status >= 300:
                raise RuntimeError(f"{method} {path} answered {response.status}: {answer}")
            return answer

    def _read(self) -> dict[str, Any] | None:
        try:
            known = json.loads(self._last.read_text())
        except (OSError, ValueError):
            return None
        return known if isinstance(known, dict) else None

    def _write(self, known: dict[str, Any]) -> None:
        # In one step and never readable by others, so that a program which waits for the file reads all of it.
        for file in (self._last, self._file):
            draft = file.with_suffix(".new")
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w") as stream:
                json.dump(known, stream, indent=2)
            draft.replace(file)

    def _tell(self, known: dict[str, Any]) -> None:
        base = f"{self.server_url}/v2/apps/{known['app_id']}"
        console.print(
            "\n[sun bold]Heliograph is up.[/sun bold] Nothing here talks to Meta; the simulator plays its part.\n"
        )
        for label, text in (
            ("Phone", f"[sun]{self.simulator_url}/[/sun]  be a customer: write, send a picture, mention a story"),
            ("Dashboard", f"[sun]{known['dashboard_url']}[/sun]  {self._dashboard_words()}"),
            ("API", f"[sun]{base}[/sun]"),
            ("Webhooks", f"[sun]{self._listen_url}[/sun]  what your system would get; also here below"),
            ("Simulator", f"{self.simulator_url}/_simulator/docs  play tricks: faults, time travel"),
            ("Keys", f"{self._file}  ids, keys and secrets of this demo"),
        ):
            console.print(f"  {label:<10} {text}")
        user = f"{known['app_key']['id']}:{known['app_key']['secret']}"
        reply = '{"author":{"type":"business"},"content":{"type":"text","text":"Hello from the API"}}'
        self._answer = (
            f"  curl -u {user} -H 'content-type: application/json' \\\n"
            f"    {base}/conversations/CONVERSATION_ID/messages -d '{reply}'"
        )
        console.print(
            "\n  Write on the phone page: the line that answers appears here. [soft]Ctrl-C stops everything; the data"
            " stays.[/soft]\n"
        )

    def _tell_how_to_answer(self, conversation_id: str) -> None:
        """The first message came: a line to paste."""
        if self._answer:
            console.print("\n  Answer it:\n")
            console.print(self._answer.replace("CONVERSATION_ID", conversation_id), markup=False, style="soft")
            console.print()
            self._answer = ""


class DemoRunsError(Exception):
    """A demo runs in the directory that is to be forgotten. The text says where."""


def reset(data_dir: Path) -> None:
    """Forget a demo. Only a directory that a demo made is removed. Raises :class:`DemoRunsError`."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        at = urlsplit(json.loads((data_dir / "demo.json").read_text())["server_url"])
        with socket.create_connection((at.hostname, at.port), timeout=2):
            raise DemoRunsError(f"A demo with the data in {data_dir} runs at {at.geturl()}.")
    if (data_dir / "demo-last.json").exists() or (data_dir / "postgres").exists():
        shutil.rmtree(data_dir)


def _named(name: str, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
    return asyncio.create_task(work, name=name)


async def _either(ready: asyncio.Event, tasks: "list[asyncio.Task[None]]") -> None:
    """Wait for ``ready``; raise if one of the tasks ends first."""
    waiting = asyncio.create_task(ready.wait())
    done, _ = await asyncio.wait([waiting, *tasks], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    for task in tasks:
        if task in done:
            task.result()
            raise RuntimeError(f"the {task.get_name()} stopped while starting")


def _auth(key: dict[str, str]) -> aiohttp.BasicAuth:
    return aiohttp.BasicAuth(key["id"], key["secret"])
