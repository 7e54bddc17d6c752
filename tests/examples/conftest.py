"""One installation for both samples, and each sample as its reader starts it: ``app.py --demo demo.json``."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.stack import Stack, free_port, stack, wait_for
from tests.support import open_directory

EXAMPLES = Path(__file__).parents[2] / "examples"
SAMPLES = ("facebook-login-redirect", "facebook-login-sdk")

expect.set_options(timeout=15_000)


@dataclass
class Site:
    """A sample that runs."""

    name: str
    url: str
    house: Stack

    @property
    def by_popup(self) -> bool:
        return self.name.endswith("sdk")

    @contextmanager
    def dialog(self, page: Page) -> Iterator[Page]:
        """Press the button; the dialog, wherever it opens."""
        page.goto(self.url)
        press = "Continue with Facebook"
        if self.by_popup:
            with page.expect_popup() as opening:
                page.get_by_role("button", name=press).click()
            yield opening.value
        else:
            page.get_by_role("link", name=press).click()
            yield page

    def person(self, name: str, **pages: Any) -> str:
        """Somebody new with one Page and its account; the id of the person."""
        owner = self.house.control("POST", "owners", {"name": name})["id"]
        self.house.control("POST", "accounts", {"owner_user_id": owner, **pages})
        return str(owner)

    def forgotten_by(self, name: str) -> None:
        """Somebody removes the app, so that the dialog asks them everything, whoever asked them before."""
        owners = self.house.control("GET", "owners")["owners"]
        key = next(one["id"] for one in owners if one["name"] == name)
        self.house.control("POST", f"apps/{self.house.seed['facebook_app_id']}/deauthorize", {"user_id": key})

    def logs_in(self, page: Page, name: str) -> None:
        """Go through the dialog as somebody, everything allowed."""
        with self.dialog(page) as dialog:
            dialog.get_by_role("link", name="Log in as somebody else").click()
            dialog.get_by_role("link", name=name).click()
            dialog.get_by_role("button", name="Continue").click()
        expect(page.get_by_role("heading", name="Choose a Page")).to_be_visible()


@pytest.fixture(scope="module")
def demo(database_url: str) -> Iterator[tuple[Stack, Path]]:
    """Server and simulator, and what ``make demo`` would have written of them."""
    with open_directory() as directory, stack(database_url, directory) as house:
        house.control("POST", "seed", {"connections": True})
        known = {
            "server_url": house.server.url,
            "simulator_url": house.simulator_url,
            "app_id": house.app_id,
            "app_key": house.key,
            **{name: house.seed[name] for name in ("facebook_app_id", "facebook_app_secret")},
        }
        file = directory / "demo.json"
        file.write_text(json.dumps(known))
        yield house, file


@pytest.fixture(scope="module", params=SAMPLES)
def site(request: pytest.FixtureRequest, demo: tuple[Stack, Path]) -> Iterator[Site]:
    house, file = demo
    port = free_port()
    command = [sys.executable, str(EXAMPLES / request.param / "app.py"), "--demo", str(file), "--port", str(port)]
    running = subprocess.Popen(command, cwd=EXAMPLES)
    url = f"http://127.0.0.1:{port}/"

    def answers() -> bool:
        try:
            with urlopen(url, timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:  # URLError is one; so is a connection that is cut or silent while it starts
            return False

    try:
        wait_for(answers, 60, f"{request.param} answers")
        yield Site(request.param, url, house)
    finally:
        running.terminate()
        running.wait(30)
