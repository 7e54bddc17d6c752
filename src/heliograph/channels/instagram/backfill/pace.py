"""How fast the Conversations API may be asked: 2 calls a second for each account (Meta reference 3.3)."""

import time
from typing import Any, Protocol

CONVERSATIONS = "conversations"
_CALLS_A_SECOND = 2.0
_MOST_ACCOUNTS = 10_000


class Pace(Protocol):
    """Who keeps the pace of calls to Meta."""

    async def take(self, account_id: str, kind: Any, n: int = 1) -> float:
        """Seconds to wait before ``n`` calls of a kind may be made: then ask again. 0.0: go now, they are counted."""
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
        wait = self._free_at.get(account_id, now) - now
        if wait > 0:
            return wait
        self._free_at[account_id] = now + n / _CALLS_A_SECOND
        return 0.0
