"""Delivery from end to end: events published into a real database, POSTed to a real server on loopback."""

import asyncio
import dataclasses
import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from heliograph.delivery import schedule
from heliograph.delivery.guard import parse_networks
from heliograph.delivery.sender import Sender
from heliograph.delivery.worker import DeliveryWorker
from heliograph.events import WEBHOOK_LANE, Event, publish
from heliograph.lanes import LaneWorkers
from heliograph.lanes.queue import lease
from heliograph.storage import Database, SecretBox, new_id
from tests.delivery.target import Post, Target
from tests.support import Process, opened, run, wait_until

KEY = b"k" * 32
BOX = SecretBox([KEY])
SECRET = "the-webhooks-secret"
TRIGGER = "conversation:message"


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five attempts in a fifth of a second."""
    monkeypatch.setattr(schedule, "PAUSES", (0.02, 0.03, 0.04, 0.05))


@dataclass
class Customer:
    """An app with one webhook."""

    database: Database
    app_id: str
    webhook_id: str

    @classmethod
    async def new(cls, database: Database, url: str, **flags: bool) -> "Customer":
        app, integration, webhook = new_id(), new_id(), new_id()
        await database.execute("insert into apps (id, display_name) values ($1, 'shop')", app)
        await database.execute(
            "insert into integrations (id, app_id, type) values ($1, $2, 'custom')", integration, app
        )
        await database.execute(
            "insert into webhooks (id, app_id, integration_id, target, triggers, secret, include_full_user,"
            " include_full_source) values ($1, $2, $3, $4, $5, $6, $7, $8)",
            webhook,
            app,
            integration,
            url,
            [TRIGGER],
            BOX.seal(SECRET, f"webhook:{webhook}"),
            flags.get("full_user", False),
            flags.get("full_source", False),
        )
        return cls(database, app, webhook)

    async def publish(self, conversation: str | None, number: int = 1, *, type: str = TRIGGER) -> list[str]:
        """Events of a conversation, in one transaction; their ids."""
        events = [
            Event(
                self.app_id,
                type,
                {"conversation": {"id": conversation}, "user": {"id": "u1"}, "source": {"type": "instagram"}},
                datetime.now(UTC),
                conversation,
                user={"id": "u1", "profile": {}},
                client={"id": "c1", "type": "instagram"},
            )
            for _ in range(number)
        ]
        async with self.database.transaction() as connection:
            await publish(connection, events)
        return [event.id for event in events]

    async def attempts(self) -> list[Any]:
        return await self.database.fetch(
            "select * from delivery_attempts where webhook_id = $1 order by id", self.webhook_id
        )

    async def is_done(self) -> bool:
        return not await self.database.fetchval(
            "select count(*) from lanes where kind = $1 and key like $2 || '/%'", WEBHOOK_LANE, self.webhook_id
        )

    async def done(self, seconds: float = 10) -> None:
        await wait_until(self.is_done, seconds, what="all events delivered or failed")


@asynccontextmanager
async def delivering(
    database: Database, *, timeout: float = 5, lease_seconds: float = 45
) -> AsyncIterator[DeliveryWorker]:
    """A delivery worker as in the server."""
    async with Sender(parse_networks("127.0.0.0/8"), timeout=timeout) as sender:
        worker = DeliveryWorker(database, BOX, sender)
        kind = dataclasses.replace(worker.kind(), lease_seconds=lease_seconds, linger_seconds=0)
        workers = LaneWorkers(database, [kind], poll_seconds=0.01)
        workers.start()
        try:
            yield worker
        finally:
            await workers.stop(patience=2)


def outcomes(attempts: Sequence[Any]) -> list[tuple[str, int, int | None]]:
    return [(row["outcome"], row["attempt"], row["status"]) for row in attempts]


def test_what_waits_in_a_conversation_shares_one_post(each_database: str) -> None:
    """In order, in v2's envelope, with the secret in X-API-Key; one line in the attempt log."""

    async def scene() -> None:
        async with opened(each_database) as database, Target() as target:
            customer = await Customer.new(database, target.url)
            events = await customer.publish("k1", 5)
            async with delivering(database):
                await customer.done()
            (post,) = target.posts
            assert post.headers["X-API-Key"] == SECRET
            assert post.body["app"] == {"id": customer.app_id}
            assert post.body["webhook"] == {"id": customer.webhook_id, "version": "v2"}
            assert post.events == events
            assert {"id", "type", "createdAt", "payload"} == set(post.body["events"][0])
            (attempt,) = await customer.attempts()
            assert outcomes([attempt]) == [("delivered", 1, 200)]
            assert attempt["event_ids"] == events
            assert attempt["conversation_id"] == "k1"
            assert attempt["app_id"] == customer.app_id
            assert attempt["error"] is None

    run(scene())


