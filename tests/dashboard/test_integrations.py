"""The list of integrations and the page of one: what is shown, set, reconnected and disconnected."""

import base64
import json
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect

from tests.dashboard.conftest import SignedInPage
from tests.dashboard.house import Browser, House
from tests.dashboard.meta import Place, place
from tests.simulator.support import eventually

SETTINGS = {
    "displayName": "Tea by the harbour",
    "humanAgentTag": "never",
    "carouselMode": "text",
    "mediaMode": "store",
    "has_answer": "1",
    "text": "",
    "afterMinutes": "0",
    "when": "always",
    "timezone": "UTC",
}
HOURS = {"answers": "on", "text": "Hello", "when": "hours"}


@pytest.fixture(scope="module")
def harbour(house: House, owner: Browser) -> Place:
    return place(house, owner)


@pytest.fixture(scope="module")
def path(harbour: Place) -> str:
    """The page of the connected account."""
    return harbour.connect()


@pytest.fixture(scope="module")
def api(house: House, harbour: Place) -> Any:
    """What the API tells of the integration."""
    basic = _key(harbour)

    def tells(path: str) -> Any:
        where = f"/v2/apps/{harbour.app_id}/integrations/{path.rpartition('/')[2]}"
        return json.loads(house.browser().get(where, Authorization=basic).text)["integration"]

    return tells


def _key(place: Place) -> str:
    """How a program calls the API of the place's app."""
    where = f"/dashboard/apps/{place.app_id}/settings"
    made = place.owner.send(where, f"{where}/keys", {"key_name": "Test"})
    key_id, secret = (piece.partition('"')[0] for piece in made.text.split('data-copy="')[1:3])
    return "Basic " + base64.b64encode(f"{key_id}:{secret}".encode()).decode()


def test_what_is_set_is_what_the_api_shows(harbour: Place, path: str, api: Any) -> None:
    hours = [
        *SETTINGS.items(),
        ("storyRepliesEnabled", "on"),
        ("answers", "on"),
        ("text", "We are back at nine."),
        ("line", "1"), ("days-1", "mon"), ("days-1", "fri"), ("from", "18:00"), ("to", "08:00"),
        ("line", "2"), ("from", ""), ("to", ""),
    ]  # fmt: skip
    changed = {"afterMinutes": "15", "when": "hours", "timezone": "Europe/Paris"}
    sent = [(name, changed.get(name, value)) for name, value in hours if (name, value) != ("text", "")]
    saved = harbour.owner.send(path, path, sent)
    assert saved.status == 303, saved.words
    shown = api(path)
    assert shown["displayName"] == "Tea by the harbour"
    assert (shown["storyRepliesEnabled"], shown["storyMentionsEnabled"]) == (True, False)
    assert (shown["humanAgentTag"], shown["carouselMode"], shown["mediaMode"]) == ("never", "text", "store")
    assert shown["automaticAnswer"] == {
        "text": "We are back at nine.",
        "afterMinutes": 15,
        "timezone": "Europe/Paris",
        "hours": [{"days": ["mon", "fri"], "from": "18:00", "to": "08:00"}],
    }
    page = harbour.owner.get(saved.to)
    assert "Saved." in page.words
    assert 'value="18:00"' in page.text
    cleared = harbour.owner.send(path, path, SETTINGS | {"displayName": ""})
    assert cleared.status == 303
    assert not {"automaticAnswer", "displayName"} & set(api(path))


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"displayName": "x" * 101}, "Too long. At most 100 characters."),
        ({"answers": "on", "text": ""}, "Write what is answered"),
        ({"answers": "on", "text": "Hello", "afterMinutes": "1381"}, "Minutes, from 0 to 1380"),
        ({"answers": "on", "text": "Hello", "afterMinutes": "soon"}, "Minutes, from 0 to 1380"),
        ({"answers": "on", "text": "Hello", "timezone": "Mars/Olympus"}, "There is no such time zone"),
        ({**HOURS, "line": "1", "from": "18:00", "to": ""}, "a beginning and an end"),
        (HOURS, "a beginning and an end"),
        ({"humanAgentTag": "perhaps"}, "humanAgentTag must be one of"),
    ],
)  # fmt: skip
def test_what_is_wrong_stands_beside_its_field_and_changes_nothing(
    harbour: Place, path: str, api: Any, wrong: dict[str, str], sentence: str
) -> None:
    before = api(path)
    refused = harbour.owner.send(path, path, SETTINGS | wrong)
    assert refused.status == 422
    assert sentence in refused.words
    assert api(path) == before


def test_agents_look_and_change_nothing(house: House, harbour: Place, path: str, api: Any) -> None:
    agent = house.agent("ada.tea@lumen.example", harbour.app_id)
    page = agent.get(path)
    assert page.status == 200
    assert "Human agent tag" in page.words
    for verb in ("Save", "Reconnect", "Disconnect"):
        assert f">{verb}</button>" not in page.text
    token, before = agent.get("/dashboard/settings/account").form_token, api(path)
    for where in (path, f"{path}/disconnect", f"{path}/reconnect"):
        assert agent.post(where, [("form_token", token), *SETTINGS.items()]).status == 403
    assert api(path) == before


