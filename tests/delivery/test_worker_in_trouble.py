"""Delivery in trouble: webhooks that go, secrets that cannot be read, workers that crash or die."""

import asyncio
import itertools

import pytest

from heliograph.delivery.sender import Sender
from heliograph.delivery.worker import DeliveryWorker
from heliograph.events import WEBHOOK_LANE
from heliograph.lanes.queue import lease
from tests.delivery.customer import BOX, Customer, delivering
from tests.delivery.target import Post, Target
from tests.support import Process, opened, run, wait_until

pytestmark = pytest.mark.usefixtures("short_pauses")


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

                def all_in_the_air() -> bool:
                    return {post.events[0] for post in target.posts} == {first for first, *_ in events.values()}

                with Process(WORKER, each_database) as victim:
                    await wait_until(all_in_the_air, 30, what="a POST of each conversation in the air")
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
