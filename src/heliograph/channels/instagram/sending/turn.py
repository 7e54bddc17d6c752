"""One lane's step within a group of turns, and what the group leads to: what `turns` fills in and writes down."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from heliograph.channels.base import SendOutcome
from heliograph.channels.instagram.meta import pauses
from heliograph.channels.instagram.meta.answers import Answer
from heliograph.channels.instagram.meta.pace import SENDS, Kind
from heliograph.channels.instagram.meta.refusals import Said
from heliograph.channels.instagram.sending import ledger, loading
from heliograph.channels.instagram.sending.judging import Ask, Fail, Failure
from heliograph.lanes import Job, Lane

# So near a slot in the account's line is waited for with the lane in hand; a lane that waits longer comes back so early.
IN_HAND_SECONDS = 1.0
EARLY_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Hold:
    """The account's line: wait so long with the lane in hand, then take another turn that ``goes`` (with the tag)."""

    seconds: float
    tag: str | None = None


@dataclass(frozen=True, slots=True)
class Pass:
    """Pass an activity on to Meta, then take another turn: it is ``passed``."""

    job: Job


Next = Ask | Hold | Pass | None


@dataclass(eq=False, slots=True)
class Turn:
    """A leased lane wants to go on: with its first job, or after an answer of Meta's to what it asked."""

    lane: Lane
    todo: Ask | None = None
    answer: Answer | None = None
    passed: bool = False
    goes: bool = False
    tag: str | None = None
    alone: bool = False  # somebody has held the conversation for long: it is waited for, and nobody waits with it


@dataclass(eq=False, slots=True)
class Step:
    """A turn while it is being worked on. Either ``settled`` (then ``retry_after`` counts), or ``next`` is what it gets."""

    turn: Turn
    job: Job | None
    tag: str | None
    parts: Sequence[Any] = ()
    finished: list[int] = field(default_factory=list)
    settled: bool = False
    retry_after: float = 0.0
    next: Next = None
    error: Exception | None = None
    want: Kind | None = None
    account_id: str = ""
    slow: bool = False

    def finish(self) -> None:
        """The job is over; the next one of the lane is looked at, if there is one at hand."""
        assert self.job is not None
        self.finished.append(self.job.id)
        jobs = self.turn.lane.jobs
        self.job = jobs[len(self.finished)] if len(self.finished) < len(jobs) else None
        self.tag, self.parts = None, ()
        if self.job is None:
            self.settle()

    def settle(self, retry_after: float = 0.0) -> None:
        """The lane goes back."""
        self.settled, self.retry_after, self.next = True, retry_after, None

    def ends(self) -> None:
        """The job is over and the lane goes back, with whatever is left in it."""
        self.finish()
        self.settle()

    @property
    def wanted(self) -> loading.Wanted:
        """What is to be loaded for it."""
        assert self.job is not None
        lane = self.turn.lane
        return loading.Wanted(lane.key, "" if self.is_activity else self.job.payload, lane.group)

    @property
    def is_activity(self) -> bool:
        """Whether the job is a mark and no message."""
        return self.job is not None and self.job.payload.startswith("{")

    @property
    def key(self) -> tuple[str, str]:
        """The conversation and the message, as the ledger knows the rows."""
        return self.wanted.conversation_id, self.wanted.message_id

    def hold(self, seconds: float) -> None:
        """Its slot in the account's line is in so many seconds."""
        if seconds <= 0:
            return
        if seconds <= IN_HAND_SECONDS:
            self.next = Hold(seconds, self.tag)
        elif isinstance(self.next, Pass):
            # A mark that is told so late would be a lie.
            self.ends()
        else:
            self.settle(seconds - EARLY_SECONDS)

    def activity(self, row: Any) -> None:
        """A typing or seen mark: passed on, unless there is nobody to tell, or Meta does not want to hear of it now."""
        assert self.job is not None
        if row is None or row["page_token"] is None or row["refused"] or pauses.seconds_left(row):
            self.ends()
            return
        self.next, self.want, self.account_id, self.slow = (
            Pass(self.job),
            SENDS[row["login"]],
            row["account_id"],
            row["slow"],
        )

    def fail(self, plan: "Plan", verdict: Fail) -> None:
        """The message goes no further."""
        message_id = self.wanted.message_id
        if verdict.part is not None:
            plan.moves.append(ledger.Move(message_id, verdict.part, "failed", error=verdict.failure.message))
        if verdict.outcome is not None:
            plan.outcomes.append(verdict.outcome)
        plan.endings[message_id] = verdict.failure
        self.ends()


@dataclass(slots=True)
class Plan:
    """What a group of turns leads to."""

    now: datetime
    taken: list[ledger.Taken] = field(default_factory=list)
    moves: list[ledger.Move] = field(default_factory=list)
    endings: dict[str, Failure | None] = field(default_factory=dict)  # of messages, in order; None: sent
    in_doubt: list[str] = field(default_factory=list)  # of those that failed: a part may have been sent
    dropped: list[str] = field(default_factory=list)
    refusals: dict[str, tuple[bytes, Failure]] = field(default_factory=dict)  # by integration: of which token
    owned_elsewhere: list[tuple[str, Answer]] = field(default_factory=list)  # by client: refusals that may tell so
    stops: list[tuple[Step, pauses.Stop]] = field(default_factory=list)
    outcomes: list[SendOutcome] = field(default_factory=list)
    paused: dict[str, float] = field(default_factory=dict)
    ailing: set[str] = field(default_factory=set)  # integrations whose connection the doctor should look at
    said: Said = field(default_factory=Said)
