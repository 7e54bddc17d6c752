"""The stage: server, database, simulator and our own listeners, connected through the HTTP API as a customer would."""

import asyncio
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import aiohttp
import asyncpg

from bench.connections import HOST, Caller, callers, listen
from bench.customer import Customer
from bench.figures import Cpu, Memory, cpu
from bench.meta import Meta
from bench.owner import app_owner
from bench.people import Account, Person, Script, persons
from bench.processes import Process, free_port, parent_of, stop_postgres
from heliograph.channels.instagram.meta.callback import CALLBACK_PATH

_ECHO_CONNECTIONS = 4


@dataclass(slots=True)
class Stage:
    """What the measurements work with."""

    directory: Path
    server: Process
    port: int
    bare_port: int
    account: Account
    app_id: str
    authorization: str
    customer: Customer
    meta: Meta
    people: list[Person]
    memory: Memory
    database: Any  # asyncpg ships no types
    postmaster: int
    conversations: list[str]
    database_url: str  # "": the embedded PostgreSQL

    def url_of(self, name: str) -> str:
        """Another database of the same PostgreSQL, as a URL."""
        if not self.database_url:
            return _embedded_url(self.directory, name)
        return urlsplit(self.database_url)._replace(path=f"/{name}").geturl()

    def cpu(self) -> Cpu:
        """CPU used so far."""
        return cpu(self.server.pid, self.postmaster)

    async def idle(self, patience: float = 90.0) -> None:
        """Wait until the server has nothing left to do; raise when that takes too long."""
        deadline = asyncio.get_running_loop().time() + patience
        while self.meta.echoes_waiting or await self.database.fetchval("select true from lanes limit 1"):
            if asyncio.get_running_loop().time() > deadline:
                left = await self.database.fetch("select kind, sum(pending) from lanes group by kind")
                raise RuntimeError(f"the server did not finish its work within {patience:.0f} s: {left}")
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.1)


async def until(done: Callable[[], bool], patience: float) -> bool:
    """Wait until something is so; False when it takes longer than ``patience`` seconds."""
    deadline = asyncio.get_running_loop().time() + patience
    for _ in iter(done, True):
        if asyncio.get_running_loop().time() > deadline:
            return False
        await asyncio.sleep(0.02)
    return True


@asynccontextmanager
async def build(people: int, database_url: str = "") -> AsyncIterator[Stage]:
    """Start everything and connect it; at the end stop everything and remove its data.

    ``database_url``: an empty database on this machine, instead of the embedded PostgreSQL.
    """
    directory = _directory()
    async with AsyncExitStack() as stack:
        stack.callback(shutil.rmtree, directory, ignore_errors=True)
        stack.push_async_callback(stop_postgres, directory)
        simulator_port, port, bare_port = free_port(), free_port(), free_port()
        simulator = await _start(stack, directory, "heliograph.simulator", "--port", str(simulator_port))
        await simulator.answers(simulator_port, "/_simulator/health")
        meta, customer = Meta(f"http://{HOST}:{simulator_port}"), Customer()
        stack.push_async_callback(meta.close)
        graph_port, customer_port = await _listen(stack, meta), await _listen(stack, customer)
        env = {
            "HELIOGRAPH_DATA_DIR": str(directory),
            "HELIOGRAPH_PORT": str(port),
            "HELIOGRAPH_GRAPH_URL": f"http://{HOST}:{graph_port}",
            "HELIOGRAPH_DATABASE_URL": database_url,
            "HELIOGRAPH_WEBHOOK_ALLOW_NETWORKS": "127.0.0.0/8",
            "HELIOGRAPH_API_RATE": "0",  # one key calls for all; its limit is not what is measured
        }
        server = await _start(stack, directory, "heliograph", "serve", env=env)
        await server.answers(port, "/readyz")
        memory = Memory(server.pid)
        stack.callback(memory.stop)
        seed = await _seed(simulator_port)
        account = Account(
            seed["facebook_app_id"],
            seed["facebook_app_secret"],
            seed["instagram_account_id"],
            f"{CALLBACK_PATH}/{seed['facebook_app_id']}",
        )
        app_id, authorization = await _connect(port, env, seed, f"http://{HOST}:{customer_port}/")
        bare = await _start(stack, directory, "bench.bare", str(bare_port), account.secret)
        await bare.answers(bare_port)
        database = await _database(directory, database_url)
        stack.push_async_callback(database.close)
        mother = await asyncio.to_thread(parent_of, await database.fetchval("select pg_backend_pid()"))
        crowd = persons(people)
        meta.know(crowd)
        meta.echo_to(account, port, await callers(port, _ECHO_CONNECTIONS))
        stage = Stage(
            directory, server, port, bare_port, account, app_id, authorization, customer, meta, crowd, memory, database,
            mother, [], database_url,
        )  # fmt: skip
        await _acquaint(stage)
        memory.idle = memory.now()
        yield stage


