"""Who writes, and what: persons, and the signed webhooks that Meta would send for their messages."""

import secrets
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from bench.connections import request
from heliograph.simulator import ids
from heliograph.simulator.webhooks import wire

_SAYS = "Hi! Is the walnut shelf (90 cm) back in stock, and would it reach Lyon before Friday? \u2014 message"


@dataclass(frozen=True, slots=True)
class Account:
    """What Meta signs for: a Facebook app, an Instagram account, and where its webhooks go."""

    facebook_app: str
    secret: str
    account: str
    path: str

    def elsewhere(self) -> "Account":
        """The same app with an account that is connected to nothing."""
        return Account(self.facebook_app, self.secret, "17841" + "9" * 12, self.path)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who writes to the account."""

    igsid: str
    thread: str


def persons(count: int) -> list[Person]:
    """New persons."""
    start = 10**15 + secrets.randbelow(10**15)
    return [Person(str(start + n), ids.thread_id()) for n in range(count)]


def signed(account: Account, body: bytes, port: int) -> bytes:
    """A delivery of Meta's: its headers, both signatures, the body."""
    return request("POST", account.path, port, {**wire.EVENT_HEADERS, **wire.sign(account.secret, body)}, body)


def message_webhook(
    account: Account, person: Person, number: int, port: int, *, echo: str | None = None, mid: str = ""
) -> bytes:
    """The webhook of one message. The number stands at the end of its text; ``echo`` is the text of a business message."""
    now = time.time_ns() // 1000
    mid = mid or ids.message_id(account.account, person.thread, now + number)
    sides = {"sender": {"id": person.igsid}, "recipient": {"id": account.account}}
    message: dict[str, object] = {"mid": mid, "text": f"{_SAYS} {number}"}
    if echo is not None:
        sides = {"sender": sides["recipient"], "recipient": sides["sender"]}
        message = {"mid": mid, "text": echo, "is_echo": True}
    item = {**sides, "timestamp": now // 1000, "message": message}
    return signed(account, wire.encode(wire.envelope([(account.account, now // 1000 + 1, [item])])), port)


def number_of(text: str) -> int:
    """The number at the end of a text."""
    return int(text[text.rfind(" ") + 1 :])


class Script:
    """What each caller says, built and signed before the clock runs.

    A person belongs to one caller, and a caller waits for its answers: so a person's messages leave in the order of
    their numbers, as Meta sends them.
    """

    _next = 0  # numbers are never used twice in a run

    def __init__(
        self, account: Account, people: Sequence[Person], port: int, callers: int, ready: int, *, again: bool = False
    ) -> None:
        self._again = again
        self._account = account
        self._port = port
        self._people = [people[one::callers] for one in range(callers)]
        self._said = [0] * callers
        self._ready: list[deque[tuple[int, bytes]]] = [deque() for _ in range(callers)]
        for number in range(ready):
            self._ready[number % callers].append(self._make(number % callers))

    def take(self, caller: int) -> tuple[int, bytes]:
        """The next message of a caller: its number and the request."""
        ready = self._ready[caller]
        if self._again:
            ready.rotate()
            return ready[0]
        return ready.popleft() if ready else self._make(caller)

    def _make(self, caller: int) -> tuple[int, bytes]:
        own = self._people[caller]
        person = own[self._said[caller] % len(own)]
        self._said[caller] += 1
        number = Script._next
        Script._next += 1
        return number, message_webhook(self._account, person, number, self._port)
