"""POSTs that go wrong on order: a wrong signature, a body that was cut, a body that comes in drops."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from heliograph.simulator.faults import WebhookFault

_DROPS = 8


def is_bad(fault: WebhookFault | None) -> bool:
    """Whether a POST so spoiled carries nothing of use, so that the right one must follow whatever was answered."""
    return fault is not None and fault.kind in ("corrupt", "corrupt_body")


def spoil(fault: WebhookFault, headers: dict[str, str], body: bytes) -> tuple[dict[str, str], Any]:
    """Headers and body of a POST that goes wrong."""
    match fault.kind:
        case "corrupt":
            return {**headers, "X-Hub-Signature-256": "sha256=" + "0" * 64}, body
        case "corrupt_body":
            return headers, body[: len(body) // 2]
        case _:
            return {**headers, "Content-Length": str(len(body))}, _drops(body, fault.delay_seconds)


async def _drops(body: bytes, seconds: float) -> AsyncIterator[bytes]:
    """A body in a few pieces, with ``seconds`` from the first to the last."""
    size = -(-len(body) // _DROPS)
    for start in range(0, len(body), size):
        if start:
            await asyncio.sleep(seconds / (_DROPS - 1))
        yield body[start : start + size]
