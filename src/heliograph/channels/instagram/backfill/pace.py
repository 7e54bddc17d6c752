"""How fast the Conversations API may be asked: 2 calls a second for each account (Meta reference 3.3)."""

import time
from typing import Any, Protocol

CONVERSATIONS = "conversations"
_CALLS_A_SECOND = 2.0
_MOST_ACCOUNTS = 10_000


class Pace(Protocol):
    """Who keeps the pace of calls to Meta."""

    async def take(self, account_id: str, kind: Any, n: int = 1) -> float:
        """Take leave for ``n`` calls of a kind; seconds to wait before them, 0.0 to go at once."""
        ...


class OwnPace:
    """The pace of this process alone. An account's lane is in one process at a time, so that is nearly all there is."""

    def __init__(self) -> None:
        self._free_at: dict[str, float] = {}

    async def take(self, account_id: str, kind: Any, n: int = 1) -> float:
        """As :meth:`Pace.take`; every kind is taken for the Conversations API."""
        now = time.monotonic()
        if len(self._free_at) > _MOST_ACCOUNTS:
            self._free_at = {account: at for account, at in self._free_at.items() if at > now}
        start = max(now, self._free_at.get(account_id, now))
        self._free_at[account_id] = start + n / _CALLS_A_SECOND
        return start - now
