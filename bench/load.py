"""Load: the ways in which messages are sent."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from bench.connections import Caller, callers
from bench.people import Account, Script
from bench.stage import Stage


@dataclass(slots=True)
class Sent:
    """What was sent in a stretch: when each message started (or was due), and how long its 200 took."""

    began: float = field(default_factory=time.perf_counter)
    ended: float = 0.0
    started: dict[int, float] = field(default_factory=dict)
    answers: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Answers per second."""
        return len(self.answers) / (self.ended - self.began)


class Load:
    """Connections to a port, and the script of what goes over them."""

    def __init__(self, connections: list[Caller], script: Script) -> None:
        self._connections = connections
        self._script = script

    @classmethod
    async def open(
        cls, stage: Stage, count: int, ready: int, *, bare: bool = False, account: Account | None = None
    ) -> "Load":
        """Connect to the server (or to the bare one), and build ``ready`` messages in advance."""
        script = Script(account or stage.account, stage.people, stage.port, count, ready, again=bare)
        return cls(await callers(stage.bare_port if bare else stage.port, count), script)

    def close(self) -> None:
        """Close the connections."""
        for connection in self._connections:
            connection.transport.close()

    async def flood(self, seconds: float) -> Sent:
        """Closed loop on the 200: every connection sends its next message when the last was answered."""
        return await self._all(lambda sent: time.perf_counter() - sent.began < seconds)

    async def burst(self, messages: int) -> Sent:
        """As :meth:`flood`, for a number of messages."""
        return await self._all(lambda sent: len(sent.started) < messages)

    async def _all(self, goes_on: Callable[[Sent], bool]) -> Sent:
        sent = Sent()

        async def one(number: int) -> None:
            while goes_on(sent):
                await self._send(sent, number)

        await asyncio.gather(*(one(number) for number in range(len(self._connections))))
        sent.ended = time.perf_counter()
        return sent

    async def windowed(self, stage: Stage, in_flight: int, seconds: float) -> Sent:
        """Closed loop on the delivery: at most ``in_flight`` messages between us and the customer."""
        room = asyncio.Semaphore(in_flight)
        over = False

        def told(count: int) -> None:
            for _ in range(count):
                room.release()

        sent = Sent()

        async def one(number: int) -> None:
            while not over:
                await room.acquire()
                if not over:
                    await self._send(sent, number)

        stage.customer.told = told
        tasks = [asyncio.create_task(one(number)) for number in range(len(self._connections))]
        await asyncio.sleep(seconds)
        over = True
        told(len(tasks))
        await asyncio.gather(*tasks)
        stage.customer.told = None
        sent.ended = time.perf_counter()
        return sent

    async def steady(self, rate: float, seconds: float) -> Sent:
        """Open loop: messages fall due at a fixed rate whatever the server does, and their time runs from then."""
        sent = Sent()
        tails: list[asyncio.Task[None] | None] = [None] * len(self._connections)

        async def one(number: int, due: float, before: asyncio.Task[None] | None) -> None:
            if before is not None:
                await before
            await self._send(sent, number, due)

        for index in range(int(rate * seconds)):
            due = sent.began + index / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            number = index % len(self._connections)
            tails[number] = asyncio.create_task(one(number, due, tails[number]))
        await asyncio.gather(*(tail for tail in tails if tail is not None))
        sent.ended = time.perf_counter()
        return sent

    async def _send(self, sent: Sent, number: int, due: float | None = None) -> None:
        message, request = self._script.take(number)
        start = time.perf_counter() if due is None else due
        sent.started[message] = start
        status, body = await self._connections[number].call(request)
        if status != 200:
            raise RuntimeError(f"a webhook was answered {status}: {body[:200]!r}")
        sent.answers.append(time.perf_counter() - start)
