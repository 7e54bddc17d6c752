"""A message on first sight: what Meta is to get of it, part by part. Pure."""

from collections.abc import Sequence
from typing import Any

from heliograph.channels.instagram.sending.override import render_override
from heliograph.channels.instagram.sending.render import Part, render


def as_opened(requests: Sequence[Part]) -> list[dict[str, Any]]:
    """The parts of a message on first sight, as the ledger has them."""
    as_written = {
        "state": "pending",
        "attempts": 0,
        "tag": None,
        "started_at": None,
        "error": None,
        "go_at": None,
        "metas_time": None,
    }
    return [{"part": number, "request": request, **as_written} for number, request in enumerate(requests, start=1)]


def requests_of(row: Any) -> list[Part]:
    """What Meta gets: the override if there is one, else the content; what an AI wrote says so, unless told not to."""
    override = (row["override"] or {}).get("instagram")
    if override and "payload" in override:
        return render_override(override["payload"])
    message = row["message"]
    by_ai = "AI" in (message["author"].get("subtypes") or ()) and row["ai_disclaimer"] is not False
    return render(message["content"], by_ai, row["carousel_mode"] or "native")
