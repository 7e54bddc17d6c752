"""Time as the Sunshine wire writes it."""

from datetime import UTC, datetime


def wire_time(moment: datetime) -> str:
    """UTC, ISO 8601 with milliseconds and ``Z``: ``2026-02-03T18:33:47.466Z``."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")[:23] + "Z"
