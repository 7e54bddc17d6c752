"""How long an app keeps messages, events and files (the extension ``retention``)."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from heliograph.messaging import aging
from heliograph.storage import new_ulid
from tests.api.conftest import Shop
from tests.api.house import House
from tests.api.operations import TEXT

NOWHERE = {**TEXT, "destination": {"integrationType": "none"}}


def keep(house: House, shop: Shop, **terms: Any) -> Any:
    return house.patch(shop.path, {"settings": {"retention": terms}})


@pytest.fixture(autouse=True)
def _only_these(house: House) -> Iterator[None]:
    house.run(house.database.execute("delete from app_retention"))
    yield
    house.run(house.database.execute("delete from app_retention"))


async def _age(house: House, later: timedelta) -> int:
    total = 0
    while True:
        async with house.database.transaction() as connection:
            gone = await aging.step(connection, datetime.now(UTC) + later)
        if gone is None:
            return total
        total += gone


def age(house: House, **later: float) -> int:
    """Do all there is to do so much later; how many rows went."""
    return house.run(_age(house, timedelta(**later)))


def texts(house: House, shop: Shop) -> int:
    return len(house.get(shop.conversation + "/messages").body["messages"])


def events(house: House, shop: Shop) -> int:
    return len(house.rows("select 1 from events where app_id = $1", shop.app_id))


def old(house: House, shop: Shop, days: int = 10) -> None:
    """All messages of the shop become older."""
    sql = "update messages set received = now() - make_interval(days => $2) where app_id = $1"
    house.run(house.database.execute(sql, shop.app_id, days))


def test_the_setting_is_shown_and_set_as_a_whole(house: House, shop: Shop) -> None:
    assert "retention" not in house.get(shop.path).body["app"]["settings"]
    assert keep(house, shop, messagesDays=30, eventsDays=7).body["app"]["settings"]["retention"] == {
        "messagesDays": 30,
        "eventsDays": 7,
    }
    assert keep(house, shop, mediaDays=1).body["app"]["settings"]["retention"] == {"mediaDays": 1}
    assert house.rows("select messages_days, media_days from app_retention where app_id = $1", shop.app_id) == [
        {"messages_days": None, "media_days": 1}
    ]
    assert keep(house, shop).body["app"]["settings"]["retention"] == {}
    assert house.rows("select 1 from app_retention where app_id = $1", shop.app_id) == []


@pytest.mark.parametrize("terms", [{"messagesDays": -1}, {"eventsDays": 1.5}, {"mediaDays": "7"}, 7])
def test_terms_that_are_none_are_refused(house: House, shop: Shop, terms: Any) -> None:
    answer = house.patch(shop.path, {"settings": {"retention": terms}})
    assert answer.status == 400, answer.body
    assert "settings.retention" in answer.body["errors"][0]["title"]


def test_messages_go_by_age_and_the_conversation_stays(house: House, shop: Shop) -> None:
    house.post(shop.conversation + "/messages", NOWHERE)
    old(house, shop)
    house.post(shop.conversation + "/messages", NOWHERE)
    newest = "select max(seq) from messages where app_id = $1"
    house.run(house.database.execute(f"update messages set received = now() where seq = ({newest})", shop.app_id))
    keep(house, shop, messagesDays=7)
    before = events(house, shop)
    assert age(house) == 1
    assert texts(house, shop) == 1
    (row,) = house.rows("select message_count from conversations where id = $1", shop.person.conversation_id)
    assert row["message_count"] == 1
    assert events(house, shop) == before, "nothing is told, and nothing else goes"
    assert age(house, days=2) == 0
    assert age(house, days=8) == 1


def test_users_to_be_retained_keep_their_messages(house: House, shop: Shop) -> None:
    house.post(shop.conversation + "/messages", NOWHERE)
    old(house, shop)
    user = f"{shop.path}/users/{shop.person.user_id}"
    house.patch(user, {"toBeRetained": True})
    keep(house, shop, messagesDays=7)
    assert age(house) == 0
    house.patch(user, {"toBeRetained": False})
    assert age(house, days=1, minutes=1) == 1


def test_what_is_still_to_be_sent_stays(house: House, shop: Shop) -> None:
    house.post(shop.conversation + "/messages", TEXT)
    old(house, shop)
    keep(house, shop, messagesDays=7)
    assert age(house) == 0
    house.run(house.database.execute("delete from lanes where key = $1", shop.person.conversation_id))
    assert age(house, days=1, minutes=1) == 1


def test_another_app_keeps_what_it_has(house: House, shop: Shop) -> None:
    app_id, _ = house.app()
    person = house.person(app_id, house.connected(app_id))
    path = f"/v2/apps/{app_id}/conversations/{person.conversation_id}/messages"
    house.post(path, NOWHERE)
    house.post(shop.conversation + "/messages", NOWHERE)
    house.run(house.database.execute("update messages set received = now() - interval '10 days'"))
    keep(house, shop, messagesDays=7, eventsDays=1)
    age(house, days=2)
    assert len(house.get(path).body["messages"]) == 1
    assert house.rows("select 1 from events where app_id = $1", app_id)
    assert texts(house, shop) == events(house, shop) == 0


def test_an_event_that_still_waits_for_a_webhook_stays_until_it_is_told(house: House, shop: Shop) -> None:
    house.custom(shop.app_id, "conversation:message")
    house.post(shop.conversation + "/messages", NOWHERE)
    keep(house, shop, eventsDays=1)
    age(house, days=2)
    assert events(house, shop) == 1
    house.run(
        house.database.execute(
            "delete from jobs where kind = 'webhook' and key like '%' || $1", shop.person.conversation_id
        )
    )
    age(house, days=4)
    assert events(house, shop) == 0


def test_events_of_no_conversation_go_too(house: House, shop: Shop) -> None:
    house.delete(f"{shop.path}/users/{shop.person.user_id}/clients/{shop.person.client_id}")
    keep(house, shop, eventsDays=1)
    assert events(house, shop) > 0
    age(house, days=2)
    assert events(house, shop) == 0


def test_stored_files_of_messages_go_by_age_and_others_stay(house: House, shop: Shop) -> None:
    sql = "insert into attachments (id, app_id, conversation_id, for_message, size) values ($1, $2, $3, $4, 1)"
    ours, token = new_ulid(), new_ulid()
    house.run(house.database.execute(sql, ours, shop.app_id, shop.person.conversation_id, True))
    house.run(house.database.execute(sql, token, shop.app_id, None, False))
    keep(house, shop, mediaDays=3)
    assert age(house, days=2) == 0
    house.patch(f"{shop.path}/users/{shop.person.user_id}", {"toBeRetained": True})
    assert age(house, days=4) == 0
    house.patch(f"{shop.path}/users/{shop.person.user_id}", {"toBeRetained": False})
    assert age(house, days=6) == 1
    assert [row["id"] for row in house.rows("select id from attachments where app_id = $1", shop.app_id)] == [token]


def test_much_goes_in_small_steps(house: House, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aging, "ROWS_AT_ONCE", 2)
    monkeypatch.setattr(aging, "CONVERSATIONS_AT_ONCE", 1)
    other = house.person(shop.app_id, shop.integration_id)
    for conversation in (shop.person.conversation_id, other.conversation_id):
        for _ in range(5):
            house.post(f"{shop.path}/conversations/{conversation}/messages", NOWHERE)
    old(house, shop)
    keep(house, shop, messagesDays=7, eventsDays=1)
    age(house, days=2)
    assert events(house, shop) == 0
    assert house.rows("select 1 from messages where app_id = $1", shop.app_id) == []
    (row,) = house.rows("select due_at, after from app_retention where app_id = $1", shop.app_id)
    assert row["after"] == ""
    assert row["due_at"] > datetime.now(UTC) + timedelta(days=2)
