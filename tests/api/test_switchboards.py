"""Switchboards and who is on them: made, listed, changed, deleted, refused."""

from collections import Counter
from typing import Any

import pytest
import sunshine_conversations_client as sunshine
import sunshine_conversations_client.model as m
from sunshine_conversations_client.api import SwitchboardIntegrationsApi, SwitchboardsApi

from heliograph.api import switchboard_integrations, switchboards
from tests.api.conftest import Shop
from tests.api.house import Answer, House
from tests.api.switchboards import Switchboard, control, put, switchboard_of
from tests.api.test_consistency import at_once


@pytest.fixture
def board(house: House, shop: Shop) -> Switchboard:
    """A switchboard with a bot, who is the default, and a human."""
    return switchboard_of(
        house, shop.app_id, bot=house.custom(shop.app_id)["id"], human=house.custom(shop.app_id)["id"]
    )


def placed(house: House, board: Switchboard) -> dict[str, Any]:
    """Who is on a switchboard, by name."""
    listed = house.get(board.path + "/switchboardIntegrations").body["switchboardIntegrations"]
    return {place["name"]: place for place in listed}


def shown(house: House, shop: Shop) -> dict[str, Any]:
    """The app's only switchboard."""
    (switchboard,) = house.get(shop.path + "/switchboards").body["switchboards"]
    return dict(switchboard)


def test_a_switchboard_is_made_filled_enabled_and_deleted(house: House, shop: Shop) -> None:
    bot, human = house.custom(shop.app_id)["id"], house.custom(shop.app_id)["id"]
    with house.client(shop.key) as client:
        boards, places = SwitchboardsApi(client), SwitchboardIntegrationsApi(client)
        made = boards.create_switchboard(shop.app_id).switchboard
        assert (made.enabled, made.default_switchboard_integration_id) == (False, None)
        body = m.SwitchboardIntegrationCreateBody(name="human", integration_id=human)
        second = places.create_switchboard_integration(shop.app_id, made.id, body).switchboard_integration
        body = m.SwitchboardIntegrationCreateBody(
            name="bot-1_A",
            integration_id=bot,
            deliver_standby_events=False,
            next_switchboard_integration_id=second.id,
            message_history_count=10,
        )
        first = places.create_switchboard_integration(shop.app_id, made.id, body).switchboard_integration
        listed = places.list_switchboard_integrations(shop.app_id, made.id).switchboard_integrations
        assert [(p.id, p.name, p.integration_id, p.integration_type, p.deliver_standby_events) for p in listed] == [
            (second.id, "human", human, "custom", True),
            (first.id, "bot-1_A", bot, "custom", False),
        ]
        assert (listed[1].next_switchboard_integration_id, listed[1].message_history_count) == (second.id, 10)
        change = m.SwitchboardUpdateBody(enabled=True, default_switchboard_integration_id=first.id)
        assert boards.update_switchboard(shop.app_id, made.id, change).switchboard.enabled is True
        (found,) = boards.list_switchboards(shop.app_id).switchboards
        assert (found.id, found.enabled, found.default_switchboard_integration_id) == (made.id, True, first.id)
        boards.delete_switchboard(shop.app_id, made.id)
        assert boards.list_switchboards(shop.app_id).switchboards == []
        assert house.rows("select 1 from switchboard_integrations where app_id = $1", shop.app_id) == []
        assert boards.create_switchboard(shop.app_id).switchboard.id != made.id


def test_a_switchboard_integration_is_changed(house: House, shop: Shop, board: Switchboard) -> None:
    other = house.custom(shop.app_id)["id"]
    with house.client(shop.key) as client:
        api = SwitchboardIntegrationsApi(client)
        change = m.SwitchboardIntegrationUpdateBody(
            name="agent",
            integration_id=other,
            deliver_standby_events=False,
            next_switchboard_integration_id=board.places["bot"],
            message_history_count=4,
        )
        changed = api.update_switchboard_integration(shop.app_id, board.id, board.places["human"], change)
        place = changed.switchboard_integration
        assert (place.name, place.integration_id, place.deliver_standby_events) == ("agent", other, False)
        assert (place.next_switchboard_integration_id, place.message_history_count) == (board.places["bot"], 4)
    path = f"{board.path}/switchboardIntegrations/{board.places['human']}"
    same = house.patch(path, {"name": None, "deliverStandbyEvents": None, "integrationId": None}).body
    assert placed(house, board)["agent"] == same["switchboardIntegration"]
    cleared = house.patch(path, {"nextSwitchboardIntegrationId": None, "messageHistoryCount": None}).body
    assert set(cleared["switchboardIntegration"]) == {
        "id", "name", "integrationId", "integrationType", "deliverStandbyEvents",
    }  # fmt: skip


