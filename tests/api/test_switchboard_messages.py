"""What messages do to control of a conversation, and how targets of actions are found."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heliograph.messaging.switchboard.targets import InvalidTargetError, resolve
from tests.api.boards import PLACES, act, now
from tests.api.conftest import Shop
from tests.api.house import Answer, House
from tests.api.operations import TEXT
from tests.api.switchboards import Switchboard, control, switchboard_of, told
from tests.api.test_consistency import statements
from tests.support import wait_until


def test_a_message_gives_control_to_the_default(house: House, shop: Shop, board: Switchboard) -> None:
    assert now(house, shop) == (None, None)
    assert (
        house.post(shop.conversation + "/activity", {"author": {"type": "business"}, "type": "typing:start"}).body == {}
    )
    assert now(house, shop) == (None, None)
    house.post(shop.conversation + "/messages", TEXT)
    assert now(house, shop) == ("bot", None)
    act(house, shop, "passControl", "human")
    house.post(shop.conversation + "/messages", TEXT)
    assert now(house, shop) == ("human", None)
    act(house, shop, "releaseControl")
    house.post(shop.conversation + "/messages", TEXT)
    assert now(house, shop) == ("bot", None)
    messages = told(house, shop.person.conversation_id, "conversation:message")
    assert [control(event["payload"]["conversation"])[0] for event in messages] == ["bot", "human", "bot"]
    assert len(told(house, shop.person.conversation_id)) == 2  # the pass and the release; of defaults none is told


@pytest.mark.parametrize("how", ["switchboard integration", "integration", "switchboard"])
def test_control_that_is_lost_goes_to_the_default_with_the_next_message(
    house: House, shop: Shop, board: Switchboard, how: str
) -> None:
    act(house, shop, "passControl", "spare")
    act(house, shop, "offerControl", "human")
    if how == "switchboard integration":
        assert house.delete(f"{board.path}{PLACES}/{board.places['spare']}").status == 200
    elif how == "integration":
        assert house.delete(f"{shop.path}/integrations/{board.integrations['spare']}").status == 200
    else:
        house.delete(board.path)
        board = switchboard_of(house, shop.app_id, bot=board.integrations["bot"])
    pending = None if how == "switchboard" else "human"
    assert now(house, shop) == (None, pending)
    assert house.post(shop.conversation + "/messages", TEXT).status == 201
    assert now(house, shop) == ("bot", pending)
    assert [event["type"] for event in told(house, shop.person.conversation_id)][2:] == []


def test_who_was_put_on_the_switchboard_while_a_message_waited_keeps_control(
    house: House, shop: Shop, board: Switchboard
) -> None:
    """The message's statement began before there was this one, and its wait ends when this one is in control."""
    hook = {"name": "late", "integrationId": house.custom(shop.app_id)["id"]}

    async def meanwhile() -> Answer:
        async with house.database.transaction() as connection:
            conversation = shop.person.conversation_id
            await connection.execute("select from conversations where id = $1 for update", conversation)
            posting = asyncio.create_task(asyncio.to_thread(house.post, shop.conversation + "/messages", TEXT))
            await wait_until(lambda: house.database.fetchval(_WAITING), what="the message waits")
            made = await asyncio.to_thread(house.post, board.path + PLACES, hook)
            late = made.body["switchboardIntegration"]["id"]
            sql = "update conversations set active_switchboard_integration_id = $2 where id = $1"
            await connection.execute(sql, conversation, late)
        return await posting

    assert house.run(meanwhile()).status == 201
    (event,) = told(house, shop.person.conversation_id, "conversation:message")
    assert control(event["payload"]["conversation"]) == now(house, shop) == ("late", None)


_WAITING = """
select true from pg_stat_activity
where datname = current_database() and wait_event_type = 'Lock' and query like '%from conversations v%for update%'
"""


def test_messages_cost_no_more_statements_with_a_switchboard(house: House, shop: Shop) -> None:
    def post() -> Any:
        return house.post(shop.conversation + "/messages", TEXT, key=shop.key)

    hook = house.custom(shop.app_id)["id"]
    without = statements(house, post)
    switchboard_of(house, shop.app_id, bot=hook)
    assert statements(house, post) == without + 1  # the first gives control to the default
    assert statements(house, post) == without


names = st.text("abn", min_size=1, max_size=2)

boards = st.lists(names, unique=True, min_size=1, max_size=4).flatmap(
    lambda given: st.tuples(
        *(
            st.fixed_dictionaries(
                {
                    "id": st.just(f"id-{name}"),
                    "name": st.just(name),
                    "integration_type": st.sampled_from(["custom", "a", "client"]),
                    "next_id": st.sampled_from([None, *(f"id-{other}" for other in given)]),
                }
            )
            for name in given
        )
    )
)


@given(boards, st.one_of(names, st.sampled_from(["custom", "client", "id-a", "id-b"])))
def test_a_target_is_found_by_id_then_name_then_type(places: tuple[dict[str, Any], ...], target: str) -> None:
    by = {field: [place for place in places if place[field] == target] for field in ("id", "name", "integration_type")}
    best = next((found for found in by.values() if found), [])
    if len(best) == 1:
        assert resolve(target, places, after=None) is best[0]
    else:
        with pytest.raises(InvalidTargetError):
            resolve(target, places, after=None)


@given(boards, st.sampled_from([None, "id-a", "id-b", "gone"]))
def test_next_is_the_next_of_whom_it_is_counted_from(places: tuple[dict[str, Any], ...], after: str | None) -> None:
    before = [place for place in places if place["id"] == after]
    if before and before[0]["next_id"]:
        assert resolve("next", places, after=after)["id"] == before[0]["next_id"]
    else:
        with pytest.raises(InvalidTargetError):
            resolve("next", places, after=after)
