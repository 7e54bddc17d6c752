"""The `media` lanes: copies of files, where the integration's ``mediaMode`` is ``store``. One lane per file.

    message applied ──▶ job ──▶ [row there, no story, still `store`] ──▶ CDN ──▶ pieces ──▶ [row there still] ──▶ kept
                                                                          └── in vain: later, at last not at all

Invariant: a copy is there only as long as the row that it is of (a foreign key that cascades), and a story never. A file
that cannot be copied is served by proxy, as all are until they are copied.

Locks are taken in the order in which taking back has them: message, row, attachment, lane.
"""

import asyncio
from dataclasses import dataclass
from typing import Any

import asyncpg

from heliograph.channels.instagram.media import serving, sources
from heliograph.channels.instagram.media.addresses import Addresses, MessageMedia
from heliograph.channels.instagram.media.cdn import Cdn, GoneError, LapsedError, Opened, UnavailableError
from heliograph.channels.instagram.media.dress import STORE
from heliograph.channels.instagram.media.fresh import Fresh
from heliograph.channels.instagram.media.sources import Source
from heliograph.channels.instagram.wire import MEDIA_TYPES
from heliograph.lanes import Job, Lane, LaneKind, NewJob, Outcome, settle
from heliograph.messaging import attachments
from heliograph.messaging.arrivals import Media
from heliograph.messaging.attachments import PIECE_BYTES
from heliograph.messaging.media_types import HEAD_BYTES, extension_of
from heliograph.storage import Connection, Database
from heliograph.telemetry import metrics
from heliograph.telemetry.logs import get_logger

log = get_logger("instagram")

MEDIA_LANE = "media"

# As for attachments that are uploaded (Sunshine reference, conventions): 50 MB a file.
LARGEST_COPY = 50 * 1024 * 1024
LONGEST_SECONDS = 600.0
PAUSES = (5.0, 30.0, 120.0, 600.0, 1800.0, 7200.0)

# What is copied: what people send. Stories must not be; of what else there may be nobody has said that it may.
KEPT_KINDS = frozenset(MEDIA_TYPES)

# Served by messages_pkey. Blanked messages stay blank.
_TELL = """
update messages m set body = (body::jsonb || jsonb_build_object('content', body::jsonb -> 'content' || $3::jsonb))::json
from media d where d.id = $1 and m.id = d.message_id and not m.deleted
    and m.body #>> '{content,mediaUrl}' = $2
"""
_HOLD = "select id from media where id = $1 for no key update"


class _TooLargeError(Exception):
    """More than may be copied."""


class _TakenBackError(Exception):
    """The message, and the row with it, went meanwhile."""


@dataclass(frozen=True, slots=True)
class _Copied:
    attachment_id: str
    media_type: str
    size: int


def keep_jobs(integration_id: str, media: tuple[Media, ...]) -> list[NewJob]:
    """The jobs that copy the files of an arrival."""
    return [NewJob(MEDIA_LANE, one.id, one.id, integration_id) for one in media if one.kind in KEPT_KINDS]


