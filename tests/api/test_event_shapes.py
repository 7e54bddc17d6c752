"""The events as customers get them: one fixture for each trigger, read by the official client, and compared with what
the server really tells.

A fixture is an event in the exact shape of the wire, in ``tests/fixtures/events``: ``<trigger>.json`` with dots for
colons, ``full/`` for webhooks that include the full user and source, ``variants/`` for other shapes of a trigger. Every
one is parsed by the client's model. Every one that is not in :data:`PARSED_ONLY` is compared with the event that
:func:`told` names for it, by keys and types. To have a trigger compared, play it in ``told`` and take it off the list.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import sunshine_conversations_client.model as m

from heliograph.delivery.payload import event_text
from heliograph.events import EXTENSIONS, TRIGGERS
from tests.conftest import Server
from tests.instagram.house import House, Shop, new_mid, now_ms, unique
from tests.instagram.meta import PlayedMeta, Site, accepted
from tests.simulator.support import Loop, eventually

FOLDER = Path(__file__).parent.parent / "fixtures" / "events"
FIXTURES = {str(path.relative_to(FOLDER)).removesuffix(".json"): path for path in sorted(FOLDER.rglob("*.json"))}

# Triggers that this test does not play (yet).
PARSED_ONLY = {"client.add", "client.update", "user.merge", "user.update"}

# What the client does not show again although it has read it, and what is ours (it passes over what it does not know).
DROPPED = {"authenticated", "identities", "url", "messageId", "author.displayName", "author.avatarUrl"}

# What is free in its members: only that it is an object is compared.
FREE = {"metadata", "raw"}
NOA = {"name": "Noa Berg", "username": "noa", "profile_pic": "https://cdn.example/noa.jpg"}

Told = Mapping[str, dict[str, Any]]


def fixture(name: str) -> dict[str, Any]:
    return dict(json.loads(FIXTURES[name].read_text()))


def model_of(trigger: str) -> Any:
    """The client's model of a trigger's events."""
    words = "".join(word[0].upper() + word[1:] for word in trigger.split(":"))
    return getattr(m, words if trigger.startswith("switchboard:") else f"{words}Event")


def shape(value: Any, name: str = "") -> Any:
    """Keys and types, without values."""
    if isinstance(value, dict):
        return dict if name in FREE else {key: shape(item, key) for key, item in value.items()}
    if isinstance(value, list):
        return [shape(item) for item in value[:1]]
    return type(value)


def differences(read: Any, whole: Any, path: str = "payload") -> Iterator[str]:
    """Where what the client read is not what there was; nulls of the client are what it did not find."""
    if isinstance(whole, dict) and isinstance(read, dict):
        for name, value in whole.items():
            if read.get(name) is not None:
                yield from differences(read[name], value, f"{path}.{name}")
            elif not {name, f"{path.rpartition('.')[2]}.{name}"} & DROPPED:
                yield f"{path}.{name} was not read"
        yield from (f"{path}.{name} was made up" for name in read.keys() - whole.keys() if read[name] is not None)
    elif read != whole:
        yield f"{path} was read as {read!r}"


# The fixtures by themselves -----------------------------------------------------------------------------------


def test_every_trigger_has_a_fixture() -> None:
    """But `passthrough:messaging`, which is Apple's and has no schema, and ours, which the client does not know."""
    own = {name.replace(".", ":") for name in FIXTURES if "/" not in name}
    assert own == TRIGGERS - EXTENSIONS - {"passthrough:messaging"}
    for name in FIXTURES:
        if name in own or name.startswith("full/"):
            assert fixture(name)["type"] == name.removeprefix("full/").replace(".", ":")


@pytest.mark.parametrize("name", FIXTURES)
def test_the_official_client_reads_it(name: str) -> None:
    event = fixture(name)
    parsed = model_of(event["type"]).from_dict(event)
    assert (parsed.id, parsed.type, parsed.created_at) == (event["id"], event["type"], event["createdAt"])
    assert list(differences(parsed.to_dict()["payload"], event["payload"])) == []


# What the server tells ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def loop() -> Iterator[Loop]:
    running = Loop()
    yield running
    running.close()


@pytest.fixture(scope="module")
def meta(loop: Loop) -> Iterator[PlayedMeta]:
    played = PlayedMeta()
    site = Site(loop, played.handle).start()
    played.url = site.url
    yield played
    site.stop()


