"""Meta's answers of the Conversations API: threads, and the messages in them (Meta reference 5.2). Pure; raises nothing.

What has not the documented shape is left out, and what is left out of a thread's messages counts as unreadable.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

# Of a thread's messages Meta tells the content of so many, the youngest.
DEPTH = 20
THREAD_FIELDS = f"id,updated_time,participants,messages.limit({DEPTH + 1}){{id,created_time}}"
MESSAGE_FIELDS = (
    f"messages.limit({DEPTH})"
    "{id,created_time,from,to,message,attachments,shares,story,reactions,reply_to,is_unsupported}"
)
ID_FIELDS = "id,created_time"


@dataclass(frozen=True, slots=True)
class Named:
    """A message by its id, as lists of them tell it."""

    mid: str
    created: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """A message with its content. ``raw`` is Meta's object."""

    mid: str
    created: datetime
    by_business: bool
    raw: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Thread:
    """A thread of the list. ``person`` is ``""`` when it is not one person's. ``messages``: the youngest first."""

    id: str
    updated: datetime
    person: str
    messages: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list; ``after`` is the cursor of the next, ``""`` when this is the last."""

    rows: tuple[Any, ...]
    after: str


def threads(answer: Mapping[str, Any], account: str, page_id: str) -> Page:
    """A page of ``GET /{page-id}/conversations``."""
    ours = {account, page_id}
    rows = []
    for one in _data(answer):
        updated = _time(one.get("updated_time"))
        if isinstance(one.get("id"), str) and updated is not None:
            others = [_id(side) for side in _data(one.get("participants")) if not _is_one_of(side, ours)]
            person = others[0] if len(others) == 1 else ""
            rows.append(Thread(one["id"], updated, person, tuple(_named(one.get("messages")))))
    return Page(tuple(rows), _after(answer))


def named(answer: Mapping[str, Any]) -> Page:
    """A page of ``GET /{conversation-id}/messages``."""
    return Page(tuple(_named(answer)), _after(answer))


def told(answer: Mapping[str, Any], account: str, page_id: str) -> tuple[list[Told], list[Named]]:
    """The messages of ``GET /{conversation-id}``, oldest first: those with content, and those without."""
    ours = {account, page_id}
    readable, bare = [], []
    for one in reversed(_data(answer.get("messages"))):
        name = _name(one)
        if name is None:
            continue
        sender = one.get("from")
        if isinstance(sender, dict) and _id(sender):
            readable.append(Told(name.mid, name.created, _is_one_of(sender, ours), one))
        else:
            bare.append(name)
    # Python's sort is stable: within Meta's whole seconds its own order stays.
    return sorted(readable, key=lambda message: message.created), bare


def _named(answer: Any) -> Iterator[Named]:
    for one in _data(answer):
        name = _name(one)
        if name is not None:
            yield name


def _name(one: Mapping[str, Any]) -> Named | None:
    created = _time(one.get("created_time"))
    mid = one.get("id")
    return Named(mid, created) if isinstance(mid, str) and mid and created is not None else None


def _is_one_of(side: Mapping[str, Any], ours: set[str]) -> bool:
    return _id(side) in ours or str(side.get("user_id", "")) in ours


def _id(side: Mapping[str, Any]) -> str:
    return str(side.get("id") or "")


def _data(answer: Any) -> list[dict[str, Any]]:
    rows = answer.get("data") if isinstance(answer, dict) else None
    return [one for one in rows if isinstance(one, dict)] if isinstance(rows, list) else []


def _after(answer: Mapping[str, Any]) -> str:
    """The cursor of the next page. Meta gives one with the last page, too; only ``next`` tells that there is more."""
    paging = answer.get("paging")
    cursors = paging.get("cursors") if isinstance(paging, dict) and paging.get("next") else None
    after = cursors.get("after") if isinstance(cursors, dict) else None
    return after if isinstance(after, str) else ""


def _time(value: Any) -> datetime | None:
    """``2025-07-28T22:44:49+0000`` (0.2)."""
    try:
        found = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
