"""The machine and the versions that the figures belong to."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil


def facts() -> dict[str, Any]:
    """What a reader needs to compare; ``postgresql`` is filled in when the server runs."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _commit(),
        "cores": psutil.cpu_count(),
        "cpu": _cpu(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "kernel": f"{platform.system()} {platform.release()}",
        "load_before": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "python": platform.python_version(),
        "postgresql": "",
        **{name: version(name) for name in ("heliograph", "granian", "asyncpg", "aiohttp", "uvloop", "orjson")},
    }


def stolen() -> tuple[float, float]:
    """CPU seconds so far that the machine's host gave to others, and all."""
    times = psutil.cpu_times()
    return getattr(times, "steal", 0.0), sum(times)


def stolen_share(before: tuple[float, float]) -> float:
    """The part of the CPU time since ``before`` that the host gave to others: how much a noisy neighbour disturbed."""
    steal, total = (now - then for now, then in zip(stolen(), before, strict=True))
    return round(steal / total, 3) if total else 0.0


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.partition(": ")[2] for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def _commit() -> str:
    try:
        run = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=10"],
            cwd=Path(__file__).parent, capture_output=True, text=True, check=True,
        )  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return run.stdout.strip()
