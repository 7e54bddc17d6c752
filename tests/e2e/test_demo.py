"""`heliograph demo`: what a newcomer starts, and what other programs read of it."""

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from heliograph.commands.demo import DemoRunsError, reset
from tests.e2e.stack import call, free_port, wait_for
from tests.support import open_directory

NAMES = {
    "server_url",
    "dashboard_url",
    "simulator_url",
    "account_key",
    "app_id",
    "app_key",
    "integration_id",
    "facebook_app_id",
    "facebook_app_secret",
    "page_id",
    "page_access_token",
    "instagram_account_id",
    "instagram_username",
    "customer_id",
}


class Demo:
    """A demo process, what it wrote into demo.json, and what it printed."""

    def __init__(self, home: Path, *more: str) -> None:
        self._log = home.with_suffix(".log")
        command = [sys.executable, "-m", "heliograph", "demo", "--data-dir", str(home), *more]
        for option in ("--port", "--simulator-port", "--listen-port"):
            command += [option, str(free_port())]
        with self._log.open("w") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        file = home / "demo.json"
        wait_for(lambda: file.exists() or self.process.poll() is not None, 60, "demo.json")
        assert self.process.poll() is None, self.printed()
        self.known: dict[str, Any] = json.loads(file.read_text())

    def printed(self) -> str:
        """All that it printed."""
        return self._log.read_text()


@contextmanager
def demo(home: Path, *more: str) -> Iterator[Demo]:
    """A running demo, ended by Ctrl-C."""
    made = Demo(home, *more)
    try:
        yield made
    finally:
        made.process.send_signal(signal.SIGINT)
        made.process.wait(60)


def test_the_demo_is_ready_stays_and_starts_over() -> None:
    """demo.json has names and mode; messages flow; Ctrl-C leaves nothing running; a second has the same data; reset not."""
    with open_directory() as directory:
        home = directory / "demo"
        with demo(home) as running:
            first = running.known
            postmaster = int((home / "postgres" / "postmaster.pid").read_text().split()[0])
            assert set(first) >= NAMES
            assert stat.S_IMODE((home / "demo.json").stat().st_mode) == 0o600
            who = {"account_id": first["instagram_account_id"], "person": first["customer_id"]}
            call("POST", f"{first['simulator_url']}/_simulator/messages", who | {"text": "hello"})
            told = wait_for(lambda: call("GET", f"{first['listener_url']}webhooks.json")[1])
            conversation = told[0]["payload"]["conversation"]["id"]
            line = f"/conversations/{conversation}/messages -d"
            wait_for(lambda: line in running.printed(), what="a line to answer with")
            with pytest.raises(DemoRunsError):
                reset(home)
        assert running.process.returncode == 0
        output = running.printed()
        assert "Traceback" not in output
        assert first["simulator_url"] in output
        assert not (home / "demo.json").exists(), "it says that a demo runs"
        wait_for(lambda: not _alive(postmaster), 30, "PostgreSQL stopped")

        with demo(home) as running:
            second = running.known
            moved = {"server_url", "dashboard_url", "simulator_url", "listener_url"}
            assert {n: v for n, v in second.items() if n not in moved} == {
                n: v for n, v in first.items() if n not in moved
            }
            path = f"/v2/apps/{second['app_id']}/conversations/{conversation}/messages"
            _, listed = call("GET", second["server_url"] + path, key=second["app_key"])
            assert [m["content"]["text"] for m in listed["messages"]] == ["hello"]
            call("POST", f"{second['simulator_url']}/_simulator/messages", who | {"text": "again"})
            wait_for(lambda: len(call("GET", second["server_url"] + path, key=second["app_key"])[1]["messages"]) == 2)

        with demo(home, "--reset") as running:
            assert running.known["app_id"] != first["app_id"]


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
