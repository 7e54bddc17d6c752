"""Fixtures: one simulator for all tests, empty and at the real time at the beginning of each."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import web

from tests.simulator.support import Loop, Seeded, Simulator, Sink, free_port


@pytest.fixture(scope="session")
def loop() -> Iterator[Loop]:
    running = Loop()
    yield running
    running.close()


@pytest.fixture(scope="session")
def shared(loop: Loop) -> Iterator[Simulator]:
    running = Simulator(loop).start()
    yield running
    running.stop()


@pytest.fixture
def simulator(shared: Simulator) -> Simulator:
    shared.control("/reset", 200)
    return shared


@pytest.fixture
def kept(loop: Loop, tmp_path: Path) -> Iterator[Simulator]:
    """A simulator with a data directory, which a test may stop and start again."""
    running = Simulator(loop, tmp_path).start()
    yield running
    if running.running:
        running.stop()


@pytest.fixture
def sink(loop: Loop) -> Iterator[Sink]:
    receiving = Sink()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", receiving.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    port = free_port()

    async def start() -> None:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()

    loop.run(start())
    receiving.url = f"http://127.0.0.1:{port}/hook"
    yield receiving
    loop.run(runner.cleanup())


@pytest.fixture
def seeded(simulator: Simulator, sink: Sink) -> Seeded:
    """The seed's world, not subscribed to anything."""
    return Seeded(simulator, sink, simulator.control("/seed", 200))


@pytest.fixture
def connected(seeded: Seeded) -> Seeded:
    """The seed's world, its webhooks going to the sink."""
    seeded.subscribe()
    return seeded
