"""Who hears what while there is a switchboard: webhooks that are really delivered, people who really write."""

import contextlib
import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
import sunshine_conversations_client.model as m
from sunshine_conversations_client.api import (
    AppsApi,
    IntegrationsApi,
    MessagesApi,
    SwitchboardActionsApi,
    SwitchboardIntegrationsApi,
    SwitchboardsApi,
)

from heliograph.events import TRIGGERS, Event, publish
from heliograph.messaging import intake
from heliograph.messaging.arrivals import Arrival, MessageArrival, ReadArrival, Route
from tests.api.conftest import Shop
from tests.api.house import House, Key
from tests.api.operations import TEXT
from tests.api.switchboards import Switchboard, control, switchboard_of, told
from tests.conftest import Server
from tests.delivery.customer import delivering
from tests.delivery.target import Target
from tests.simulator.support import eventually

MESSAGE, PASS = "conversation:message", "switchboard:passControl"
_mids = (f"mid{number}" for number in itertools.count())


@pytest.fixture(scope="module")
def house(embedded_server: Server) -> Iterator[House]:
    """A house of this module's own, which delivers."""
    with embedded_server.database(migrated=True) as url:
        house = House(url)
        house.start()
        stack = contextlib.AsyncExitStack()
        house.run(stack.enter_async_context(delivering(house.database)))
        try:
            yield house
        finally:
            house.run(stack.aclose())
            house.stop()


@dataclass
class Listener:
    """A custom integration with its server. ``name`` is its own on the switchboard."""

    house: House
    target: Target
    name: str
    integration_id: str = ""

    def connect(self, app_id: str) -> str:
        hook = {"target": self.target.url, "triggers": sorted(TRIGGERS)}
        answer = self.house.post(f"/v2/apps/{app_id}/integrations", {"type": "custom", "webhooks": [hook]})
        self.integration_id = answer.body["integration"]["id"]
        return self.integration_id

    def key(self, app_id: str) -> Key:
        return self.house.key("integration", app_id, self.integration_id)

    def heard(self) -> list[dict[str, Any]]:
        """What came since it was last asked, when everything was delivered."""
        quiet(self.house)
        events = [event for post in self.target.posts for event in post.body["events"]]
        self.target.posts.clear()
        return events

    def types(self) -> list[str]:
        return [event["type"] for event in self.heard()]


def quiet(house: House) -> None:
    """Wait until nothing waits for delivery."""
    eventually(lambda: not house.rows("select 1 from lanes where kind = 'webhook' limit 1"), 15)


@pytest.fixture
def listeners(house: House) -> Iterator[dict[str, Listener]]:
    """Three servers: a bot's, a human's, and an archive's that is on no switchboard."""
    stack = contextlib.AsyncExitStack()
    found = {}
    for name in ("bot", "human", "archive"):
        found[name] = Listener(house, house.run(stack.enter_async_context(Target())), name)
    yield found
    house.run(stack.aclose())


@pytest.fixture
def board(house: House, shop: Shop, listeners: dict[str, Listener]) -> Switchboard:
    """A switchboard with bot (default) and human, neither of whom hears when on standby. The archive is not on it."""
    listeners["archive"].connect(shop.app_id)
    return switchboard_of(
        house,
        shop.app_id,
        **{
            name: {"integrationId": listeners[name].connect(shop.app_id), "deliverStandbyEvents": False}
            for name in ("bot", "human")
        },
    )


def arrive(house: House, *arrivals: Arrival) -> None:
    """Things that people do on the channel."""

    async def apply() -> None:
        async with house.database.transaction() as connection:
            applied = await intake.apply(connection, arrivals, {}, datetime.now(UTC))
            await publish(connection, [event for _, event in applied.events])

    house.run(apply())


def said(app_id: str, integration_id: str, person: str, text: str) -> MessageArrival:
    route = Route(app_id, integration_id, "instagram")
    return MessageArrival(route, person, datetime.now(UTC), next(_mids), ({"type": "text", "text": text},))


def everybody(listeners: dict[str, Listener]) -> dict[str, list[str]]:
    """What each of them heard since they were last asked."""
    return {name: listener.types() for name, listener in listeners.items()}


def all_three(*types: str) -> dict[str, list[str]]:
    """Each of them heard the same."""
    return {name: list(types) for name in ("bot", "human", "archive")}