def test_an_integration_is_found_by_its_type_where_there_is_one_of_it(house: House, shop: Shop) -> None:
    path = switchboard_of(house, shop.app_id, enabled=False).path + "/switchboardIntegrations"
    body = {"name": "bot", "integrationType": "custom"}
    assert house.post(path, body).error["code"] == "integration_not_found"
    only = house.custom(shop.app_id)["id"]
    assert house.post(path, body).body["switchboardIntegration"]["integrationId"] == only
    house.custom(shop.app_id)
    several = house.post(path, {**body, "name": "other"})
    assert several.status == 400
    assert "several" in several.error["title"]


PLACE = {"name": "third", "integrationId": "{third}"}
PLACES = "/switchboardIntegrations"

# method, path below the switchboard, body, status, code, what the title says
REFUSED = [
    ("PATCH", "", {"enabled": "yes"}, 400, "bad_request", "enabled must be true or false"),
    ("PATCH", "", {"defaultSwitchboardIntegrationId": 5}, 400, "bad_request", "defaultSwitchboardIntegrationId must be"),
    ("PATCH", "", {"defaultSwitchboardIntegrationId": "0" * 24}, 404, "switchboard_integration_not_found", "default"),
    ("PATCH", "", {"defaultSwitchboardIntegrationId": "{foreign}"}, 404, "switchboard_integration_not_found", "default"),
    ("POST", PLACES, {"integrationId": "{third}"}, 400, "bad_request", "'name'"),
    ("POST", PLACES, {**PLACE, "name": ""}, 400, "bad_request", "name must have at least 1"),
    ("POST", PLACES, {**PLACE, "name": "a b"}, 400, "bad_request", "name must consist of"),
    ("POST", PLACES, {**PLACE, "name": "é"}, 400, "bad_request", "name must consist of"),
    ("POST", PLACES, {**PLACE, "name": "a\n"}, 400, "bad_request", "name must consist of"),
    ("POST", PLACES, {**PLACE, "name": "x" * 129}, 400, "bad_request", "name must have at most 128"),
    ("POST", PLACES, {**PLACE, "name": "next"}, 400, "bad_request", "name must not be next"),
    ("POST", PLACES, {**PLACE, "name": "bot"}, 400, "bad_request", "name is taken"),
    ("POST", PLACES, {"name": "third"}, 400, "bad_request", "one of integrationId, integrationType"),
    ("POST", PLACES, {**PLACE, "integrationType": "custom"}, 400, "bad_request", "exclude each other"),
    ("POST", PLACES, {**PLACE, "integrationId": "0" * 24}, 404, "integration_not_found", "integrationId names no"),
    ("POST", PLACES, {**PLACE, "integrationId": "{elsewhere}"}, 404, "integration_not_found", "integrationId names no"),
    ("POST", PLACES, {**PLACE, "integrationId": "{instagram}"}, 400, "bad_request", "must name a custom integration"),
    ("POST", PLACES, {"name": "a", "integrationType": "instagram"}, 400, "bad_request", "integrationType must name"),
    ("POST", PLACES, {"name": "a", "integrationType": "nobody"}, 404, "integration_not_found", "integrationType"),
    ("POST", PLACES, {**PLACE, "integrationId": "{bots}"}, 400, "bad_request", "on the switchboard already"),
    ("POST", PLACES, {**PLACE, "messageHistoryCount": 0}, 400, "bad_request", "messageHistoryCount must be at least 1"),
    ("POST", PLACES, {**PLACE, "messageHistoryCount": 11}, 400, "bad_request", "messageHistoryCount must be at most 10"),
    ("POST", PLACES, {**PLACE, "messageHistoryCount": 1.5}, 400, "bad_request", "messageHistoryCount must be an integer"),
    (
        "POST", PLACES, {**PLACE, "nextSwitchboardIntegrationId": "0" * 24}, 404, "switchboard_integration_not_found",
        "nextSwitchboardIntegrationId",
    ),
    (
        "POST", PLACES, {**PLACE, "nextSwitchboardIntegrationId": "{foreign}"}, 404,
        "switchboard_integration_not_found", "nextSwitchboardIntegrationId",
    ),
    ("PATCH", PLACES + "/{human}", {"name": "bot"}, 400, "bad_request", "name is taken"),
    ("PATCH", PLACES + "/{human}", {"integrationId": "{bots}"}, 400, "bad_request", "on the switchboard already"),
    ("PATCH", PLACES + "/{human}", {"integrationId": "a", "integrationType": "b"}, 400, "bad_request", "exclude"),
    ("PATCH", PLACES + "/{human}", {"nextSwitchboardIntegrationId": "{human}"}, 400, "bad_request", "must name another"),
    ("PATCH", PLACES + "/{foreign}", {"name": "a"}, 404, "switchboard_integration_not_found", "not found"),
    ("DELETE", PLACES + "/{foreign}", None, 404, "switchboard_integration_not_found", "not found"),
    ("DELETE", PLACES + "/{bot}", None, 400, "bad_request", "This is the default"),
]  # fmt: skip


