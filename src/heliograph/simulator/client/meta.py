"""Everything in one: the simulator as a test sees it."""

import time
from collections.abc import Callable
from typing import TypeVar

from heliograph.simulator.client import told
from heliograph.simulator.client.link import Where, Who, id_of
from heliograph.simulator.client.trouble import Trouble

T = TypeVar("T")
_POLL_SECONDS = 0.005
_WIRE_PAGE = 1000


class Meta(Trouble):
    """A running simulator: everything that can be scripted, and what there is to assert.

    :func:`heliograph.simulator.running` gives one; ``Meta("http://127.0.0.1:8001")`` takes one that runs already.
    Accounts and people are given as what the ``make_`` methods return or by their ids. A call blocks for a moment, so
    an asynchronous test calls what waits for its own server through ``asyncio.to_thread``: :meth:`deauthorize`,
    :meth:`ask_deletion`, :meth:`subscribe` and the ``wait_`` methods.
    """

    def thread(self, account: Where, person: Who) -> told.Thread:
        """The thread of a person with an account, as it stands."""
        answer = self.ask("GET", f"/threads/{id_of(account)}/{id_of(person)}")
        messages = [told.Message.read(one, sender=one["from"]) for one in answer.pop("messages")]
        return told.Thread.read({**answer, "window": answer["window"]["state"]}, messages=messages)

    def threads(self) -> list[tuple[str, str]]:
        """The account and the person of each thread with messages, the youngest first."""
        return [(one["account_id"], one["person"]) for one in self.ask("GET", "/threads")["threads"]]

    def message(self, mid: str) -> told.Message:
        """One message, also when it was unsent."""
        answer = self.ask("GET", f"/messages/{mid}")
        return told.Message.read(answer, sender=answer["from"])

    def webhooks(self, app: told.App | None = None) -> list[told.Exchange]:
        """The webhooks that went out, oldest first, delivered or not."""
        return [one for one in self._wire("webhook") if app is None or one.app_id == app.id]

    def calls(self, path: str = "") -> list[told.Exchange]:
        """The Graph calls that came in, oldest first; ``path`` is a part of theirs."""
        return [one for one in self._wire("graph") if path in one.path]

    def _wire(self, kind: str) -> list[told.Exchange]:
        found: list[told.Exchange] = []
        after = 0
        while entries := self.ask("GET", "/wire", after=after, limit=_WIRE_PAGE)["entries"]:
            found += [told.Exchange.read(one) for one in entries if one["kind"] == kind]
            after = entries[-1]["seq"]
        return found

    def wait_for(self, check: Callable[[], T], timeout: float = 10) -> T:
        """The first true value of ``check``. Raises ``TimeoutError`` with the last one after ``timeout`` seconds."""
        end = time.monotonic() + timeout
        while not (value := check()):
            if time.monotonic() > end:
                raise TimeoutError(f"still {value!r} after {timeout} s")
            time.sleep(_POLL_SECONDS)
        return value

    def wait_until_quiet(self, seconds: float = 0.2, timeout: float = 10) -> None:
        """Wait until every event is delivered, and nothing has gone over the wire for so many ``seconds``."""
        end = time.monotonic() + timeout
        last, since = -1, time.monotonic()
        while True:
            now = self.ask("GET", "/wire", limit=1)["last"]
            waiting = self.ask("GET", "/health")["undelivered_events"]
            if waiting or now != last:
                last, since = now, time.monotonic()
            elif time.monotonic() - since >= seconds:
                return
            if time.monotonic() > end:
                raise TimeoutError(f"not quiet after {timeout} s: {waiting} events undelivered")
            time.sleep(_POLL_SECONDS)
