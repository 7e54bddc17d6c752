"""Turns of many conversations share their transactions; what a turn was given and cannot use is given back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.instagram.by_hand import leased
from tests.instagram.house import LONG, House, Shop, new_mid
from tests.instagram.meta import Gate, PlayedMeta, accepted, refused
from tests.simulator.support import Loop, eventually


class Counter:
    """Counts the transactions of a database, and the statements in them; not the relaxed ones, in which it is noted
    beside the sends when webhooks came.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, house: House) -> None:
        self.transactions = self.statements = 0
        self._real = house.database.transaction
        monkeypatch.setattr(house.database, "transaction", self._transaction)

    @asynccontextmanager
    async def _transaction(self, **how: Any) -> AsyncIterator[Any]:
        async with self._real(**how) as connection:
            if how.get("relaxed"):
                yield connection
            else:
                self.transactions += 1
                yield _Counted(self, connection)


class _Counted:
    def __init__(self, counter: Counter, connection: Any) -> None:
        self._counter, self._connection = counter, connection

    def __getattr__(self, name: str) -> Any:
        self._counter.statements += 1
        return getattr(self._connection, name)


def sent_together(house: House, shop: Shop, monkeypatch: pytest.MonkeyPatch, count: int, said: str = "Hi") -> Counter:
    people = [shop.person() for _ in range(count)]
    messages = [shop.post(person, said) for person in people]
    lanes = house.loop.run(leased(house))
    assert len(lanes) == count
    with monkeypatch.context() as patch:
        counter = Counter(patch, house)
        house.loop.run(house.channel._messages.outbound.handle(lanes))
    assert [shop.outcome(message) for message in messages] == [["channel"]] * count
    return counter


