"""What `make install` installed: HELIOGRAPH_TEST_INSTALLED names its PREFIX. It asks a package registry, which no test does:
.ci/run makes it."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from heliograph import __version__
from tests.e2e.stack import call, free_port, wait_for
from tests.support import open_directory

GIVEN = os.environ.get("HELIOGRAPH_TEST_INSTALLED", "")


@pytest.fixture(scope="module")
def prefix() -> Path:
    if not GIVEN:
        pytest.skip("make install was not run: HELIOGRAPH_TEST_INSTALLED names no PREFIX")
    return Path(GIVEN)


def environment(**settings: str) -> dict[str, str]:
    """As a service has it: nothing of these sources, nothing of the tests."""
    return {"PATH": os.environ["PATH"], **{f"HELIOGRAPH_{name.upper()}": value for name, value in settings.items()}}


def command(prefix: Path, *arguments: str) -> str:
    program = [str(prefix / "bin" / "heliograph"), *arguments]
    return subprocess.run(program, env=environment(), cwd="/", capture_output=True, text=True, check=True).stdout


def test_it_is_this_version_and_the_runtime_alone(prefix: Path) -> None:
    assert command(prefix, "--version").strip() == __version__
    installed = {path.name.partition("-")[0].lower() for path in prefix.glob("lib/*/site-packages/*.dist-info")}
    assert "granian" in installed
    assert installed & {"pytest", "mypy", "ruff", "playwright", "django_htmx"} == set()


@pytest.fixture(scope="module")
def url(prefix: Path, database_url: str) -> Iterator[str]:
    """`heliograph serve` as it was installed."""
    port = free_port()
    with open_directory() as directory:
        given = environment(port=str(port), database_url=database_url, data_dir=str(directory))
        with (directory / "log").open("wb") as log:
            serving = subprocess.Popen([prefix / "bin" / "heliograph", "serve"], env=given, cwd="/", stderr=log)
        address = f"http://127.0.0.1:{port}"

        def is_ready() -> bool:
            assert serving.poll() is None, (directory / "log").read_text()
            try:
                return call("GET", f"{address}/readyz")[0] == 200
            except OSError:
                return False

        try:
            wait_for(is_ready, 60, "it is ready")
            yield address
        finally:
            serving.terminate()
            serving.wait(20)


@pytest.mark.parametrize("path", ["/dashboard/sign-in", "/reference", "/privacy/requests/none", "/connect/i/none"])
def test_pages_have_all_that_they_name(url: str, path: str) -> None:
    """Templates, styles and scripts are files beside the code: what the package forgot is missing here only."""
    status, page = call("GET", f"{url}{path}")
    assert status in (200, 404), page
    named = set(re.findall(r'(?:href|src)="(/[^"]+\.(?:css|js)[^"]*)"', page))
    assert named or path != "/dashboard/sign-in"
    for file in named:
        with urlopen(f"{url}{file}", timeout=10) as answer:
            assert answer.status == 200
            assert answer.read(1)
