"""How much is too much: requests of a key, and wrong guesses at one (Sunshine reference 4.5).

Everything is counted in this process and in bounded memory. Requests are counted once the key is known, so that nobody
spends what is another's. Wrong secrets are counted by address and key id together: guessing at a key from elsewhere, or
guessing at others from here, stops nobody; and who was right lately is let through to be checked in any case.
"""

import hashlib
import ipaddress
import math
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable

from heliograph.api.errors import ApiError
from heliograph.telemetry import metrics

MOST_NAMES = 10_000

# Wrong secrets of one key from one address: this many at once, then one in this many seconds.
GUESSES = 20
GUESS_EVERY_SECONDS = 5.0


class Buckets:
    """Token buckets by name: ``burst`` at once, ``rate`` a second over time. The longest unused are forgotten."""

    def __init__(self, rate: float, burst: float, most: int = MOST_NAMES) -> None:
        self._rate = rate
        self._burst = max(1.0, burst)
        self._most = most
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()  # what is left, and when that was

    def __len__(self) -> int:
        return len(self._levels)

    def wait(self, name: str, now: float) -> float:
        """Seconds until there is something to take; 0 when there is."""
        return max(0.0, (1.0 - self._level(name, now)) / self._rate)

    def take(self, name: str, now: float) -> float:
        """Take one, and answer 0; or, when there is none, the seconds until there is."""
        level = self._level(name, now)
        if level < 1.0:
            return (1.0 - level) / self._rate
        self._levels[name] = (level - 1.0, now)
        self._levels.move_to_end(name)
        if len(self._levels) > self._most:
            self._levels.popitem(last=False)
        return 0.0

    def _level(self, name: str, now: float) -> float:
        level, at = self._levels.get(name, (self._burst, now))
        return min(self._burst, level + max(0.0, now - at) * self._rate)


class Limits:
    """The limits of one process. ``rate`` and ``guesses`` of 0 switch either off. ``clock`` counts seconds."""

    def __init__(
        self,
        rate: float = 0,
        burst: float = 0,
        guesses: int = GUESSES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._requests = Buckets(rate, burst) if rate else None
        # Ids that exist are counted apart: no flood of invented ones makes us forget them.
        self._guesses = [Buckets(1 / GUESS_EVERY_SECONDS, guesses) for _ in range(2)] if guesses else []
        self._right: OrderedDict[bytes, None] = OrderedDict()
        self._salt = secrets.token_bytes(16)

    def admit(self, address: str, key_id: str, proof: str) -> None:
        """Before anything is asked of the database. Raises a 429 for an address that was wrong about a key too often."""
        if not self._guesses or self._digest(proof) in self._right:
            return
        name, now = _guess(address, key_id), self._clock()
        wait = max(buckets.wait(name, now) for buckets in self._guesses)
        if wait:
            metrics.API_LIMITED.labels("guesses").inc()
            raise too_many("Too many failed authentications of this key from this address", wait)

    def wrong(self, address: str, key_id: str, *, exists: bool) -> None:
        """Count a wrong secret; ``exists`` tells whether there is such a key."""
        if self._guesses:
            self._guesses[exists].take(_guess(address, key_id), self._clock())

    def right(self, proof: str) -> None:
        """Remember that this was right."""
        if self._guesses:
            digest = self._digest(proof)
            self._right[digest] = None
            self._right.move_to_end(digest)
            if len(self._right) > MOST_NAMES:
                self._right.popitem(last=False)

    def spend(self, key_id: str) -> None:
        """Count a request of a key. Raises a 429."""
        wait = self._requests.take(key_id, self._clock()) if self._requests is not None else 0.0
        if wait:
            metrics.API_LIMITED.labels("requests").inc()
            raise too_many("Too many requests with this key", wait)

    def _digest(self, proof: str) -> bytes:
        return hashlib.blake2b(proof.encode(), digest_size=16, key=self._salt).digest()


def too_many(title: str, wait: float) -> ApiError:
    """429; ``Retry-After`` is in whole seconds."""
    return ApiError(429, f"{title}: wait, then try again", headers={"Retry-After": str(max(1, math.ceil(wait)))})


def _guess(address: str, key_id: str) -> str:
    """An address with a key id. Who has one IPv6 address has a whole /64 of them."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return f"{address} {key_id}"
    return f"{ip if ip.version == 4 else int(ip) >> 64} {key_id}"
