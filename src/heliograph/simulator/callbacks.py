"""Meta's calls to an app that are no webhooks: *deauthorize*, when a person removes it, and *data deletion*.

Source: Meta reference 4.5. Both are a POST with the form field ``signed_request``. A deauthorization is answered with
200; a request to delete with 200 and JSON that names a page about its progress and a code. Each call is made once.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Literal
from urllib.parse import urlencode, urlsplit

import aiohttp
import orjson

from heliograph.simulator import signed_request
from heliograph.simulator.clock import Clock
from heliograph.simulator.models import App
from heliograph.simulator.state import State
from heliograph.simulator.wire_log import Attempt, WireLog

_KEPT = 100
_RESPONSE_LIMIT = 65_536
_TIMEOUT_SECONDS = 10.0

Kind = Literal["deauthorize", "data_deletion"]


@dataclass(slots=True)
class Called:
    """One call to an app and what it answered. ``problems`` is empty when Meta would be content."""

    kind: Kind
    app_id: str
    user_id: str
    url: str
    time: int
    status: int | None = None
    status_url: str | None = None
    confirmation_code: str | None = None
    problems: list[str] = field(default_factory=list)

    def told(self) -> dict[str, Any]:
        """The call as JSON."""
        return asdict(self)


class Callbacks:
    """Makes the calls and remembers the last of them."""

    def __init__(
        self,
        state: State,
        clock: Clock,
        log: WireLog,
        session: Callable[[], aiohttp.ClientSession],
        changed: Callable[[], None],
    ) -> None:
        self._state = state
        self._clock = clock
        self._log = log
        self._session = session
        self._changed = changed
        self._tasks: set[asyncio.Task[Called]] = set()
        self.made: deque[Called] = deque(maxlen=_KEPT)

    def remove_app(self, app: App, owner_id: str) -> None:
        """A person removes an app: every token of it that the person gave is dead (190/458), their choices forgotten."""
        if consent := self._state.consents.get(f"{app.id}:{owner_id}"):
            self._state.drop_consent(consent)
        for token in self._state.tokens.values():
            if (token.app_id, token.owner_id) == (app.id, owner_id):
                token.invalid_subcode = 458
                self._state.save(token)

    def deauthorize_soon(self, app: App, owner_id: str) -> None:
        """Tell the app of it without waiting for the answer; nothing when the app has no address for that."""
        if app.deauthorize_url:
            task = asyncio.get_running_loop().create_task(self.call("deauthorize", app, app.deauthorize_url, owner_id))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def call(self, kind: Kind, app: App, url: str, user_id: str, profile_id: str | None = None) -> Called:
        """Call the app and judge its answer."""
        now = self._clock.now_ms()
        called = Called(kind, app.id, user_id, url, now)
        self.made.append(called)
        form = urlencode({"signed_request": signed_request.sign(app.secret, user_id, now // 1000, profile_id)}).encode()
        entry = self._log.new("callback", now, "POST", url, body=form)
        entry.app_id, entry.summary = app.id, kind.replace("_", " ")
        entry.headers = {"Accept": "*/*", "Content-Type": "application/x-www-form-urlencoded"}
        attempt = Attempt(now, None, 0)
        entry.attempts.append(attempt)
        began = time.perf_counter()
        try:
            async with self._session().post(
                url,
                data=form,
                headers=entry.headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=_TIMEOUT_SECONDS),
            ) as answer:
                entry.response = await answer.content.read(_RESPONSE_LIMIT)
                entry.status = attempt.status = called.status = answer.status
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as problem:
            attempt.error = str(problem) or type(problem).__name__
            called.problems.append(f"no answer: {attempt.error}")
        else:
            _judge(called, entry.response)
        attempt.milliseconds = entry.milliseconds = round((time.perf_counter() - began) * 1000)
        self._log.changed(entry)
        self._changed()
        return called

    async def stop(self) -> None:
        """End what is under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _judge(called: Called, body: bytes) -> None:
    """Note what Meta would not accept."""
    if called.status != 200:
        called.problems.append(f"status {called.status} instead of 200")
    if called.kind == "deauthorize":
        return
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        called.problems.append("the body is not JSON")
        return
    if not isinstance(told, dict):
        called.problems.append("the body is not a JSON object")
        return
    url, code = told.get("url"), told.get("confirmation_code")
    if isinstance(url, str) and urlsplit(url).scheme in ("http", "https") and urlsplit(url).netloc:
        called.status_url = url
    else:
        called.problems.append("url is not an absolute http or https address")
    if isinstance(code, str) and code.isascii() and code.replace("-", "").replace("_", "").isalnum():
        called.confirmation_code = code
    else:
        called.problems.append("confirmation_code is not an alphanumeric text")