def test_only_what_was_asked_for_is_delivered_and_as_full_as_was_asked_for(database_url: str) -> None:
    """Triggers choose; includeFullUser and includeFullSource fill in."""

    async def scene() -> None:
        async with opened(database_url) as database, Target() as target:
            brief = await Customer.new(database, target.url)
            full = await Customer.new(database, target.url, full_user=True, full_source=True)
            for customer in (brief, full):
                await customer.publish("k1", type="conversation:typing")
                await customer.publish("k1")
            async with delivering(database):
                await brief.done()
                await full.done()
            payloads = {post.body["app"]["id"]: post.body["events"] for post in target.posts}
            assert [len(events) for events in payloads.values()] == [1, 1]
            assert payloads[brief.app_id][0]["payload"]["user"] == {"id": "u1"}
            assert payloads[full.app_id][0]["payload"]["user"] == {"id": "u1", "profile": {}}
            assert payloads[full.app_id][0]["payload"]["source"]["client"] == {"id": "c1", "type": "instagram"}

    run(scene())


def test_a_failure_is_tried_again_and_order_is_kept(each_database: str) -> None:
    """What comes in behind a failed event waits for it, and is never delivered before it."""

    async def scene() -> None:
        answers = itertools.chain([500, 503, 500], itertools.repeat(200))
        async with opened(each_database) as database, Target(lambda _: next(answers)) as target:
            customer = await Customer.new(database, target.url)
            async with delivering(database):
                events = await customer.publish("k1", 2)
                await wait_until(lambda: target.posts)
                events += await customer.publish("k1", 2)
                await customer.done()
            for post in target.posts:
                assert post.events == events[: len(post.events)], (
                    "each POST begins with the oldest that is not delivered"
                )
            assert target.posts[-1].events == events
            attempts = await customer.attempts()
            assert [row["outcome"] for row in attempts] == ["retry"] * 3 + ["delivered"]
            assert [row["attempt"] for row in attempts] == [1, 2, 3, 4]
            assert [row["status"] for row in attempts] == [500, 503, 500, 200]
            assert attempts[0]["error"] == "HTTP 500"

    run(scene())


def test_a_timeout_is_tried_again(database_url: str) -> None:
    """No answer is no delivery: the same events come again."""

    async def scene() -> None:
        slow = asyncio.Event()

        async def first_hangs(_: Post) -> int:
            if len(target.posts) == 1:
                await slow.wait()
            return 200

        async with opened(database_url) as database, Target(first_hangs) as target:
            customer = await Customer.new(database, target.url)
            events = await customer.publish("k1")
            async with delivering(database, timeout=0.2):
                await customer.done()
            slow.set()
            assert [post.events for post in target.posts] == [events, events]
            attempts = await customer.attempts()
            assert outcomes(attempts) == [("retry", 1, None), ("delivered", 2, 200)]
            assert attempts[0]["error"] == "no answer in time"

    run(scene())


@pytest.mark.parametrize("status", sorted(schedule.FINAL_STATUSES))
def test_a_final_status_is_not_tried_again_and_the_lane_goes_on(database_url: str, status: int) -> None:
    """400, 401, 403, 404, 406: recorded as failed at the first attempt; the next event is delivered."""

    async def scene() -> None:
        answers = itertools.chain([status], itertools.repeat(200))
        async with opened(database_url) as database, Target(lambda _: next(answers)) as target:
            customer = await Customer.new(database, target.url)
            async with delivering(database):
                first = await customer.publish("k1")
                await customer.done()
                second = await customer.publish("k1")
                await customer.done()
            assert target.delivered() == first + second
            assert outcomes(await customer.attempts()) == [("failed", 1, status), ("delivered", 1, 200)]

    run(scene())


