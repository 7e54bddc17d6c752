"""Thousands of messages through a Meta that errs at fixed rates: nothing is lost after backfill, nothing is doubled.

Half of the messages come in, the other half are the business's answers to them. People write no more than Meta's threads
tell (its Conversations API shows the 20 youngest messages of each), so that backfill can bring in what was dropped. Two
people are worse off: of them no webhook told for more messages than that. One is silent then, one writes on.
"""

import random
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from tests.e2e.stack import call
from tests.soak.book import Person, Posted
from tests.soak.compare import differences, missing
from tests.soak.ground import Ground

WEBHOOKS: tuple[dict[str, Any], ...] = (
    {"kind": "duplicate", "rate": 0.05},
    {"kind": "reorder", "rate": 0.05},
    {"kind": "drop", "rate": 0.01},
)
SENDS: dict[str, Any] = {"match": "send", "mode": "after", "outcome": "drop", "rate": 0.01}
MESSAGES_PER_PERSON = 8  # in, and as many out
MISSING = 25  # of each of the two
DEPTH = 20  # what Meta's threads tell (Meta reference 5.2)
# Meta's time after which no webhook of a missing message can come any more (docs/instagram/backfill.md).
_NO_WEBHOOK_SECONDS = 900
_WRITERS, _ANSWERERS = 3, 6
_PATIENCE_SECONDS = 600.0
# Nobody is told of anything more for so long: what is missing was dropped.
_SILENCE_SECONDS = 10.0

Payload = dict[str, Any]


def run_storm(ground: Ground, messages: int, seed: int, tell: Callable[[str], None]) -> dict[str, Any]:
    """Send so many messages, half of them each way; then peace, backfill, the answers that were missing, and compare."""
    began = time.monotonic()
    tell(f"[bold]storm[/bold] of {messages:,} messages, seed {seed}")
    ground.new_round(max(1, messages // 2 // MESSAGES_PER_PERSON) + 1)
    silent, talker = ground.book.people[-1], ground.book.people[0]
    missed = _write_in_vain(ground, (silent, talker))
    for number, fault in enumerate(WEBHOOKS):
        ground.house.control("POST", "webhook-faults", {**fault, "seed": seed + number})
    ground.house.control("POST", "faults", {**SENDS, "seed": seed})
    for person in ground.book.people:
        person.disturbed = person is not silent  # what comes by backfill alone, comes in Meta's order
    written = _write(ground, seed)
    business = _Business(ground, written, tell)
    business.answer()
    struck = ground.house.control("GET", "faults")["struck"]
    ground.heal()
    tell(f"[dim]{time.monotonic() - began:5.0f} s[/dim]  {struck}; waiting for peace, then backfill")
    ground.quiet(_PATIENCE_SECONDS)
    ground.house.control("POST", "clock", {"advance_seconds": _NO_WEBHOOK_SECONDS})
    for person in (silent, talker):
        person.beyond = {said["mid"] for said in ground.house.phone(person.igsid)[:-DEPTH]}
    ground.settle(_PATIENCE_SECONDS)
    unreadable = ground.unreadable()
    business.answer(missed - unreadable)
    ground.quiet(_PATIENCE_SECONDS)
    lost = sum(len(missing(ground, person)) for person in (silent, talker))
    return {
        "seed": seed,
        "messages_in": written + missed,
        "unreadable": unreadable,
        "messages_out": ground.book.posted,
        "struck": struck,
        "seconds": round(time.monotonic() - began),
        "differences": differences(ground)
        + [f"{lost} lost beyond what Meta tells, {unreadable} counted as unreadable"] * (lost != unreadable),
    }


def _write_in_vain(ground: Ground, people: Sequence[Person]) -> int:
    """Messages of which no webhook tells, before all others; how many."""
    ground.house.control("POST", "webhook-faults", {"kind": "drop", "count": MISSING * len(people)})
    for person in people:
        for _ in range(MISSING):
            ground.house.customer_says(ground.book.text("anybody?"), person.igsid)
    return MISSING * len(people)


def _write(ground: Ground, seed: int) -> int:
    """People write, in turns that chance mixes; how many messages there are to be. Goes on by itself."""
    people = ground.book.people[:-1]
    turns = [number for number in range(len(people)) for _ in range(MESSAGES_PER_PERSON)]
    random.Random(seed).shuffle(turns)

    def write(own: list[tuple[int, str]]) -> None:
        for number, text in own:
            ground.house.customer_says(text, people[number].igsid)

    said = [(number, ground.book.text("hello")) for number in turns]
    for writer in range(_WRITERS):
        # A person belongs to one writer, so that what they write has an order.
        own = [one for one in said if one[0] % _WRITERS == writer]
        threading.Thread(target=write, args=(own,), daemon=True).start()
    return len(turns)


class _Business:
    """Answers every message that it is told of, once."""

    def __init__(self, ground: Ground, expected: int, tell: Callable[[str], None]) -> None:
        self._ground = ground
        self._expected = expected
        self._tell = tell
        self._answered: set[str] = set()
        self._people: dict[str, Person] = {}

    def answer(self, more: int = 0) -> None:
        """Until all is answered, and ``more`` than was expected at first; or nothing more is told."""
        self._expected += more
        shown = heard = time.monotonic()
        while len(self._answered) < self._expected and time.monotonic() - heard < _SILENCE_SECONDS:
            todo = self._told()
            if todo:
                self._know(todo)
                self._share(todo)
                heard = time.monotonic()
            if time.monotonic() - shown > 10:
                shown = time.monotonic()
                self._tell(f"[dim]        {len(self._answered):,} of {self._expected:,} answered[/dim]")
            time.sleep(0.05)

    def _told(self) -> list[Payload]:
        found: dict[str, Payload] = {}
        for payload in self._ground.house.target.of("conversation:message"):
            message = payload["message"]
            if message["author"]["type"] == "user" and message["id"] not in self._answered:
                found.setdefault(message["id"], payload)
        self._answered |= found.keys()
        return list(found.values())

    def _know(self, todo: list[Payload]) -> None:
        if any(payload["conversation"]["id"] not in self._people for payload in todo):
            people = {person.igsid: person for person in self._ground.book.people}
            self._people = {conversation: people[igsid] for conversation, igsid in self._ground.conversations()}

    def _share(self, todo: list[Payload]) -> None:
        # A conversation belongs to one thread: its answers have an order.
        shares: list[list[Payload]] = [[] for _ in range(_ANSWERERS)]
        for payload in todo:
            shares[hash(payload["conversation"]["id"]) % _ANSWERERS].append(payload)
        threads = [threading.Thread(target=self._post, args=(share,)) for share in shares if share]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _post(self, todo: list[Payload]) -> None:
        for payload in todo:
            conversation = payload["conversation"]["id"]
            text = f"re {payload['message']['content']['text']}"
            body = {"author": {"type": "business"}, "content": {"type": "text", "text": text}}
            status, told = call("POST", self._ground.house.messages_url(conversation), body, self._ground.house.key)
            assert status == 201, (status, told)
            self._people[conversation].posted.append(Posted(told["messages"][0]["id"], text))
