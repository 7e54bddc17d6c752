"""The customer's side: the webhook target that takes events, and the book that counts every message at both ends."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import orjson

from bench.connections import response
from bench.figures import Spread, spread
from bench.people import number_of

_OK = response(200, b"{}")
_MESSAGE = b'"type":"conversation:message"'


class Customer:
    """The target. Bodies are put aside and read after the clock has stopped; only messages are counted at once."""

    def __init__(self) -> None:
        self.posts: list[tuple[float, bytes]] = []
        self.messages = 0
        self.told: Callable[[int], None] | None = None  # called with the number of messages of each POST

    def __call__(self, _line: bytes, _head: bytes, body: bytes) -> bytes:
        """Take one POST."""
        self.posts.append((time.perf_counter(), body))
        count = body.count(_MESSAGE)
        self.messages += count
        if self.told is not None:
            self.told(count)
        return _OK

    def clear(self) -> None:
        """Forget what came."""
        self.posts.clear()
        self.messages = 0

    def conversations(self) -> list[str]:
        """The conversations that told of themselves."""
        return sorted({conversation for _, _, conversation in self.read("user")})

    def read(self, author: str) -> list[tuple[float, int, str]]:
        """The messages of an author, in the order in which they came: when, number, conversation."""
        found = []
        for at, body in self.posts:
            for event in orjson.loads(body)["events"]:
                if event["type"] == "conversation:message" and event["payload"]["message"]["author"]["type"] == author:
                    text = event["payload"]["message"]["content"]["text"]
                    found.append((at, number_of(text), event["payload"]["conversation"]["id"]))
        return found


@dataclass(slots=True)
class Count:
    """What became of the messages of a stretch."""

    sent: int
    lost: int
    doubled: int
    out_of_order: int
    latency: Spread
    arrivals: list[float] = field(repr=False, default_factory=list)  # when each first came, in order

    @property
    def clean(self) -> bool:
        """Nothing lost, doubled, or out of order."""
        return not (self.lost or self.doubled or self.out_of_order)


def count(started: dict[int, float], came: list[tuple[float, int, str]]) -> Count:
    """Compare what was sent (number to time) with what came (time, number, conversation), in the order of coming."""
    first: dict[int, float] = {}
    latest: dict[str, int] = {}
    doubled = out_of_order = 0
    for at, number, conversation in came:
        if number in first:
            doubled += 1
            continue
        first[number] = at
        if number < latest.get(conversation, -1):
            out_of_order += 1
        latest[conversation] = max(number, latest.get(conversation, -1))
    known = [number for number in started if number in first]
    return Count(
        len(started),
        len(started) - len(known),
        doubled,
        out_of_order,
        spread([first[number] - started[number] for number in known]),
        sorted(first.values()),
    )
