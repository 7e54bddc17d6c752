"""How much may be asked: sliding windows on the simulator's clock, and the headers that tell of them.

Source: Meta reference 3.3. A refused call counts for the limits of apps, users and use cases, so that calling on
lengthens the block, as Meta warns; the messaging limits of an account count what was let through.
"""

from collections import deque
from dataclasses import dataclass, replace
from math import ceil

import orjson

from heliograph.simulator.clock import Clock
from heliograph.simulator.errors import refuse
from heliograph.simulator.rules import Rules

_SECOND, _HOUR, _DAY = 1000, 3_600_000, 86_400_000


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit: the knob with its number, its window in milliseconds, and the error of who exceeds it."""

    knob: str
    window_ms: int
    row: str
    counts_refused: bool = False


LIMITS = {
    "send": Limit("sends_per_second", _SECOND, "limit_account"),
    "instagram_send": Limit("instagram_sends_per_second", _SECOND, "limit_account"),
    "media": Limit("media_per_second", _SECOND, "limit_account"),
    "thread": Limit("thread_sends_per_second", _SECOND, "limit_account"),
    "conversations": Limit("conversations_per_second", _SECOND, "limit_account"),
    "private_reply": Limit("private_replies_per_hour", _HOUR, "limit_account"),
    "live_reply": Limit("live_replies_per_second", _SECOND, "limit_account"),
    "app": Limit("app_calls_per_hour", _HOUR, "limit_app", counts_refused=True),
    "user": Limit("user_calls_per_hour", _HOUR, "limit_user", counts_refused=True),
    "page": Limit("page_calls_per_hour", _HOUR, "limit_page", counts_refused=True),
    "messenger": Limit("messenger_calls_per_day", _DAY, "limit_messenger", counts_refused=True),
    "instagram": Limit("instagram_calls_per_day", _DAY, "limit_instagram", counts_refused=True),
    "pages": Limit("pages_calls_per_day", _DAY, "limit_pages", counts_refused=True),
}
_AVERAGED = "conversations"
USE_CASES = ("messenger", "instagram", "pages")
"""The limits that ``X-Business-Use-Case-Usage`` tells of, by their type there."""


@dataclass(frozen=True, slots=True)
class Usage:
    """How much of a limit is used, in percent, and the minutes until it is open again, 0 when it is."""

    percent: int = 0
    regain_minutes: int = 0


class Limits:
    """The counters. ``rules`` may be exchanged at any time."""

    def __init__(self, clock: Clock, rules: Rules) -> None:
        self.rules = rules
        self._clock = clock
        self._taken: dict[tuple[str, str], deque[int]] = {}

    def take(self, name: str, key: str) -> None:
        """Count one call of ``key``, or raise the error of that limit."""
        limit, most = LIMITS[name], self._most(name)
        if not most:
            return
        taken, now = self._fresh(name, key), self._clock.now_ms()
        full = len(taken) >= most
        if not full or limit.counts_refused:
            taken.append(now)
        while len(taken) > most:
            taken.popleft()
        if full:
            raise refuse(limit.row)

    def usage(self, name: str, key: str) -> Usage:
        """How far ``key`` has used a limit up."""
        most = self._most(name)
        if not most:
            return Usage()
        taken = self._fresh(name, key)
        used = Usage(min(100, len(taken) * 100 // most))
        if len(taken) < most:
            return used
        open_again = taken[0] + self._window_ms(name) - self._clock.now_ms()
        return replace(used, regain_minutes=max(1, ceil(open_again / 60_000)))

    def headers(self, app_id: str | None, account_id: str | None, page_id: str | None) -> list[tuple[bytes, bytes]]:
        """The usage headers of an answer. The simulator measures calls only, so all three numbers are the calls'."""
        used = self.usage("app", app_id).percent if app_id else 0
        headers = [(b"x-app-usage", b'{"call_count":%d,"total_time":%d,"total_cputime":%d}' % (used, used, used))]
        told: dict[str, list[dict[str, object]]] = {}
        for name in USE_CASES:
            key = page_id if name == "pages" else account_id
            if key and self._most(name):
                told.setdefault(key, []).append(_told(name, self.usage(name, key)))
        if told:
            headers.append((b"x-business-use-case-usage", orjson.dumps(told)))
        return headers

    def clear(self) -> None:
        """Nothing was called."""
        self._taken.clear()

    def _most(self, name: str) -> int:
        most = int(getattr(self.rules, LIMITS[name].knob))
        return most * self.rules.conversations_window_seconds if name == _AVERAGED else most

    def _window_ms(self, name: str) -> int:
        return self.rules.conversations_window_seconds * _SECOND if name == _AVERAGED else LIMITS[name].window_ms

    def _fresh(self, name: str, key: str) -> deque[int]:
        taken = self._taken.setdefault((name, key), deque())
        now, window_ms = self._clock.now_ms(), self._window_ms(name)
        while taken and not now - window_ms < taken[0] <= now:
            # Gone by, or still to come because the clock was set back.
            taken.popleft()
        return taken


def _told(name: str, used: Usage) -> dict[str, object]:
    return {
        "type": name,
        "call_count": used.percent,
        "total_cputime": used.percent,
        "total_time": used.percent,
        "estimated_time_to_regain_access": used.regain_minutes,
    }