def test_after_five_failures_an_event_is_failed_and_the_lane_goes_on(each_database: str) -> None:
    """Younger events that failed beside it keep their own count."""

    async def scene() -> None:
        async with opened(each_database) as database:
            old: list[str] = []

            def ill_from_the_old_one(post: Post) -> int:
                return 500 if old[0] in post.events else 200

            async with Target(ill_from_the_old_one) as target:
                customer = await Customer.new(database, target.url)
                old += await customer.publish("k1")
                async with delivering(database):
                    await wait_until(lambda: len(target.posts) >= 2)
                    young = await customer.publish("k1")
                    await customer.done()
                of_old = [row for row in await customer.attempts() if old[0] in row["event_ids"]]
                assert [row["outcome"] for row in of_old] == ["retry"] * 4 + ["failed"]
                assert [row["attempt"] for row in of_old] == [1, 2, 3, 4, 5]
                assert [post.events for post in target.posts][-1] == young
                last = (await customer.attempts())[-1]
                assert (last["outcome"], last["event_ids"]) == ("delivered", young)
                assert target.delivered().count(old[0]) == 5

    run(scene())


def test_conversations_do_not_wait_for_one_another(each_database: str) -> None:
    """One conversation's POST hangs, another's fails; the others of the same webhook are delivered meanwhile."""

    async def scene() -> None:
        hang = asyncio.Event()

        async def script(post: Post) -> int:
            conversation = post.body["events"][0]["payload"]["conversation"]["id"]
            if conversation == "hanging":
                await hang.wait()
            return 500 if conversation == "failing" and not hang.is_set() else 200

        async with opened(each_database) as database, Target(script) as target:
            customer = await Customer.new(database, target.url)
            for conversation in ("hanging", "failing", *(f"k{n}" for n in range(20))):
                await customer.publish(conversation)
            async with delivering(database):

                async def twenty() -> bool:
                    return [row["outcome"] for row in await customer.attempts()].count("delivered") == 20

                await wait_until(twenty)
                # And while the first ones are still in the air, new ones pass as well.
                await customer.publish("late")
                await wait_until(lambda: "late" in str([post.body for post in target.posts]))
                hang.set()
                await customer.done()
            assert target.most_at_once >= 2

    run(scene())


def test_a_conversation_has_one_post_in_the_air_at_a_time(database_url: str) -> None:
    """Or the order at the customer's would be luck."""

    async def scene() -> None:
        async def slow(_: Post) -> int:
            for _ in range(20):
                await asyncio.sleep(0)
            return 200

        async with opened(database_url) as database, Target(slow) as target:
            customer = await Customer.new(database, target.url)
            events = []
            async with delivering(database), delivering(database):
                for _ in range(30):
                    events += await customer.publish("k1")
                await customer.done()
            assert target.most_at_once == 1
            assert target.delivered() == events

    run(scene())


def test_events_of_a_deleted_webhook_go_nowhere_and_hold_nothing_up(each_database: str) -> None:
    """The lane empties without a POST; other webhooks are served."""

    async def scene() -> None:
        async with opened(each_database) as database, Target() as target:
            gone, stays = await Customer.new(database, target.url), await Customer.new(database, target.url)
            await gone.publish("k1", 3)
            events = await stays.publish("k1")
            await database.execute("delete from webhooks where id = $1", gone.webhook_id)
            async with delivering(database):
                await gone.done()
                await stays.done()
            assert target.delivered() == events
            assert await gone.attempts() == []

    run(scene())


def test_events_that_were_erased_are_left_out(database_url: str) -> None:
    """A deleted conversation takes its events along; what is left of a lane is delivered."""

    async def scene() -> None:
        async with opened(database_url) as database, Target() as target:
            customer = await Customer.new(database, target.url)
            first, second, third = await customer.publish("k1", 3)
            all_gone = await customer.publish("k2", 2)
            await database.execute("delete from events where id = any ($1)", [second, *all_gone])
            async with delivering(database):
                await customer.done()
            assert [post.events for post in target.posts] == [[first, third]]

    run(scene())


def test_a_webhook_whose_secret_cannot_be_read_harms_no_other(each_database: str) -> None:
    """Another key, a damaged row: its own events wait, its neighbours' are delivered, once and without waiting."""

    async def scene() -> None:
        hang = asyncio.Event()

        async def first_hangs(post: Post) -> int:
            if post.body["app"]["id"] == slow.app_id:
                await hang.wait()
            return 200

        async with opened(each_database) as database, Target(first_hangs) as target:
            ill, slow = await Customer.new(database, target.url), await Customer.new(database, target.url)
            well = [await Customer.new(database, target.url) for _ in range(3)]
            await database.execute("update webhooks set secret = $2 where id = $1", ill.webhook_id, b"damaged")
            for customer in (slow, ill, *well):
                await customer.publish("k1")
            async with delivering(database):
                for customer in well:
                    await customer.done()
                hang.set()
                await slow.done()
            assert all(post.body["app"]["id"] != ill.app_id for post in target.posts)
            assert len(target.posts) == 4, "nobody was delivered twice for a neighbour's sake"
            assert not await ill.is_done()

    run(scene())


