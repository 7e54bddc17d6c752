"""Links that lapsed, read anew through the Graph API: ``GET /{mid}?fields=attachments,shares,story`` (5.2).

    lapsed ──▶ [known trouble: the same answer as before] ──▶ [somebody reads it already: wait with them]
           ──▶ the row, renewed by another meanwhile? ──▶ Graph API ──▶ all links of the mid, written ──▶ link

Invariant: of viewers of a mid at once, one asks Meta, at the account's pace (see `meta/pace`) and not while it is paused;
and what Meta could not give is not asked for again for a while.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

from heliograph.channels.base import SendOutcome
from heliograph.channels.instagram.media import sources
from heliograph.channels.instagram.media.cdn import GoneError, UnavailableError
from heliograph.channels.instagram.media.sources import STORY_KINDS, Source
from heliograph.channels.instagram.meta import errors, pauses
from heliograph.channels.instagram.meta.graph import Graph, GraphError, NoAnswerError, NotSentError
from heliograph.channels.instagram.meta.holds import heard
from heliograph.channels.instagram.meta.pace import Kind, Pace
from heliograph.channels.instagram.wire import MEDIA_TYPES
from heliograph.storage import Database
from heliograph.telemetry import metrics
from heliograph.telemetry.logs import get_logger

log = get_logger("instagram")

# How long a trouble is remembered: what Meta has no more, what passes by itself, what somebody has to mend.
GONE_SECONDS = 600.0
PASSES_SECONDS = 5.0
STANDS_SECONDS = 60.0
_MOST_TROUBLES = 50_000

# Who would wait longer than this for the account's turn at Meta is told to come back.
PATIENCE_SECONDS = 5.0

_PASSES = (SendOutcome.RETRY, SendOutcome.RATE_LIMITED, SendOutcome.UNKNOWN)
_STANDS = (SendOutcome.RECONNECT, SendOutcome.CONFIGURATION)

_NO_MORE = "Meta has this file no more, or gives it out no more: it was deleted, its story ended, or it is too old."

Tokens = Callable[[str], Awaitable[tuple[str, str | None] | None]]
Pictures = Callable[[str, str], Awaitable[str | None]]


class Fresh:
    """Reads links anew. ``tokens``: an integration's token and app secret. ``pictures``: a person's, from Meta."""

    def __init__(self, database: Database, graph: Graph, pace: Pace, tokens: Tokens, pictures: Pictures) -> None:
        self._database = database
        self._graph = graph
        self._pace = pace
        self._tokens = tokens
        self._pictures = pictures
        self._reading: dict[str, asyncio.Task[Mapping[str, str]]] = {}
        self._troubles: dict[str, tuple[float, Exception]] = {}

    def check(self, source: Source) -> None:
        """Raise the trouble that is known of a file, if it is young still."""
        until, trouble = self._troubles.get(source.key, (0.0, None))
        if trouble is not None and until > time.monotonic():
            raise trouble

    def note(self, source: Source, trouble: GoneError | UnavailableError) -> None:
        """Remember a trouble for a while."""
        now = time.monotonic()
        if len(self._troubles) >= _MOST_TROUBLES:
            self._troubles = {key: one for key, one in self._troubles.items() if one[0] > now}
        seconds = GONE_SECONDS if isinstance(trouble, GoneError) else trouble.retry_after
        self._troubles[source.key] = now + seconds, trouble

    async def link(self, source: Source) -> str:
        """Another link than the source's. Raises :class:`GoneError`, :class:`UnavailableError`."""
        self.check(source)
        key = f"{source.integration_id}/{source.mid or source.person}"
        reading = self._reading.get(key)
        if reading is None:
            reading = self._reading[key] = asyncio.create_task(self._read(source))
            reading.add_done_callback(lambda _: self._reading.pop(key, None))
        try:
            # Shielded: a viewer who goes away does not take the others' answer along.
            links = await asyncio.shield(reading)
        except (GoneError, UnavailableError) as trouble:
            self.note(source, trouble)
            raise
        if links.get(source.key, source.url) == source.url:
            gone = GoneError(_NO_MORE)
            self.note(source, gone)
            raise gone
        return links[source.key]

    async def _read(self, source: Source) -> Mapping[str, str]:
        outcome = "failed"
        try:
            links = await self._renewed(source)
            outcome = "fresh" if links else "gone"
        except GoneError:
            outcome = "gone"
            raise
        else:
            return links
        finally:
            metrics.MEDIA_REFRESHES.labels(outcome).inc()

    async def _renewed(self, source: Source) -> Mapping[str, str]:
        if source.account_id is None:
            raise GoneError("The link lapsed, and the Instagram account is connected no more.")
        if source.person is not None:
            await self._unpaused(source.account_id)
            async with self._translated():
                url = await self._pictures(source.integration_id, source.person)
            return {} if url is None else {source.key: url}
        assert source.mid is not None
        rows = await sources.of_mid(self._database, source.integration_id, source.mid)
        known = {row["id"]: row["url"] for row in rows}
        if known.get(source.key, source.url) != source.url:  # by another process, or a moment ago
            return known
        answer = await self._ask(source.account_id, source.integration_id, source.mid)
        links = [
            (row["id"], link) for row in rows if (link := link_in(answer, row["kind"], row["position"], row["url"]))
        ]
        kept = await sources.renew(self._database, links) if links else set()
        return {media_id: link for media_id, link in links if media_id in kept}

    async def _ask(self, account_id: str, integration_id: str, mid: str) -> dict[str, Any]:
        found = await self._tokens(integration_id)
        if found is None:
            raise UnavailableError(
                "No token of this account can be used. Its integration needs a new one.", STANDS_SECONDS
            )
        await self._wait(account_id)
        token, secret = found
        fields = {"fields": "attachments,shares,story"}
        async with self._translated():
            return await self._graph.call("GET", f"/{mid}", token, secret=secret, params=fields, name="media")

    async def _unpaused(self, account_id: str) -> None:
        """Profiles have no limit of their own; a pause is for them, too."""
        left = (await pauses.standing(self._database, account_id)).seconds
        if left > 0:
            raise UnavailableError("Meta wants this account left alone for a while.", left)

    async def _wait(self, account_id: str) -> None:
        """Wait for this account's turn at Meta."""
        patience = time.monotonic() + PATIENCE_SECONDS
        while (seconds := await self._pace.take(account_id, Kind.CONVERSATIONS)) > 0:
            if time.monotonic() + seconds > patience:
                raise UnavailableError("Meta is asked too much of this account just now.", max(PASSES_SECONDS, seconds))
            await asyncio.sleep(seconds)

    @asynccontextmanager
    async def _translated(self) -> AsyncIterator[None]:
        try:
            yield
        except GraphError as error:
            raise _trouble(error, await heard(self._database, error)) from error
        except (NotSentError, NoAnswerError) as error:
            raise UnavailableError("Meta does not answer.", PASSES_SECONDS) from error


