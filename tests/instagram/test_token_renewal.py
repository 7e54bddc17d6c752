"""Instagram user tokens are refreshed before they end (Meta reference 4.6), on the simulator's clock.

The simulator and the house are this file's own: their clock runs ahead by weeks.
"""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from heliograph.channels.instagram.accounts.instagram_login import BEFORE_END, LIFE, YOUNGEST, lasting
from heliograph.channels.instagram.accounts.records import open_token
from heliograph.channels.instagram.accounts.renewal import AGAIN, ALARM, CLAIM, Renewal, alarming
from heliograph.channels.instagram.meta.graph import GraphError, Token
from tests.conftest import Server
from tests.instagram.house import House, Shop
from tests.instagram.instagram_owner import DAY, InstagramOwner
from tests.simulator.support import Loop, Simulator, eventually

NOW = datetime(2026, 2, 3, tzinfo=UTC)


@pytest.fixture(scope="module")
def village(loop: Loop, each_server: Server) -> Iterator[tuple[House, Simulator]]:
    """A house and a simulator whose time flies."""
    meta = Simulator(loop).start()
    with each_server.database(migrated=True) as url:
        house = House(loop, url, f"http://127.0.0.1:{meta.port}").start()
        yield house, meta
        house.stop()
    meta.stop()


@pytest.fixture
def owner(village: tuple[House, Simulator]) -> Iterator[InstagramOwner]:
    """Somebody who is about to connect; at the end it is today again."""
    house, meta = village
    meta.control("/reset", 200)
    house.execute("delete from integrations")
    owner = InstagramOwner.new(house, meta)
    yield owner
    meta.control("/clock", 200, offset_seconds=0)
    listen(owner)


def listen(owner: InstagramOwner) -> None:
    """Any answer of Meta's tells its time."""
    with_token = Token(owner.new_token(), "instagram")
    owner.house.loop.run(owner.house.graph.call("GET", "/me", with_token))


def later(owner: InstagramOwner, days: float) -> None:
    """Time goes by at Meta, and the house notices."""
    owner.simulator.control("/clock", 200, advance_seconds=days * DAY)
    listen(owner)


def round_of(owner: InstagramOwner) -> int:
    """What every process does every ten minutes."""
    return int(owner.house.loop.run(owner.house.channel.renewal.round()))


def row_of(shop: Shop) -> dict[str, Any]:
    (row,) = shop.house.rows(
        "select a.*, i.status, i.settings from instagram_accounts a join integrations i on i.id = a.integration_id"
        " where i.id = $1",
        shop.integration_id,
    )
    return row


def talk(owner: InstagramOwner, shop: Shop, text: str) -> None:
    """Somebody writes, and is answered."""
    person = owner.customer()
    owner.says(person, text)
    eventually(lambda: shop.texts(person) == [text])
    message = shop.post(person, f"Answer to {text}")
    eventually(lambda: shop.outcome(message) == ["channel", "user"])
    assert owner.on_the_phone(person) == [f"Answer to {text}"]


# Rules --------------------------------------------------------------------------------------------------------


def test_a_token_is_refreshed_ten_days_before_its_end_and_never_within_its_first_day() -> None:
    token = Token("IGAAold", "instagram", "an-integration")
    fresh = lasting({"access_token": "IGAAnew", "expires_in": 60 * DAY}, token, NOW)
    assert fresh is not None
    assert (fresh.token, fresh.token.login, fresh.token.integration_id) == ("IGAAnew", "instagram", "an-integration")
    assert (fresh.expires_at, fresh.refresh_at) == (NOW + LIFE, NOW + timedelta(days=50))
    short = lasting({"access_token": "IGAAnew", "expires_in": 2 * DAY}, token, NOW)
    assert short is not None
    assert short.refresh_at > NOW + YOUNGEST


