"""``signed_request``, as Meta's callbacks to an app carry it. Pure.

Two parts in base64url without padding, joined by a dot: the HMAC-SHA256 of the second part *as it is written*, keyed
with the app secret, and the payload. Source: Meta reference 4.5.
"""

import base64
import hashlib
import hmac
import json

LIFE_SECONDS = 3600
"""``expires`` is an hour after ``issued_at``, as in Meta's sample."""


def sign(secret: str, user_id: str, issued_at: int, profile_id: str | None = None) -> str:
    """The text for the person ``user_id``, an app-scoped id. ``profile_id`` names the Page where one is meant."""
    payload: dict[str, str | int] = {
        "algorithm": "HMAC-SHA256",
        "expires": issued_at + LIFE_SECONDS,
        "issued_at": issued_at,
        "user_id": user_id,
    }
    if profile_id:
        payload["profile_id"] = profile_id
    return _sealed(secret, payload)


def of_login(secret: str, user_id: str, issued_at: int, code: str | None = None) -> str:
    """The text that the JavaScript SDK gets after a login, with a ``code`` where there is one."""
    payload: dict[str, str | int] = {"algorithm": "HMAC-SHA256", "issued_at": issued_at, "user_id": user_id}
    return _sealed(secret, {**payload, "code": code} if code else payload)


def _sealed(secret: str, payload: dict[str, str | int]) -> str:
    written = _encode(json.dumps(payload, separators=(",", ":")).encode())
    return f"{_encode(hmac.digest(secret.encode(), written.encode(), hashlib.sha256))}.{written}"


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
