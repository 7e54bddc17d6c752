"""What Meta refuses because of a limit pauses the account, or the app's accounts, and nobody else (Meta reference 3.2)."""

from collections.abc import Iterator
from typing import Any

import pytest

from heliograph.channels.instagram.meta import pauses
from heliograph.lanes import Lane
from heliograph.lanes.queue import lease
from heliograph.telemetry import metrics
from tests.conftest import Server
from tests.instagram.house import House, Shop
from tests.instagram.meta import Gate, PlayedMeta, refused
from tests.simulator.support import Loop, eventually

# (code, subcode): the rows whose action is RL
OF_ACCOUNT = [
    (17, None),
    (32, None),
    (613, None),
    (613, 2534040),
    (613, 1996),
    (80001, None),
    (80002, None),
    (80006, None),
]
OF_APP = [(4, None), (4, 2018022), (341, None)]


@pytest.fixture(autouse=True)
def _ended_by_hand(request: pytest.FixtureRequest) -> None:
    if "still" not in request.fixturenames:
        request.getfixturevalue("not_set_aside")


def standing(shop: Shop, subject: str = "") -> dict[str, Any]:
    """The pause of the shop's account, or of its app."""
    name = subject or f"account:{shop.account}"
    sql = "select *, extract(epoch from until_at - now())::float8 as seconds from instagram_pauses where subject = $1"
    return eventually(lambda: next(iter(shop.house.rows(sql, name)), None))


def over(shop: Shop) -> None:
    """The pauses are over, and the conversations may be leased again."""
    shop.house.execute("update instagram_pauses set until_at = now(), slow_until = now()")
    shop.house.execute(
        "update lanes set due_at = now() where kind = 'send' and lease = 0 and grp = $1", shop.integration_id
    )


def waits(shop: Shop, person: str) -> None:
    """The conversation's lane has been looked at, and comes back when the pause is over."""
    due = (
        "select extract(epoch from due_at - now())::float8 from lanes"
        " where kind = 'send' and key = $1 and lease = 0 and due_at > now() + interval '15 s'"
    )
    eventually(lambda: shop.house.value(due, shop.conversation(person)))


@pytest.mark.parametrize(("code", "subcode"), OF_ACCOUNT + OF_APP)
def test_a_limit_pauses_the_account_and_its_messages_go_in_order_afterwards(
    shop: Shop, meta: PlayedMeta, person: str, code: int, subcode: int | None
) -> None:
    other = shop.person()
    meta.script(person, refused(code, subcode))
    refused_one, behind = shop.post(person, "one"), shop.post(person, "two")
    waits(shop, person)
    elsewhere = shop.post(other, "three")
    waits(shop, other)
    assert (meta.texts(person), meta.texts(other)) == (["one"], [])
    over(shop)
    for message in (refused_one, behind, elsewhere):
        assert shop.outcome(message) == ["channel"]
    assert meta.texts(person) == ["one", "one", "two"]
    assert meta.texts(other) == ["three"]


@pytest.mark.parametrize(("code", "subcode"), OF_ACCOUNT)
def test_other_accounts_go_on(
    shop: Shop, house: House, meta: PlayedMeta, person: str, code: int, subcode: int | None
) -> None:
    meta.script(person, refused(code, subcode))
    shop.post(person, "Hi")
    pause = standing(shop)
    assert pause["reason"] == f"code {code}" + (f"/{subcode}" if subcode else "")
    other = sibling(shop)
    assert other.outcome(other.post(other.person(), "Hi")) == ["channel"]


@pytest.mark.parametrize(("code", "subcode"), OF_APP)
def test_a_limit_of_the_app_pauses_all_its_accounts_and_no_other_app_s(
    shop: Shop, house: House, meta: PlayedMeta, person: str, code: int, subcode: int | None
) -> None:
    meta.script(person, refused(code, subcode))
    shop.post(person, "Hi")
    standing(shop, f"app:{shop.facebook_app}")
    other = sibling(shop)
    someone = other.person()
    message = other.post(someone, "Hi")
    waits(other, someone)
    assert meta.asked[someone] == []
    stranger = house.shop()
    assert stranger.outcome(stranger.post(stranger.person(), "Hi")) == ["channel"]
    over(other)
    assert other.outcome(message) == ["channel"]


def sibling(shop: Shop) -> Shop:
    """Another account of the same Facebook app."""
    other = shop.house.shop(connected=False)
    made = Shop(
        shop.house,
        other.app_id,
        other.integration_id,
        shop.facebook_app,
        shop.secret,
        other.account,
        other.page,
        other.token,
    )
    made.connect()
    return made


