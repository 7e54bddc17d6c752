"""Live pages: one reader for all who look, an end with the session, and no server that waits for them."""

import asyncio
import http.client
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from playwright.sync_api import expect

from heliograph.dashboard import app, live
from heliograph.dashboard.entry import of_app
from heliograph.dashboard.frame import Visit
from heliograph.dashboard.live import Feed, Live, event, stream
from heliograph.dashboard.sections import Section
from heliograph.storage import Database
from tests.dashboard.conftest import SignedInPage
from tests.dashboard.house import Browser, House
from tests.simulator.support import eventually


class Counter:
    """A feed of a number for each key, and how often it was read."""

    def __init__(self) -> None:
        self.values: dict[str, int] = {}
        self.reads: list[frozenset[str]] = []
        self.feed = Feed("counter", self.read, every=0.05)

    async def read(self, _: Database, keys: frozenset[str]) -> Mapping[str, int]:
        self.reads.append(keys)
        return {key: self.values.get(key, 0) for key in keys}


def test_an_event_of_several_lines_stays_one() -> None:
    assert event("rows", "<p>\n</p>") == b"event: rows\ndata: <p>\ndata: </p>\n\n"
    assert event("end", "") == b"event: end\ndata: \n\n"
    assert b"\nevent: x" not in event("rows", "a\r\nevent: x\rid: 1")


def test_pages_share_one_reader_and_the_last_one_ends_it() -> None:
    async def work() -> None:
        counter, feeds = Counter(), Live(None)  # type: ignore[arg-type]  # the feed asks no database
        with feeds.following(counter.feed, "a") as first, feeds.following(counter.feed, "b") as second:
            await asyncio.wait_for(first.fresh.wait(), 20)
            await asyncio.wait_for(second.fresh.wait(), 20)
            assert counter.reads[-1] == {"a", "b"}
            first.fresh.clear()
            second.fresh.clear()
            counter.values["b"] = 1
            await asyncio.wait_for(second.fresh.wait(), 20)
            assert not first.fresh.is_set(), "nothing changed for this one"
            assert second.value == 1
        count = len(counter.reads)
        for _ in range(20):
            await asyncio.sleep(0)
        assert len(counter.reads) == count
        assert [task for task in asyncio.all_tasks() if task.get_name() == "live counter"] == []

    asyncio.run(work())


COUNTER = Counter()


async def _stream(visit: Visit) -> Any:
    return stream(visit, COUNTER.feed, visit.app.id, lambda value: {"count": f"<b>{value}</b>"})


@pytest.fixture(scope="module")
def house(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A running installation with one more section: a page that streams."""
    streaming = Section("settings", "Counter", "/none", [of_app("/apps/{appId}/count", _stream)], in_rail=False)
    house = House(database_url, tmp_path_factory.mktemp("house"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app, "SECTIONS", (*app.SECTIONS, streaming))
        patch.setattr(live, "HEARTBEAT_SECONDS", 0.2)
        house.start()
        try:
            yield house
        finally:
            house.stop()


class Stream:
    """An open stream, read line by line."""

    def __init__(self, browser: Browser, path: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", browser.port, timeout=10)
        cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        self._connection.request("GET", path, headers={"Cookie": cookies, "Accept": "text/event-stream"})
        self.answer = self._connection.getresponse()

    def close(self) -> None:
        self.answer.close()
        self._connection.close()

    def until(self, wanted: str) -> str:
        """All lines up to the one that begins so."""
        read = ""
        while not read.endswith(wanted):
            line = self.answer.readline().decode()
            assert line, f"it ended before {wanted!r}: {read!r}"
            read += line
            if line.startswith(wanted):
                break
        return read


def test_a_stream_tells_changes_and_ends_with_the_session_or_the_right(
    house: House, owner: Browser, app_id: str
) -> None:
    path = f"/dashboard/apps/{app_id}/count"
    agent = house.agent("watching@lumen.example", app_id)
    leaver = house.owner("leaving@lumen.example", "Leaving")
    other = house.agent("outside@lumen.example")
    assert other.get(path).status == 404
    assert house.browser().get(path, Accept="text/event-stream").status == 401

    watching, leaving = Stream(agent, path), Stream(leaver, path)
    assert watching.answer.headers["content-type"].startswith("text/event-stream")
    for one in (watching, leaving):
        one.until("data: <b>0</b>")
    COUNTER.values[app_id] = 7
    for one in (watching, leaving):
        one.until("data: <b>7</b>")
    house.rows("delete from member_apps where app_id = $1 returning 1", app_id)
    watching.until("event: end")
    leaving.until(": still here")
    leaver.send("/dashboard/settings/account", "/dashboard/sign-out")
    leaving.until("event: end")
    watching.close()
    leaving.close()


def test_a_page_that_is_not_live_any_more_says_so(
    house: House, owner: Browser, app_id: str, signed_in_page: SignedInPage
) -> None:
    agent = house.agent("looking@lumen.example", app_id)
    with signed_in_page("/dashboard/settings/account", who=agent) as page:
        # Live from here on: who has no right to the app at that time is not let in, and hears of no end.
        with page.expect_response("**/webhooks/live"):
            page.goto(f"{house.url}/dashboard/apps/{app_id}/webhooks")
        told = page.locator("#told")
        expect(told).to_be_empty()
        house.rows("delete from member_apps where app_id = $1 returning 1", app_id)
        expect(told).to_have_text("Not live any more. Load the page again.")


def test_a_page_whose_stream_breaks_says_so_until_it_is_back(app_id: str, signed_in_page: SignedInPage) -> None:
    with signed_in_page("/dashboard/settings/account") as page:
        page.route("**/webhooks/live", lambda route: route.abort())
        page.goto(f"{page.url.partition('/settings')[0]}/apps/{app_id}/webhooks")
        expect(page.locator("#told")).to_contain_text("Not live just now")
        page.unroute("**/webhooks/live")
        page.evaluate("htmx.trigger(document.querySelector('[sse-connect]'), 'htmx:sseOpen')")
        expect(page.locator("#told")).to_be_empty()


def test_the_server_stops_although_pages_are_open(house: House, owner: Browser, app_id: str) -> None:
    open_page = Stream(owner, f"/dashboard/apps/{app_id}/count")
    open_page.until("data: ")
    house.restart()
    open_page.answer.read()  # to its end: what is broken off has none
    open_page.close()
    eventually(lambda: owner.get("/dashboard/settings/account").status == 200)
