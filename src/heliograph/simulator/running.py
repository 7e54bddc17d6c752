"""The simulator in a thread of its own, for tests: ``with running() as meta:``."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

from heliograph.simulator.client.meta import Meta
from heliograph.simulator.server import local_origin, serve

_HOST = "127.0.0.1"
_STOP_SECONDS = 10.0


@contextlib.contextmanager
def running(port: int | None = None, data_dir: Path | None = None) -> Iterator[Meta]:
    """A simulator of its own for as long as the block lasts, on a free port and in memory unless told otherwise.

    ``meta.url`` is what a product takes for ``https://graph.facebook.com``. Raises ``OSError`` when the port is taken.
    """
    chosen = port or _free_port()
    loop = asyncio.new_event_loop()
    ready = threading.Event()
    failed: list[BaseException] = []
    task: asyncio.Task[None] | None = None

    async def live() -> None:
        nonlocal task
        up = asyncio.Event()
        task = asyncio.ensure_future(serve(_HOST, chosen, data_dir, up))
        waiting = asyncio.ensure_future(up.wait())
        await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if task.done() and (problem := task.exception()):
            failed.append(problem)
        ready.set()
        await asyncio.wait({task})

    def run() -> None:
        try:
            loop.run_until_complete(live())
        finally:
            ready.set()
            loop.close()

    thread = threading.Thread(target=run, name="heliograph simulator", daemon=True)
    thread.start()
    ready.wait()
    try:
        if failed:
            raise failed[0]
        yield Meta(local_origin(_HOST, chosen))
    finally:
        if task and not task.done():
            loop.call_soon_threadsafe(task.cancel)
        thread.join(_STOP_SECONDS)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        return int(probe.getsockname()[1])