def test_another_apps_integration_is_not_there(house: House, harbour: Place, path: str) -> None:
    elsewhere = house.app("Elsewhere")
    there = f"/dashboard/apps/{elsewhere}/integrations/{path.rpartition('/')[2]}"
    assert harbour.owner.get(there).status == 404
    assert harbour.owner.get(f"{there}/arrival").status == 404
    stranger = house.agent("tove.tea@lumen.example", elsewhere)
    assert stranger.get(path).status == 404
    assert stranger.get(harbour.path).status == 404


def test_the_list_says_what_needs_somebody_first(house: House, harbour: Place, path: str) -> None:
    add = "insert into integrations (id, app_id, type, display_name, status) values ($1, $2, $3, $4, $5)"
    for row in (
        ("tea-1", "custom", "Warehouse", "active"),
        ("tea-2", "telegram", "Old bot", "inactive"),
        ("tea-3", "0123456789abcdef01234567", "An OAuth client", "active"),
        ("tea-4", "instagram", "A new one", "active"),
        ("tea-5", "instagram", "Ünter Größen", "active"),
        ("tea-6", "instagram", "Z stopped", "inactive"),
    ):
        house.run(house.database.execute(add, row[0], harbour.app_id, *row[1:]))
    listed = harbour.owner.get(harbour.path)
    assert "Warehouse Webhooks" in listed.words
    assert "Kept, does nothing here" in listed.words
    assert "An OAuth client" not in listed.words
    broken = (
        "insert into integration_health (integration_id, app_id, state, findings) values ('tea-5', $1, 'broken', '[]')"
    )
    house.run(house.database.execute(broken, harbour.app_id))
    listed = harbour.owner.get(harbour.path)
    order = ["Ünter Größen", "Z stopped", "@harbour", "A new one", "Old bot"]
    where = [listed.words.index(name) for name in order]
    assert max(where[:2]) < min(where[2:4]), "what needs somebody, before what was not examined yet"
    assert max(where[2:4]) < where[4]
    for words in ("größen", "ÜNTER", "Größen"):
        assert "Ünter Größen" in harbour.owner.get(f"{harbour.path}?{urlencode({'q': words})}").words, words
    found = harbour.owner.get(f"{harbour.path}?q=warehouse").words
    assert "Warehouse" in found
    assert "Old bot" not in found
    assert "Nothing here has “nowhere”" in harbour.owner.get(f"{harbour.path}?q=nowhere").words
    assert "Sends webhooks" in harbour.owner.get(f"{harbour.path}/tea-1").words
    assert harbour.owner.send(f"{harbour.path}/tea-1", f"{harbour.path}/tea-1", {"displayName": "Depot"}).status == 303
    assert "Depot" in harbour.owner.get(harbour.path).words
    gone = harbour.owner.send(f"{harbour.path}/tea-2", f"{harbour.path}/tea-2/disconnect")
    assert "Old bot" not in harbour.owner.get(gone.to).words


def test_a_broken_grant_is_told_with_its_repair_and_reconnecting_heals_it(house: House, owner: Browser) -> None:
    tea = place(house, owner, "Broken")
    path = tea.connect()
    tea.says()
    eventually(lambda: house.rows("select 1 from messages where app_id = $1", tea.app_id))
    change = {"account_id": tea.account_id, "on": True}
    house.simulator.control("/connection/token_expired", 200, **change)
    basic = _key(tea)
    checked = house.browser().call(
        "POST", f"/v2{path.removeprefix('/dashboard')}/health", b"", {"Authorization": basic}
    )
    assert checked.status == 200, checked.text
    assert "Needs you" in owner.get(tea.path).words
    assert "Reconnect the integration" in owner.get(path).words

    chooser = tea.returns(owner.send(path, f"{path}/reconnect"))
    assert "Reconnect the account" in owner.get(chooser).words
    done = owner.send(chooser, chooser, {"account": tea.account_id})
    assert done.to.partition("?")[0] == path
    assert "Connected" in owner.get(done.to).words
    assert len(house.rows("select 1 from messages where app_id = $1", tea.app_id)) == 1


def test_reconnecting_with_another_account_changes_nothing(house: House, owner: Browser) -> None:
    tea = place(house, owner, "Twins")
    path = tea.connect()
    other = house.simulator.control("/accounts", page_name="Pier Nine")
    chooser = tea.returns(owner.send(path, f"{path}/reconnect"), who=other["owner_user_id"], page=other["page_id"])
    assert "of another account" in owner.get(chooser).words
    refused = owner.send(f"{tea.path}/new", chooser, {"account": other["instagram_account_id"]})
    assert refused.status == 422
    assert tea.integration["account_id"] == tea.account_id


def test_disconnecting_is_asked_about_and_keeps_conversations(
    house: House, owner: Browser, signed_in_page: SignedInPage
) -> None:
    tea = place(house, owner, "Leaving")
    path = tea.connect()
    tea.says()
    eventually(lambda: house.rows("select 1 from messages where app_id = $1", tea.app_id))
    with signed_in_page(path) as page:
        page.get_by_role("button", name="Disconnect").click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("people and conversations stay")
        dialog.get_by_role("button", name="Cancel").click()
        expect(dialog).to_be_hidden()
        page.get_by_role("button", name="Disconnect").click()
        dialog.get_by_role("button", name="Disconnect").click()
        expect(page.get_by_text("Its people and conversations stay.")).to_be_visible()
    assert house.rows("select 1 from integrations where app_id = $1", tea.app_id) == []
    assert len(house.rows("select 1 from messages where app_id = $1", tea.app_id)) == 1
