"""Pass, offer, accept, release: who is in control afterwards, and what is told of it."""

from collections import Counter
from typing import Any

import pytest
import sunshine_conversations_client as sunshine
import sunshine_conversations_client.model as m
from sunshine_conversations_client.api import ConversationsApi, SwitchboardActionsApi

from tests.api.boards import act, now
from tests.api.conftest import Shop
from tests.api.house import House, Key
from tests.api.operations import TEXT
from tests.api.switchboards import Switchboard, control, put, switchboard_of, told
from tests.api.test_consistency import at_once


def key_of(house: House, shop: Shop, board: Switchboard, name: str) -> Key:
    return house.key("integration", shop.app_id, board.integrations[name])


def test_control_goes_round_with_the_official_client(house: House, shop: Shop, board: Switchboard) -> None:
    conversation = shop.person.conversation_id
    with house.client(shop.key) as client:
        api, conversations = SwitchboardActionsApi(client), ConversationsApi(client)

        def seen() -> tuple[str | None, str | None]:
            found = conversations.get_conversation(shop.app_id, conversation).conversation
            active, pending = found.active_switchboard_integration, found.pending_switchboard_integration
            return active and active.name, pending and pending.name

        body = m.PassControlBody(switchboard_integration="bot", reason="ticketClosed", metadata={"lang": "en", "n": 1})
        api.pass_control(shop.app_id, conversation, body)
        assert seen() == ("bot", None)
        api.offer_control(shop.app_id, conversation, m.OfferControlBody(switchboard_integration="next"))
        assert seen() == ("bot", "human")
        api.offer_control(
            shop.app_id, conversation, m.OfferControlBody(switchboard_integration="spare", metadata={"why": "late"})
        )
        assert seen() == ("bot", "spare")
        api.accept_control(shop.app_id, conversation, m.AcceptControlBody(metadata={"by": "Noa"}))
        assert seen() == ("spare", None)
        api.release_control(
            shop.app_id, conversation, release_control_body=m.ReleaseControlBody(reason="transferToEmail")
        )
        assert seen() == (None, None)
    payloads = [(event["type"], event["payload"]) for event in told(house, conversation)]
    brief = {"id": conversation, "type": "personal", "metadata": {}}
    bot, human, spare = (board.shown(name) for name in ("bot", "human", "spare"))
    active, pending = "activeSwitchboardIntegration", "pendingSwitchboardIntegration"
    assert payloads == [
        (
            "switchboard:passControl",
            {"conversation": {**brief, active: bot}, "reason": "ticketClosed", "metadata": {"lang": "en", "n": 1}},
        ),
        ("switchboard:offerControl", {"conversation": {**brief, active: bot, pending: human}}),
        (
            "switchboard:offerControl",
            {"conversation": {**brief, active: bot, pending: spare}, "metadata": {"why": "late"}},
        ),
        ("switchboard:acceptControl", {"conversation": {**brief, active: spare}, "metadata": {"by": "Noa"}}),
        ("switchboard:releaseControl", {"conversation": brief, "reason": "transferToEmail"}),
    ]


def test_events_parse_with_the_official_client(house: House, shop: Shop, board: Switchboard) -> None:
    put(house, shop.person.conversation_id, active=board.places["bot"])
    for action, target in (("offerControl", "bot"), ("acceptControl", None), ("passControl", "nobody"),
                           ("offerControl", "human"), ("acceptControl", None), ("releaseControl", None)):  # fmt: skip
        act(house, shop, action, target)
    models = {
        "offerControl:failure": m.SwitchboardOfferControlFailure,
        "acceptControl:failure": m.SwitchboardAcceptControlFailure,
        "passControl:failure": m.SwitchboardPassControlFailure,
        "offerControl": m.SwitchboardOfferControl,
        "acceptControl": m.SwitchboardAcceptControl,
        "releaseControl": m.SwitchboardReleaseControl,
    }
    events = told(house, shop.person.conversation_id)
    assert [event["type"] for event in events] == ["switchboard:" + name for name in models]
    for event, model in zip(events, models.values(), strict=True):
        parsed = model.from_dict(event)
        assert parsed.payload.conversation.id == shop.person.conversation_id


def test_a_release_without_a_body_is_a_release(house: House, shop: Shop, board: Switchboard) -> None:
    put(house, shop.person.conversation_id, active=board.places["bot"])
    assert house.request("POST", shop.conversation + "/releaseControl").body == {}
    assert now(house, shop) == (None, None)
    assert house.request("POST", shop.conversation + "/acceptControl").status == 400


@pytest.mark.parametrize("named", ["id", "name", "next"])
def test_a_repeated_pass_is_dropped_with_its_metadata(house: House, shop: Shop, board: Switchboard, named: str) -> None:
    put(house, shop.person.conversation_id, active=board.places["bot"])
    target = {"id": board.places["human"], "name": "human", "next": "next"}[named]
    key = key_of(house, shop, board, "bot")
    for number in range(3):
        assert act(house, shop, "passControl", target, key=key, metadata={"n": number}).body == {}
    assert now(house, shop) == ("human", None)
    assert [event["payload"]["metadata"] for event in told(house, shop.person.conversation_id)] == [{"n": 0}]