def act(house: House, shop: Shop, action: str, target: str | None = None, key: Key | None = None) -> None:
    body = {} if target is None else {"switchboardIntegration": target}
    assert house.post(f"{shop.conversation}/{action}", body, key=key).body == {}


def test_only_whoever_is_in_control_hears_and_whoever_is_on_no_switchboard(
    house: House, shop: Shop, board: Switchboard, listeners: dict[str, Listener]
) -> None:
    house.post(shop.conversation + "/messages", TEXT)
    assert everybody(listeners) == {"bot": [MESSAGE], "human": [], "archive": [MESSAGE]}
    act(house, shop, "passControl", "human")
    assert everybody(listeners) == {"bot": [PASS], "human": [PASS], "archive": [PASS]}
    house.post(shop.conversation + "/messages", TEXT)
    typing = {"author": {"type": "business"}, "type": "typing:start"}
    house.post(shop.conversation + "/activity", typing)
    both = [MESSAGE, "conversation:typing"]
    assert everybody(listeners) == {"bot": [], "human": both, "archive": both}


def test_standby_events_are_delivered_to_whoever_wants_them(
    house: House, shop: Shop, board: Switchboard, listeners: dict[str, Listener]
) -> None:
    path = f"{board.path}/switchboardIntegrations/{board.places['human']}"
    house.patch(path, {"deliverStandbyEvents": True})
    house.post(shop.conversation + "/messages", TEXT)
    assert everybody(listeners) == {"bot": [MESSAGE], "human": [MESSAGE], "archive": [MESSAGE]}
    house.patch(path, {"deliverStandbyEvents": False})
    house.post(shop.conversation + "/messages", TEXT)
    assert everybody(listeners) == {"bot": [MESSAGE], "human": [], "archive": [MESSAGE]}


@pytest.mark.parametrize("how", ["disabled", "deleted", "taken off"])
def test_without_it_everybody_hears_everything(
    house: House, shop: Shop, board: Switchboard, listeners: dict[str, Listener], how: str
) -> None:
    house.post(shop.conversation + "/messages", TEXT)
    everybody(listeners)
    if how == "disabled":
        house.patch(board.path, {"enabled": False})
    elif how == "deleted":
        house.delete(board.path)
    else:
        house.delete(f"{board.path}/switchboardIntegrations/{board.places['human']}")
    house.post(shop.conversation + "/messages", TEXT)
    assert everybody(listeners) == {"bot": [MESSAGE], "human": [MESSAGE], "archive": [MESSAGE]}


def test_an_offer_reaches_whom_it_is_for_and_what_comes_until_it_is_withdrawn(
    house: House, shop: Shop, board: Switchboard, listeners: dict[str, Listener]
) -> None:
    house.post(shop.conversation + "/messages", TEXT)
    everybody(listeners)
    act(house, shop, "offerControl", "human")
    assert everybody(listeners) == all_three("switchboard:offerControl")
    house.post(shop.conversation + "/messages", TEXT)
    assert everybody(listeners) == all_three(MESSAGE)
    act(house, shop, "acceptControl", key=listeners["human"].key(shop.app_id))
    assert everybody(listeners) == all_three("switchboard:acceptControl")
    act(house, shop, "offerControl", "bot")
    act(house, shop, "releaseControl")
    both = ["switchboard:offerControl", "switchboard:releaseControl"]
    assert everybody(listeners) == all_three(*both)
    house.post(shop.conversation + "/messages", TEXT)
    assert everybody(listeners) == {"bot": [MESSAGE], "human": [], "archive": [MESSAGE]}


def test_a_failure_reaches_who_is_in_control_and_who_tried(
    house: House, shop: Shop, board: Switchboard, listeners: dict[str, Listener]
) -> None:
    house.post(shop.conversation + "/messages", TEXT)
    everybody(listeners)
    failure = ["switchboard:offerControl:failure"]
    act(house, shop, "offerControl", "bot", listeners["human"].key(shop.app_id))
    assert everybody(listeners) == all_three(*failure)
    act(house, shop, "offerControl", "bot")
    assert everybody(listeners) == {"bot": failure, "human": [], "archive": failure}


