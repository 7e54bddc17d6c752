"""The bytes of a webhook: Meta's way of writing JSON, and its signatures. Pure.

Meta's bodies are ASCII: compact JSON in which everything outside ASCII is ``\\uXXXX`` in lowercase hex (surrogate pairs
beyond the basic plane) and every slash is ``\\/``. The signature is taken over exactly these bytes.
"""

import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any

from heliograph.simulator.models import Form

EVENT_HEADERS = {
    "Accept": "*/*",
    "Accept-Encoding": "deflate, gzip",
    "Content-Type": "application/json",
    "Facebook-API-Version": "unversioned",
    "User-Agent": "facebookexternalua",
}
"""Headers of a real delivery, without the signatures."""


def encode(body: dict[str, Any]) -> bytes:
    """``body`` as Meta would write it. A slash stands only inside strings, so replacing all of them is safe."""
    return json.dumps(body, separators=(",", ":"), ensure_ascii=True).replace("/", "\\/").encode("ascii")


def sign(secret: str, body: bytes) -> dict[str, str]:
    """Both signature headers over the raw bytes, keyed with the app secret."""
    key = secret.encode()
    return {
        "X-Hub-Signature": "sha1=" + hmac.digest(key, body, hashlib.sha1).hex(),
        "X-Hub-Signature-256": "sha256=" + hmac.digest(key, body, hashlib.sha256).hex(),
    }


@dataclass(slots=True)
class EntryOf:
    """One entry: the account, the time of sending in milliseconds, and its items under the key ``form``."""

    account_id: str
    time_ms: int
    form: Form
    items: list[dict[str, Any]]


def envelope(entries: list[tuple[str, int, list[dict[str, Any]]]]) -> dict[str, Any]:
    """The frame around ``messaging`` items alone, as (account id, time in ms, items)."""
    return frame([EntryOf(account_id, time_ms, "messaging", items) for account_id, time_ms, items in entries])


def frame(entries: list[EntryOf]) -> dict[str, Any]:
    """The frame around events, keys in the order of real captures.

    ``messaging`` and ``standby`` begin with ``object``, give the time in milliseconds and before the id; ``changes`` are
    the other way round, with the time in seconds.
    """
    body: dict[str, Any] = {"object": "instagram", "entry": [_entry(one) for one in entries]}
    if all(one.form == "changes" for one in entries):
        return {"entry": body["entry"], "object": "instagram"}
    return body


def _entry(one: EntryOf) -> dict[str, Any]:
    if one.form == "changes":
        return {"id": one.account_id, "time": one.time_ms // 1000, "changes": one.items}
    return {"time": one.time_ms, "id": one.account_id, one.form: one.items}