def test_next_is_counted_from_the_active_one_for_callers_without_a_place(
    house: House, shop: Shop, board: Switchboard
) -> None:
    put(house, shop.person.conversation_id, active=board.places["bot"])
    outside = house.key("integration", shop.app_id, house.custom(shop.app_id)["id"])
    for key, expected in ((shop.key, "human"), (outside, "bot"), (house.account, "human")):
        assert act(house, shop, "passControl", "next", key=key).status == 200
        assert now(house, shop) == (expected, None)


def test_a_pass_withdraws_an_offer(house: House, shop: Shop, board: Switchboard) -> None:
    put(house, shop.person.conversation_id, active=board.places["bot"], pending=board.places["human"])
    act(house, shop, "passControl", "spare")
    assert now(house, shop) == ("spare", None)
    assert act(house, shop, "acceptControl", key=key_of(house, shop, board, "human")).status == 403


# action, target, active and pending before, error code, message, and whether the request was at fault
FAILURES = [
    ("passControl", "nobody", ("bot", None), "switchboard_invalid_target", "nobody names no switchboard", True),
    ("passControl", "custom", ("bot", None), "switchboard_invalid_target", "custom is ambiguous: 3", True),
    ("passControl", "next", (None, None), "switchboard_invalid_target", "nobody: no switchboard integration", True),
    ("passControl", "next", ("spare", None), "switchboard_invalid_target", "spare has no next one", True),
    ("offerControl", "0" * 24, ("bot", "human"), "switchboard_invalid_target", "names no switchboard", True),
    (
        "offerControl",
        "bot",
        ("bot", "human"),
        "switchboard_invalid_target",
        "Cannot offer control to the active",
        False,
    ),
    ("acceptControl", None, ("bot", None), "switchboard_invalid_action", "no pendingSwitchboardIntegration", False),
]


@pytest.mark.parametrize(("action", "target", "before", "code", "message", "at_fault"), FAILURES)
def test_what_cannot_be_done_changes_nothing_and_is_told(
    house: House,
    shop: Shop,
    board: Switchboard,
    action: str,
    target: str | None,
    before: tuple[str | None, str | None],
    code: str,
    message: str,
    at_fault: bool,
) -> None:
    active, pending = (board.places[name] if name else None for name in before)
    put(house, shop.person.conversation_id, active=active, pending=pending)
    answer = act(house, shop, action, target, metadata={"try": 1})
    if at_fault:
        assert (answer.status, answer.error["code"]) == (400, "bad_request")
        assert message in answer.error["title"]
    else:
        assert (answer.status, answer.body) == (200, {})
    (event,) = told(house, shop.person.conversation_id)
    assert event["type"] == f"switchboard:{action}:failure"
    assert event["payload"]["error"]["code"] == code
    assert message in event["payload"]["error"]["message"]
    assert event["payload"]["metadata"] == {"try": 1}
    assert control(event["payload"]["conversation"]) == before == now(house, shop)


@pytest.mark.parametrize("state", ["none", "disabled"])
def test_without_an_enabled_switchboard_nothing_can_be_done(house: House, shop: Shop, state: str) -> None:
    conversation = shop.person.conversation_id
    if state == "disabled":
        board = switchboard_of(house, shop.app_id, bot=house.custom(shop.app_id)["id"])
        put(house, conversation, active=board.places["bot"])
        house.patch(board.path, {"enabled": False})
    for action in ("passControl", "offerControl"):
        answer = act(house, shop, action, "bot")
        assert (answer.status, answer.error["title"]) == (400, "The app has no enabled switchboard")
    assert act(house, shop, "acceptControl").body == {}
    assert act(house, shop, "releaseControl").body == {}
    told_errors = [(event["type"], event["payload"]["error"]["code"]) for event in told(house, conversation)]
    assert told_errors == [
        (f"switchboard:{name}:failure", "switchboard_invalid_action")
        for name in ("passControl", "offerControl", "acceptControl")
    ]
    if state == "disabled":
        house.patch(board.path, {"enabled": True})
        assert now(house, shop) == ("bot", None)


def test_only_whom_it_was_offered_to_may_accept(house: House, shop: Shop, board: Switchboard) -> None:
    outside = house.key("integration", shop.app_id, house.custom(shop.app_id)["id"])
    refused = [outside, key_of(house, shop, board, "bot"), key_of(house, shop, board, "spare")]
    human = key_of(house, shop, board, "human")
    put(house, shop.person.conversation_id, active=board.places["bot"])
    for key in (*refused, human):
        answer = act(house, shop, "acceptControl", key=key)
        assert (answer.status, answer.error["code"]) == (403, "forbidden")
    put(house, shop.person.conversation_id, active=board.places["bot"], pending=board.places["human"])
    assert {act(house, shop, "acceptControl", key=key).status for key in refused} == {403}
    assert told(house, shop.person.conversation_id) == []
    with house.client(human) as client:
        SwitchboardActionsApi(client).accept_control(shop.app_id, shop.person.conversation_id, m.AcceptControlBody())
    assert now(house, shop) == ("human", None)


