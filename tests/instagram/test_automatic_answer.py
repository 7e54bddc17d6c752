"""Automatic answers: what an integration says when nobody else does."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from heliograph.messaging.automatic import AutomaticAnswers
from tests.instagram.house import House, Shop, now_ms
from tests.instagram.meta import PlayedMeta

TEXT = "We are closed just now, and answer tomorrow."


def allow(shop: Shop, rule: dict[str, Any] | None) -> Any:
    """Set the integration's rule by the API."""
    path = f"/v2/apps/{shop.app_id}/integrations/{shop.integration_id}"
    return shop.house.api("PATCH", path, {"automaticAnswer": rule})["integration"]


def answers(house: House, **later: float) -> int:
    """One round of answering, now or at a later time; how many."""

    async def round_() -> int:
        return await AutomaticAnswers(house.database, clock=lambda: datetime.now(UTC) + timedelta(**later)).round()

    given: int = house.loop.run(round_())
    return given


@pytest.fixture
def quiet(house: House) -> None:
    """Nobody else's rule answers here."""
    house.execute("update integrations set settings = settings - 'automaticAnswer'")


@pytest.mark.usefixtures("quiet")
def test_nobody_answers_and_the_integration_does(shop: Shop, meta: PlayedMeta, person: str) -> None:
    shown = allow(shop, {"text": TEXT, "afterMinutes": 30})
    assert shown["automaticAnswer"]["text"] == TEXT
    assert answers(shop.house, minutes=29) == 0
    assert answers(shop.house, minutes=31) == 1
    (message,) = shop.messages(person)[1:]
    assert shop.outcome(message["id"]) == ["channel"]
    assert meta.texts(person) == [TEXT]
    assert message["author"]["subtypes"] == ["bot"]
    assert message["metadata"] == {"automatic": True}


@pytest.mark.usefixtures("quiet")
def test_it_counts_as_an_answer(shop: Shop, person: str) -> None:
    allow(shop, {"text": TEXT})
    assert answers(shop.house) == 1
    shop.outcome(shop.messages(person)[-1]["id"])
    assert not shop.house.api("GET", f"/v2/apps/{shop.app_id}/commitments")["commitments"]


@pytest.mark.usefixtures("quiet")
def test_once_a_day_in_a_conversation(shop: Shop, meta: PlayedMeta, person: str) -> None:
    allow(shop, {"text": TEXT})
    assert answers(shop.house) == 1
    shop.outcome(shop.messages(person)[-1]["id"])
    shop.given(shop.text(person, "hello?"))
    assert answers(shop.house) == 0
    assert answers(shop.house, hours=23) == 0
    shop.given(shop.text(person, "still there?", at=now_ms(hours=-24)))
    shop.house.execute("update commitments set since = now() + interval '1 hour'")
    assert answers(shop.house, hours=24.5) == 1


@pytest.mark.usefixtures("quiet")
def test_two_processes_give_one_answer(house: House, shop: Shop, person: str) -> None:
    allow(shop, {"text": TEXT})

    async def both() -> list[int]:
        return await asyncio.gather(*(AutomaticAnswers(house.database).round() for _ in range(4)))

    assert sum(house.loop.run(both())) == 1
    assert shop.texts(person).count(TEXT) == 1


@pytest.mark.usefixtures("quiet")
def test_who_was_answered_gets_none(shop: Shop, person: str) -> None:
    allow(shop, {"text": TEXT})
    shop.outcome(shop.post(person))
    assert answers(shop.house) == 0


@pytest.mark.usefixtures("quiet")
def test_nothing_is_said_while_another_app_owns_the_thread(shop: Shop, person: str) -> None:
    allow(shop, {"text": TEXT})
    shop.given(shop.text(person, "to the other app"), name="standby")
    assert answers(shop.house) == 0
    shop.given(shop.text(person, "to us"))
    assert answers(shop.house) == 1


@pytest.mark.usefixtures("quiet")
def test_after_24_hours_it_is_too_late_for_an_automatic_message(shop: Shop) -> None:
    shop.person(hours=25)
    allow(shop, {"text": TEXT})
    assert answers(shop.house) == 0


@pytest.mark.usefixtures("quiet")
def test_null_switches_it_off(shop: Shop, person: str) -> None:
    assert person
    allow(shop, {"text": TEXT})
    assert "automaticAnswer" not in allow(shop, None)
    assert answers(shop.house) == 0


@pytest.mark.parametrize(
    ("rule", "named"),
    [
        ({}, "automaticAnswer.text"),
        ({"text": ""}, "automaticAnswer.text"),
        ({"text": TEXT, "afterMinutes": 1440}, "automaticAnswer.afterMinutes"),
        ({"text": TEXT, "hours": [{"from": "9", "to": "18:00"}]}, "automaticAnswer.hours"),
        ({"text": TEXT, "hours": [{"from": "09:00", "to": "18:00", "days": ["funday"]}]}, "automaticAnswer.hours"),
        ({"text": TEXT, "timezone": "Mars/Olympus"}, "automaticAnswer.timezone"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(shop: Shop, rule: dict[str, Any], named: str) -> None:
    path = f"/v2/apps/{shop.app_id}/integrations/{shop.integration_id}"
    answer = shop.house.api("PATCH", path, {"automaticAnswer": rule}, 400)
    assert named in answer["errors"][0]["title"]


@pytest.mark.usefixtures("quiet")
def test_one_integrations_trouble_is_not_the_others(shop: Shop, house: House, person: str) -> None:
    """Of two with a rule that cannot be read, whichever is looked at first."""
    broken = {"text": TEXT, "hours": [{"from": "00:00", "to": "23:59"}], "timezone": "Nowhere/At_all"}
    for other in (house.shop(), house.shop()):
        other.person()
        house.execute(
            "update integrations set settings = settings || $2::jsonb where id = $1",
            other.integration_id,
            {"automaticAnswer": broken},
        )
    allow(shop, {"text": TEXT})
    house.execute("update integrations set display_name = 'moved behind the others' where id = $1", shop.integration_id)
    assert answers(house) == 1
    assert shop.texts(person)[-1] == TEXT


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("change", ["settings = settings - 'automaticAnswer'", "status = 'inactive'"])
def test_a_rule_that_is_switched_off_while_a_round_is_under_way_answers_no_more(
    shop: Shop, house: House, person: str, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    allow(shop, {"text": TEXT})
    answering = AutomaticAnswers._all_of

    async def switched_off_before(self: AutomaticAnswers, row: Any, now: datetime) -> int:
        await house.database.execute(f"update integrations set {change} where id = $1", row["id"])
        return await answering(self, row, now)

    monkeypatch.setattr(AutomaticAnswers, "_all_of", switched_off_before)
    assert answers(house) == 0
    assert shop.texts(person) == ["hello"]
