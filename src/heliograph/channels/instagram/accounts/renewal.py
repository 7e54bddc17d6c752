"""Tokens that end are refreshed before they do (Meta reference 4.6). Runs in every process, whatever their number.

    fresh ──refresh_at──▶ due ──claim──▶ asked ──Meta gave another──▶ fresh: stored, due again ten days before its end
                           ▲               │
                           │               ├──refused, or no answer──▶ due again in some hours; its end is near: `error`
                           │               └──Meta says it is dead───▶ status `error`, until somebody gives another token
                           └── the claim ran out: its process died

Invariant: a new token is stored only in the place of the one it was asked for with. A claim moves ``refresh_at``, and what
comes of it is written only where ``refresh_at`` is still the claim's: so one process at a time asks for an account, and one
that was away too long, or that somebody gave another token meanwhile, writes nothing. A token that Meta gave and nobody
wrote down is no loss: the former one is good until its own end, and is refreshed again.
"""

import asyncio
import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from heliograph.channels.base import SendOutcome
from heliograph.channels.instagram.accounts import instagram_login
from heliograph.channels.instagram.accounts.instagram_login import Lasting
from heliograph.channels.instagram.accounts.records import open_token, token_place
from heliograph.channels.instagram.meta.answers import refusal
from heliograph.channels.instagram.meta.graph import Graph, GraphError, NoAnswerError, NotSentError, Token
from heliograph.events.wire_time import wire_time
from heliograph.lanes import Rounds
from heliograph.storage import Database, SecretBox
from heliograph.storage.secrets import SecretError
from heliograph.telemetry import metrics
from heliograph.telemetry.logs import get_logger

log = get_logger("instagram")

ROUND_SECONDS = 600.0
AT_ONCE = 50
# Longer than Meta may take for all that are asked at once.
CLAIM = timedelta(minutes=5)
# A refresh that failed is tried again so much later.
AGAIN = timedelta(hours=6)
# So long before a token's end people must know that it will not be refreshed.
ALARM = timedelta(days=3)
# An account whose expired token could not be refreshed is not asked about again for so long, by this process.
_IN_VAIN_SECONDS = 60.0

# Served by instagram_accounts_refresh.
_CLAIM = """
with due as (
    select integration_id from instagram_accounts where refresh_at <= $1 order by refresh_at limit $2
    for update skip locked
)
update instagram_accounts a set refresh_at = $3 from due where a.integration_id = due.integration_id
returning a.integration_id, a.facebook_app_id, a.account_id, a.page_token, a.login, a.token_expires_at, a.refresh_at,
    a.refresh_error
"""

# Integrations before accounts, as everywhere: whoever updates one just now is waited for, and has the last word.
_HOLD = "select id from integrations where id = any ($1::text[]) order by id for no key update"

# Served by instagram_accounts_pkey. Only what still has the claim is written.
_STORE = """
with new as (
    select * from unnest($1::text[], $2::timestamptz[], $3::bytea[], $4::timestamptz[], $5::timestamptz[], $6::text[])
        as n (integration_id, claim, token, expires_at, refresh_at, shown)
), stored as (
    update instagram_accounts a
    set page_token = n.token, token_expires_at = n.expires_at, refresh_at = n.refresh_at, refresh_error = null
    from new n where a.integration_id = n.integration_id and a.refresh_at = n.claim
    returning a.integration_id, n.shown, a.refusal is null and a.ailment is null as well
)
update integrations i
set settings = i.settings - 'tokenError' || jsonb_build_object('tokenExpiresAt', s.shown),
    status = case when i.settings ? 'tokenError' and i.status = 'error' and s.well then 'active' else i.status end
from stored s where i.id = s.integration_id returning i.id
"""
_FAIL = """
with failed as (
    select * from unnest($1::text[], $2::timestamptz[], $3::timestamptz[], $4::text[], $5::boolean[])
        as f (integration_id, claim, again_at, reason, alarm)
), noted as (
    update instagram_accounts a set refresh_at = f.again_at, refresh_error = f.reason
    from failed f where a.integration_id = f.integration_id and a.refresh_at = f.claim
    returning a.integration_id, f.reason, f.alarm
)
update integrations i set status = case when i.status = 'inactive' then i.status else 'error' end,
    settings = i.settings || jsonb_build_object('tokenError', n.reason)
from noted n where i.id = n.integration_id and n.alarm returning i.id
"""

# Served by instagram_accounts_pkey. Takes over from whoever has claimed it: their answer is not written then.
_CLAIM_ONE = """
update instagram_accounts set refresh_at = $2 where integration_id = $1 and refresh_at is not null
returning integration_id, facebook_app_id, account_id, page_token, login, token_expires_at, refresh_at, refresh_error
"""
_READ = """
select integration_id, facebook_app_id, account_id, page_token, login from instagram_accounts where integration_id = $1
"""


@dataclass(frozen=True, slots=True)
class _Failed:
    """A refresh that did not work; ``dead``: nor will it ever."""

    row: Any
    reason: str
    dead: bool