class KeepWorker:
    """Handles the ``media`` lanes: one job each, its payload the id of a row of ``media``."""

    def __init__(self, database: Database, addresses: Addresses, cdn: Cdn, fresh: Fresh) -> None:
        self._database = database
        self._addresses = addresses
        self._cdn = cdn
        self._fresh = fresh

    def kind(self) -> LaneKind:
        """How the lane workers should run this."""
        return LaneKind(
            MEDIA_LANE, self.handle, self.on_dead, lanes_per_batch=4, jobs_per_lane=1, most_batches=2, most_lanes=8
        )

    async def handle(self, lanes: list[Lane]) -> None:
        """Copy what each lane's job names."""
        ended = await asyncio.gather(*(self._keep(lane) for lane in lanes if lane.jobs), return_exceptions=True)
        for error in ended:
            if isinstance(error, BaseException):
                raise error

    async def on_dead(self, connection: Connection, lane: Lane, job: Job, error: str) -> None:
        """It goes on being served by proxy."""
        metrics.MEDIA_COPIES.labels("failed").inc()
        log.error("copying a file failed again and again", media=job.payload, error=error)

    async def _keep(self, lane: Lane) -> None:
        job = lane.jobs[0]
        source = await sources.find(self._database, MessageMedia(job.payload))
        if source is None or source.kind not in KEPT_KINDS or source.mode != STORE or source.copy:
            await self._settle(lane, Outcome(lane, [job.id]), "not_wanted")
            return
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                copied = await self._copy(source)
        except (UnavailableError, TimeoutError) as error:
            await self._later(lane, job, str(error) or "it took too long")
        except GoneError:
            await self._settle(lane, Outcome(lane, [job.id]), "gone")
        except _TooLargeError:
            log.warning("file too large to be copied", media=source.key)
            await self._settle(lane, Outcome(lane, [job.id]), "too_large")
        except _TakenBackError:
            await self._settle(lane, Outcome(lane, [job.id]), "taken_back")
        else:
            await self._finish(lane, job, source, copied)

    async def _later(self, lane: Lane, job: Job, why: str) -> None:
        if job.attempts >= len(PAUSES):
            log.warning("file not copied", media=job.payload, error=why)
            await self._settle(lane, Outcome(lane, [job.id]), "given_up")
            return
        await self._settle(lane, Outcome(lane, tried=[job.id], retry_after=PAUSES[job.attempts]), "later")

    async def _settle(self, lane: Lane, outcome: Outcome, counted: str) -> None:
        async with self._database.transaction() as connection:
            await settle(connection, [outcome])
        lane.settled = True
        metrics.MEDIA_COPIES.labels(counted).inc()

    async def _copy(self, source: Source) -> _Copied:
        try:
            try:
                return await self._copy_from(source, source.url)
            except LapsedError:
                return await self._copy_from(source, await self._fresh.link(source))
        except LapsedError:
            raise GoneError("Meta has this file no more.") from None
        except asyncpg.ForeignKeyViolationError:
            raise _TakenBackError from None

    async def _copy_from(self, source: Source, url: str) -> _Copied:
        async with self._cdn.open(url) as opened:
            if (opened.total or 0) > LARGEST_COPY:
                raise _TooLargeError
            async with self._database.transaction() as connection:
                attachment_id = await attachments.begin_copy(connection, source.app_id, source.key)
            if attachment_id is None:
                raise _TakenBackError
            try:
                head, size = await self._take_in(opened, attachment_id)
            except BaseException:
                await asyncio.shield(self._drop(attachment_id))
                raise
        return _Copied(attachment_id, serving.type_of(source.kind, head, opened.declared), size)

    async def _take_in(self, opened: Opened, attachment_id: str) -> tuple[bytes, int]:
        """Store what comes, piece by piece; the first bytes, and how many there were."""
        head, size, number, piece = b"", 0, 0, bytearray()
        while True:
            chunk = await opened.read()
            piece += chunk
            size += len(chunk)
            head += chunk[: HEAD_BYTES - len(head)]
            if size > LARGEST_COPY:
                raise _TooLargeError
            while len(piece) >= PIECE_BYTES or (piece and not chunk):
                async with self._database.transaction() as connection:
                    await attachments.add_piece(connection, attachment_id, number, bytes(piece[:PIECE_BYTES]))
                del piece[:PIECE_BYTES]
                number += 1
            if not chunk:
                break
        if not size or (opened.total is not None and size != opened.total):
            raise UnavailableError("Meta's CDN broke off")
        return head, size

    async def _drop(self, attachment_id: str) -> None:
        async with self._database.pool.acquire() as connection:
            await attachments.drop(connection, attachment_id)

    async def _finish(self, lane: Lane, job: Job, source: Source, copied: _Copied) -> None:
        address = self._addresses.of_message(source.key)
        known: dict[str, Any] = {"mediaType": copied.media_type, "mediaSize": copied.size}
        name = source.kind + extension_of(copied.media_type)
        row = {"name": name, "media_type": copied.media_type, "size": copied.size}
        outcome = "kept"
        async with self._database.transaction() as connection:
            await connection.execute(_TELL, source.key, address, known)
            if await connection.fetchval(_HOLD, source.key) is None:
                outcome = "taken_back"  # and its copy with it
            else:
                await sources.learn(connection, source.key, copied.media_type, copied.size)
                if not await attachments.finish_copy(connection, copied.attachment_id, row):
                    outcome = "taken_back"
            await settle(connection, [Outcome(lane, [job.id])])
        lane.settled = True
        metrics.MEDIA_COPIES.labels(outcome).inc()
