"""The forms of these pages: read with a limit, and believed only from a page that this browser got from here.

The proof is made from the nonce in the browser's cookie, which no script can read and no other site can guess.
"""

import base64
import hmac
from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.requests import Request

_LARGEST = 8 * 1024
_MOST_FIELDS = 20


def proof_of(nonce: str) -> str:
    """What a page's forms carry."""
    return (
        base64.urlsafe_b64encode(hmac.digest(nonce.encode(), b"heliograph connect form", "sha256")).decode().rstrip("=")
    )


async def read(request: Request) -> Mapping[str, str]:
    """The fields of a form; none for what is too long, repeats itself, or is no form."""
    raw = b""
    async for part in request.stream():
        raw += part
        if len(raw) > _LARGEST:
            return {}
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError:
        return {}
    fields = dict(pairs)
    return {} if len(fields) != len(pairs) or any("\0" in text for text in fields.values()) else fields


def proven(fields: Mapping[str, str], nonce: str) -> bool:
    """Whether a form came from a page of this browser."""
    return bool(nonce) and hmac.compare_digest(fields.get("proof", "").encode(), proof_of(nonce).encode())
