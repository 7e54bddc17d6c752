"""Ids of 24 lowercase hex characters, the shape that Sunshine Conversations' clients insist on.

48 bits of milliseconds, a 16 bit counter, 32 random bits: ids of one process sort in the order they were made,
ids of several processes nearly so. Where exact order matters (messages of a conversation), a sequence decides.
"""

import re
import secrets
import threading
import time

_PATTERN = re.compile(r"[0-9a-f]{24}")
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_lock = threading.Lock()
_last_ms = 0
_counter = 0


def new_id() -> str:
    """A new id, greater than every id this process made before."""
    global _last_ms, _counter  # noqa: PLW0603  one generator per process is the point
    with _lock:
        now = time.time_ns() // 1_000_000
        if now > _last_ms:
            _last_ms, _counter = now, 0
        else:
            _counter += 1
            if _counter > 0xFFFF:
                _last_ms, _counter = _last_ms + 1, 0
        stamp, count = _last_ms, _counter
    return f"{stamp:012x}{count:04x}{secrets.token_hex(4)}"


def is_id(text: str) -> bool:
    """Whether ``text`` has the shape of an id."""
    return _PATTERN.fullmatch(text) is not None


def new_ulid() -> str:
    """A ULID, 26 characters: 48 bits of milliseconds, then 80 random bits.

    Good as a secret address: who knows the millisecond, and tries a billion a second, needs 38 million years for all.
    """
    number = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    return "".join(_CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5))
