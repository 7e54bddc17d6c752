"""Automatic answers: an integration's own words to people who would otherwise wait too long.

    every few seconds ──▶ integrations that answer, and may at this hour ──▶ conversations owed for so long
                          ──▶ lock, still owed? ──▶ posted like any message, as automatic

Invariant: a conversation gets at most one a day, whatever the number of processes: who holds its row looks, posts and
notes it in one transaction.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from heliograph.lanes import Rounds
from heliograph.messaging.posting import ConversationFullError, Draft, post_message
from heliograph.messaging.window import STANDARD
from heliograph.storage import Connection, Database
from heliograph.telemetry import metrics
from heliograph.telemetry.logs import get_logger

log = get_logger("automatic")

ROUND_SECONDS = 5.0
AT_ONCE = 100
PER_DAY = timedelta(hours=24)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# Sunshine reference 2.7: how a message says that no human wrote it. It never gets the human agent tag.
AUTHOR = {"type": "business", "subtypes": ["bot"]}
METADATA = {"automatic": True}

# Served by integrations_answering.
_RULES = """
select id, app_id, settings -> 'automaticAnswer' as rule from integrations
where settings ? 'automaticAnswer' and status = 'active'
"""

# Who wrote within 24 hours has a thread whose owner, once told, stands (see `threads`): while that is another app,
# nothing is said automatically. Nobody waits for a conversation that is busy just now. And the rule must still be the one
# that the round began with.
# Served by integrations_pkey, commitments_of_integration, conversations_pkey, participants_of_conversation, clients_pkey.
_DUE = """
select c.conversation_id from commitments c join conversations v on v.id = c.conversation_id
where c.integration_id = $1 and c.since <= $2 and c.since > $3
  and (v.auto_answered_at is null or v.auto_answered_at <= $4)
  and not exists (select from participants p join clients k on k.id = p.client_id
                  where p.conversation_id = v.id and k.thread_owner is not null)
  and exists (select from integrations i where i.id = $1 and i.status = 'active' and i.settings -> 'automaticAnswer' = $6)
order by c.since limit $5 for update of v skip locked
"""
_NOTE = "update conversations set auto_answered_at = $2 where id = $1"


def may_answer(rule: Mapping[str, Any], now: datetime) -> bool:
    """Whether a rule answers at this hour. Without ``hours`` it always does.

    A span ``from`` later than ``to`` goes past midnight, and belongs to the day that it begins on.
    """
    spans = rule.get("hours")
    if not spans:
        return True
    local = now.astimezone(ZoneInfo(rule.get("timezone") or "UTC"))
    return any(_within(span, local) for span in spans)


def _within(span: Mapping[str, Any], local: datetime) -> bool:
    begins, ends = time.fromisoformat(span["from"]), time.fromisoformat(span["to"])
    days = span.get("days") or DAYS
    clock = local.time()
    today, yesterday = DAYS[local.weekday()], DAYS[local.weekday() - 1]
    if begins < ends:
        return today in days and begins <= clock < ends
    return (today in days and clock >= begins) or (yesterday in days and clock < ends)


class AutomaticAnswers:
    """Answers for businesses that asked for it, for as long as it runs. Runs in every process.

    ``clock`` is the channel's: what was written when, is its word.
    """

    def __init__(
        self,
        database: Database,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        pressed: Callable[[], bool] = lambda: False,
        every: float = ROUND_SECONDS,
    ) -> None:
        self._database = database
        self._clock = clock
        self._pressed = pressed
        self._rounds = Rounds("automatic answers", self._calmly, every, at_once=True)

    def start(self) -> None:
        """Start in the running event loop."""
        self._rounds.start()

    async def stop(self) -> None:
        """Stop; what is under way is rolled back."""
        await self._rounds.stop()

    async def _calmly(self) -> None:
        """A round, unless webhooks come in a flood just now."""
        if not self._pressed():
            await self.round()

    async def round(self) -> int:
        """Give every answer that is due now; how many. One integration's trouble is not the others'."""
        now, given = self._clock(), 0
        for row in await self._database.fetch(_RULES):
            try:
                if may_answer(row["rule"], now):
                    given += await self._all_of(row, now)
            except Exception as error:
                log.warning("automatic answers not given", integration=row["id"], error=error)
        return given

    async def _all_of(self, row: Any, now: datetime) -> int:
        given = 0
        while True:
            async with self._database.transaction() as connection:
                answered = await _answer(connection, row, now)
            given += answered
            if answered < AT_ONCE:
                return given


async def _answer(connection: Connection, row: Any, now: datetime) -> int:
    """Answer some conversations of an integration, those first that wait longest; how many were looked at."""
    rule = row["rule"]
    draft = Draft(dict(AUTHOR), {"type": "text", "text": rule["text"]}, metadata=dict(METADATA))
    waited_long, asked_long_ago = now - timedelta(minutes=rule.get("afterMinutes") or 0), now - STANDARD
    due = await connection.fetch(_DUE, row["id"], waited_long, asked_long_ago, now - PER_DAY, AT_ONCE, rule)
    for conversation_id in (one["conversation_id"] for one in due):
        await connection.execute(_NOTE, conversation_id, now)
        try:
            await post_message(connection, row["app_id"], conversation_id, draft, datetime.now(UTC))
        except ConversationFullError:
            log.warning("no automatic answer: the conversation is full", conversation=conversation_id)
        else:
            metrics.AUTOMATIC_ANSWERS.inc()
    return len(due)
