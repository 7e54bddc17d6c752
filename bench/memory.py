"""(d) Resident memory of the server process: after everybody has introduced themselves, and the most under load."""

from bench.load import Load
from bench.report import Section
from bench.stage import Stage

MARK_MB = 200


async def measure(stage: Stage, loaded: bool) -> Section:
    """``loaded``: other measurements ran before; otherwise a burst is sent now."""
    if not loaded:
        load = await Load.open(stage, 64, 3000)
        await load.burst(3000)
        load.close()
        await stage.idle()
    memory = stage.memory
    section = Section("d", "resident memory of the server, without PostgreSQL")
    section.data = {
        "idle_mb": round(memory.idle, 1),
        "peak_mb": round(memory.peak, 1),
        "after_mb": round(memory.now(), 1),
    }
    section.rows = [
        ("idle", f"{memory.idle:.0f} MB"),
        ("most, under load", f"{memory.peak:.0f} MB"),
        ("after the load", f"{memory.now():.0f} MB"),
    ]
    section.mark(f"under {MARK_MB} MB", memory.peak < MARK_MB)
    return section