def test_a_job_that_crashes_the_worker_ends_in_the_log_as_failed(each_database: str) -> None:
    """Events of a conversation, and events of no conversation."""

    async def scene() -> None:
        async with opened(each_database) as database, Target() as target:
            customer = await Customer.new(database, target.url)
            for conversation in ("k1", None):
                (event,) = await customer.publish(conversation)
                # As the lane workers do it after the last crash.
                async with Sender(()) as sender, database.transaction() as connection:
                    worker = DeliveryWorker(database, BOX, sender)
                    lanes = await lease(connection, WEBHOOK_LANE, lanes=10, jobs=1, seconds=60)
                    (lane,) = [lane for lane in lanes if lane.jobs[0].payload == event]
                    await worker.on_dead(connection, lane, lane.jobs[0], "boom")
                attempt = (await customer.attempts())[-1]
                assert (attempt["outcome"], attempt["event_ids"], attempt["error"]) == ("failed", [event], "boom")
                assert attempt["conversation_id"] == conversation

    run(scene())


def test_a_zombie_does_not_post_again(database_url: str) -> None:
    """A worker whose lease was lost during its POST leaves the lane to its heir: no second POST of its own."""

    async def scene() -> None:
        async with opened(database_url) as database:

            async def steal(post: Post) -> int:
                # While the POST is in the air, the lease passes on.
                await database.execute(
                    "update lanes set lease = lease + 1, due_at = now() + interval '1 hour' where kind = $1 and key like $2",
                    WEBHOOK_LANE,
                    post.body["webhook"]["id"] + "/stolen",
                )
                return 200

            async with Target(steal) as target:
                customer = await Customer.new(database, target.url)
                await customer.publish("stolen")
                await customer.publish("kept")
                async with delivering(database):
                    await wait_until(lambda: len(target.posts) >= 2)

                    async def kept_is_done() -> bool:
                        return bool(await customer.attempts())

                    await wait_until(kept_is_done)
                # Stopped, so nothing more can come.
                assert len(target.posts) == 2
                (attempt,) = await customer.attempts()
                assert attempt["conversation_id"] == "kept"

    run(scene())


WORKER = """
    import asyncio, dataclasses, sys
    from heliograph.delivery.guard import parse_networks
    from heliograph.delivery.sender import Sender
    from heliograph.delivery.worker import DeliveryWorker
    from heliograph.lanes import LaneWorkers
    from heliograph.storage import Database, SecretBox

    async def main():
        database = await Database.connect(sys.argv[1], largest=4)
        async with Sender(parse_networks("127.0.0.0/8")) as sender:
            worker = DeliveryWorker(database, SecretBox([b"k" * 32]), sender)
            kind = dataclasses.replace(worker.kind(), lease_seconds=0.6)
            LaneWorkers(database, [kind], poll_seconds=0.05).start()
            await asyncio.Event().wait()

    asyncio.run(main())
"""


def test_a_killed_worker_costs_no_event(each_database: str) -> None:
    """kill -9 with POSTs in the air: each event arrives at least once, each conversation's in order, and is recorded."""

    async def scene() -> None:
        async with opened(each_database) as database:
            hang = asyncio.Event()

            async def hangs_at_first(_: Post) -> int:
                await hang.wait()
                return 200

            async with Target(hangs_at_first) as target:
                customer = await Customer.new(database, target.url)
                events = {f"k{n}": await customer.publish(f"k{n}", 3) for n in range(5)}
                with Process(WORKER, each_database) as victim:
                    await wait_until(lambda: len(target.posts) == 5, 20, what="five POSTs in the air")
                    victim.kill()
                hang.set()
                assert await customer.attempts() == []
                async with delivering(database):
                    for conversation in events:
                        events[conversation] += await customer.publish(conversation)
                    await customer.done()
                for expected in events.values():
                    arrived = [event for event in target.delivered() if event in expected]
                    assert set(arrived) == set(expected)
                    assert list(dict.fromkeys(arrived)) == expected
                recorded = [event for row in await customer.attempts() for event in row["event_ids"]]
                assert sorted(recorded) == sorted(itertools.chain(*events.values())), "each once in the log"

    run(scene())
