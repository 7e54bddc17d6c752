"""``signed_request``, as Meta's callbacks about a person carry it (Meta reference 4.5). Pure; the clock is a parameter.

``base64url(signature).base64url(payload)``, the signature over the payload's text as it came. Fails closed: whatever is
not exactly that, signed by the app's secret and of our day, is refused.
"""

import base64
import binascii
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

ALGORITHM = "HMAC-SHA256"
# Meta calls at once, and its requests say themselves when they end. Without that they are good for so long.
LIFE = timedelta(hours=24)
# Clocks differ.
SKEW = timedelta(minutes=5)
LONGEST = 8192

_USER_ID = re.compile(r"[\w.-]{1,64}", re.ASCII)
_BASE64URL = re.compile(r"[A-Za-z0-9_-]*={0,2}", re.ASCII)


class RefusedError(Exception):
    """Not a request of Meta's that counts. The text is one of a few reasons, without anything of the request."""


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """Who it is about: the person at Facebook, by the id that the app knows them by."""

    user_id: str
    issued_at: datetime


def is_signed(secret: str, text: str) -> bool:
    """Whether the secret signed this. Constant time; the payload is not looked at."""
    signature, _, payload = text.partition(".")
    given = _decoded(signature)
    # The key of an app without a secret would be anybody's.
    return bool(secret) and given is not None and hmac.compare_digest(_signature(secret, payload), given)


def read(text: str, now: datetime) -> SignedRequest:
    """What a request says that :func:`is_signed`. Raises :class:`RefusedError`."""
    payload = _payload(text)
    if str(payload.get("algorithm")).upper() != ALGORITHM:
        raise RefusedError("algorithm")
    issued_at, expires = _time(payload.get("issued_at")), _time(payload.get("expires"))
    if issued_at is None or issued_at > now + SKEW:
        raise RefusedError("issued_at")
    if now > (expires + SKEW if expires is not None else issued_at + LIFE):
        raise RefusedError("expired")
    user_id = payload.get("user_id")
    if type(user_id) is int:  # a bool is none
        user_id = str(user_id)
    if not isinstance(user_id, str) or not _USER_ID.fullmatch(user_id):
        raise RefusedError("user_id")
    return SignedRequest(user_id, issued_at)


def _signature(secret: str, payload: str) -> bytes:
    return hmac.digest(secret.encode(), payload.encode("utf-8", "surrogatepass"), "sha256")


def _payload(text: str) -> dict[str, Any]:
    raw = _decoded(text.partition(".")[2])
    try:
        payload = orjson.loads(raw or b"")
    except orjson.JSONDecodeError:
        raise RefusedError("payload") from None
    if not isinstance(payload, dict):
        raise RefusedError("payload")
    return payload


def _decoded(text: str) -> bytes | None:
    text = text.rstrip("=") if _BASE64URL.fullmatch(text) else "?"
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None


def _time(value: Any) -> datetime | None:
    """Seconds since 1970; 0, which Meta writes for never, is none."""
    if type(value) is not int or not 0 < value < 2**33:
        return None
    return datetime.fromtimestamp(value, UTC)
