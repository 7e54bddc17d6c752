"""``automaticAnswer`` of an integration (ours): what is answered when nobody does, after how long, and when."""

from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

from heliograph.api.validation import wrong
from heliograph.api.wire import Wire

Clock = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise wrong("must be the name of a time zone, such as Europe/Paris") from None
    return name


class Hours(Wire):
    """A span of the day, on some days or on all. It goes past midnight when ``from`` is later than ``to``."""

    days: Annotated[list[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]], Field(min_length=1)] | None = None
    from_: Annotated[Clock, Field(alias="from")]
    to: Clock


class AutomaticAnswer(Wire):
    """At most once per conversation and day, when nobody has answered for ``afterMinutes``."""

    text: Annotated[str, Field(min_length=1, max_length=1000)]
    # Meta forbids automatic messages after 24 hours; one that comes that late would be no help.
    after_minutes: Annotated[int, Field(ge=0, le=23 * 60)] = 0
    hours: Annotated[list[Hours], Field(min_length=1, max_length=20)] | None = None
    timezone: Annotated[str, Field(max_length=64), AfterValidator(_zone)] = "UTC"
