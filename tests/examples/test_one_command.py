"""`make example-redirect` and `make example-sdk`: one command each, with a demo that it starts or finds."""

import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

from tests.e2e.stack import free_port, wait_for
from tests.examples.conftest import EXAMPLES
from tests.support import open_directory


def command(target: str, **variables: object) -> list[str]:
    """What the Makefile runs for a target, with this Python."""
    words = [f"{name}={value}" for name, value in variables.items()]
    told = subprocess.run(
        ["make", "--dry-run", target, *words], cwd=EXAMPLES.parent, capture_output=True, text=True, check=True
    )
    (line,) = [one for one in told.stdout.splitlines() if "examples/run.py" in one]
    return [sys.executable, *shlex.split(line)[1:]]


def shown(url: str) -> str:
    """The page at an address; empty when nobody answers."""
    try:
        with urlopen(url, timeout=5) as answer:
            return str(answer.read().decode())
    except OSError:  # URLError is one; so is a connection that is cut or silent while it starts
        return ""


@contextmanager
def running(words: list[str], log: Path) -> Iterator[str]:
    """A command that shows its page at the address given; ended as by Ctrl-C, without a trace."""
    port = free_port()
    with log.open("w") as output:
        process = subprocess.Popen([*words, "--port", str(port)], cwd=EXAMPLES.parent, stdout=output, stderr=output)
    url = f"http://127.0.0.1:{port}/"
    try:
        wait_for(lambda: shown(url) or process.poll() is not None, 90, f"the sample answers; its log: {log}")
        yield url
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
    assert process.returncode == 0, log.read_text()
    assert "Traceback" not in log.read_text()
    assert shown(url) == "", "the sample has ended, too"


def test_each_sample_is_one_command() -> None:
    """Both at once: the first starts a demo, the second finds it. A demo's start takes seconds, so there is one."""
    with open_directory() as directory:
        home = directory / "demo"
        given = {"DATA_DIR": home, "PORT": free_port(), "SIMULATOR_PORT": free_port()}
        first = [*command("example-redirect", **given), "--demo-listen-port", str(free_port())]
        second = command("example-sdk", **given)
        server = f"http://127.0.0.1:{given['PORT']}/readyz"
        with running(first, directory / "first.log") as url:
            assert f"You return to {url}callback" in shown(f"{url}login"), "the dialog, at the demo's simulator"
            with running(second, directory / "second.log") as other:
                assert f"http://127.0.0.1:{given['SIMULATOR_PORT']}/en_US/sdk.js" in shown(other)
            assert shown(server), "whoever found the demo leaves it running"
        assert shown(server) == "", "whoever started the demo ends it"
        assert "Heliograph is up" in (directory / "first.log").read_text()
        assert "Heliograph is up" not in (directory / "second.log").read_text()