def _directory() -> Path:
    directory = Path(tempfile.mkdtemp(prefix="heliograph-bench-", dir="/tmp" if sys.platform != "win32" else None))
    directory.chmod(0o755)  # the embedded PostgreSQL may run as another user
    return directory


async def _start(
    stack: AsyncExitStack, directory: Path, module: str, *arguments: str, env: dict[str, str] | None = None
) -> Process:
    process = await Process.start(directory / f"{module}.log", module, *arguments, env=env)
    stack.push_async_callback(process.stop)
    return process


async def _listen(stack: AsyncExitStack, handler: Any) -> int:
    server, port = await listen(handler)
    stack.callback(server.close)
    return port


async def _seed(simulator_port: int) -> dict[str, str]:
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"http://{HOST}:{simulator_port}/_simulator/seed", json={}) as answer,
    ):
        return dict(await answer.json())


async def _connect(port: int, env: dict[str, str], seed: dict[str, str], target: str) -> tuple[str, str]:
    """Account key by the command line; app, webhook, Instagram account and app key by the API."""
    async with app_owner(port, env) as owner:
        app_id, authorization = await owner.app()
        triggers = ["conversation:create", "conversation:message"]
        custom = {"type": "custom", "webhooks": [{"target": target, "triggers": triggers}]}
        await owner.post(f"/v2/apps/{app_id}/integrations", custom)
        wanted = {
            "appId": "facebook_app_id",
            "appSecret": "facebook_app_secret",
            "pageAccessToken": "page_access_token",
        }
        instagram = {"type": "instagram", **{name: seed[given] for name, given in wanted.items()}}
        await owner.post(f"/v2/apps/{app_id}/integrations", instagram)
    return app_id, authorization


async def _database(directory: Path, url: str) -> Any:
    """A connection of our own, to see when the server has finished."""
    return await asyncpg.connect(url or _embedded_url(directory, "postgres"))


def _embedded_url(directory: Path, name: str) -> str:
    """A database of the embedded PostgreSQL."""
    lines = (directory / "postgres" / "postmaster.pid").read_text().split("\n")
    return f"postgresql://postgres@/{name}?" + urlencode({"host": lines[4] or lines[5], "port": lines[3] or "5432"})


async def _acquaint(stage: Stage) -> None:
    """Everybody writes once: first contacts read a profile and make a user, which later messages do not."""
    crowd: list[Caller] = await callers(stage.port, 16)
    script = Script(stage.account, stage.people, stage.port, len(crowd), len(stage.people))

    async def introduce(number: int, caller: Caller) -> None:
        for _ in stage.people[number :: len(crowd)]:
            status, _ = await caller.call(script.take(number)[1])
            if status != 200:
                raise RuntimeError(f"a webhook was answered {status}")

    await asyncio.gather(*(introduce(number, caller) for number, caller in enumerate(crowd)))
    await stage.idle()
    for caller in crowd:
        caller.transport.close()
    stage.conversations = stage.customer.conversations()
    if len(stage.conversations) != len(stage.people):
        raise RuntimeError(f"{len(stage.people)} people wrote, {len(stage.conversations)} conversations came")
    stage.customer.clear()
