"""The yardstick of the first measurement: the same HTTP server with a handler that only checks the signature.

    python -m bench.bare PORT SECRET

Event loop, collector settings, granian's options, body reading and the signature check are the server's own.
"""

import sys
from typing import Any

from granian.constants import Interfaces
from granian.server.embed import Server

from heliograph.channels.instagram.journal.receive import signature_fits
from heliograph.channels.instagram.meta.callback import CALLBACK_PATH, read_body
from heliograph.commands.run import run


class Bare:
    """A plain ASGI callable: 200 for what is signed, 401 for the rest, nothing kept."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Answer one request."""
        signature = b""
        for name, value in scope["headers"]:
            if name == b"x-hub-signature-256":
                signature = value
        body = await read_body(receive) if scope["path"].startswith(CALLBACK_PATH) else None
        fits = body is not None and signature_fits(self._secret, body, signature)
        status, text = (200, b"ok") if fits else (401, b"signature wrong")
        headers = [(b"content-type", b"text/plain"), (b"content-length", str(len(text)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": text})


async def serve(port: int, secret: str) -> None:
    """Serve until cancelled."""
    await Server(
        Bare(secret),
        address="127.0.0.1",
        port=port,
        interface=Interfaces.ASGINL,
        log_enabled=False,
        websockets=False,
        backlog=1024,
    ).serve()


if __name__ == "__main__":
    run(serve(int(sys.argv[1]), sys.argv[2]))