@pytest.fixture(scope="module")
def running(loop: Loop, embedded_server: Server, meta: PlayedMeta) -> Iterator[House]:
    with embedded_server.database(migrated=True) as url:
        house = House(loop, url, meta.url).start()
        yield house
        house.stop()


@pytest.fixture(scope="module")
def told(running: House, meta: PlayedMeta) -> Told:
    """The events of a few scenes, by the name of the fixture that each is compared with."""
    shop = running.shop()
    running.execute("update apps set settings = settings || '{\"multiConvoEnabled\": true}' where id = $1", shop.app_id)
    person, mentioning, late = (_somebody(meta) for _ in range(3))
    found: dict[str, dict[str, Any]] = {}

    def keep(**names: str) -> None:
        """Keep what was told since the last time: the trigger (without ``conversation:``) and its fixture's name."""
        rows = running.rows("delete from events where app_id = $1 returning seq, type, body, extras", shop.app_id)
        for row in sorted(rows, key=lambda row: row["seq"]):
            short = row["type"].removeprefix("conversation:").replace(":", "_")
            for full in (False, True):
                text = event_text(row["body"], row["extras"], full_user=full, full_source=full)
                name = names.get(short) or row["type"].replace(":", ".")
                found[f"full/{name}" if full else name] = json.loads(text)

    shop.given(shop.text(person, "Is this in stock?"))
    keep()
    postback = {"mid": new_mid(), "title": "Track", "payload": "TRACK_ORDER"}
    shop.given(shop.item(person, postback=postback), _mention(shop, person))
    keep()
    mid = new_mid()
    meta.script(person, accepted(mid))
    body = {"author": {"type": "business", "displayName": "Lumen"}, "content": {"type": "text", "text": "Yes, it is."}}
    conversation = f"/v2/apps/{shop.app_id}/conversations/{shop.conversation(person)}"
    message = running.api("POST", conversation + "/messages", {**body, "metadata": {"ticket": 7}}, 201)["messages"][0]
    shop.outcome(message["id"])
    shop.given(shop.echo(person, mid, text="Yes, it is."), shop.item(person, read={"mid": mid}))
    running.api("POST", conversation + "/activity", {"author": {"type": "business"}, "type": "typing:start"})
    keep(message="variants/a_message_of_the_business")
    shop.given(shop.echo(person, new_mid(), text="typed on the phone"))
    running.api("POST", conversation + "/activity", {"author": {"type": "business"}, "type": "conversation:read"})
    keep(message="variants/a_message_typed_in_the_instagram_app", read="variants/seen_by_the_business")
    user = running.api("GET", conversation + "/participants")["participants"][0]["userId"]
    made = {"type": "personal", "participants": [{"userId": user}]}
    running.api("POST", f"/v2/apps/{shop.app_id}/conversations", made, 201)
    keep(create="variants/a_conversation_made_by_the_api")
    shop.given(_mention(shop, mentioning))
    keep(create="variants/a_first_contact_by_a_story_mention")
    shop.given(shop.text(late, at=now_ms(days=8)))
    shop.failure(shop.post(late))
    keep(create="again", message="again")
    _a_group(running, shop, user)
    keep(create="again")
    running.api("DELETE", f"/v2/apps/{shop.app_id}/conversations/{_second_conversation(running, shop, user)}")
    _deletions(running, shop, person, late)
    keep(remove="conversation.remove")
    _handing_over(running, shop, mentioning)
    keep(message="again", create="again")
    return found


def _a_group(running: House, shop: Shop, user: str) -> None:
    """Somebody joins a group and leaves it."""
    path = f"/v2/apps/{shop.app_id}/conversations"
    group = running.api("POST", path, {"type": "sdkGroup"}, 201)["conversation"]["id"]
    running.api("POST", f"{path}/{group}/join", {"userId": user, "subscribeSDKClient": False}, 201)
    running.api("POST", f"{path}/{group}/leave", {"userId": user})


def _second_conversation(running: House, shop: Shop, user: str) -> str:
    """The one that the API made."""
    listed = running.api("GET", f"/v2/apps/{shop.app_id}/conversations?filter[userId]={user}")["conversations"]
    return str(next(one["id"] for one in listed if not one.get("isDefault")))


