"""What went over the wire, both ways, in a ring of the last few thousand entries.

Entries keep what was sent as it was sent; secrets are masked when an entry is read, so that writing one costs little.
"""

import json
import re
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

CAPACITY = 4000
_BODY_LIMIT = 64 * 1024
_GIST = 48

Kind = Literal["graph", "webhook", "verification", "callback"]


@dataclass(slots=True)
class Attempt:
    """One try to deliver a webhook. ``status`` is None when no answer came; ``error`` then says why."""

    at_ms: int
    status: int | None
    milliseconds: int
    error: str | None = None


@dataclass(slots=True)
class Entry:
    """One Graph call that came in, or one webhook that went out. Times in milliseconds since 1970."""

    seq: int
    kind: Kind
    at_ms: int
    method: str
    path: str
    query: str = ""
    body: bytes = b""
    status: int | None = None
    response: bytes = b""
    milliseconds: int | None = None
    app_id: str | None = None
    summary: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    attempts: list[Attempt] = field(default_factory=list)


class WireLog:
    """The ring. ``changed`` is called with an entry that is new or got another attempt."""

    def __init__(self, changed: Callable[[Entry], None]) -> None:
        self._entries: deque[Entry] = deque(maxlen=CAPACITY)
        self._next = 1
        self.changed = changed

    def new(self, kind: Kind, at_ms: int, method: str, path: str, query: str = "", body: bytes = b"") -> Entry:
        """Begin an entry. It is seen by readers at once; call :attr:`changed` when it is worth telling."""
        entry = Entry(self._next, kind, at_ms, method, path, query, body)
        self._next += 1
        self._entries.append(entry)
        return entry

    def after(self, seq: int, limit: int) -> list[Entry]:
        """The oldest ``limit`` entries that came after number ``seq``."""
        return [entry for entry in self._entries if entry.seq > seq][:limit]

    def latest(self, limit: int) -> list[Entry]:
        """The youngest ``limit`` entries, oldest first."""
        return list(self._entries)[-limit:]

    def get(self, seq: int) -> Entry | None:
        """The entry with that number, if the ring still holds it."""
        return next((entry for entry in self._entries if entry.seq == seq), None)

    def holding(self, text: str, after: int = 0) -> list[Entry]:
        """The entries after number ``after`` that hold a text, as it is or as JSON writes it, oldest first."""
        quoted = json.dumps(text)[1:-1]
        needles = {one.encode().lower() for one in (text, quoted, quoted.replace("/", "\\/"))}
        return [entry for entry in self._entries if entry.seq > after and _holds(entry, needles)]

    @property
    def last(self) -> int:
        """The number of the youngest entry, 0 when there was none."""
        return self._next - 1

    def clear(self) -> None:
        """Drop all entries. Numbers go on, so that a reader's cursor stays valid."""
        self._entries.clear()


def _holds(entry: Entry, needles: set[bytes]) -> bool:
    line = f"{entry.method} {entry.path} {entry.status} {entry.summary}".encode("utf-8", "replace").lower()
    places = (line, entry.body.lower(), entry.response.lower())
    return any(needle in place for needle in needles for place in places)


def gist(text: str | None, otherwise: str) -> str:
    """The beginning of a text in quotes, for an entry's summary; ``otherwise`` when there is no text."""
    if not text:
        return otherwise
    return f"“{text}”" if len(text) <= _GIST else f"“{text[:_GIST].rstrip()}…”"


_TOKEN = re.compile(r"EAA[0-9A-Za-z]{12,}")
_NAMED = re.compile(
    r"""((?:access_token|input_token|client_secret|appsecret_proof|verify_token|fb_exchange_token|"secret)["']?\s*[=:]\s*["']?)"""
    r"""(?!EAA…)([^&"'\s,}]+)"""
)


def mask(text: str, secrets: Iterable[str]) -> str:
    """``text`` without tokens, app secrets and verify tokens; the last four characters of a token stay."""
    for secret in secrets:
        text = text.replace(secret, "•••")
    text = _TOKEN.sub(lambda found: f"EAA…{found[0][-4:]}", text)
    return _NAMED.sub(lambda found: found[1] + (found[2] if "•••" in found[2] else "•••"), text)


def describe(entry: Entry, secrets: Iterable[str]) -> dict[str, Any]:
    """An entry for readers: masked, bodies as text and at most 64 KiB long."""
    known = list(secrets)

    def clean(raw: bytes) -> str:
        return mask(raw[:_BODY_LIMIT].decode("utf-8", "replace"), known)

    return {
        "seq": entry.seq,
        "kind": entry.kind,
        "direction": "in" if entry.kind == "graph" else "out",
        "time": entry.at_ms,
        "method": entry.method,
        "path": entry.path,
        "query": mask(entry.query, known),
        "headers": entry.headers,
        "body": clean(entry.body),
        "signature": entry.headers.get("X-Hub-Signature-256"),
        "status": entry.status,
        "response": clean(entry.response),
        "milliseconds": entry.milliseconds,
        "app_id": entry.app_id,
        "summary": entry.summary,
        "attempts": [
            {"time": one.at_ms, "status": one.status, "milliseconds": one.milliseconds, "error": one.error}
            for one in entry.attempts
        ],
    }
