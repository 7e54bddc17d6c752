"""Reading fields that anybody may have written: of the type that Meta documents, or :class:`ShapeError`. Pure."""

import re
from datetime import UTC, datetime
from typing import Any

# Meta reference 0.2: values below are seconds, the rest milliseconds.
_SECONDS_BELOW = 10**11
# In bytes: a mid is part of an index key.
_LONGEST_MID = 1024
# What is kept of a value that is not understood.
_DEEPEST_RAW = 12
_LONGEST_RAW = 8000
_MOST_EDITS = 10**6

# What may become part of a reason. Anything else is "?": reasons label a metric and stand in an index.
_PLAIN_NAME = re.compile(r"[A-Za-z][\w-]{0,39}", re.ASCII)

Object = dict[str, Any]


class ShapeError(Exception):
    """A field has a type that Meta never documented."""


def moment(value: Any) -> datetime | None:
    """A time of Meta's, None for what is none. Meta reference 0.2: milliseconds or seconds, number or text."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 10**14:
        return None
    return datetime.fromtimestamp(value if value < _SECONDS_BELOW else value / 1000, UTC)


def time(item: Object) -> datetime:
    """When it happened."""
    at = moment(item.get("timestamp"))
    if at is None:
        raise ShapeError
    return at


def known(parent: Object, name: str) -> Object:
    """A member that has to be an object."""
    value = parent.get(name)
    if not isinstance(value, dict):
        raise ShapeError
    return value


def maybe(parent: Object, name: str) -> Object:
    """An object, empty when it is absent."""
    return known(parent, name) if name in parent else {}


def objects(parent: Object, name: str) -> list[Object]:
    """A list of objects, empty when it is absent."""
    value = parent.get(name, [])
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise ShapeError
    return value


def text(parent: Object, name: str) -> str:
    """A text, ``""`` when absent or null; a number as text. NUL, which PostgreSQL cannot hold, is dropped."""
    value = parent.get(name)
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool):
        return _digits(value)
    if not isinstance(value, str):
        raise ShapeError
    return value.replace("\0", "")


def _digits(value: int) -> str:
    try:
        return str(value)
    except ValueError as error:  # Python writes out no more than some thousand digits
        raise ShapeError from error


def count(parent: Object, name: str) -> int:
    """A number, or its digits as text; 0 when absent."""
    value = text(parent, name)
    if not value:
        return 0
    if not (value.isascii() and value.isdigit() and len(value) < 10):
        raise ShapeError
    return min(int(value), _MOST_EDITS)


def mid(parent: Object) -> str:
    """A message id, ``""`` when absent."""
    found = text(parent, "mid")
    if len(found.encode()) > _LONGEST_MID:
        raise ShapeError
    return found


def needed_mid(parent: Object) -> str:
    """A message id that has to be there."""
    found = mid(parent)
    if not found:
        raise ShapeError
    return found


def name(word: str) -> str:
    """A word of Meta's, or ``"?"`` for what is none."""
    return word if _PLAIN_NAME.fullmatch(word) else "?"


def raw(value: Any, depth: int = 0) -> Any:
    """A value as it came, in a form that can be stored: without NUL, of bounded depth and length."""
    if isinstance(value, str):
        return value.replace("\0", "")[:_LONGEST_RAW]
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**63 else "a number beyond 64 bits"
    if depth >= _DEEPEST_RAW:
        return "…"
    if isinstance(value, list):
        return [raw(one, depth + 1) for one in value[:100]]
    return {key.replace("\0", "")[:200]: raw(one, depth + 1) for key, one in list(value.items())[:100]}