def _deletions(running: House, shop: Shop, person: str, gone: str) -> None:
    """A client is removed, and a user is deleted."""
    ids = "select user_id, id from clients where integration_id = $1 and external_id = $2"
    (client,) = running.rows(ids, shop.integration_id, person)
    running.api("DELETE", f"/v2/apps/{shop.app_id}/users/{client['user_id']}/clients/{client['id']}")
    (other,) = running.rows(ids, shop.integration_id, gone)
    running.api("DELETE", f"/v2/apps/{shop.app_id}/users/{other['user_id']}")
    told = "select 1 from events where app_id = $1 and type = 'user:remove'"
    eventually(lambda: running.rows(told, shop.app_id))


def _handing_over(running: House, shop: Shop, person: str) -> None:
    """A bot and people hand a conversation to and fro, and try what cannot be."""
    app = f"/v2/apps/{shop.app_id}"
    board = running.api("POST", f"{app}/switchboards", None, 201)["switchboard"]["id"]
    places = {}
    for name in ("bot", "desk"):
        hook = {"target": "https://example.com/hook", "triggers": ["conversation:message"]}
        made = running.api("POST", f"{app}/integrations", {"type": "custom", "webhooks": [hook]}, 201)["integration"]
        body = {"name": name, "integrationId": made["id"]}
        place = running.api("POST", f"{app}/switchboards/{board}/switchboardIntegrations", body, 201)
        places[name] = place["switchboardIntegration"]["id"]
    on = {"enabled": True, "defaultSwitchboardIntegrationId": places["bot"]}
    running.api("PATCH", f"{app}/switchboards/{board}", on)
    shop.given(shop.text(person, "Hello again"))
    why = {"metadata": {"reason": "asked for a person"}}
    conversation = f"{app}/conversations/{shop.conversation(person)}"
    running.api("POST", conversation + "/passControl", {"switchboardIntegration": "nobody", **why}, 400)
    running.api("POST", conversation + "/offerControl", {"switchboardIntegration": "bot", **why})
    running.api("POST", conversation + "/acceptControl", why)
    running.api("POST", conversation + "/offerControl", {"switchboardIntegration": "desk", **why})
    running.api("POST", conversation + "/acceptControl", why)
    running.api(
        "POST", conversation + "/passControl", {"switchboardIntegration": "bot", "reason": "ticketClosed", **why}
    )
    running.api("POST", conversation + "/releaseControl", {"reason": "transferToEmail", **why})


def _somebody(meta: PlayedMeta) -> str:
    person = unique("5846")
    meta.profiles[person] = (200, {"id": person, **NOA})
    return person


def _mention(shop: Shop, person: str) -> dict[str, Any]:
    story = {"type": "story_mention", "payload": {"url": "https://cdn.example/story"}}
    return shop.item(person, message={"mid": new_mid(), "attachments": [story]})


@pytest.mark.parametrize("name", [name for name in FIXTURES if name not in PARSED_ONLY])
def test_the_server_tells_it_in_this_very_shape(told: Told, name: str) -> None:
    assert name in told, f"nothing was told that is like {name}: {sorted(told)}"
    assert shape(told[name]) == shape(fixture(name))


@pytest.mark.parametrize("name", [name for name in FIXTURES if name not in PARSED_ONLY])
def test_what_the_server_tells_is_read_by_the_official_client(told: Told, name: str) -> None:
    parsed = model_of(told[name]["type"]).from_dict(told[name])
    assert list(differences(parsed.to_dict()["payload"], told[name]["payload"])) == []


def test_every_trigger_that_was_told_is_compared(told: Told) -> None:
    triggers = {event["type"].replace(":", ".") for event in told.values()}
    assert triggers == {name for name in FIXTURES if "/" not in name} - PARSED_ONLY


def test_the_short_form_tells_no_more_of_people_than_their_ids(told: Told) -> None:
    for name in ("conversation.create", "conversation.message", "conversation.read", "conversation.postback"):
        short, full = json.dumps(told[name]), json.dumps(told[f"full/{name}"])
        assert ("givenName" in short, '"client"' in short) == (False, False)
        assert ("givenName" in full, '"client"' in full) == (True, True)