def test_only_who_is_in_control_may_release(house: House, shop: Shop, board: Switchboard) -> None:
    outside = house.key("integration", shop.app_id, house.custom(shop.app_id)["id"])
    bot = key_of(house, shop, board, "bot")
    assert act(house, shop, "releaseControl", key=bot).status == 403
    put(house, shop.person.conversation_id, active=board.places["bot"], pending=board.places["human"])
    for key in (outside, key_of(house, shop, board, "human")):
        with house.client(key) as client, pytest.raises(sunshine.ApiException) as caught:
            SwitchboardActionsApi(client).release_control(shop.app_id, shop.person.conversation_id)
        assert caught.value.status == 403
    assert act(house, shop, "releaseControl", key=bot).body == {}
    assert now(house, shop) == (None, None)
    assert act(house, shop, "releaseControl").body == {}  # there is nothing to release, nothing is told
    assert [event["type"] for event in told(house, shop.person.conversation_id)] == ["switchboard:releaseControl"]


BODIES = [
    ("passControl", {}, "'switchboardIntegration'"),
    ("passControl", {"switchboardIntegration": None}, "switchboardIntegration must be a string"),
    ("passControl", {"switchboardIntegration": ""}, "switchboardIntegration must have at least 1"),
    ("passControl", {"switchboardIntegration": "bot", "reason": "bored"}, "reason must be one of"),
    ("passControl", {"switchboardIntegration": "bot", "metadata": {"a": {}}}, "metadata must be flat"),
    ("passControl", {"switchboardIntegration": "bot", "metadata": {"a": "x" * 4096}}, "metadata is limited to 4096"),
    ("offerControl", {"metadata": {}}, "'switchboardIntegration'"),
    ("acceptControl", {"metadata": []}, "metadata must be an object"),
    ("releaseControl", {"metadata": {"a": None}}, "metadata must be flat"),
]  # fmt: skip


@pytest.mark.parametrize(("action", "body", "title"), BODIES)
def test_a_bad_body_is_told_by_name(
    house: House, shop: Shop, board: Switchboard, action: str, body: dict[str, Any], title: str
) -> None:
    answer = act(house, shop, action, **body)
    assert (answer.status, answer.error["code"]) == (400, "bad_request")
    assert title in answer.error["title"]
    assert told(house, shop.person.conversation_id) == []
    unknown = house.post(f"{shop.path}/conversations/{'0' * 24}/{action}", {"switchboardIntegration": "bot"})
    assert (unknown.status, unknown.error["code"]) == (404, "conversation_not_found")


def test_of_two_who_accept_at_once_one_does(house: House, shop: Shop, board: Switchboard) -> None:
    human = key_of(house, shop, board, "human")
    for _ in range(5):
        put(house, shop.person.conversation_id, active=board.places["bot"], pending=board.places["human"])
        answers = at_once(*[lambda: act(house, shop, "acceptControl", key=human)] * 3)
        assert Counter(answer.status for answer in answers) == {200: 1, 403: 2}
        assert now(house, shop) == ("human", None)
    assert [event["type"] for event in told(house, shop.person.conversation_id)] == ["switchboard:acceptControl"] * 5


def test_actions_at_once_are_told_in_the_order_in_which_they_happened(
    house: House, shop: Shop, board: Switchboard
) -> None:
    put(house, shop.person.conversation_id, active=board.places["bot"])
    at_once(
        *(lambda name=name: act(house, shop, "passControl", name) for name in ("human", "spare", "bot", "human")),  # type: ignore[misc]
        *[lambda: act(house, shop, "offerControl", "spare")] * 2,
        lambda: act(house, shop, "acceptControl"),
        lambda: act(house, shop, "releaseControl"),
        lambda: house.post(shop.conversation + "/messages", TEXT),
    )
    events = told(house, shop.person.conversation_id, "switchboard:passControl", "switchboard:offerControl",
                  "switchboard:acceptControl", "switchboard:releaseControl", "conversation:message")  # fmt: skip
    states = [control(event["payload"]["conversation"]) for event in events]
    active: str | None = "bot"
    for event, state in zip(events, states, strict=True):
        kind = event["type"].removeprefix("switchboard:")
        if kind == "passControl":
            assert state[0] != active  # a repeat would have been dropped
        if kind == "offerControl":
            assert state[0] == active != state[1]
        if kind == "acceptControl":
            assert state[1] is None
        if kind == "releaseControl":
            assert state == (None, None)
        active = state[0]
    assert states[-1] == now(house, shop)
