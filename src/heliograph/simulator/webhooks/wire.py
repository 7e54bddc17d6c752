"""The bytes of a webhook: Meta's way of writing JSON, and its signatures. Pure.

Meta's bodies are ASCII: compact JSON in which everything outside ASCII is ``\\uXXXX`` in lowercase hex (surrogate pairs
beyond the basic plane) and every slash is ``\\/``. The signature is taken over exactly these bytes.
"""

import hashlib
import hmac
import json
from typing import Any

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


def envelope(entries: list[tuple[str, int, list[dict[str, Any]]]]) -> dict[str, Any]:
    """The frame around events, keys in the order of real captures.

    ``entries`` are (account id, time in ms, messaging items).
    """
    return {
        "object": "instagram",
        "entry": [{"time": time, "id": account_id, "messaging": items} for account_id, time, items in entries],
    }