def test_a_pause_grows_with_each_refusal_in_a_row_and_begins_anew_after_a_quiet_time(
    shop: Shop, house: House, meta: PlayedMeta, person: str
) -> None:
    meta.script(person, *[refused(613)] * 4)
    message = shop.post(person, "Hi")
    for number, seconds in enumerate(pauses.SCHEDULE[:3], start=1):
        pause = eventually(lambda: (row := standing(shop))["refusals"] == number and row)  # noqa: B023
        assert seconds - 10 < pause["seconds"] <= seconds
        waits(shop, person)
        over(shop)
    pause = eventually(lambda: (row := standing(shop))["refusals"] == 4 and row)
    waits(shop, person)
    over(shop)
    assert shop.outcome(message) == ["channel"]
    house.execute("update instagram_pauses set until_at = now() - interval '1 h'")
    meta.script(person, refused(613))
    shop.post(person, "again")
    assert eventually(lambda: (row := standing(shop))["seconds"] > 0 and row)["refusals"] == 1


def test_what_was_under_way_when_the_pause_began_lengthens_nothing_and_is_logged_once(
    shop: Shop, meta: PlayedMeta, loop: Loop
) -> None:
    before = metrics.PAUSES._value.get()
    people = [shop.person() for _ in range(5)]
    gates = [Gate(loop, refused(613)) for _ in people]
    for person, gate in zip(people, gates, strict=True):
        meta.script(person, gate)
        shop.post(person, "Hi")
        gate.wait()
    for gate in gates:
        gate.open()
    for person in people:
        waits(shop, person)
    assert standing(shop)["refusals"] == 1
    assert metrics.PAUSES._value.get() == before + 1


def test_368_blocks_the_account_for_hours(shop: Shop, meta: PlayedMeta, person: str) -> None:
    other = shop.person()
    meta.script(person, refused(368))
    error = shop.failure(shop.post(person, "Hi"))
    assert (error["code"], error["underlyingError"]["code"]) == ("forbidden", 368)
    assert "Wait some hours" in error["message"]
    message = shop.post(other, "later")
    waits(shop, other)
    assert standing(shop)["seconds"] > 3 * 3600
    over(shop)
    assert shop.outcome(message) == ["channel"]


def test_paused_accounts_are_counted(shop: Shop, house: House, meta: PlayedMeta, person: str) -> None:
    house.execute("delete from instagram_pauses")
    meta.script(person, refused(613))
    shop.post(person, "Hi")
    standing(shop)
    house.loop.run(house.channel.count())
    assert metrics.PAUSED_ACCOUNTS._value.get() == 1
    over(shop)
    house.loop.run(house.channel.count())
    assert metrics.PAUSED_ACCOUNTS._value.get() == 0


# The cost of a pause ------------------------------------------------------------------------------------------


@pytest.fixture
def still(loop: Loop, each_server: Server, meta: PlayedMeta) -> Iterator[House]:
    """A house that sends only when the test makes it."""
    with each_server.database(migrated=True) as url:
        house = House(loop, url, meta.url, works_on={"filing", "inbound"}).start()
        yield house
        house.stop()


async def leased(house: House, lanes: int) -> list[Lane]:
    async with house.database.transaction() as connection:
        return await lease(connection, "send", lanes=lanes, jobs=10, seconds=30)


def send(house: House, lanes: int) -> int:
    """Work once on so many lanes; how many there were."""

    async def work() -> int:
        found = await leased(house, lanes)
        await house.channel._messages.outbound.handle(found)
        return len(found)

    return house.loop.run(work())


def test_ten_thousand_waiting_conversations_of_a_paused_account_are_not_even_leased(
    still: House, meta: PlayedMeta
) -> None:
    shop = still.shop()
    person, other = shop.person(), shop.person()
    meta.script(person, refused(613))
    message = shop.post(person, "Hi")
    still.execute(
        "with l as (insert into lanes (kind, key, grp, due_at, pending)"
        " select 'send', 'waiting' || n, $1, now(), 1 from generate_series(1, 10000) n returning key)"
        " insert into jobs (kind, key, payload) select 'send', key, 'nothing' from l",
        shop.integration_id,
    )
    assert send(still, 1) == 1
    assert send(still, 100) == 0
    first, last = still.rows(
        "select extract(epoch from min(due_at) - now())::float8 as a, extract(epoch from max(due_at) - now())::float8 as b"
        " from lanes where key like 'waiting%'"
    )[0].values()
    assert first > 20
    assert last - first > 25  # and do not all come back at once
    # who comes new is looked at once
    shop.post(other, "new")
    assert send(still, 100) == 1
    assert send(still, 100) == 0
    assert meta.asked[other] == []
    still.execute("delete from lanes where key like 'waiting%'")
    still.execute("delete from jobs where key like 'waiting%'")
    over(shop)
    assert send(still, 100) == 2
    assert shop.outcome(message) == ["channel"]
    assert (meta.texts(person), meta.texts(other)) == (["Hi", "Hi"], ["new"])
