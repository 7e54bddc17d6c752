"""The way to a simulator: one call at a time, JSON both ways, with the standard library alone."""

import http.client
import json
from typing import Any
from urllib.parse import urlencode, urlsplit

from heliograph.simulator.client import told

_TIMEOUT_SECONDS = 30.0

Who = told.Person | str
Where = told.Account | str


class SimulatorError(Exception):
    """The simulator refused. ``field`` is the part of the request that is to blame."""

    def __init__(self, status: int, field: str, message: str) -> None:
        super().__init__(f"{field}: {message} ({status})")
        self.status = status
        self.field = field


class Link:
    """The way to a simulator: one call at a time, JSON both ways."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._host = urlsplit(self.url).netloc

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None, **query: Any) -> dict[str, Any]:
        """One call of the control API. What is None is left out. Raises :class:`SimulatorError`."""
        kept = {name: value for name, value in query.items() if value is not None}
        address = path + (f"?{urlencode(kept)}" if kept else "")
        sent = {name: value for name, value in body.items() if value is not None} if body is not None else None
        return self.ask_as_is(method, address, sent)

    def ask_as_is(self, method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        """The same with a body in which None is null."""
        sent = None if body is None else json.dumps(body)
        return _told(*self._call(method, f"/_simulator{path}", sent, "application/json"))

    def send_as_is(self, path: str, content: bytes, content_type: str) -> dict[str, Any]:
        """A POST to the control API with a body that is no JSON."""
        return _told(*self._call("POST", f"/_simulator{path}", content, content_type))

    def graph(self, method: str, path: str, token: str, **form: str) -> dict[str, Any]:
        """One call of the Graph API. Raises :class:`SimulatorError` with Meta's message."""
        sent = urlencode({**form, "access_token": token})
        status, answer = self._call(method, path, sent, "application/x-www-form-urlencoded")
        if status >= 400:
            raise SimulatorError(status, "graph", answer["error"]["message"])
        return answer

    def _call(
        self, method: str, address: str, body: str | bytes | None, content_type: str
    ) -> tuple[int, dict[str, Any]]:
        connection = http.client.HTTPConnection(self._host, timeout=_TIMEOUT_SECONDS)
        try:
            connection.request(method, address, body, {"Content-Type": content_type} if body is not None else {})
            answer = connection.getresponse()
            read: dict[str, Any] = json.loads(answer.read())
            return answer.status, read
        finally:
            connection.close()


def _told(status: int, answer: dict[str, Any]) -> dict[str, Any]:
    if status >= 400:
        raise SimulatorError(status, answer["error"]["field"], answer["error"]["message"])
    return answer


def id_of(one: told.Account | told.Person | str | None) -> str | None:
    """The id of what is named by itself or by its id."""
    return one if one is None or isinstance(one, str) else one.id
