"""Live changes for whoever watches: the phone page, tests, a terminal."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson

_BACKLOG = 500
_KEEPALIVE_SECONDS = 15.0


class Hub:
    """Hands every change to every watcher. A watcher that falls behind is told to read everything again."""

    def __init__(self) -> None:
        self._watchers: set[asyncio.Queue[bytes | None]] = set()

    @property
    def watched(self) -> bool:
        """Whether anybody listens; lets a busy caller skip describing a change."""
        return bool(self._watchers)

    def publish(self, event: str, data: dict[str, Any]) -> None:
        """Tell the watchers of a change."""
        if not self._watchers:
            return
        line = b"event: %s\ndata: %s\n\n" % (event.encode(), orjson.dumps(data))
        for queue in self._watchers:
            if queue.qsize() >= _BACKLOG:
                while not queue.empty():
                    queue.get_nowait()
                queue.put_nowait(b"event: resync\ndata: {}\n\n")
            queue.put_nowait(line)

    def close(self) -> None:
        """End every stream."""
        for queue in self._watchers:
            queue.put_nowait(None)

    async def stream(self) -> AsyncIterator[bytes]:
        """Changes as server-sent events, with a comment now and then so that a dead connection is noticed."""
        queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._watchers.add(queue)
        try:
            yield b"retry: 1000\nevent: hello\ndata: {}\n\n"
            while True:
                try:
                    async with asyncio.timeout(_KEEPALIVE_SECONDS):
                        line = await queue.get()
                except TimeoutError:
                    line = b": still here\n\n"
                if line is None:
                    return
                yield line
        finally:
            self._watchers.discard(queue)
