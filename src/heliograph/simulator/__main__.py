"""``python -m heliograph.simulator --port 8001 [--data-dir DIR]``."""

import argparse
import asyncio
import contextlib
import signal
import sys
from pathlib import Path

from heliograph.simulator.server import local_origin, serve


async def _run(host: str, port: int, data_dir: Path | None, origin: str | None) -> None:
    task = asyncio.current_task()
    assert task is not None
    with contextlib.suppress(NotImplementedError):  # Windows has no such handlers
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    ready = asyncio.Event()

    async def announce() -> None:
        await ready.wait()
        at = local_origin(host, port)
        print(f"The simulator runs.\n\n  phone    {at}/\n  control  {at}/_simulator/docs\n  graph    {at}/v23.0/\n")

    announcing = asyncio.create_task(announce())
    try:
        await serve(host, port, data_dir, ready, origin)
    finally:
        announcing.cancel()


def main() -> int:
    """Run the simulator until interrupted."""
    parser = argparse.ArgumentParser(prog="heliograph.simulator", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8001)
    parser.add_argument("--data-dir", type=Path, help="keep the world here; without it, it is gone on exit")
    parser.add_argument("--origin", help="the address under which servers reach the simulator")
    options = parser.parse_args()
    try:
        asyncio.run(_run(options.host, options.port, options.data_dir, options.origin))
    except (asyncio.CancelledError, KeyboardInterrupt):
        return 0
    except OSError as problem:
        print(f"The simulator can not listen on {options.host}:{options.port}: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