def test_the_first_turns_of_all_conversations_are_one_transaction_of_few_statements(
    still: House, meta: PlayedMeta, loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = still.shop()
    people = [shop.person() for _ in range(12)]  # within the burst of the account's line
    gates = [Gate(loop, accepted(new_mid())) for _ in people]
    for person, gate in zip(people, gates, strict=True):
        meta.script(person, gate)
        shop.post(person, "Hi")
    lanes = loop.run(leased(still))
    counter = Counter(monkeypatch, still)
    sending = asyncio.run_coroutine_threadsafe(still.channel._messages.outbound.handle(lanes), loop.loop)
    for gate in gates:
        gate.wait()
    assert counter.transactions == 1
    assert counter.statements <= 10
    for gate in gates:
        gate.open()
    sending.result(15)
    assert all(lane.settled for lane in lanes)


def test_many_cost_hardly_more_statements_than_one(still: House, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = still.shop()
    sent_together(still, shop, monkeypatch, 1)  # the account's line begins
    one = sent_together(still, shop, monkeypatch, 1)
    many = sent_together(still, shop, monkeypatch, 30)
    assert one.transactions == 2
    assert one.statements <= 20
    # answers that come while others are written share the next transaction: never one each
    assert many.statements < 30 * one.statements / 2


def test_messages_that_wait_in_a_conversation_go_one_after_the_other_without_a_lease_each(
    still: House, meta: PlayedMeta
) -> None:
    shop = still.shop()
    person = shop.person()
    messages = [shop.post(person, f"{number}") for number in range(5)]
    (lane,) = still.loop.run(leased(still))
    still.loop.run(still.channel._messages.outbound.handle([lane]))
    assert meta.texts(person) == ["0", "1", "2", "3", "4"]
    assert meta.most_together[person] == 1
    assert [shop.outcome(message) for message in messages] == [["channel"]] * 5
    assert still.value("select count(*) from lanes where kind = 'send'") == 0
    assert still.value("select count(*) from jobs where kind = 'send'") == 0


def test_a_refused_message_in_between_holds_nobody_up(still: House, meta: PlayedMeta) -> None:
    shop = still.shop()
    person = shop.person()
    meta.script(person, accepted(new_mid()), refused(100, 2534015), accepted(new_mid()))
    messages = [shop.post(person, f"{number}") for number in range(3)]
    (lane,) = still.loop.run(leased(still))
    still.loop.run(still.channel._messages.outbound.handle([lane]))
    assert [shop.outcome(message) for message in messages] == [["channel"], ["failure"], ["channel"]]
    told = [
        event["payload"]["message"]["id"]
        for event in shop.events("message:delivery:channel", "message:delivery:failure")
    ]
    assert told == messages


def test_what_was_claimed_and_not_yet_asked_when_the_process_stops_is_sent_by_the_next(
    still: House, meta: PlayedMeta, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process stops while the claim is being committed: nothing of it is unknown."""
    shop = still.shop()
    person = shop.person()
    message = shop.post(person, "Hi")
    turns = still.channel._messages.outbound._turns

    async def scene() -> None:
        under_way, go_on = asyncio.Event(), asyncio.Event()
        real = turns._write

        async def slow(*args: Any) -> Any:
            given = await real(*args)
            under_way.set()
            await go_on.wait()
            return given

        monkeypatch.setattr(turns, "_write", slow)
        working = asyncio.ensure_future(still.channel._messages.outbound.handle(await leased(still)))
        await under_way.wait()
        working.cancel()
        await asyncio.sleep(0)
        go_on.set()
        await asyncio.gather(working, return_exceptions=True)

    still.loop.run(scene())
    monkeypatch.undo()
    assert meta.asked[person] == []
    assert [(row["state"], row["attempts"]) for row in shop.parts(message)] == [("pending", 0)]
    still.execute("update lanes set due_at = now()")
    lanes = still.loop.run(leased(still))
    still.loop.run(still.channel._messages.outbound.handle(lanes))
    assert shop.outcome(message) == ["channel"]
    assert meta.texts(person) == ["Hi"]


def test_that_meta_took_a_part_is_kept_although_the_lease_was_lost_meanwhile(
    still: House, meta: PlayedMeta, loop: Loop
) -> None:
    shop = still.shop()
    person, mid = shop.person(), new_mid()
    gate = Gate(loop, accepted(mid))
    meta.script(person, gate)
    message = shop.post(person, "Hi")
    lanes = loop.run(leased(still))
    sending = asyncio.run_coroutine_threadsafe(still.channel._messages.outbound.handle(lanes), loop.loop)
    gate.wait()
    still.execute("update lanes set due_at = now() where kind = 'send'")
    others = loop.run(leased(still))
    gate.open()
    sending.result(15)
    assert [(row["state"], row["mid"]) for row in shop.parts(message)] == [("sent", mid)]
    assert shop.deliveries(message) == []
    loop.run(still.channel._messages.outbound.handle(others))
    assert shop.outcome(message) == ["channel"]
    assert meta.texts(person) == ["Hi"]


def test_a_slow_answer_holds_back_neither_others_parts_nor_their_next_messages(
    shop: Shop, meta: PlayedMeta, loop: Loop, person: str
) -> None:
    gate = Gate(loop, accepted(new_mid()))
    meta.script(person, gate)
    held = shop.post(person, "held")
    gate.wait()
    other = shop.person()
    messages = [shop.post(other, LONG), shop.post(other, "next")]
    assert [shop.outcome(message) for message in messages] == [["channel"]] * 2
    assert shop.deliveries(held) == []
    gate.open()
    eventually(lambda: shop.deliveries(held))


def test_a_conversation_that_somebody_else_holds_holds_nobody_up(still: House, meta: PlayedMeta, loop: Loop) -> None:
    """In one group with others: they go at once, it goes when it is let go."""
    shop = still.shop()
    people = [shop.person() for _ in range(4)]
    messages = [shop.post(person, "Hi") for person in people]
    lanes, held = loop.run(leased(still)), shop.conversation(people[0])

    async def scene() -> None:
        async with still.database.pool.acquire() as connection:
            transaction = connection.transaction()
            await transaction.start()
            await connection.execute("select from conversations where id = $1 for update", held)
            working = asyncio.ensure_future(still.channel._messages.outbound.handle(lanes))
            while not all(meta.asked[person] for person in people[1:]):  # noqa: ASYNC110
                await asyncio.sleep(0.005)
            assert meta.asked[people[0]] == []
            await transaction.rollback()
            await working

    loop.run(scene())
    assert [shop.outcome(message) for message in messages] == [["channel"]] * 4
    assert [meta.texts(person) for person in people] == [["Hi"]] * 4


def test_echoes_that_race_with_the_answers_of_many_lock_nobody_out(
    shop: Shop, house: House, meta: PlayedMeta, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each echo is on its way before Meta answers; both sides settle the same parts at the same time."""
    people = [shop.person() for _ in range(12)]
    messages = []
    for person in people:
        mid = new_mid()

        async def answer(_: dict[str, Any], person: str = person, mid: str = mid) -> tuple[int, Any]:
            await asyncio.get_running_loop().run_in_executor(
                None, lambda: shop.deliver(shop.echo(person, mid, text="Hi"))
            )
            return accepted(mid, person)

        meta.script(person, answer)
        messages.append(shop.post(person, "Hi"))
    for message in messages:
        eventually(lambda: shop.outcome(message) == ["channel", "user"])  # noqa: B023
    assert house.value("select deadlocks from pg_stat_database where datname = current_database()") == 0
