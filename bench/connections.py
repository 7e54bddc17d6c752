"""HTTP/1.1 with as little work as possible: the load generator and its targets share the cores with the server.

Keep-alive only, bodies with a Content-Length only; both are what the server under test speaks.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, cast

HOST = "127.0.0.1"

# Target of the request line, the whole head, the body; answers at once, or by a coroutine when it has to ask others.
Handler = Callable[[bytes, bytes, bytes], "bytes | Coroutine[Any, Any, bytes]"]


def request(method: str, path: str, port: int, headers: dict[str, str], body: bytes) -> bytes:
    """A whole request as bytes."""
    lines = [
        f"{method} {path} HTTP/1.1",
        f"Host: {HOST}:{port}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body


def response(status: int, body: bytes, content_type: str = "application/json") -> bytes:
    """A whole response as bytes."""
    return f"HTTP/1.1 {status} X\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def _length(head: bytes) -> int:
    low = head.lower()
    at = low.find(b"\r\ncontent-length:")
    if at < 0:
        if b"\r\ntransfer-encoding:" in low:
            raise ValueError("chunked bodies are not understood here")
        return 0
    end = low.find(b"\r\n", at + 2)
    return int(low[at + 17 : end if end > 0 else None])


class _Messages(asyncio.Protocol):
    """Cuts the stream into heads and bodies."""

    transport: asyncio.Transport

    def __init__(self) -> None:
        self._buffer = b""
        self._head: bytes | None = None
        self._missing = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's own class

    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        while True:
            if self._head is None:
                end = self._buffer.find(b"\r\n\r\n")
                if end < 0:
                    return
                self._head, self._buffer = self._buffer[:end], self._buffer[end + 4 :]
                self._missing = _length(self._head)
            if len(self._buffer) < self._missing:
                return
            head, body = self._head, self._buffer[: self._missing]
            self._head, self._buffer = None, self._buffer[self._missing :]
            self.arrived(head, body)
            if not self._buffer:
                return

    def arrived(self, head: bytes, body: bytes) -> None:
        raise NotImplementedError


class Caller(_Messages):
    """One connection to the server; one request at a time."""

    def __init__(self) -> None:
        super().__init__()
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None

    def call(self, request: bytes) -> "asyncio.Future[tuple[int, bytes]]":
        """Write a request; the future gives status and body."""
        self._answer = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return self._answer

    def arrived(self, head: bytes, body: bytes) -> None:
        answer, self._answer = self._answer, None
        if answer is not None and not answer.done():
            answer.set_result((int(head[9:12]), body))

    def connection_lost(self, _: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionError("the server closed the connection"))


async def callers(port: int, count: int) -> list[Caller]:
    """Open connections to a server on this machine."""
    loop = asyncio.get_running_loop()
    return [(await loop.create_connection(Caller, HOST, port))[1] for _ in range(count)]


class _Answerer(_Messages):
    def __init__(self, handler: Handler) -> None:
        super().__init__()
        self._handler = handler
        self._tasks: set[asyncio.Task[None]] = set()

    def arrived(self, head: bytes, body: bytes) -> None:
        answer = self._handler(head[: head.find(b"\r\n")], head, body)
        if isinstance(answer, bytes):
            self.transport.write(answer)
            return
        task = asyncio.get_running_loop().create_task(self._later(answer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _later(self, answer: Coroutine[Any, Any, bytes]) -> None:
        self.transport.write(await answer)


async def listen(handler: Handler) -> tuple[asyncio.Server, int]:
    """Serve ``handler`` on a free port; returns the server and the port."""
    server = await asyncio.get_running_loop().create_server(lambda: _Answerer(handler), HOST, 0, backlog=1024)
    return server, server.sockets[0].getsockname()[1]
