"""The commitment: every conversation knows by when an answer is due, until it has one (Meta reference 6)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from heliograph.events.wire_time import wire_time
from heliograph.messaging import contacts, integrations
from tests.instagram.house import House, Shop, new_mid, now_ms, unique
from tests.instagram.meta import Gate, PlayedMeta, accepted, refused
from tests.simulator.support import eventually


def due(shop: Shop, person: str) -> str | None:
    """The conversation's ``responseDueAt``."""
    path = f"/v2/apps/{shop.app_id}/conversations/{shop.conversation(person)}"
    answer: str | None = shop.house.api("GET", path)["conversation"].get("responseDueAt")
    return answer


def _a_day_after(milliseconds: int) -> str:
    return wire_time(datetime.fromtimestamp(milliseconds / 1000, UTC) + timedelta(hours=24))


def listed(shop: Shop, query: str = "") -> Any:
    """A page of commitments."""
    return shop.house.api("GET", f"/v2/apps/{shop.app_id}/commitments{query}")


def test_an_answer_is_due_24_hours_after_the_first_unanswered_message(shop: Shop) -> None:
    wrote = now_ms(hours=3)
    person = unique("5846")
    shop.given(shop.text(person, at=wrote), shop.text(person, "again", at=now_ms(hours=1)))
    assert due(shop, person) == _a_day_after(wrote)


def test_an_answer_that_meta_took_settles_it(shop: Shop, person: str) -> None:
    assert due(shop, person)
    shop.outcome(shop.post(person))
    assert due(shop, person) is None
    shop.given(shop.text(person, "and now?"))
    assert due(shop, person)


def test_an_answer_that_failed_settles_nothing(shop: Shop, meta: PlayedMeta, person: str) -> None:
    meta.script(person, refused(100, 2534015))
    assert shop.failure(shop.post(person))
    assert due(shop, person)


def test_an_answer_in_the_owners_app_settles_it(shop: Shop, person: str) -> None:
    shop.given(shop.echo(person, new_mid(), text="from the phone"))
    assert due(shop, person) is None


def test_what_came_before_the_answer_was_with_meta_is_owed_still(shop: Shop, meta: PlayedMeta, person: str) -> None:
    gate = Gate(shop.house.loop, accepted(new_mid(), person))
    meta.script(person, gate)
    message = shop.post(person)
    gate.wait()
    later = now_ms()
    shop.given(shop.text(person, "one more thing", at=later))
    gate.open()
    shop.outcome(message)
    assert due(shop, person) == _a_day_after(later)


def test_a_tap_is_owed_an_answer_too(shop: Shop, person: str) -> None:
    shop.outcome(shop.post(person))
    shop.given(shop.item(person, postback={"mid": new_mid(), "title": "Prices", "payload": "PRICES"}))
    assert due(shop, person)


def test_late_and_soon_late_conversations_are_listed_those_first_that_wait_longest(shop: Shop) -> None:
    ages = {unique("5846"): hours for hours in (30, 22, 1, 26)}
    for person, hours in ages.items():
        shop.given(shop.text(person, at=now_ms(hours=hours)))
    by_conversation = {shop.conversation(person): hours for person, hours in ages.items()}

    def hours(query: str = "") -> list[int]:
        return [by_conversation[one["conversationId"]] for one in listed(shop, query)["commitments"]]

    assert hours() == [30, 26, 22, 1]
    assert hours("?filter[state]=late") == [30, 26]
    assert hours("?filter[state]=soon") == [22]
    assert hours("?filter[state]=open") == [1]
    first = listed(shop, "?page[size]=3")
    assert first["meta"]["hasMore"]
    cursor = first["meta"]["afterCursor"].replace("+", "%2B")
    assert hours(f"?page[size]=3&page[after]={cursor}") == [1]
    assert {one["integrationId"] for one in first["commitments"]} == {shop.integration_id}


@pytest.mark.parametrize(
    "query",
    [
        *("?filter[state]=sometime", "?page[after]=x", "?page[size]=0", "?page[after]=2026|"),
        *("?page[after]=0001-01-01T00:00:00%2B14:00|x", "?page[after]=9999-12-31T23:59:59-14:00|x"),
    ],
)
def test_a_bad_question_is_answered_with_what_is_wrong(shop: Shop, query: str) -> None:
    answer = shop.house.api("GET", f"/v2/apps/{shop.app_id}/commitments{query}", status=400)
    assert query.partition("=")[0][1:] in answer["errors"][0]["title"]


def test_nothing_is_owed_in_a_conversation_that_is_gone(house: House, shop: Shop, person: str) -> None:
    user = house.value("select user_id from clients where external_id = $1", person)
    house.api("DELETE", f"/v2/apps/{shop.app_id}/users/{user}")
    eventually(lambda: not listed(shop)["commitments"])


def test_what_is_applied_while_the_integration_is_deleted_owes_nothing(
    house: House, shop: Shop, person: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The person has been found when the integration goes, and what they wrote is written after it."""
    shop.outcome(shop.post(person))
    found = contacts.find

    async def gone_then(*args: Any) -> Any:
        known = await found(*args)
        async with house.database.transaction() as connection:
            await integrations.delete(connection, shop.app_id, shop.integration_id)
        return known

    monkeypatch.setattr(contacts, "find", gone_then)
    shop.given(shop.text(person, "still there?"))
    assert shop.texts(person)[-1] == "still there?"
    assert listed(shop)["commitments"] == []