@pytest.mark.parametrize("answer", [{}, {"access_token": ""}, {"access_token": 5}, {"error_type": "OAuthException"}])
def test_an_answer_without_a_token_is_none(answer: dict[str, Any]) -> None:
    assert lasting(answer, Token("IGAAold", "instagram"), NOW) is None


@pytest.mark.parametrize(
    ("left", "dead", "wanted"),
    [(BEFORE_END, False, False), (ALARM, False, True), (-ALARM, False, True), (LIFE, True, True)],
)
def test_people_hear_of_it_when_the_end_is_near_or_the_token_dead(left: timedelta, dead: bool, wanted: bool) -> None:
    assert alarming(NOW + left, NOW, dead=dead) is wanted


# Over the weeks -----------------------------------------------------------------------------------------------


def test_sixty_one_days_later_messages_still_flow(owner: InstagramOwner) -> None:
    shop, made = owner.connect()
    first = row_of(shop)
    talk(owner, shop, "day 0")
    later(owner, 49)
    assert round_of(owner) == 0
    later(owner, 2)
    assert round_of(owner) == 1
    second = row_of(shop)
    assert second["page_token"] != first["page_token"]
    assert second["token_expires_at"] - first["token_expires_at"] > timedelta(days=50)
    assert second["settings"]["tokenExpiresAt"] > made["tokenExpiresAt"]
    assert round_of(owner) == 0
    later(owner, 10)
    talk(owner, shop, "day 61")


def test_without_a_refresh_the_token_ends_and_the_integration_says_so(owner: InstagramOwner) -> None:
    shop, _ = owner.connect()
    talk(owner, shop, "day 0")
    person = owner.customer()
    later(owner, 61)
    owner.says(person, "still here")
    eventually(lambda: shop.texts(person) == ["still here"])
    message = shop.post(person, "Hi")
    assert shop.failure(message)["code"] == "unauthorized"
    eventually(lambda: row_of(shop)["status"] == "error")
    assert "expired" in row_of(shop)["settings"]["tokenError"]
    assert row_of(shop)["refresh_at"] is None
    path = f"/v2/apps/{shop.app_id}/integrations/{shop.integration_id}"
    shown = owner.house.api("PATCH", path, {"pageAccessToken": owner.new_token(short=True)})["integration"]
    assert (shown["status"], "tokenError" in shown) == ("active", False)
    talk(owner, shop, "day 61")


def test_a_call_with_the_former_token_goes_on_with_the_stored_one_once_that_has_ended(owner: InstagramOwner) -> None:
    shop, _ = owner.connect()
    former = open_token(owner.house.box, row_of(shop))
    later(owner, 51)
    assert round_of(owner) == 1
    later(owner, 10)
    call = owner.house.graph.call("GET", "/me", former, params={"fields": "user_id"})
    assert owner.house.loop.run(call)["user_id"] == owner.account
    with pytest.raises(GraphError):
        owner.house.loop.run(owner.house.graph.call("GET", "/me", Token(former, "instagram")))


def test_a_token_that_another_process_refreshed_is_used_instead_of_the_expired_one(owner: InstagramOwner) -> None:
    shop, _ = owner.connect()
    old = Token(owner.token, "instagram", shop.integration_id)
    found = owner.house.loop.run(owner.house.channel.renewal.instead_of(old))
    assert found is not None
    assert found != old
    assert owner.house.loop.run(owner.house.channel.renewal.instead_of(found)) != found


def test_a_refresh_that_fails_is_tried_again_and_turns_to_an_error_before_the_end(owner: InstagramOwner) -> None:
    shop, _ = owner.connect()
    later(owner, 50.5)
    fail(owner)
    assert round_of(owner) == 0
    row = row_of(shop)
    assert (row["status"], "tokenError" in row["settings"]) == ("active", False)
    assert "Meta" in row["refresh_error"]
    left = row["refresh_at"] - owner.house.graph.now()
    assert AGAIN - timedelta(minutes=5) < left <= AGAIN
    later(owner, 7)
    fail(owner)
    assert round_of(owner) == 0
    row = row_of(shop)
    assert row["status"] == "error"
    assert "pageAccessToken" in row["settings"]["tokenError"]
    assert row["token_expires_at"] > owner.house.graph.now()
    talk(owner, shop, "the token is good still")
    later(owner, 0.3)
    assert round_of(owner) == 1
    row = row_of(shop)
    assert (row["status"], row["refresh_error"], "tokenError" in row["settings"]) == ("active", None, False)


