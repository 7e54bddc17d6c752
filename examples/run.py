"""Run a sample against a demo: the one that runs, or one that is started for it and ends with it.

python examples/run.py facebook-login-redirect --data-dir data/demo
"""

import argparse
import json
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

HERE = Path(__file__).parent
PORTS = ("port", "simulator-port", "listen-port")
_DEADLINE_SECONDS = 120


def runs(file: Path) -> bool:
    """Whether the demo that wrote a demo.json answers."""
    try:
        url = json.loads(file.read_text())["server_url"]
        with urllib.request.urlopen(f"{url}/readyz", timeout=5):  # noqa: S310 - the demo's own address
            return True
    except (OSError, ValueError, KeyError, urllib.error.URLError):
        return False


def main() -> int:
    """Start what is missing, then the sample; its exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sample", choices=sorted(one.parent.name for one in HERE.glob("*/app.py")))
    parser.add_argument("--data-dir", type=Path, default=Path("data/demo"))
    for name in PORTS:
        parser.add_argument(f"--demo-{name}", help=f"{name} of a demo that is started")
    given, more = parser.parse_known_args()
    # Whoever ends this ends what it started, by Ctrl-C or otherwise.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    file = given.data_dir / "demo.json"
    demo = None
    if not runs(file):
        file.unlink(missing_ok=True)
        ports = {name: getattr(given, f"demo_{name.replace('-', '_')}") for name in PORTS}
        chosen = [word for name, port in ports.items() if port for word in (f"--{name}", port)]
        start = [sys.executable, "-m", "heliograph", "demo", "--data-dir", str(given.data_dir)]
        demo = subprocess.Popen([*start, *chosen])
    try:
        end = time.monotonic() + _DEADLINE_SECONDS
        while not runs(file):
            if demo and demo.poll() is not None:
                return demo.returncode
            if time.monotonic() > end:
                print(f"The demo was not ready after {_DEADLINE_SECONDS} s.", file=sys.stderr)
                return 1
            time.sleep(0.2)
        command = [sys.executable, str(HERE / given.sample / "app.py"), "--demo", str(file), *more]
        return subprocess.call(command)
    except KeyboardInterrupt:
        return 0
    finally:
        if demo:
            demo.terminate()
            demo.wait()


if __name__ == "__main__":
    sys.exit(main())
