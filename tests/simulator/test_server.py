"""Starting and stopping."""

import http.client
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from heliograph.simulator import World, create_app, server
from tests.simulator.support import Client, Loop, Seeded, Simulator, eventually, free_port


def test_it_stops_at_once_although_somebody_listens_and_somebody_waits(
    loop: Loop, sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Who is patient would wait for them so long.
    monkeypatch.setattr(server, "_STOP_SECONDS", 20.0)
    simulator = Simulator(loop).start()
    seeded = Seeded(simulator, sink, simulator.control("/seed", 200))
    simulator.control("/faults", match="/me", outcome="hang")
    listening = http.client.HTTPConnection("127.0.0.1", simulator.port)
    listening.request("GET", "/_simulator/events")
    stream = listening.getresponse()
    assert stream.readline()
    waiting = http.client.HTTPConnection("127.0.0.1", simulator.port)
    waiting.request("GET", "/me", headers={"Authorization": f"Bearer {seeded.token}"})
    eventually(lambda: any(one["path"] == "/me" for one in simulator.read("/wire")["entries"]))
    assert simulator.stop() < 15, "it had to be broken off"
    stream.close()
    listening.close()
    waiting.close()


def test_it_answers_as_soon_as_it_is_ready(loop: Loop) -> None:
    for _ in range(10):
        simulator = Simulator(loop).start()
        assert simulator.read("/health")["status"] == "ok"
        simulator.stop()


def test_a_port_that_is_taken_is_reported(loop: Loop, simulator: Simulator) -> None:
    other = Simulator(loop)
    other.port = simulator.port
    with pytest.raises(OSError, match="in use"):
        other.start()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_module_runs_and_ends_without_a_word_of_complaint(tmp_path: Path, number: signal.Signals) -> None:
    port = free_port()
    command = [sys.executable, "-m", "heliograph.simulator", "--port", str(port), "--data-dir", str(tmp_path)]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, text=True
    ) as process:
        assert process.stdout is not None
        assert "runs" in process.stdout.readline()
        assert Client(port).post("/_simulator/seed").status == 200
        process.send_signal(number)
        _, complaints = process.communicate(timeout=30)
    assert (process.returncode, complaints) == (0, "")
    assert (tmp_path / "simulator.sqlite3").exists()


def test_the_app_carries_its_world_through_a_lifespan(loop: Loop) -> None:
    async def live() -> list[str]:
        app = create_app(World())
        events = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])
        told: list[str] = []

        async def receive() -> dict:
            return next(events)

        async def send(message: dict) -> None:
            told.append(message["type"])

        await app({"type": "lifespan"}, receive, send)
        return told

    assert loop.run(live()) == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
