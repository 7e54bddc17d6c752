"""Listens to what Meta's answers tell of their limits, and has accounts slow down or pause in time."""

import asyncio
import time
from collections.abc import Callable, Mapping

from heliograph.channels.instagram.meta import pauses
from heliograph.channels.instagram.meta.graph import Caller
from heliograph.channels.instagram.meta.pace import Pace
from heliograph.channels.instagram.meta.usage import Of, Reading, UnreadableUsageError, readings
from heliograph.storage import Database
from heliograph.telemetry import metrics
from heliograph.telemetry.logs import get_logger

log = get_logger("instagram")

# What was written down is not written again for so long: every answer near a limit tells the same.
_REPEAT_SECONDS = 10.0

# A handful of rows, and asked only when a limit is near.
_KNOWN = "select 1 from instagram_accounts where account_id = $1 or page_id = $1 limit 1"


class Meter:
    """Hears every answer of Meta's. ``app_of`` tells a Facebook app by its secret, None if unknown."""

    def __init__(self, database: Database, app_of: Callable[[str | None], str | None], pace: Pace) -> None:
        self._database = database
        self._app_of = app_of
        self._pace = pace
        self._noted: dict[tuple[str, bool], float] = {}
        self._writing: set[asyncio.Task[None]] = set()

    def hear(self, headers: Mapping[str, str], secret: str | None, caller: Caller | None) -> None:
        """Headers of an answer to a call with this app secret, for this caller."""
        try:
            told = [reading for reading in readings(headers) if reading.slows or reading.stops]
        except UnreadableUsageError as error:
            metrics.USAGE_UNREADABLE.inc()
            log.warning("usage not understood", error=str(error))
            return
        if told:
            task = asyncio.get_running_loop().create_task(
                self._obey(told, caller or Caller("", self._app_of(secret) or ""))
            )
            self._writing.add(task)
            task.add_done_callback(self._writing.discard)

    async def close(self) -> None:
        """Wait for what is being written."""
        await asyncio.gather(*self._writing, return_exceptions=True)

    async def _obey(self, told: list[Reading], caller: Caller) -> None:
        try:
            stops: dict[str, pauses.Stop] = {}
            slows: dict[str, str] = {}
            for reading in told:
                subject = await self._subject(reading, caller)
                if subject is None or not self._is_news(subject, reading.stops):
                    continue
                reason = f"{reading.header} {reading.percent:.0f} %"
                if reading.stops:
                    stops[subject] = pauses.Stop(subject, reason, reading.seconds or None)
                else:
                    slows[subject] = reason
            if slows:
                await pauses.slow(self._database, slows)
                log.info("near a limit of Meta's", subjects=slows)
            if stops:
                async with self._database.transaction() as connection:
                    left, new = await pauses.pause(connection, list(stops.values()))
                if new:
                    await pauses.set_aside(self._database, {name: left[name] for name in new}, each=self._pace.each)
        except Exception as error:
            # The next answer tells it again.
            self._noted.clear()
            log.warning("usage not written down", error=error)

    async def _subject(self, reading: Reading, caller: Caller) -> str | None:
        if reading.of is Of.APP:
            return pauses.app(caller.facebook_app) if caller.facebook_app else None
        if reading.of is Of.ID and (
            reading.id == caller.account_id or await self._database.fetchval(_KNOWN, reading.id)
        ):
            return pauses.account(reading.id)
        # Some business object that we do not know, of the account that asked.
        return pauses.account(caller.account_id) if caller.account_id else None

    def _is_news(self, subject: str, stops: bool) -> bool:
        now = time.monotonic()
        if self._noted.get((subject, stops), 0.0) > now:
            return False
        self._noted = {key: until for key, until in self._noted.items() if until > now}
        self._noted[subject, stops] = now + _REPEAT_SECONDS
        return True
