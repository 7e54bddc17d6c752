"""Whether webhooks come in a flood: then their 200s, which Meta waits for, go before all other work.

A flood begins when many webhooks wait for their 200 at once, and ends when for a few looks in a row they did not. Looks,
not seconds: while other work holds the event loop no webhook can come in, and that time says nothing.
"""

import asyncio

_MANY = 8
_LOOK_SECONDS = 0.005
_CALM_LOOKS = 8


class Flood:
    """Watches how many webhooks wait. True while there is a flood."""

    def __init__(self) -> None:
        self._waiting = 0
        self._most = 0  # waiting at once, since the last look
        self._calm = 0
        self._flood = False

    def __bool__(self) -> bool:
        return self._flood

    def came(self) -> None:
        """A webhook waits for its 200."""
        self._waiting += 1
        if self._waiting > self._most:
            self._most = self._waiting
            if self._waiting >= _MANY and not self._flood:
                self._flood = True
                self._look()

    def went(self) -> None:
        """A webhook was answered."""
        self._waiting -= 1

    def _look(self) -> None:
        self._calm = 0 if self._most >= _MANY else self._calm + 1
        self._most = self._waiting
        self._flood = self._calm < _CALM_LOOKS
        if self._flood:
            asyncio.get_running_loop().call_later(_LOOK_SECONDS, self._look)
