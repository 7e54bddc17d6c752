"""What to do about a message next, and about an answer of Meta's. Pure: rows and answers in, verdicts out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from heliograph.channels.base import SendOutcome
from heliograph.channels.instagram.accounts.records import open_access
from heliograph.channels.instagram.meta import pauses
from heliograph.channels.instagram.meta.answers import Answer
from heliograph.channels.instagram.meta.graph import Caller
from heliograph.channels.instagram.meta.holds import stop_of
from heliograph.channels.instagram.meta.pace import SENDS, Kind
from heliograph.messaging.window import permit
from heliograph.storage import SecretBox
from heliograph.storage.secrets import KeyMissingError, SecretError

TAG = "HUMAN_AGENT"
# Seconds between attempts when Meta did not take a part but may later. Of a limit only their number counts: the account
# pauses by a schedule of its own.
PAUSES: Mapping[SendOutcome, tuple[float, ...]] = {
    SendOutcome.RETRY: (1, 5, 30, 120, 600),
    SendOutcome.RATE_LIMITED: pauses.SCHEDULE,
}
# Where the table asks for one more try.
ONCE_MORE: tuple[float, ...] = (5,)
# How often, and how long, the thread is asked for a part of unknown outcome.
LOOK_PAUSE_SECONDS = 30.0
LOOK_PATIENCE = timedelta(hours=1)
# How often the ledger is looked at while an echo may settle an unknown part.
ECHO_POLL_SECONDS = 1.0
# How long a conversation waits for somebody to bring the key to its token.
NO_KEY_PAUSE_SECONDS = 30.0
# A slot in the account's line is good for so long; who comes later gets a new one.
_SLOT_SECONDS = 2.0
_IN_DOUBT = "Meta did not answer the send, nor tell for an hour whether the message is there: it may have been sent."


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a message failed, as customers are told."""

    code: str
    message: str
    underlying: dict[str, Any] | None = None

    def wire(self) -> dict[str, Any]:
        """The delivery event's ``error``."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.underlying:
            error["underlyingError"] = self.underlying
        return error


_GONE = Failure("unauthorized", "The integration of this conversation was deleted.")
_REMOVED = Failure("unreachable", "The client was removed from its user. It comes back when the person writes.")
_UNREADABLE = Failure(
    "unauthorized", "The stored token cannot be read. Update the integration with a new pageAccessToken."
)
_REFUSED = Failure(
    "unauthorized",
    "Meta does not accept the integration's access any more. Update the integration with a new pageAccessToken.",
)


@dataclass(frozen=True, slots=True)
class Ask:
    """What to do at Meta next: send a claimed part, or look for an unknown one in the thread.

    ``parts`` are the message's, as they stood when it was judged. ``slot``: whether the part has its slot in the
    account's line already.
    """

    row: Any
    part: Any
    parts: Sequence[Any]
    tag: str | None
    token: str = field(repr=False)
    secret: str = field(repr=False)
    look: bool = False
    slot: bool = False

    @property
    def key(self) -> tuple[str, int]:
        """The part, as the ledger knows it."""
        return self.row["message_id"], self.part["part"]

    @property
    def kind(self) -> Kind:
        """The limit that the call counts to."""
        return Kind.CONVERSATIONS if self.look else kind_of(self.part["request"], self.row["login"])


@dataclass(frozen=True, slots=True)
class Wait:
    """Not now. ``why``: what an operator should hear of it."""

    seconds: float
    why: str = ""


@dataclass(frozen=True, slots=True)
class Fail:
    """The message goes no further. ``part``: the part that fails with it, and what the ledger says of it.

    ``outcome`` is counted, when it is not None.
    """

    failure: Failure
    part: int | None = None
    outcome: SendOutcome | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """All parts are with Meta."""


Verdict = Ask | Wait | Fail | Done


def kind_of(request: Mapping[str, Any], login: str) -> Kind:
    """Which of the two send limits a part counts to (Meta reference 3.3)."""
    return Kind.MEDIA if (request.get("attachment") or {}).get("type") in ("audio", "video") else SENDS[login]


def judge(
    row: Any,
    parts: Sequence[Any],
    box: SecretBox,
    *,
    metas_now: datetime,
    now: datetime,
    grace: timedelta,
    looked: bool,
    forced_tag: str | None,
) -> Verdict:
    """What to do about a message that has its parts. ``looked``: the thread was read just now, and did not tell.

    ``forced_tag``: Meta knows better than we that 24 h are over.
    """
    if row["page_token"] is None:
        return Fail(_GONE)
    part = next((part for part in parts if part["state"] != "sent"), None)
    if part is None:
        return Done()
    if part["state"] == "failed":
        return Fail(Failure("uncategorized_error", part["error"] or ""))
    try:
        token, secret = open_access(box, row)
    except KeyMissingError:
        # Another machine may have the key, and whoever repairs this one wants the message sent.
        return Wait(NO_KEY_PAUSE_SECONDS, "key missing")
    except SecretError:
        return Fail(_UNREADABLE)
    todo = Ask(row, part, parts, forced_tag, token, secret)
    if part["state"] == "pending":
        return _may_go(todo, metas_now)
    if now - part["started_at"] < grace or looked:
        return Wait(ECHO_POLL_SECONDS)
    left = pauses.seconds_left(row)
    return Wait(left) if left else replace(todo, tag=part["tag"], look=True, slot=_has_slot(row, part))


def _may_go(todo: Ask, metas_now: datetime) -> Verdict:
    row = todo.row
    if row["removed_at"] is not None:
        return Fail(_REMOVED)
    verdict = permit(row["last_action_at"], metas_now, policy=row["human_agent_tag"], automatic=automatic(row))
    if not verdict.allowed:
        closed = Failure("message_outside_window", verdict.reason)
        return Fail(closed, todo.part["part"], SendOutcome.WINDOW_CLOSED)
    if row["refused"]:
        # Meta said so to a message before; asking again for each of the others would tell nothing new.
        return Fail(Failure(**row["refusal"]) if row["refusal"] else _REFUSED)
    left = pauses.seconds_left(row)
    if left:
        return Wait(left)
    return replace(todo, tag=todo.tag or (TAG if verdict.tagged else None), slot=_has_slot(row, todo.part))


def _has_slot(row: Any, part: Any) -> bool:
    """Whether the part's slot in the account's line is now; one from before a pause is none."""
    go_at = part["go_at"]
    if go_at is None or go_at < row["now"] - timedelta(seconds=_SLOT_SECONDS):
        return False
    return row["until_at"] is None or bool(go_at > row["until_at"])


def automatic(row: Any) -> bool:
    """Whether no human wrote this (Meta reference 2.3)."""
    return bool({"AI", "bot"} & set(row["message"]["author"].get("subtypes") or ()))


@dataclass(frozen=True, slots=True)
class Consequence:
    """What an answer leads to.

    ``state``: the part's new one, None if it stays. Then one of: ``failure``, ``wait`` (seconds until the message is
    looked at again), or it goes on, ``tag`` being forced from then on. ``looked``: the thread did not tell.
    """

    state: str | None
    wait: float | None = None
    failure: Failure | None = None
    tag: str | None = None
    looked: bool = False
    stop: pauses.Stop | None = None
    refused: bool = False  # the integration's access is gone
    in_doubt: bool = False  # the message fails, and its part may be with Meta all the same


def weigh(todo: Ask, answer: Answer, now: datetime) -> Consequence:
    """What Meta's answer leads to."""
    if answer.outcome is SendOutcome.SENT:
        return Consequence("sent")
    unknown = answer.outcome is SendOutcome.UNKNOWN
    caller = Caller(todo.row["account_id"], todo.row["facebook_app_id"])
    stop = stop_of(answer.hold, caller, answer.code, answer.subcode)
    if unknown and not todo.look:
        return Consequence("unknown", wait=ECHO_POLL_SECONDS)
    if todo.look and (unknown or answer.outcome in PAUSES):
        if now - todo.part["started_at"] < LOOK_PATIENCE:
            return Consequence(
                None, wait=ECHO_POLL_SECONDS if unknown else LOOK_PAUSE_SECONDS, looked=unknown, stop=stop
            )
        answer = replace(
            answer,
            outcome=SendOutcome.PERMANENT,
            sunshine_code="uncategorized_error",
            advice=_IN_DOUBT,
            in_doubt=True,
        )
    if answer.outcome is SendOutcome.WINDOW_CLOSED and _may_tag(todo):
        # Meta counts the 24 h from an action we have not seen: the tag is what this answer needs.
        return Consequence("pending", tag=TAG)
    tries, most = todo.part["attempts"], ONCE_MORE if answer.once_more else PAUSES.get(answer.outcome, ())
    if tries < len(most):
        return Consequence("pending", wait=most[tries], stop=stop)
    failure = Failure(answer.sunshine_code, answer.advice, answer.underlying())
    refused = answer.outcome is SendOutcome.RECONNECT
    return Consequence(
        None if answer.in_doubt else "failed", failure=failure, stop=stop, refused=refused, in_doubt=answer.in_doubt
    )


def _may_tag(todo: Ask) -> bool:
    return todo.tag is None and todo.row["human_agent_tag"] != "never" and not automatic(todo.row)