def _trouble(error: GraphError, held: float) -> GoneError | UnavailableError:
    """What an error means for a viewer. ``held``: for how many seconds the account is paused because of it."""
    known = errors.meaning(error.code, error.subcode, transient=error.transient, status=error.status)
    if known.outcome in _PASSES:
        return UnavailableError("Meta cannot give a fresh link just now.", max(PASSES_SECONDS, held))
    if known.outcome in _STANDS:
        log.warning("no fresh link", code=error.code, subcode=error.subcode)
        return UnavailableError(f"Meta refuses a fresh link. {known.advice}", STANDS_SECONDS)
    return GoneError(_NO_MORE)


def link_in(answer: Mapping[str, Any], kind: str, position: int, old: str) -> str | None:
    """The link in what Meta tells of a mid that stands for the old one. Pure.

    The same asset if there is one; else the one at its place.
    """
    lists = {
        "attachments": [_attachment_link(one) for one in _data(answer, "attachments")],
        "shares": [_text(one, "link") for one in _data(answer, "shares")],
        "story": [_text(one, "link") for one in _stories(answer)],
    }
    asset = _asset(old)
    if asset:
        same = next((link for links in lists.values() for link in links if link and _asset(link) == asset), None)
        if same:
            return same
    for name in _order(kind):
        links = lists[name]
        if position < len(links) and links[position]:
            return links[position]
    return None


def _order(kind: str) -> Sequence[str]:
    if kind in MEDIA_TYPES:
        return ("attachments",)
    return ("story", "shares") if kind in STORY_KINDS else ("shares",)


def _attachment_link(one: Mapping[str, Any]) -> str | None:
    for name in ("image_data", "video_data", "audio_data"):
        data = one.get(name)
        if isinstance(data, dict) and (link := _text(data, "url")):
            return link
    return _text(one, "file_url")


def _stories(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    story = answer.get("story")
    told = [story.get(name) for name in ("reply_to", "mention")] if isinstance(story, dict) else []
    return [one for one in told if isinstance(one, dict)]


def _data(answer: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    listed = answer.get(name)
    data = listed.get("data") if isinstance(listed, dict) else None
    return [one for one in data if isinstance(one, dict)] if isinstance(data, list) else []


def _text(one: Mapping[str, Any], name: str) -> str | None:
    value = one.get(name)
    return value.replace("\0", "")[:4096] if isinstance(value, str) and value else None


def _asset(link: str) -> str | None:
    try:
        return parse_qs(urlsplit(link).query).get("asset_id", [None])[0]
    except ValueError:
        return None