def test_what_cannot_be_is_told_by_name_and_changes_nothing(house: House, shop: Shop, board: Switchboard) -> None:
    other, _ = house.app()
    foreign = switchboard_of(house, other, bot=house.custom(other)["id"])
    ids = {
        **board.places,
        "third": house.custom(shop.app_id)["id"],
        "bots": board.integrations["bot"],
        "instagram": shop.integration_id,
        "foreign": foreign.places["bot"],
        "elsewhere": foreign.integrations["bot"],
    }

    def fill(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: fill(item) for name, item in value.items()}
        return value.format(**ids) if isinstance(value, str) else value

    before = (shown(house, shop), placed(house, board))
    for method, path, body, status, code, title in REFUSED:
        answer = house.request(method, board.path + fill(path), fill(body))
        assert (answer.status, answer.error["code"]) == (status, code), (path, body, answer.body)
        assert title in answer.error["title"], (path, body, answer.body)
    assert (shown(house, shop), placed(house, board)) == before
    for method, path, body in (
        ("PATCH", "", {}), ("DELETE", "", None), ("GET", PLACES, None), ("POST", PLACES, fill(PLACE)),
        ("PATCH", PLACES + "/" + ids["human"], {}), ("DELETE", PLACES + "/" + ids["human"], None),
    ):  # fmt: skip
        for wrong in ("0" * 24, foreign.id):
            answer = house.request(method, f"{shop.path}/switchboards/{wrong}{path}", body)
            assert (answer.status, answer.error["code"]) == (404, "switchboard_not_found"), (method, path)


def test_an_app_has_one_switchboard(house: House, shop: Shop) -> None:
    answers = at_once(*[lambda: house.post(shop.path + "/switchboards", {})] * 4)
    assert Counter(answer.status for answer in answers) == {201: 1, 400: 3}
    refused = next(answer for answer in answers if answer.status == 400)
    assert refused.error == {"code": "bad_request", "title": "Only one switchboard can be created per app"}


def test_a_switchboard_holds_ten_integrations(house: House, shop: Shop) -> None:
    path = switchboard_of(house, shop.app_id, enabled=False).path + PLACES
    customs = [house.rows(_CUSTOM, f"{number:024x}", shop.app_id)[0]["id"] for number in range(int(shop.app_id[:12], 16),
               int(shop.app_id[:12], 16) + 12)]  # fmt: skip

    def placing(number: int) -> Answer:
        return house.post(path, {"name": f"n{number}", "integrationId": customs[number]})

    assert [placing(number).status for number in range(8)] == [201] * 8
    answers = at_once(*[lambda number=number: placing(number) for number in range(8, 12)])  # type: ignore[misc]
    assert Counter(answer.status for answer in answers) == {201: 2, 400: 2}
    refused = next(answer for answer in answers if answer.status == 400)
    assert refused.error["code"] == "too_many_switchboard_integrations"
    assert "(10)" in refused.error["title"]


_CUSTOM = "insert into integrations (id, app_id, type) values ($1, $2, 'custom') returning id"


def test_an_enabled_switchboard_has_a_default(house: House, shop: Shop) -> None:
    board = switchboard_of(house, shop.app_id, enabled=False, bot=house.custom(shop.app_id)["id"])
    with house.client(shop.key) as client, pytest.raises(sunshine.ApiException) as caught:
        SwitchboardsApi(client).update_switchboard(shop.app_id, board.id, m.SwitchboardUpdateBody(enabled=True))
    assert caught.value.status == 404
    assert "switchboard_integration_not_found" in caught.value.body
    assert shown(house, shop) == {"id": board.id, "enabled": False}
    assert house.patch(board.path, {"defaultSwitchboardIntegrationId": board.places["bot"]}).status == 200
    assert house.patch(board.path, {"enabled": True, "defaultSwitchboardIntegrationId": None}).status == 200
    assert shown(house, shop)["defaultSwitchboardIntegrationId"] == board.places["bot"]


def test_whoever_is_somebodys_next_stays(house: House, shop: Shop, board: Switchboard) -> None:
    bot, human = (f"{board.path}{PLACES}/{board.places[name]}" for name in ("bot", "human"))
    house.patch(bot, {"nextSwitchboardIntegrationId": board.places["human"]})
    refused = house.delete(human)
    assert refused.status == 400
    assert "nextSwitchboardIntegrationId of bot" in refused.error["title"]
    house.patch(bot, {"nextSwitchboardIntegrationId": None})
    assert house.delete(human).body == {}
    assert set(placed(house, board)) == {"bot"}


