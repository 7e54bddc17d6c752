"""The installation of a soak run, with the levers that make it suffer, and the hand that heals it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg

from tests.e2e.stack import Stack, call, stack
from tests.simulator.support import Loop
from tests.soak.book import Book, Person

# It waits for parts under way, and for the runs before it, which may sleep for two minutes.
_BACKFILL_SECONDS = 300.0
_NONE_TO_COME = 11 * 60
# Webhook faults after which a thread's order is Meta's own doing.
_SHUFFLING = ("drop", "reorder", "delay", "batch")
_LANES = "select kind, count(*) as n from lanes where kind in ('filing', 'inbound', 'send', 'webhook') group by kind"
# Waiting for a retry is what production does; here the work is due at once.
_HURRY = "update lanes set due_at = now() where lease = 0 and due_at > now() and kind in ('webhook', 'send')"
_CONVERSATIONS = """
select p.conversation_id, c.external_id from clients c join participants p on p.client_id = c.id
where c.integration_id = $1
"""
_CONVERSATION = """
select p.conversation_id from clients c join participants p on p.client_id = c.id
where c.integration_id = $1 and c.external_id = $2
"""


class Ground:
    """A stack, what was said on it, and what is broken at the moment."""

    def __init__(self, house: Stack, database_url: str) -> None:
        self.house = house
        self.book = Book()
        self.up = True
        self.connected = True
        self.passed = 0.0  # seconds that Meta's clock was moved on in this round
        self.token = house.seed["page_access_token"]
        self._loop = Loop()
        self._database: Any = self._loop.run(asyncpg.connect(database_url))
        # Meta's own patience is hours, and its threads are read slowly; a run has minutes.
        house.control("PATCH", "delivery", {"retry_delays": [0.0, 0.1, 0.3, 1.0], "timeout_seconds": 5})
        house.control("PATCH", "rules", {"conversations_per_second": 0})

    def close(self) -> None:
        """Let go of what is held here; the stack is its maker's."""
        self._loop.run(self._database.close())
        self._loop.close()

    # People -----------------------------------------------------------------------------------------------------

    def new_round(self, people: int) -> None:
        """Start over with people who never wrote."""
        self.book = Book()
        self.passed = 0.0
        account = self.house.seed["instagram_account_id"]
        for number in range(people):
            made = self.house.control("POST", "people", {"name": f"Person {number}"})
            igsid = self.house.control("GET", f"people/{made['id']}/igsid/{account}")["igsid"]
            self.book.people.append(Person(igsid))

    def conversation_of(self, person: Person) -> str:
        """Their conversation's id; empty while they have none."""
        if not person.conversation:
            found = self.fetch(_CONVERSATION, self.house.integration["id"], person.igsid)
            person.conversation = found[0]["conversation_id"] if found else ""
        return person.conversation

    def conversations(self) -> list[tuple[str, str]]:
        """All conversations, with the person of each."""
        rows = self.fetch(_CONVERSATIONS, self.house.integration["id"])
        return [(row["conversation_id"], row["external_id"]) for row in rows]

    def note_disturbance(self, person: Person) -> None:
        """Whoever writes while such a fault is on order may be the one it strikes."""
        ordered = self.house.control("GET", "faults")["webhook_faults"]
        person.disturbed |= any(fault["kind"] in _SHUFFLING for fault in ordered)

    def fetch(self, sql: str, *arguments: Any) -> list[Any]:
        """Look into the server's database."""
        return list(self._loop.run(self._database.fetch(sql, *arguments)))

    def unreadable(self) -> int:
        """How many messages backfill found that no webhook had told of and Meta does not show."""
        return int(self.fetch("select coalesce(sum(unreadable), 0) as n from backfill_runs")[0]["n"])

    # Levers -----------------------------------------------------------------------------------------------------

    def kill(self) -> None:
        """kill -9."""
        self.house.server.kill()
        self.up = False

    def start(self) -> None:
        """Start the server again."""
        self.house.server.start()
        self.up = True

    def revoke(self) -> None:
        """The Page token dies."""
        self.house.control("POST", "tokens/revoke", {"access_token": self.token})
        self.connected = False

    def reconnect(self) -> None:
        """Update the integration with a new Page token."""
        seed = self.house.seed
        wanted = {"app_id": seed["facebook_app_id"], "page_id": seed["page_id"]}
        self.token = self.house.control("POST", "tokens", wanted)["access_token"]
        path = f"/v2/apps/{self.house.app_id}/integrations/{self.house.integration['id']}"
        self.house.api("PATCH", path, {"pageAccessToken": self.token})
        self.connected = True

    # The end of a round -----------------------------------------------------------------------------------------

    def heal(self) -> None:
        """Everything works again, from now on."""
        self.house.control("POST", "faults/clear", {})
        self.house.target.status = 200
        if not self.up:
            self.start()
        if not self.connected:
            self.reconnect()

    def settle(self, seconds: float = 120.0) -> None:
        """Wait until neither side has anything left to do, and bring in what webhooks missed."""
        self.quiet(seconds)
        # Backfill leaves a young message to its webhook, ten minutes long when Meta does not show it; what is quiet has
        # none to come.
        self.house.control("POST", "clock", {"advance_seconds": _NONE_TO_COME})
        self.house.command("backfill", seconds=_BACKFILL_SECONDS)
        self.quiet(seconds)

    def quiet(self, seconds: float = 120.0) -> None:
        """Wait until every webhook is delivered and every lane is empty."""
        deadline = time.monotonic() + seconds
        quiet = 0
        while True:
            waiting = self.house.control("GET", "health")["undelivered_events"]
            lanes = {row["kind"]: row["n"] for row in self.fetch(_LANES)}
            quiet = 0 if waiting or lanes else quiet + 1
            # One look misses what changes sides between its two questions, as a send does that becomes an echo.
            if quiet == 2:
                return
            assert time.monotonic() < deadline, f"not quiet after {seconds} s: {waiting} webhooks, lanes {lanes}"
            self._loop.run(self._database.execute(_HURRY))
            time.sleep(0.2)

    def listed(self, conversation: str) -> list[dict[str, Any]]:
        """The messages of a conversation as the API lists them, oldest first."""
        found: list[dict[str, Any]] = []
        cursor = ""
        while True:
            url = f"{self.house.messages_url(conversation)}?page[size]=100{cursor}"
            status, answer = call("GET", url.replace("[", "%5B").replace("]", "%5D"), key=self.house.key)
            assert status == 200, answer
            found = answer["messages"] + found
            if not answer["meta"]["hasMore"]:
                return found
            cursor = f"&page[before]={answer['meta']['beforeCursor']}"


@contextmanager
def ground(database_url: str, directory: Path, **settings: str) -> Iterator[Ground]:
    """A :class:`Ground` on a stack of its own; both are stopped at the end."""
    given = {"unknown_grace": "3", "graph_timeout": "2", "api_rate": "0", "conversations_rate": "0"} | settings
    with stack(database_url, directory, **given) as house:
        made = Ground(house, database_url)
        try:
            yield made
        finally:
            made.close()