def test_events_of_no_conversation_reach_everybody(
    house: House, shop: Shop, board: Switchboard, listeners: dict[str, Listener]
) -> None:
    async def tell() -> None:
        async with house.database.transaction() as connection:
            payload = {"user": {"id": shop.person.user_id}}
            await publish(connection, [Event(shop.app_id, "user:remove", payload, datetime.now(UTC))])

    house.run(tell())
    assert everybody(listeners) == all_three("user:remove")


def test_while_nobody_is_in_control_the_default_hears(
    house: House, shop: Shop, board: Switchboard, listeners: dict[str, Listener]
) -> None:
    house.patch(shop.path, {"settings": {"multiConvoEnabled": True}})
    start = {"type": "personal", "participants": [{"userId": shop.person.user_id}]}
    made = house.post(shop.path + "/conversations", start).body["conversation"]
    assert control(made) == (None, None)
    created = ["conversation:create"]
    assert everybody(listeners) == {"bot": created, "human": [], "archive": created}


def test_people_who_write_get_the_default(
    house: House, shop: Shop, board: Switchboard, listeners: dict[str, Listener]
) -> None:
    """In one batch: somebody new, somebody known, somebody who only reads, and somebody of another app."""
    known, reader = (str(random.randrange(10**12)) for _ in range(2))
    house.patch(board.path, {"enabled": False})
    arrive(house, *(said(shop.app_id, shop.integration_id, person, "before") for person in (known, reader)))
    house.patch(board.path, {"enabled": True})
    everybody(listeners)
    other, _ = house.app()
    elsewhere = house.connected(other)
    route = Route(shop.app_id, shop.integration_id, "instagram")
    newcomer = str(random.randrange(10**12))
    arrive(
        house,
        said(shop.app_id, shop.integration_id, newcomer, "Hello"),
        said(shop.app_id, shop.integration_id, known, "again"),
        ReadArrival(route, reader, datetime.now(UTC)),
        said(other, elsewhere, newcomer, "Hello"),
    )
    heard = listeners["bot"].heard()
    by_type = {event["type"]: control(event["payload"]["conversation"]) for event in heard}
    assert by_type == {
        "conversation:create": ("bot", None),
        MESSAGE: ("bot", None),
        "conversation:read": (None, None),
    }
    assert len(heard) == 4
    assert listeners["human"].types() == []
    rows = house.rows(
        "select c.external_id, c.app_id, v.active_switchboard_integration_id as active from clients c"
        " join participants p on p.client_id = c.id join conversations v on v.id = p.conversation_id"
        " where c.external_id = any ($1::text[])",
        [newcomer, known, reader],
    )
    bot = board.places["bot"]
    assert {(row["external_id"], row["app_id"]): row["active"] for row in rows} == {
        (newcomer, shop.app_id): bot,
        (known, shop.app_id): bot,
        (reader, shop.app_id): None,
        (newcomer, other): None,
    }


def test_a_lost_active_one_is_replaced_when_the_person_writes(
    house: House, shop: Shop, board: Switchboard, listeners: dict[str, Listener]
) -> None:
    person = str(random.randrange(10**12))
    arrive(house, said(shop.app_id, shop.integration_id, person, "Hello"))
    (row,) = house.rows(
        "select p.conversation_id from clients c join participants p on p.client_id = c.id where c.external_id = $1",
        person,
    )
    conversation = row["conversation_id"]
    house.post(f"{shop.path}/conversations/{conversation}/passControl", {"switchboardIntegration": "human"})
    assert house.delete(f"{board.path}/switchboardIntegrations/{board.places['human']}").status == 200
    everybody(listeners)
    arrive(house, said(shop.app_id, shop.integration_id, person, "Anybody there?"))
    (event,) = listeners["bot"].heard()
    assert (event["type"], control(event["payload"]["conversation"])) == (MESSAGE, ("bot", None))
    assert [event["type"] for event in told(house, conversation)] == [PASS]


