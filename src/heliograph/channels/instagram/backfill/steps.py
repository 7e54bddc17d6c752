"""A step of a run, and the rules for it: how far a run goes back, what Meta's refusals mean."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from heliograph.channels.base import SendOutcome
from heliograph.channels.instagram.backfill import listing
from heliograph.channels.instagram.backfill.todo import Entry, with_changed
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
    """What a step comes to: columns of the run, what was found, and when to go on.

    ``messages`` of ``person`` go into the journal, and in line: those of ``held`` when that is let go (see `todo`).
    ``release``: webhooks held back until now. ``unreadable`` are mids of lost messages, ``lost`` the number of others.
    """

    columns: dict[str, Any] = field(default_factory=dict)
    person: str = ""
    messages: Sequence[listing.Told] = ()
    held: Entry | None = None
    release: Sequence[int] = ()
    unreadable: Sequence[str] = ()
    lost: int = 0
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


def failed(error: str, refused: SendOutcome | None = None) -> Step:
    """The run ends here, and this is why."""
    return Step({"state": "failed", "error": error[:1000]}, ended=True, refused=refused)


def refused(
    run: Any,
    entry: Entry | None,
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
            return failed(answer.advice) if entry is None else _list_once_more(run)
        if entry is not None and entry.tries >= len(pauses):
            # Meta has answered others meanwhile.
            return _left_out(run, entry, answer)
        pause = max(pauses[run["tries"]], held)
        columns = {"state": "paused", "error": answer.advice[:1000], "tries": run["tries"] + 1}
        if outcome is SendOutcome.RETRY:
            # "Please reduce the amount of data you're asking for" is an error like any other (Meta reference 3.2).
            columns["page_size"] = max(_LEAST_PAGE, run["page_size"] // 2)
            if entry is not None:
                # It may be this thread alone: the others come first.
                at = (now + timedelta(seconds=max(pause, pauses[entry.tries]))).timestamp()
                columns["todo"] = with_changed(run["todo"], entry, replace(entry, at=at, tries=entry.tries + 1))
        return Step(columns | {"resume_at": now + timedelta(seconds=pause)}, pause=pause)
    if outcome in (SendOutcome.RECONNECT, SendOutcome.CONFIGURATION) or entry is None:
        return failed(answer.advice, outcome)
    # Deleted since, or its messages are (9000001).
    return _left_out(run, entry, answer)


def _list_once_more(run: Any) -> Step:
    """Is it Meta that does not answer, or is it this thread? The list of threads tells."""
    top = {"listed": False, "pages": 0, "cursor": None, "stop_at": run["newest"] or run["since"]}
    return Step(top)


def _left_out(run: Any, entry: Entry, answer: Answer) -> Step:
    """This thread alone cannot be read. What it lacks is lost, but not unnoticed."""
    log.warning(
        "thread not readable, left out", integration=run["integration_id"], error=answer.text, code=answer.code,
        messages=entry.missing,
    )  # fmt: skip
    columns = {"todo": with_changed(run["todo"], entry, None)}
    return Step(columns | GOES_ON, release=entry.kept, lost=entry.missing)
