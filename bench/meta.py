"""Meta's side while measuring: a stub of the Graph API in front of the simulator.

The simulator keeps a whole world and would be what is measured. So the hot calls, sends and profiles, are answered here;
everything else (token, Page, subscriptions) is passed on to the simulator. A send is followed by its echo, as with Meta.
"""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import aiohttp
import orjson

from bench.connections import Caller, response
from bench.people import Account, Person, message_webhook, number_of
from heliograph.simulator import ids


class Meta:
    """The stub. ``sends`` holds what was sent: when, number, recipient."""

    def __init__(self, simulator: str) -> None:
        self._simulator = simulator
        self._people: dict[str, Person] = {}
        self._echoes: asyncio.Queue[bytes] = asyncio.Queue()
        self._echoing: list[asyncio.Task[None]] = []
        self._account: Account | None = None
        self._server_port = 0
        self._session: aiohttp.ClientSession | None = None
        self.sends: list[tuple[float, int, str]] = []

    def know(self, people: Sequence[Person]) -> None:
        """Have profiles for these."""
        self._people |= {person.igsid: person for person in people}

    def echo_to(self, account: Account, port: int, through: Sequence[Caller]) -> None:
        """From now on a send is echoed to the server, over these connections."""
        self._account, self._server_port = account, port
        self._echoing = [asyncio.get_running_loop().create_task(self._echo(caller)) for caller in through]

    @property
    def echoes_waiting(self) -> int:
        """Echoes that have not left yet."""
        return self._echoes.qsize()

    def __call__(self, line: bytes, head: bytes, body: bytes) -> Any:
        """Answer one request."""
        method, target, _ = line.split(b" ", 2)
        path = target.partition(b"?")[0]
        if method == b"POST" and path.endswith(b"/me/messages"):
            return self._send(body)
        person = self._people.get(path.rpartition(b"/")[2].decode())
        if person is not None:
            return response(
                200, orjson.dumps({"id": person.igsid, "name": "Maya Okafor", "username": f"maya{person.igsid}"})
            )
        return self._pass_on(method.decode(), target.decode(), head, body)

    def _send(self, body: bytes) -> bytes:
        now = time.perf_counter()
        said = orjson.loads(body)
        igsid, text = said["recipient"]["id"], said["message"]["text"]
        self.sends.append((now, number_of(text), igsid))
        person = self._people[igsid]
        assert self._account is not None
        mid = ids.message_id(self._account.account, person.thread, time.time_ns() // 1000)
        self._echoes.put_nowait(message_webhook(self._account, person, 0, self._server_port, echo=text, mid=mid))
        return response(200, orjson.dumps({"recipient_id": igsid, "message_id": mid}))

    async def _echo(self, caller: Caller) -> None:
        while True:
            await caller.call(await self._echoes.get())

    async def _pass_on(self, method: str, target: str, head: bytes, body: bytes) -> bytes:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        lines = (line.partition(b": ") for line in head.split(b"\r\n")[1:])
        kept = {
            name.decode(): value.decode()
            for name, _, value in lines
            if name.lower() in (b"authorization", b"content-type")
        }
        async with self._session.request(method, self._simulator + target, headers=kept, data=body) as answer:
            return response(answer.status, await answer.read())

    async def close(self) -> None:
        """Stop echoing and passing on."""
        for task in self._echoing:
            task.cancel()
        if self._session is not None:
            await self._session.close()
