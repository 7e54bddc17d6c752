"""Numbers: percentiles, CPU time by process, resident memory."""

import asyncio
import contextlib
from collections.abc import Iterable
from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True)
class Spread:
    """Percentiles, in milliseconds."""

    p50: float
    p99: float
    largest: float

    def __str__(self) -> str:
        return f"p50 {self.p50:.1f} ms, p99 {self.p99:.1f} ms"


def spread(seconds: Iterable[float]) -> Spread:
    """Percentiles of durations given in seconds."""
    ordered = sorted(seconds) or [float("nan")]
    middle, late = (ordered[min(len(ordered) - 1, int(len(ordered) * part))] for part in (0.5, 0.99))
    return Spread(middle * 1000, late * 1000, ordered[-1] * 1000)


@dataclass(frozen=True, slots=True)
class Cpu:
    """CPU seconds (user and system) of each side."""

    server: float
    postgres: float
    load: float

    def __sub__(self, other: "Cpu") -> "Cpu":
        return Cpu(self.server - other.server, self.postgres - other.postgres, self.load - other.load)

    def each(self, messages: int) -> dict[str, int]:
        """Microseconds of CPU for each message."""
        sides = {"server": self.server, "postgres": self.postgres, "load": self.load}
        return {name: round(seconds * 1e6 / max(messages, 1)) for name, seconds in sides.items()}


def cpu(server: int, postmaster: int) -> Cpu:
    """CPU used so far by the server, by PostgreSQL with its backends (also those that are gone), and by us."""
    mother = psutil.Process(postmaster)
    times = mother.cpu_times()
    postgres = times.user + times.system + times.children_user + times.children_system
    for child in mother.children():
        with contextlib.suppress(psutil.NoSuchProcess):
            postgres += sum(child.cpu_times()[:2])
    return Cpu(sum(psutil.Process(server).cpu_times()[:2]), postgres, sum(psutil.Process().cpu_times()[:2]))


class Memory:
    """Resident memory of a process, looked at four times a second."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self.idle: float = self.now()
        self.peak = 0.0
        self._task = asyncio.get_running_loop().create_task(self._watch())

    def now(self) -> float:
        """Megabytes (10^6 bytes) now."""
        return float(self._process.memory_info().rss) / 1e6

    async def _watch(self) -> None:
        with contextlib.suppress(psutil.NoSuchProcess):
            while True:
                self.peak = max(self.peak, self.now())
                await asyncio.sleep(0.25)

    def stop(self) -> None:
        """Look no longer."""
        self._task.cancel()