def test_a_deleted_integration_leaves_the_switchboard(house: House, shop: Shop, board: Switchboard) -> None:
    bot = f"{board.path}{PLACES}/{board.places['bot']}"
    house.patch(bot, {"nextSwitchboardIntegrationId": board.places["human"]})
    assert house.delete(f"{shop.path}/integrations/{board.integrations['human']}").status == 200
    left = placed(house, board)
    assert set(left) == {"bot"}
    assert "nextSwitchboardIntegrationId" not in left["bot"]
    assert shown(house, shop)["enabled"] is True


def test_a_deleted_integration_that_was_the_default_disables_the_switchboard(
    house: House, shop: Shop, board: Switchboard
) -> None:
    assert house.delete(f"{shop.path}/integrations/{board.integrations['bot']}").status == 200
    assert shown(house, shop) == {"id": board.id, "enabled": False}
    assert set(placed(house, board)) == {"human"}


def test_conversations_show_an_enabled_switchboard_only(house: House, shop: Shop, board: Switchboard) -> None:
    def seen() -> list[tuple[str | None, str | None]]:
        one = house.get(shop.conversation).body["conversation"]
        (listed,) = house.get(f"{shop.path}/conversations?filter[userId]={shop.person.user_id}").body["conversations"]
        changed = house.patch(shop.conversation, {"metadata": {"a": 1}}).body["conversation"]
        return [control(conversation) for conversation in (one, listed, changed)]

    assert seen() == [(None, None)] * 3
    put(house, shop.person.conversation_id, active=board.places["bot"], pending=board.places["human"])
    assert seen() == [("bot", "human")] * 3
    active = house.get(shop.conversation).body["conversation"]["activeSwitchboardIntegration"]
    assert active == board.shown("bot")
    house.patch(board.path, {"enabled": False})
    assert seen() == [(None, None)] * 3
    house.patch(board.path, {"enabled": True})
    house.patch(f"{board.path}{PLACES}/{board.places['bot']}", {"name": "robot"})
    assert seen() == [("robot", "human")] * 3
    assert house.delete(f"{board.path}{PLACES}/{board.places['human']}").status == 200
    assert seen() == [("robot", None)] * 3
    house.delete(board.path)
    assert seen() == [(None, None)] * 3


@pytest.mark.parametrize("attempt", range(4))
def test_an_app_deleted_in_full_traffic_leaves_nothing(
    house: House, shop: Shop, board: Switchboard, attempt: int
) -> None:
    third = house.custom(shop.app_id)["id"]
    places = board.path + PLACES
    *answers, deleted = at_once(
        lambda: house.post(places, {"name": "third", "integrationId": third}),
        lambda: house.patch(f"{places}/{board.places['human']}", {"name": f"n{attempt}"}),
        lambda: house.patch(board.path, {"defaultSwitchboardIntegrationId": board.places["human"]}),
        lambda: house.post(shop.conversation + "/passControl", {"switchboardIntegration": board.places["human"]}),
        lambda: house.delete(f"{shop.path}/integrations/{board.integrations['bot']}"),
        lambda: house.delete(shop.path),
    )
    assert deleted.status == 200
    assert {answer.status for answer in answers} <= {200, 201, 400, 404}
    house.erased()
    for table in ("switchboards", "switchboard_integrations", "integrations", "conversations", "events"):
        assert house.rows(f"select 1 from {table} where app_id = $1", shop.app_id) == [], table


@pytest.mark.parametrize("attempt", range(4))
def test_a_default_chosen_while_its_integration_goes_leaves_no_enabled_switchboard_without_one(
    house: House, shop: Shop, board: Switchboard, attempt: int
) -> None:
    answers = at_once(
        lambda: house.patch(board.path, {"enabled": True, "defaultSwitchboardIntegrationId": board.places["human"]}),
        lambda: house.delete(f"{shop.path}/integrations/{board.integrations['human']}"),
    )
    assert [answer.status for answer in answers] in ([200, 200], [404, 200])
    switchboard = shown(house, shop)
    assert switchboard["enabled"] is ("defaultSwitchboardIntegrationId" in switchboard)


def test_answers_are_what_the_document_says_they_are(house: House, shop: Shop, board: Switchboard) -> None:
    house.patch(
        f"{board.path}{PLACES}/{board.places['bot']}",
        {"nextSwitchboardIntegrationId": board.places["human"], "messageHistoryCount": 2},
    )
    for model, path in (
        (switchboards.SwitchboardListResponse, shop.path + "/switchboards"),
        (switchboard_integrations.SwitchboardIntegrationListResponse, board.path + PLACES),
    ):
        answer = house.get(path).body
        assert model.model_validate(answer).lean() == answer