def test_the_message_history_goes_to_whom_control_goes_to_and_nobody_else(
    house: House, shop: Shop, board: Switchboard, listeners: dict[str, Listener]
) -> None:
    house.patch(f"{board.path}/switchboardIntegrations/{board.places['human']}", {"messageHistoryCount": 2})
    house.patch(f"{board.path}/switchboardIntegrations/{board.places['bot']}", {"deliverStandbyEvents": True})
    ids = []
    for text in ("one", "two", "three", "four"):
        body = {**TEXT, "content": {"type": "text", "text": text}}
        ids.append(house.post(shop.conversation + "/messages", body).body["messages"][0]["id"])
    house.delete(f"{shop.conversation}/messages/{ids[3]}")
    everybody(listeners)
    act(house, shop, "passControl", "human")
    (to_human,), (to_bot,), (to_archive,) = (listeners[name].heard() for name in ("human", "bot", "archive"))
    assert [message["content"]["text"] for message in to_human["payload"]["messageHistory"]] == ["two", "three"]
    listed = house.get(shop.conversation + "/messages").body["messages"]
    assert to_human["payload"]["messageHistory"] == [message for message in listed if message["id"] in ids[1:3]]
    for event in (to_bot, to_archive):
        assert "messageHistory" not in event["payload"]
    bare = {name: value for name, value in to_human["payload"].items() if name != "messageHistory"}
    assert bare == to_bot["payload"] == to_archive["payload"]
    m.SwitchboardPassControl.from_dict(to_human)
    act(house, shop, "passControl", "bot")
    assert all("messageHistory" not in event["payload"] for name in listeners for event in listeners[name].heard())


def test_a_conversation_goes_from_a_bot_to_a_human_and_back(house: House, listeners: dict[str, Listener]) -> None:
    """From nothing, with the official client alone, as somebody who sets up a handover does it."""
    bot, human = listeners["bot"], listeners["human"]
    with house.client(house.account) as client:
        app_id = AppsApi(client).create_app(m.AppCreateBody(display_name="Café Lumen")).app.id
        integrations, boards = IntegrationsApi(client), SwitchboardsApi(client)
        places = SwitchboardIntegrationsApi(client)
        for listener in (bot, human):
            hook = m.Webhook(target=listener.target.url, triggers=[MESSAGE, PASS, "switchboard:releaseControl"])
            body = m.Custom(type="custom", webhooks=[hook])
            listener.integration_id = integrations.create_integration(app_id, body).integration.id
        instagram = house.connected(app_id)
        board = boards.create_switchboard(app_id).switchboard
        made = {
            listener.name: places.create_switchboard_integration(
                app_id,
                board.id,
                m.SwitchboardIntegrationCreateBody(
                    name=listener.name,
                    integration_id=listener.integration_id,
                    deliver_standby_events=False,
                    message_history_count=5,
                ),
            ).switchboard_integration.id
            for listener in (bot, human)
        }
        change = m.SwitchboardIntegrationUpdateBody(next_switchboard_integration_id=made["human"])
        places.update_switchboard_integration(app_id, board.id, made["bot"], change)
        boards.update_switchboard(
            app_id,
            board.id,
            m.SwitchboardUpdateBody(enabled=True, default_switchboard_integration_id=made["bot"]),
        )

    person = str(random.randrange(10**12))
    arrive(house, said(app_id, instagram, person, "I want a human"))
    (event,) = bot.heard()
    assert human.types() == []
    conversation = event["payload"]["conversation"]["id"]
    assert event["payload"]["conversation"]["activeSwitchboardIntegration"] == {
        "id": made["bot"],
        "name": "bot",
        "integrationId": bot.integration_id,
        "integrationType": "custom",
    }

    with house.client(bot.key(app_id)) as client:
        answer = m.MessagePost(
            author=m.Author(type="business"), content=m.Content(m.TextMessage(type="text", text="One moment"))
        )
        MessagesApi(client).post_message(app_id, conversation, answer)
        passing = m.PassControlBody(switchboard_integration="next", metadata={"why": "asked"})
        SwitchboardActionsApi(client).pass_control(app_id, conversation, passing)
    assert bot.types() == [MESSAGE, PASS]
    (passed,) = human.heard()
    assert passed["payload"]["metadata"] == {"why": "asked"}
    texts = [message["content"]["text"] for message in passed["payload"]["messageHistory"]]
    assert texts == ["I want a human", "One moment"]

    arrive(house, said(app_id, instagram, person, "Are you there?"))
    assert (bot.types(), human.types()) == ([], [MESSAGE])
    with house.client(human.key(app_id)) as client:
        SwitchboardActionsApi(client).release_control(app_id, conversation)
    assert human.types() == ["switchboard:releaseControl"]
    bot.types()
    arrive(house, said(app_id, instagram, person, "Thanks!"))
    assert (bot.types(), human.types()) == ([MESSAGE], [])
