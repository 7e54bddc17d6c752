"""(e) The API on a small and on a large store: nothing that a caller waits for may grow with history.

Two servers on two databases of the same PostgreSQL, one with 1,000 messages and one with 1,000,000, both bulk-loaded. The
same calls go to both in turns, so that a noisy machine is noisy for both. No account is connected here: a posted message is
stored and told, and nothing is sent (measurement (c) has the rest of its way).
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import asyncpg
import orjson

from bench.connections import callers, request
from bench.figures import spread
from bench.filling import Filled, fill
from bench.owner import app_owner
from bench.processes import Process, free_port
from bench.report import Section, step
from bench.stage import Stage

SIZES = {"small": (10, 100), "large": (1_000, 1_000)}  # conversations, messages in each
POSTERS, READERS = 64, 8
MARK = 1.3
_TURNS = 5


@dataclass(slots=True)
class _Store:
    name: str
    port: int
    app_id: str
    authorization: str
    filled: Filled
    took: dict[str, list[list[float]]] = field(default_factory=dict)  # by call, the seconds of each turn
    rates: dict[str, list[float]] = field(default_factory=dict)

    def call(self, method: str, path: str, body: Any = None) -> bytes:
        headers = {"Authorization": self.authorization, "Content-Type": "application/json"}
        raw = b"" if body is None else orjson.dumps(body)
        return request(method, f"/v2/apps/{self.app_id}{path}", self.port, headers, raw)


def _list(store: _Store) -> bytes:
    return store.call("GET", f"/conversations/{random.choice(store.filled.conversations)}/messages")


def _user(store: _Store) -> bytes:
    return store.call("GET", f"/users/{random.choice(store.filled.users)}")


def _post(store: _Store) -> bytes:
    body = {"author": {"type": "business"}, "content": {"type": "text", "text": "It would be with you on Thursday."}}
    return store.call("POST", f"/conversations/{random.choice(store.filled.targets)}/messages", body)


# What is called, by how many at once, and what is said of it.
_CALLS: dict[str, tuple[Callable[[_Store], bytes], int, str]] = {
    "list": (_list, READERS, "list of 100 messages"),
    "user": (_user, READERS, "get user"),
    "post": (_post, POSTERS, "post a message"),
}


async def measure(stage: Stage, seconds: float) -> Section:
    """Each call in turns on both stores, ``seconds`` for each call and store in all."""
    section = Section("e", "API on a small and on a large store")
    async with AsyncExitStack() as stack:
        stores = [await stack.enter_async_context(_store(stage, name)) for name in SIZES]
        for _ in range(_TURNS):
            for name in _CALLS:
                for store in stores:
                    await _turn(store, name, seconds / _TURNS)
    for name, (_, callers_, text) in _CALLS.items():
        small, large = (_figures(store, name) for store in stores)
        pairs = zip(stores[1].took[name], stores[0].took[name], strict=True)
        ratio = median(spread(one).p99 / spread(other).p99 for one, other in pairs)
        section.data[name] = {"callers": callers_, "small": small, "large": large, "p99_ratio": round(ratio, 3)}
        for store, found in zip(stores, (small, large), strict=True):
            size = store.filled.messages
            figures = f"{found['per_second']:,}/s, p50 {found['p50_ms']:.1f} ms, p99 {found['p99_ms']:.1f} ms"
            section.rows.append((f"{text}, {callers_} callers, {size:,} stored", figures))
        section.rows.append(("  p99, large to small", f"{ratio:.2f}"))
        section.mark(f"{text}: p99 at most {MARK} times the small store's", ratio <= MARK)
        step(f"(e) {text}: small {small}, large {large}, ratio {ratio:.2f}")
    return section


def _figures(store: _Store, name: str) -> dict[str, float]:
    found = spread(second for turn in store.took[name] for second in turn)
    rate = round(median(store.rates[name]))
    return {"per_second": rate, "p50_ms": round(found.p50, 2), "p99_ms": round(found.p99, 2)}


async def _turn(store: _Store, name: str, seconds: float) -> None:
    build, count, _ = _CALLS[name]
    connections = await callers(store.port, count)
    took: list[float] = []
    began = time.perf_counter()

    async def one(number: int) -> None:
        while (start := time.perf_counter()) - began < seconds:
            status, body = await connections[number].call(build(store))
            if status not in (200, 201):
                raise RuntimeError(f"{name} was answered {status}: {body[:200]!r}")
            took.append(time.perf_counter() - start)

    await asyncio.gather(*(one(number) for number in range(count)))
    store.rates.setdefault(name, []).append(len(took) / (time.perf_counter() - began))
    store.took.setdefault(name, []).append(took)
    for connection in connections:
        connection.transport.close()


@asynccontextmanager
async def _store(stage: Stage, name: str) -> AsyncIterator[_Store]:
    """A database with its server, filled."""
    database, port = f"bench_{name}", free_port()
    await stage.database.execute(f"create database {database}")
    env = {
        "HELIOGRAPH_DATA_DIR": str(stage.directory),
        "HELIOGRAPH_DATABASE_URL": stage.url_of(database),
        "HELIOGRAPH_PORT": str(port),
        "HELIOGRAPH_API_RATE": "0",  # the limit for each key is not what is measured
    }
    server = await Process.start(stage.directory / f"{name}.log", "heliograph", "serve", env=env)
    try:
        await server.answers(port, "/readyz")
        async with app_owner(port, env) as owner:
            app_id, authorization = await owner.app()
        connection = await asyncpg.connect(env["HELIOGRAPH_DATABASE_URL"])
        try:
            conversations, each = SIZES[name]
            began = time.perf_counter()
            filled = await fill(connection, app_id, conversations, each)
            step(f"(e) {filled.messages:,} messages loaded in {time.perf_counter() - began:.0f} s")
        finally:
            await connection.close()
        yield _Store(name, port, app_id, authorization, filled)
    finally:
        await server.stop()
