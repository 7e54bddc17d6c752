"""Delivery from end to end: events published into a real database, POSTed to a real server on loopback."""

import asyncio
import itertools
from collections.abc import Sequence
from typing import Any

import pytest

from heliograph.delivery import schedule
from tests.delivery.customer import SECRET, Customer, delivering
from tests.delivery.target import Post, Target
from tests.support import opened, run, wait_until

pytestmark = pytest.mark.usefixtures("short_pauses")


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
        more_came = asyncio.Event()

        async def fails_at_first(_: Post) -> int:
            await more_came.wait()
            return next(answers)

        async with opened(each_database) as database, Target(fails_at_first) as target:
            customer = await Customer.new(database, target.url)
            async with delivering(database):
                events = await customer.publish("k1", 2)
                await wait_until(lambda: target.posts)
                events += await customer.publish("k1", 2)
                more_came.set()
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
    """No answer is no delivery: the same events come again, and on a busy machine perhaps once more."""

    async def scene() -> None:
        slow = asyncio.Event()

        async def first_hangs(_: Post) -> int:
            if len(target.posts) == 1:
                await slow.wait()
            return 200

        async with opened(database_url) as database, Target(first_hangs) as target:
            customer = await Customer.new(database, target.url)
            events = await customer.publish("k1")
            async with delivering(database, timeout=0.5):
                await customer.done()
            slow.set()
            assert len(target.posts) >= 2
            assert all(post.events == events for post in target.posts)
            *in_vain, last = await customer.attempts()
            assert outcomes(in_vain) == [("retry", number, None) for number in range(1, len(in_vain) + 1)]
            assert {attempt["error"] for attempt in in_vain} == {"no answer in time"}
            assert outcomes([last]) == [("delivered", len(in_vain) + 1, 200)]

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