class Renewal:
    """Refreshes the tokens that are due, for as long as it runs."""

    def __init__(self, database: Database, box: SecretBox, graph: Graph, *, every: float = ROUND_SECONDS) -> None:
        self._database = database
        self._box = box
        self._graph = graph
        self._rounds = Rounds("renewal", self.round, every)
        self._renewing: dict[str, asyncio.Task[Token | None]] = {}
        self._in_vain: dict[str, float] = {}

    def start(self) -> None:
        """Start in the running event loop."""
        self._rounds.start()

    async def stop(self) -> None:
        """Stop. What was asked and not written down is asked again, by whoever comes next."""
        await self._rounds.stop()
        for task in self._renewing.values():
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def round(self) -> int:
        """Refresh what is due now, by Meta's clock; returns how many were."""
        total = 0
        while True:
            now = self._graph.now()
            rows = await self._database.fetch(_CLAIM, now, AT_ONCE, now + CLAIM)
            if rows:
                total += await self._refresh(rows)
            if len(rows) < AT_ONCE:
                return total

    async def instead_of(self, token: Token) -> Token | None:
        """Another token for one that Meta says has expired, or None. Many may ask at once; Meta is asked once."""
        key = token.integration_id
        if not key or self._in_vain.get(key, 0.0) > time.monotonic():
            return None
        renewing = self._renewing.get(key)
        if renewing is None:
            renewing = self._renewing[key] = asyncio.create_task(self._other(token))
            renewing.add_done_callback(lambda _: self._renewing.pop(key, None))
        # Shielded: one that goes away does not take the others' answer along.
        return await asyncio.shield(renewing)

    async def _other(self, token: Token) -> Token | None:
        known = await self._stored(token.integration_id)
        if known is not None and known != token:
            return known
        claimed = await self._database.fetch(_CLAIM_ONE, token.integration_id, self._graph.now() + CLAIM)
        if claimed and await self._refresh(claimed):
            return await self._stored(token.integration_id)
        if len(self._in_vain) > 10_000:
            self._in_vain.clear()
        self._in_vain[token.integration_id] = time.monotonic() + _IN_VAIN_SECONDS
        return None

    async def _stored(self, integration_id: str) -> Token | None:
        row = await self._database.fetchrow(_READ, integration_id)
        try:
            return None if row is None else open_token(self._box, row)
        except SecretError:
            return None

    async def _refresh(self, rows: Sequence[Any]) -> int:
        answers = await asyncio.gather(*(self._ask(row) for row in rows))
        fresh = [(row, answer) for row, answer in zip(rows, answers, strict=True) if isinstance(answer, Lasting)]
        failed = [answer for answer in answers if isinstance(answer, _Failed)]
        stored: list[Any] = []
        alarmed: list[Any] = []
        async with self._database.transaction() as connection:
            await connection.execute(_HOLD, [row["integration_id"] for row in rows])
            if fresh:
                columns = zip(*(self._fresh(row, answer) for row, answer in fresh), strict=True)
                stored = await connection.fetch(_STORE, *map(list, columns))
            if failed:
                now = self._graph.now()
                notes = zip(*(_note(one, now) for one in failed), strict=True)
                alarmed = await connection.fetch(_FAIL, *map(list, notes))
        if failed:
            _tell_failures(failed, {row["id"] for row in alarmed})
        for _ in stored:
            metrics.TOKENS_REFRESHED.labels("refreshed").inc()
        if stored:
            log.info("tokens refreshed", count=len(stored))
        return len(stored)

    async def _ask(self, row: Any) -> Lasting | _Failed:
        try:
            # A plain token of no integration: one that has expired is not renewed by asking for its renewal.
            token = open_token(self._box, row)
            return await instagram_login.refresh(self._graph, Token(token, token.login, caller=token.caller))
        except GraphError as error:
            dead = refusal(error).outcome is SendOutcome.RECONNECT
            return _Failed(row, f"Meta does not refresh the token: {error}", dead)
        except (NotSentError, NoAnswerError) as error:
            return _Failed(row, f"Meta could not be asked to refresh the token: {error}", dead=False)
        except SecretError:
            return _Failed(row, "The stored token cannot be read.", dead=False)

    def _fresh(self, row: Any, new: Lasting) -> tuple[Any, ...]:
        key = row["integration_id"]
        sealed = self._box.seal(new.token, token_place(key))
        return key, row["refresh_at"], sealed, new.expires_at, new.refresh_at, wire_time(new.expires_at)


def alarming(expires_at: datetime | None, now: datetime, *, dead: bool) -> bool:
    """Whether people must hear that a token is not refreshed: it is dead, or its end is near. Pure."""
    return dead or (expires_at is not None and expires_at - now <= ALARM)


def _note(one: _Failed, now: datetime) -> tuple[Any, ...]:
    row = one.row
    advice = " Log in again, and update the integration with a new pageAccessToken."
    alarm = alarming(row["token_expires_at"], now, dead=one.dead)
    again = None if one.dead else now + AGAIN
    return row["integration_id"], row["refresh_at"], again, one.reason + advice, alarm


def _tell_failures(failed: Sequence[_Failed], alarmed: set[str]) -> None:
    for one in failed:
        key = one.row["integration_id"]
        metrics.TOKENS_REFRESHED.labels("alarm" if key in alarmed else "failed").inc()
        log.warning("token not refreshed", integration=key, error=one.reason, alarm=key in alarmed)
