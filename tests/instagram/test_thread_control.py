"""Who owns a thread: told by Meta, by the mere way of a message, or by a refused send (Meta reference 1.6, 2.6)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from heliograph.messaging import threads
from tests.instagram.house import House, Shop, new_mid, now_ms
from tests.instagram.meta import PlayedMeta, refused

INBOX = "1217981644879628"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("owner", "silence", "elsewhere"),
    [
        (None, HOUR, False),
        (INBOX, HOUR, True),
        (threads.UNNAMED, 23 * HOUR, True),
        (INBOX, 24 * HOUR, False),
        (INBOX, 100 * HOUR, False),
        (INBOX, None, True),
    ],
)
def test_ownership_lapses_a_day_after_the_person_s_last_action(
    owner: str | None, silence: timedelta | None, elsewhere: bool
) -> None:
    last = None if silence is None else NOW - silence
    client = {"thread_owner": owner, "thread_owner_at": NOW - HOUR, "last_action_at": last}
    assert threads.owned_elsewhere(client, NOW) is elsewhere


def elsewhere(shop: Shop, person: str) -> bool:
    async def ask() -> Any:
        async with shop.house.database.pool.acquire() as connection:
            return await threads.elsewhere(connection, [(shop.integration_id, person)], datetime.now(UTC))

    return bool(shop.house.loop.run(ask()))


def control(shop: Shop, person: str, kind: str, at: int | None = None, **fields: Any) -> Any:
    return shop.item(person, at, **{f"{kind}_thread_control": fields})


def test_a_thread_goes_to_another_app_and_comes_back_with_the_next_message(shop: Shop, person: str) -> None:
    at = now_ms()
    assert not elsewhere(shop, person)
    shop.given(control(shop, person, "take", at + 1000, previous_owner_app_id="1", new_owner_app_id=int(INBOX)))
    assert elsewhere(shop, person)
    shop.given(shop.text(person, "to the inbox", at=at + 2000), name="standby")
    assert elsewhere(shop, person)
    shop.given(shop.text(person, "to you", at=at + 3000))
    assert not elsewhere(shop, person)
    assert [event["payload"]["thread"]["change"] for event in shop.events("thread:control")] == ["taken", "returned"]
    assert shop.texts(person)[1:] == ["to the inbox", "to you"]
    assert [message.get("metadata") for message in shop.messages(person)] == [None, {"instagram.standby": True}, None]


def test_what_comes_late_does_not_overrule_what_is_newer(shop: Shop, person: str) -> None:
    at = now_ms()
    shop.given(control(shop, person, "pass", at + 2000, new_owner_app_id=INBOX))
    shop.given(control(shop, person, "pass", at + 1000, new_owner_app_id=shop.facebook_app))
    assert elsewhere(shop, person)
    shop.given(shop.text(person, "older", at=at + 1500))
    assert elsewhere(shop, person)
    assert len(shop.events("thread:control")) == 1


def test_the_client_shows_which_app_owns_the_thread(shop: Shop, house: House, person: str) -> None:
    shop.given(control(shop, person, "pass", new_owner_app_id=INBOX))
    (row,) = house.rows("select user_id from clients where external_id = $1", person)
    (client,) = house.api("GET", f"/v2/apps/{shop.app_id}/users/{row['user_id']}/clients")["clients"]
    assert client["raw"]["threadOwner"]["appId"] == INBOX


@pytest.mark.parametrize(("code", "subcode"), [(100, 2534037), (10, 2018300)])
def test_a_send_refused_for_another_owner_tells_who_owns_the_thread(
    shop: Shop, meta: PlayedMeta, person: str, code: int, subcode: int
) -> None:
    meta.script(person, refused(code, subcode))
    shop.failure(shop.post(person, "Hi"))
    assert elsewhere(shop, person)


def test_another_refusal_tells_nothing_of_it(shop: Shop, meta: PlayedMeta, person: str) -> None:
    meta.script(person, refused(100, 2534015))
    shop.failure(shop.post(person, "Hi"))
    assert not elsewhere(shop, person)


def test_a_stranger_in_standby_is_known_from_then_on(shop: Shop) -> None:
    shop.given(shop.text("5846000", "to the other app", new_mid()), name="standby")
    assert shop.told() == ["create", "message", "thread:control"]
    assert elsewhere(shop, "5846000")