def fail(owner: InstagramOwner) -> None:
    """Meta has trouble with the next refresh."""
    how = {"match": "refresh_access_token", "status": 500, "code": 2, "message": "An unexpected error has occurred."}
    assert owner.simulator.call("POST", "/_simulator/faults", how).status == 201


# Many processes, and their deaths -----------------------------------------------------------------------------


def test_many_processes_refresh_each_token_once(owner: InstagramOwner) -> None:
    for _ in range(5):
        owner.connect()
    later(owner, 51)
    before = refreshes(owner)
    house = owner.house
    others = [Renewal(house.database, house.box, house.graph) for _ in range(4)]

    async def rounds() -> list[int]:
        return list(await asyncio.gather(*(one.round() for one in others)))

    assert sum(house.loop.run(rounds())) == 5
    assert refreshes(owner) - before == 5


def refreshes(owner: InstagramOwner) -> int:
    entries = owner.simulator.read("/wire", limit=1000)["entries"]
    return sum(one["path"] == "/instagram/refresh_access_token" for one in entries)


def test_a_process_that_dies_while_it_asks_leaves_the_work_to_the_next(
    owner: InstagramOwner, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, _ = owner.connect()
    later(owner, 51)
    house = owner.house
    dying = Renewal(house.database, house.box, house.graph)

    async def killed(_: Any) -> Any:
        raise asyncio.CancelledError

    monkeypatch.setattr(dying, "_ask", killed)
    with pytest.raises(BaseException):  # noqa: B017, PT011  whatever a cancelled call raises here
        house.loop.run(dying.round())
    assert round_of(owner) == 0  # its claim holds
    later(owner, (CLAIM.total_seconds() + 60) / DAY)
    assert round_of(owner) == 1
    assert row_of(shop)["refresh_error"] is None


def test_what_somebody_gave_meanwhile_is_not_overwritten(
    owner: InstagramOwner, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, _ = owner.connect()
    later(owner, 51)
    house = owner.house
    slow = Renewal(house.database, house.box, house.graph)
    ask = slow._ask

    async def overtaken(row: Any) -> Any:
        answer = await ask(row)
        await house.database.execute(
            "update instagram_accounts set page_token = $2, refresh_at = now() + interval '99 days'"
            " where integration_id = $1",
            shop.integration_id,
            b"given meanwhile",
        )
        return answer

    monkeypatch.setattr(slow, "_ask", overtaken)
    assert house.loop.run(slow.round()) == 0
    assert row_of(shop)["page_token"] == b"given meanwhile"


def test_a_refresh_waits_for_an_update_of_its_integration_and_neither_for_ever(owner: InstagramOwner) -> None:
    shop, _ = owner.connect()
    later(owner, 51)
    house = owner.house
    waits = "select exists (select from pg_locks where not granted)"

    async def both() -> int:
        async with house.database.transaction() as connection:
            sql = "update integrations set display_name = 'new' where id = $1"
            await connection.execute(sql, shop.integration_id)
            refreshing = asyncio.create_task(Renewal(house.database, house.box, house.graph).round())
            async with asyncio.timeout(10):
                while not await house.database.fetchval(waits):  # noqa: ASYNC110  the database tells nobody
                    await asyncio.sleep(0.01)
            sql = "update instagram_accounts set human_agent_tag = 'never' where integration_id = $1"
            await connection.execute(sql, shop.integration_id)
        return await refreshing

    assert house.loop.run(both()) == 1
