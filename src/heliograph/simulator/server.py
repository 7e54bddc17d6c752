"""Running the simulator: granian inside the caller's event loop."""

import asyncio
import socket
from pathlib import Path

from granian.constants import Interfaces
from granian.server.embed import Server

from heliograph.simulator.app import create_app
from heliograph.simulator.world import World

_STOP_SECONDS = 2.5
_WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - these are what we replace


async def serve(
    host: str,
    port: int,
    data_dir: Path | None,
    ready: asyncio.Event | None = None,
    origin: str | None = None,
) -> None:
    """Serve until cancelled, then stop within three seconds.

    With ``data_dir`` the world is kept in ``data_dir/simulator.sqlite3``. ``ready`` is set once requests are answered.
    ``origin`` is the address under which servers reach the simulator, for links to media; by default that of the latest
    request. Raises ``OSError`` when the port is taken.
    """
    _check_free(host, port)
    world = World(data_dir, origin)
    server = Server(
        create_app(world),
        address=host,
        port=port,
        # Starting and stopping the world is done here: an ASGI lifespan could not report a failure.
        interface=Interfaces.ASGINL,
        backlog=1024,
        websockets=False,
        log_enabled=False,
    )
    await world.start()
    serving = asyncio.get_running_loop().create_task(server.serve())
    try:
        # The socket is bound in the task's first step; from then on callers wait in its queue.
        await asyncio.sleep(0)
        if not serving.done() and ready:
            ready.set()
        await asyncio.shield(serving)
    finally:
        world.stopping.set()
        world.hub.close()
        server.stop()  # type: ignore[no-untyped-call]  # granian leaves it unannotated
        await asyncio.wait({serving}, timeout=_STOP_SECONDS)
        await world.stop()


def _check_free(host: str, port: int) -> None:
    """Raise ``OSError`` when somebody listens there: granian shares ports, and would share this one silently."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))


def local_origin(host: str, port: int) -> str:
    """The address of a simulator on this machine."""
    return f"http://{_WILDCARDS.get(host, host)}:{port}"
