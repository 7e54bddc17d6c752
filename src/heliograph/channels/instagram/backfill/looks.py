"""What a run asks of Meta, one call a look: a page of the list of threads, a thread's messages, the ids of older ones."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from heliograph.channels.instagram.backfill import listing, runs
from heliograph.channels.instagram.backfill.steps import GOES_ON, Step, began, within
from heliograph.channels.instagram.backfill.todo import Entry, with_changed
from heliograph.channels.instagram.meta.graph import Graph, flavour_of
from heliograph.storage import Database
from heliograph.telemetry.logs import get_logger

log = get_logger("backfill")

# A message that is younger may have its webhook still to come, which tells more than the API does.
YOUNG = timedelta(seconds=30)
# Meta repeats webhooks that got no 200: an older one that it does not show may come so, while it is younger than this.
GAP_PATIENCE = timedelta(minutes=10)
_IDS_A_PAGE = 100
# Each pass over the list is for what moved during the one before, and so shorter.
_MOST_PASSES = 5


class Looks:
    """The calls of runs. ``young``, ``patience``: see the constants of this module; ``clock`` is ours, not Meta's."""

    def __init__(
        self, database: Database, graph: Graph, *, young: timedelta, patience: timedelta, clock: Callable[[], datetime]
    ) -> None:
        self.young = young
        self.patience = patience
        self._database = database
        self._graph = graph
        self._clock = clock

    async def look(self, run: Any, entry: Entry | None, token: str, secret: str) -> Step:
        """The look that is next: at this thread, or without one at the list. Raises what `Graph.call` raises."""
        if entry is None:
            return await self._list(run, token, secret)
        return await (self._count if entry.count else self._read)(run, entry, token, secret)

    # The list -------------------------------------------------------------------------------------------------

    async def _list(self, run: Any, token: str, secret: str) -> Step:
        """The next page of threads. A run's first look decides how far it goes back."""
        params = {"platform": "instagram", "fields": listing.THREAD_FIELDS, "limit": str(run["page_size"])}
        if run["cursor"]:
            params["after"] = run["cursor"]
        edge = flavour_of(token).conversations.format(page_id=run["page_id"])
        answer = await self._graph.call("GET", edge, token, secret=secret, params=params, name="conversations")
        columns = began(run, self._graph.now()) if run["began"] is None else {}
        now = {**run, **columns}
        page = listing.threads(answer, run["account_id"], run["page_id"])
        looked_at = [thread for thread in page.rows if thread.updated >= now["stop_at"]]
        columns["todo"], nobodys = await self._todo(now, looked_at)
        columns["threads"] = run["threads"] + len(looked_at)
        ended = not page.after or len(looked_at) < len(page.rows)
        pages, newest = now["pages"] + 1, now["newest"]
        if pages == 1 and page.rows:
            newest = columns["newest"] = page.rows[0].updated
        if not ended:
            return Step(columns | {"pages": pages, "cursor": page.after} | GOES_ON, unreadable=nobodys)
        if pages == 1 or now["passes"] + 1 >= _MOST_PASSES:
            return Step(columns | {"listed": True} | GOES_ON, unreadable=nobodys)
        # While we paged, threads that were said something in went to the top, past us. They are there to be found.
        again = {"passes": now["passes"] + 1, "pages": 0, "cursor": None, "stop_at": newest}
        return Step(columns | again | GOES_ON, unreadable=nobodys)

    async def _todo(self, run: dict[str, Any], threads: Sequence[listing.Thread]) -> tuple[list[Entry], list[str]]:
        """What there is to do with these threads, too; and missing messages of threads that are not one person's."""
        wanted = {thread.id: [one for one in thread.messages if within(run, one.created)] for thread in threads}
        unknown = await self._unknown(run, [one for messages in wanted.values() for one in messages])
        todo = {one.id: one for one in run["todo"]}
        nobodys: list[str] = []
        behind = self._graph.now() - self._clock()
        for thread in threads:
            missing = [one for one in wanted[thread.id] if one.mid in unknown]
            if missing and not thread.person:
                log.warning("thread is not one person's, left out", integration=run["integration_id"])
                nobodys += [one.mid for one in missing]
                continue
            deep = len(thread.messages) > listing.DEPTH and thread.messages[-1].created >= run["since"]
            if not missing and not deep:
                continue
            entry = todo.get(thread.id, Entry(thread.id, thread.person, 0.0, run["began"].timestamp(), count=True))
            if missing:
                at = max(one.created for one in missing) - behind + self.young
                oldest = min(entry.oldest, *(one.created.timestamp() for one in missing))
                entry = replace(entry, at=at.timestamp(), oldest=oldest, missing=len(missing), count=False, after="")
            todo[thread.id] = replace(entry, oldest=run["since"].timestamp()) if deep else entry
        return list(todo.values()), nobodys

    # A thread -------------------------------------------------------------------------------------------------

    async def _read(self, run: Any, entry: Entry, token: str, secret: str) -> Step:
        """A thread's youngest messages: the unknown ones of this run are kept."""
        params = {"fields": listing.MESSAGE_FIELDS}
        answer = await self._graph.call(
            "GET", f"/{entry.id}", token, secret=secret, params=params, name="conversations"
        )
        told, bare = listing.told(answer, run["account_id"], run["page_id"])
        named = [listing.Named(one.mid, one.created) for one in told]
        unknown = await self._unknown(run, [one for one in (*named, *bare) if within(run, one.created)])
        missing = [one for one in told if one.mid in unknown]
        without_content = [one for one in bare if one.mid in unknown]
        young = [one for one in without_content if self._may_still_come(one)]
        lost = [one.mid for one in without_content if one not in young]
        # Shown from the youngest on. Where that ends above the oldest that is missing, others were pushed out of sight.
        shown = [one.created.timestamp() for one in (*named, *bare)]
        beyond = len(shown) >= listing.DEPTH and min(shown) >= entry.oldest
        if not beyond and not young:
            columns = {"todo": with_changed(run["todo"], entry, None)}
            return Step(columns | GOES_ON, entry.person, missing, release=entry.kept, unreadable=lost)
        then = replace(entry.look_again(self._clock()), missing=0)
        if beyond:
            then = replace(entry, count=True, after="", missing=0, tries=0)
        by_webhook = [one.mid for one in told if not one.by_business]
        if await runs.applied(self._database, run["integration_id"], by_webhook):
            # Webhooks have come past what is missing: nothing is gained by waiting for it.
            then = replace(then, kept=())
            columns = {"todo": with_changed(run["todo"], entry, then)}
            return Step(columns | GOES_ON, entry.person, missing, release=entry.kept, unreadable=lost)
        columns = {"todo": with_changed(run["todo"], entry, then)}
        return Step(columns | GOES_ON, entry.person, missing, held=then, unreadable=lost)

    async def _count(self, run: Any, entry: Entry, token: str, secret: str) -> Step:
        """Messages whose ids are all that Meta tells, a page: the unknown ones may still come, or are lost."""
        params = {"fields": listing.ID_FIELDS, "limit": str(_IDS_A_PAGE)}
        if entry.after:
            params["after"] = entry.after
        answer = await self._graph.call(
            "GET", f"/{entry.id}/messages", token, secret=secret, params=params, name="conversations"
        )
        page = listing.named(answer)
        beyond = [one for one in page.rows[0 if entry.after else listing.DEPTH :] if within(run, one.created)]
        unknown = await self._unknown(run, beyond)
        missing = [one for one in beyond if one.mid in unknown]
        if any(self._may_still_come(one) for one in missing):
            then = entry.look_again(self._clock())
            return Step({"todo": with_changed(run["todo"], entry, then)} | GOES_ON)
        lost = [one.mid for one in missing]
        if page.after and page.rows and page.rows[-1].created >= run["since"]:
            then = replace(entry, after=page.after, tries=0)
            return Step({"todo": with_changed(run["todo"], entry, then)} | GOES_ON, unreadable=lost)
        columns = {"todo": with_changed(run["todo"], entry, None)}
        return Step(columns | GOES_ON, unreadable=lost, release=entry.kept)

    def _may_still_come(self, one: listing.Named) -> bool:
        """Whether Meta may still repeat the webhook of a message, which nothing else can bring."""
        return one.created + self.patience > self._graph.now()

    async def _unknown(self, run: Any, named: Sequence[listing.Named]) -> set[str]:
        return await runs.unknown(self._database, run["integration_id"], [one.mid for one in named])
