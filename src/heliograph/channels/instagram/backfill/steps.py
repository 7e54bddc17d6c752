"""A step of a run, and the rules for it: how far a run goes back, what is next, what a refusal of Meta's means."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from heliograph.channels.base import SendOutcome
from heliograph.channels.instagram.backfill import listing
from heliograph.channels.instagram.meta.answers import Answer, refusal
from heliograph.channels.instagram.meta.graph import GraphError, NoAnswerError, NotSentError
from heliograph.telemetry.logs import get_logger

log = get_logger("backfill")

# A run begins this much before the last one did: webhooks may come late, and clocks differ.
SLACK = timedelta(minutes=10)
# No automatic run goes back further; Meta itself leaves out idle threads of that age (Meta reference 5.2).
LONGEST = timedelta(days=30)
# Seconds between attempts when Meta limits us, or does not answer; then the run fails.
PAUSES: dict[SendOutcome, tuple[float, ...]] = {
    SendOutcome.RATE_LIMITED: (60, 120, 300, 600, 1800, 3600, 3600, 3600, 3600, 3600, 3600, 3600),
    SendOutcome.RETRY: (1, 5, 30, 120, 600, 1800),
}
_LEAST_PAGE = 1


@dataclass(slots=True)
class Step:
    """What a step comes to: columns of the run, messages put in line, and when to go on."""

    columns: dict[str, Any] = field(default_factory=dict)
    person: str = ""
    messages: Sequence[listing.Told] = ()
    unreadable: Sequence[str] = ()
    pause: float = 0.0
    ended: bool = False
    refused: SendOutcome | None = None


# Meta answered: what went wrong before is over.
GOES_ON: dict[str, Any] = {"state": "running", "tries": 0, "error": None, "resume_at": None}


def began(run: Any, metas_now: datetime) -> dict[str, Any]:
    """How far a run goes back: never less than to the last complete one, and further when it was asked to."""
    since = max(run["complete_to"] - SLACK, run["not_before"], metas_now - LONGEST)
    if run["since"] is not None:
        since = min(since, run["since"])
    # Meta tells times in whole seconds.
    since = since.replace(microsecond=0)
    return {"since": since, "began": metas_now, "stop_at": since}


def within(run: Any, created: datetime) -> bool:
    """Whether a message is this run's: not too old, and there when it began."""
    return bool(run["since"] <= created <= run["began"])


def entry_of(thread: listing.Thread, at: float, *, count: bool = False) -> dict[str, Any]:
    """A thread to be read at ``at`` (seconds since 1970), or whose older messages are to be counted from ``after`` on."""
    return {"id": thread.id, "person": thread.person, "at": at, "until": 0.0, "count": count, "after": ""}


def first_due(todo: Sequence[dict[str, Any]], now: datetime) -> dict[str, Any] | None:
    """The thread whose turn it is, or None."""
    return next((one for one in todo if one["at"] <= now.timestamp()), None)


def without(run: Any, entry: dict[str, Any]) -> dict[str, Any]:
    """The run's list of threads, without this one."""
    return {"todo": [one for one in run["todo"] if one is not entry]}


def put_off(run: Any, entry: dict[str, Any], at: datetime, until: float = 0.0) -> dict[str, Any]:
    """The run's list of threads, with this one to be read at ``at``; waiting for a part of ours ends at ``until``."""
    later = {**entry, "at": at.timestamp(), "until": until or entry["until"]}
    return {"todo": [later if one is entry else one for one in run["todo"]]}


def failed(error: str, refused: SendOutcome | None = None) -> Step:
    """The run ends here, and this is why."""
    return Step({"state": "failed", "error": error[:1000]}, ended=True, refused=refused)


def refused(
    run: Any,
    entry: dict[str, Any] | None,
    error: GraphError | NotSentError | NoAnswerError,
    now: datetime,
    held: float = 0.0,
) -> Step:
    """What to do when Meta did not answer as it should: pause, leave a thread out, or give up.

    ``held``: for how many seconds the account is paused because of it; the run waits no less.
    """
    # Reading is harmless: what may have been done can be done again.
    answer = refusal(error) if isinstance(error, GraphError) else Answer(SendOutcome.RETRY, advice=str(error))
    outcome = SendOutcome.RETRY if answer.outcome is SendOutcome.UNKNOWN or answer.once_more else answer.outcome
    pauses = PAUSES.get(outcome)
    if pauses is not None:
        if run["tries"] >= len(pauses):
            return failed(answer.advice)
        pause = max(pauses[run["tries"]], held)
        columns = {"state": "paused", "error": answer.advice[:1000], "tries": run["tries"] + 1}
        if outcome is SendOutcome.RETRY:
            # "Please reduce the amount of data you're asking for" is an error like any other (Meta reference 3.2).
            columns["page_size"] = max(_LEAST_PAGE, run["page_size"] // 2)
        return Step(columns | {"resume_at": now + timedelta(seconds=pause)}, pause=pause)
    if outcome in (SendOutcome.RECONNECT, SendOutcome.CONFIGURATION) or entry is None:
        return failed(answer.advice, outcome)
    # This thread alone: deleted since, or its messages are (9000001).
    log.warning("thread not readable, left out", integration=run["integration_id"], error=answer.text, code=answer.code)
    return Step(without(run, entry) | GOES_ON)
