"""A webhook's bytes to its items, and to whom each belongs (Meta reference 1.5). Pure; raises nothing.

Nothing here judges what an item means: an item that no parser understands has its place in a lane like any other.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import orjson

LISTS = ("messaging", "standby", "changes")

# What stands in the place of an item that was taken out of the journal.
_ERASED = {"heliograph": "erased"}

# Opaque to us, but it becomes part of a lane's name: printable, and not of silly length.
_ID = re.compile(r"[\w.:-]{1,64}", re.ASCII)


class Item(NamedTuple):
    """One item of a webhook. ``path`` finds it again in the journal: ``"0.messaging.2"``, or ``""`` for the whole body.

    ``account`` and ``person`` are ``""`` where the item does not say. Items that were taken out of the journal are none.
    ``time`` is its entry's, as it came.
    """

    path: str
    account: str
    person: str
    value: Any
    time: Any = None


def items(body: bytes) -> list[Item]:
    """All items of a webhook, in order. A body that is no webhook is one item, with ``path`` ``""``."""
    root = _load(body)
    if root is None:
        return [Item("", "", "", None)]
    found = list(_walk(root))
    return found or [Item("", "", "", root)]


def of_changes(path: str, value: Any) -> bool:
    """Whether an item is in the form of ``changes``: ``field`` and ``value``, in that list (1.7) or on the entry itself.

    The latter is how Meta's page of examples prints the comments of Instagram Login.
    """
    return path.split(".")[1:2] == ["changes"] or (path.isdecimal() and isinstance(value, dict) and "field" in value)


def said(item: Item) -> Any:
    """What an item says: itself, or the ``value`` of one in the form of ``changes``."""
    inside = isinstance(item.value, dict) and of_changes(item.path, item.value)
    return item.value.get("value") if inside else item.value


def people(item: Item) -> set[str]:
    """Everybody but the account whom an item is by or to: ids as they come. Comments name their author ``from``."""
    value = said(item)
    named = {item.person}
    if isinstance(value, dict):
        named |= {_side(value, side) for side in ("sender", "recipient", "from")}
    return named - {"", item.account}


def without(body: bytes, paths: Iterable[str]) -> bytes | None:
    """A webhook without these of its items; the others keep their paths. None: no item is left."""
    root = _load(body)
    roots = root if isinstance(root, list) else [root]
    places = [
        (entries, n)
        for one in roots
        if isinstance(one, dict)
        for entries in [_entries(one)]
        for n in range(len(entries))
    ]
    for path in paths:
        index, _, place = path.partition(".")
        if not index:
            return None
        values, position = places[int(index)]
        if place:
            name, _, number = place.partition(".")
            values, position = values[position][name], int(number)
        values[position] = _ERASED
    # Not orjson: it writes no number of more than 64 bits.
    return json.dumps(root, ensure_ascii=False, separators=(",", ":")).encode() if any(_walk(root)) else None


def _load(body: bytes) -> Any:
    """The JSON of a body, None when it is none. Half an emoji, where Meta cut a text, must not cost the other items."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        pass
    try:
        return _mended(json.loads(body))
    except (ValueError, RecursionError):
        return None


def _mended(value: Any) -> Any:
    """The value with every lone surrogate, which neither UTF-8 nor PostgreSQL can hold, replaced by U+FFFD."""
    if isinstance(value, str):
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(value, list):
        return [_mended(one) for one in value]
    if isinstance(value, dict):
        return {_mended(name): _mended(one) for name, one in value.items()}
    return value


def _walk(root: Any) -> Iterator[Item]:
    # Some of Meta's samples wrap the delivery in a list (1.5).
    roots = root if isinstance(root, list) else [root]
    index = -1
    for one in roots:
        for entry in _entries(one) if isinstance(one, dict) else ():
            index += 1
            if entry == _ERASED:
                continue
            if not isinstance(entry, dict):
                yield Item(f"{index}", "", "", entry)
                continue
            account = _id(entry.get("id"))
            empty = True
            for name in LISTS:
                values = entry.get(name)
                for position, value in enumerate(values if isinstance(values, list) else ()):
                    empty = False
                    if value == _ERASED:
                        continue
                    yield _item(f"{index}.{name}.{position}", account, value, entry.get("time"))
            if empty:
                yield _item(f"{index}", account, entry, entry.get("time"))


def _item(path: str, account: str, value: Any, time: Any) -> Item:
    item = Item(path, account, "", value, time)
    return item._replace(person=_person(said(item), account))


def _entries(root: dict[str, Any]) -> list[Any]:
    entries = root.get("entry")
    return entries if isinstance(entries, list) else []


def _person(value: Any, account: str) -> str:
    """The customer's id: the side of the conversation that is not the account."""
    if not isinstance(value, dict):
        return ""
    sender, recipient = _side(value, "sender"), _side(value, "recipient")
    message = value.get("message")
    echo = isinstance(message, dict) and message.get("is_echo") is True
    return recipient if echo or (account and sender == account) else sender


def _side(value: dict[str, Any], name: str) -> str:
    side = value.get(name)
    return _id(side.get("id")) if isinstance(side, dict) else ""


def _id(value: Any) -> str:
    if type(value) is int:  # a bool is none
        value = str(value)
    return value if isinstance(value, str) and _ID.fullmatch(value) else ""
