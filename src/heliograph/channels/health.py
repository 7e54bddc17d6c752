"""How a connection does: what a channel's doctor finds, as the rest of the house sees it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, Self

from heliograph.events.wire_time import wire_time


class State(StrEnum):
    """How one thing, or a whole connection, stands."""

    OK = "ok"
    WARNING = "warning"  # it works, and will not for ever, or not for everything
    BROKEN = "broken"
    UNKNOWN = "unknown"  # it could not be seen
    NOT_APPLICABLE = "not_applicable"


# What a broken thing can stop.
SENDING = "sending"
RECEIVING = "receiving"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found. Texts are plain English and may be shown.

    ``check`` is its name in the channel's table, ``title`` that name in words. ``repair`` are steps, in order; ``link`` is
    where the first of them is done, or told of. ``repairable``: by us, without anybody. ``repaired``: just now.
    ``stops``: what of :data:`SENDING` and :data:`RECEIVING` does not work because of it. ``code`` is the error code that
    messages fail with meanwhile, ``underlying`` the channel's own error. ``since``: when it was first found to be in this
    state; None: nobody noted it. ``repaired_at``: when we last repaired it.
    """

    check: str
    title: str
    state: State
    finding: str
    consequence: str = ""
    repair: tuple[str, ...] = ()
    link: str = ""
    stops: tuple[str, ...] = ()
    repairable: bool = False
    repaired: bool = False
    code: str = "forbidden"
    underlying: Mapping[str, Any] | None = None
    since: datetime | None = None
    repaired_at: datetime | None = None

    @property
    def is_well(self) -> bool:
        """Whether nobody has to look at it."""
        return self.state in (State.OK, State.NOT_APPLICABLE)

    def kept(self) -> dict[str, Any]:
        """As it is stored."""
        return asdict(self)

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Self:
        """One that was stored."""
        lists = {name: tuple(kept.get(name, ())) for name in ("repair", "stops")}
        times = {name: _time(kept.get(name)) for name in ("since", "repaired_at")}
        return cls(**{**kept, **lists, **times, "state": State(kept["state"])})

    def wire(self) -> dict[str, Any]:
        """As the API shows it."""
        return {
            "check": self.check,
            "title": self.title,
            "state": str(self.state),
            "finding": self.finding,
            "consequence": self.consequence,
            "repair": list(self.repair),
            "link": self.link,
            "stops": list(self.stops),
            "repairable": self.repairable,
            "repaired": self.repaired,
        }


def state_of(findings: Sequence[Finding], *, seen: bool = True) -> State:
    """The state of a whole connection: that of its worst finding. What could not be seen counts where nothing was.

    ``seen``: whether the channel could be asked at all. Where it could not, what we know by ourselves says nothing of the
    connection; only what was broken is broken still.
    """
    states = {one.state for one in findings}
    for worst in (State.BROKEN, State.WARNING, State.OK) if seen else (State.BROKEN,):
        if worst in states:
            return worst
    return State.UNKNOWN


@dataclass(frozen=True, slots=True)
class Report:
    """The last examination of an integration. ``checked_at`` None: there was none yet.

    ``status`` is the integration's: ``active``, ``error`` or ``inactive``. ``last_webhook_at``: when the channel last
    called us about it.
    """

    integration_id: str
    app_id: str
    status: str
    state: State
    checked_at: datetime | None
    last_webhook_at: datetime | None
    findings: tuple[Finding, ...] = ()

    def wire(self) -> dict[str, Any]:
        """As the API shows it."""
        return {
            "integrationId": self.integration_id,
            "status": self.status,
            "state": str(self.state),
            "checkedAt": wire_time(self.checked_at) if self.checked_at else None,
            "lastWebhookAt": wire_time(self.last_webhook_at) if self.last_webhook_at else None,
            "findings": [one.wire() for one in self.findings],
        }


def carried(before: Sequence[Finding], now: Sequence[Finding]) -> tuple[Finding, ...]:
    """What was broken and cannot be seen now is broken still; a warning stays one, too."""
    ill = {one.check: one for one in before if one.state in (State.BROKEN, State.WARNING)}
    return tuple(
        replace(ill[one.check], repaired=False) if one.state is State.UNKNOWN and one.check in ill else one
        for one in now
    )


def dated(before: Sequence[Finding], now: Sequence[Finding], at: datetime) -> tuple[Finding, ...]:
    """Since when each thing is as it is: since the last report's date where the state is the same, else since ``at``.

    And when it was last repaired: ``at``, if that was just now.
    """
    known = {(one.check, one.state): one.since for one in before}
    repaired = {one.check: one.repaired_at for one in before}
    return tuple(
        replace(
            one,
            since=known.get((one.check, one.state)) or at,
            repaired_at=at if one.repaired else repaired.get(one.check),
        )
        for one in now
    )


def _time(kept: Any) -> datetime | None:
    return datetime.fromisoformat(kept) if isinstance(kept, str) else kept


class PausedError(Exception):
    """The channel wants the account left alone for so many ``seconds``: nothing was asked."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"the channel wants this account left alone for {seconds:.0f} s")
        self.seconds = seconds


class Doctor(Protocol):
    """Examines the integrations of a channel."""

    async def report(self, app_id: str, integration_id: str) -> Report | None:
        """The last report; None when the app has no such integration."""
        ...

    async def examine(self, app_id: str, integration_id: str) -> Report | None:
        """Examine now, repair what can be repaired, and report. Raises :class:`PausedError`."""
        ...
