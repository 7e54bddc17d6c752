"""Which threads this process has read lately in vain: until they are read again, the echo may settle the part."""

import time

from heliograph.channels.instagram.sending import judging

# So many parts are remembered before the list is cleared of what is over.
_MOST = 1000


class Looked:
    """Parts whose thread did not tell of them."""

    def __init__(self) -> None:
        self._again_at: dict[tuple[str, int], float] = {}

    def note(self, message_id: str, part: int) -> None:
        """The thread did not tell: it is not read again for a while."""
        now = time.monotonic()
        if len(self._again_at) >= _MOST:
            self._again_at = {key: at for key, at in self._again_at.items() if at > now}
        self._again_at[message_id, part] = now + judging.LOOK_PAUSE_SECONDS

    def lately(self, message_id: str, part: int) -> bool:
        """Whether the thread has just been read for this part."""
        return self._again_at.get((message_id, part), 0.0) > time.monotonic()
