"""What Meta's answers tell about the use of its limits: three headers (Meta reference 3.3). Pure.

X-App-Usage                 of the Facebook app         {"call_count":28,"total_time":25,"total_cputime":25}
X-Page-Usage                of the account that asked   the same
X-Business-Use-Case-Usage   by account                  {"<id>":[{"type":"instagram",…,"estimated_time_to_regain_access":0}]}
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson

# Percent of a limit from which an account goes slowly, and at which it stops.
SLOW_AT = 90.0
STOP_AT = 100.0
_PERCENTAGES = ("call_count", "total_time", "total_cputime")
# Use cases that messages count to; of others, such as advertising, messages are free.
_USE_CASES = frozenset({"instagram", "messenger", "pages"})


class Of(StrEnum):
    """Whose use a reading tells of."""

    APP = "app"
    CALLER = "caller"
    ID = "id"


@dataclass(frozen=True, slots=True)
class Reading:
    """Use of a limit in percent. ``seconds``: how long until Meta lets calls in again, when it says so.

    ``id`` is the account's or its Page's (or some other business object's), for :attr:`Of.ID`.
    """

    of: Of
    percent: float
    header: str
    id: str = ""
    seconds: float = 0.0

    @property
    def stops(self) -> bool:
        """Whether no call is to be made for now."""
        return self.percent >= STOP_AT or self.seconds > 0

    @property
    def slows(self) -> bool:
        """Whether the limit is near."""
        return self.percent >= SLOW_AT


class UnreadableUsageError(Exception):
    """A header is not of Meta's form."""


def readings(headers: Mapping[str, str]) -> list[Reading]:
    """What the headers of an answer tell; nothing, mostly: Meta sends them after enough calls only.

    Raises :class:`UnreadableUsageError`.
    """
    return [
        reading
        for header, read in _HEADERS.items()
        if (value := headers.get(header)) is not None
        for reading in read(header, _object(header, value))
    ]


def _object(header: str, value: str) -> dict[str, Any]:
    try:
        told = orjson.loads(value)
    except orjson.JSONDecodeError as error:
        raise UnreadableUsageError(f"{header} is no JSON") from error
    if not isinstance(told, dict):
        raise UnreadableUsageError(f"{header} is no object")
    return told


def _of_app(header: str, told: dict[str, Any]) -> Iterator[Reading]:
    yield Reading(Of.APP, _percent(told), header)


def _of_page(header: str, told: dict[str, Any]) -> Iterator[Reading]:
    yield Reading(Of.CALLER, _percent(told), header)


def _of_business(header: str, told: dict[str, Any]) -> Iterator[Reading]:
    for id_, uses in told.items():
        for use in uses if isinstance(uses, list) else ():
            if isinstance(use, dict) and use.get("type") in _USE_CASES:
                minutes = _number(use.get("estimated_time_to_regain_access"))
                yield Reading(Of.ID, _percent(use), header, id_, minutes * 60)


def _percent(told: Mapping[str, Any]) -> float:
    return max(_number(told.get(name)) for name in _PERCENTAGES)


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0


_HEADERS = {"X-App-Usage": _of_app, "X-Page-Usage": _of_page, "X-Business-Use-Case-Usage": _of_business}
