"""Notes when webhooks came, and how long they were on their way: by account, for the doctor and for those who wait for one.

    filing ──▶ kept in memory ──▶ written: at once after a silence, then every few seconds, all accounts in one statement

Far from the receiver's hot path. What a process that dies has not written yet, the next webhook tells as well.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from heliograph.channels.instagram.wire.envelope import Item
from heliograph.storage import Database
from heliograph.telemetry.logs import get_logger

log = get_logger("instagram")

WRITE_SECONDS = 2.0
# Meta's own tests carry times of 2018; an event that says to be so much older than its webhook is none of now.
_OLDEST = timedelta(days=2)
# Of a new measure so much counts, of what was measured before the rest.
_WEIGHT = 0.2
# `changes` are dated in seconds, `messaging` in milliseconds (Meta reference 0.2).
_SECONDS_BELOW = 10**11

# Served by instagram_accounts_routing; locked in order.
_WRITE = f"""
with told as (
    select * from unnest($1::text[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::float8[])
        as t (facebook_app_id, account_id, received_at, happened_at, latency)
), held as (
    select a.integration_id, t.* from instagram_accounts a join told t using (account_id, facebook_app_id)
    order by a.integration_id for no key update of a
)
update instagram_accounts a set last_webhook_at = greatest(a.last_webhook_at, h.received_at),
    last_event_at = greatest(a.last_event_at, h.happened_at),
    webhook_latency = coalesce(a.webhook_latency + (h.latency - a.webhook_latency) * {_WEIGHT}, h.latency, a.webhook_latency)
from held h where a.integration_id = h.integration_id
"""  # noqa: S608  the only thing put in is a constant above


@dataclass(slots=True)
class _Told:
    received_at: datetime
    happened_at: datetime | None = None
    latency: float | None = None


class Heard:
    """What has come to this process and is yet to be written. ``metas_now`` is Meta's clock, by which events are dated."""

    def __init__(self, database: Database, metas_now: Callable[[], datetime]) -> None:
        self._database = database
        self._metas_now = metas_now
        self._told: dict[tuple[str, str], _Told] = {}
        self._wrote_at = -WRITE_SECONDS
        self._writing: asyncio.Task[None] | None = None

    def note(self, webhooks: Iterable[tuple[Any, Sequence[Item]]]) -> None:
        """These rows of the journal, with their items, were filed. What backfill retold is no webhook."""
        behind = self._metas_now() - datetime.now(UTC)
        for row, found in webhooks:
            if row["backfill_run"] is None:
                for item in found:
                    if item.account:
                        self._note(row["facebook_app_id"], item, row["received_at"], behind)
        if self._told and self._writing is None:
            self._writing = asyncio.get_running_loop().create_task(self._write_soon())

    async def close(self) -> None:
        """Wait for what is being written."""
        if self._writing is not None:
            await asyncio.gather(self._writing, return_exceptions=True)

    def _note(self, facebook_app: str, item: Item, received_at: datetime, behind: timedelta) -> None:
        told = self._told.setdefault((facebook_app, item.account), _Told(received_at))
        told.received_at = max(told.received_at, received_at)
        happened_at = _time(item.value)
        way = received_at + behind - happened_at if happened_at is not None else None
        if happened_at is None or way is None or abs(way) > _OLDEST:
            return
        told.happened_at = max(told.happened_at or happened_at, happened_at)
        told.latency = max(0.0, way.total_seconds())

    async def _write_soon(self) -> None:
        try:
            while self._told:
                await asyncio.sleep(max(0.0, self._wrote_at + WRITE_SECONDS - time.monotonic()))
                told, self._told = self._told, {}
                await self._write(told)
                self._wrote_at = time.monotonic()
        finally:
            self._writing = None

    async def _write(self, told: dict[tuple[str, str], _Told]) -> None:
        rows = [(*key, one.received_at, one.happened_at, one.latency) for key, one in told.items()]
        try:
            async with self._database.transaction(relaxed=True) as connection:
                await connection.execute(_WRITE, *(list(column) for column in zip(*rows, strict=True)))
        except Exception as error:
            # The next webhook tells it again.
            log.warning("when webhooks came is not written down", error=repr(error))


def _time(value: Any) -> datetime | None:
    at = value.get("timestamp") if isinstance(value, dict) else None
    try:
        number = int(at)  # type: ignore[arg-type]  # what is no number raises
        return datetime.fromtimestamp(number if number < _SECONDS_BELOW else number / 1000, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None
