"""The simulator's clock: real time plus one offset, in which every time on the wire is given."""

import time
from datetime import UTC, datetime
from email.utils import formatdate


class Clock:
    """Now, in milliseconds since 1970, moved by :attr:`offset_ms`."""

    def __init__(self, offset_ms: int = 0) -> None:
        self.offset_ms = offset_ms
        self._date_second = -1
        self._date = b""

    def now_ms(self) -> int:
        """Milliseconds since 1970 on the simulator's clock."""
        return time.time_ns() // 1_000_000 + self.offset_ms

    def http_date(self) -> bytes:
        """The value of a ``Date`` header, so that a client can see which time rules here."""
        second = self.now_ms() // 1000
        if second != self._date_second:
            self._date_second = second
            self._date = formatdate(second, usegmt=True).encode()
        return self._date


def graph_time(milliseconds: int) -> str:
    """A time as the Graph API prints it: ``2025-07-28T22:44:49+0000``, without a colon in the offset."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


def long_time(milliseconds: int) -> str:
    """A time as Meta's token errors spell it: ``Wednesday, 14-Feb-18 18:00:00 UTC``."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%A, %d-%b-%y %H:%M:%S UTC")
