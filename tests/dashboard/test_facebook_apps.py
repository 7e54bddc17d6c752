"""Facebook apps under Settings: tried at once, told what to enter at Meta, rotated, removed; secrets are never shown."""

import pytest

from tests.dashboard.house import Browser, House
from tests.dashboard.meta import SETTINGS, place


@pytest.fixture
def made(house: House) -> dict[str, str]:
    """A Facebook app at Meta."""
    return dict(house.simulator.control("/apps"))


def _add(owner: Browser, made: dict[str, str], **more: str) -> str:
    fields = {"login": "facebook", "id": made["id"], "secret": made["secret"], "for": "", **more}
    return owner.send(f"{SETTINGS}/new", SETTINGS, fields).to.partition("?")[0]


def test_one_is_tried_at_once_and_says_what_to_enter_at_meta(
    house: House, owner: Browser, made: dict[str, str]
) -> None:
    fields = {"login": "facebook", "id": made["id"], "secret": "0" * 32, "name": "Tea", "for": ""}
    refused = owner.send(f"{SETTINGS}/new", SETTINGS, fields)
    assert refused.status == 422
    assert "Meta does not accept this id and secret" in refused.words
    assert f'value="{made["id"]}"' in refused.text
    assert "0" * 32 not in refused.text
    words = owner.send(f"{SETTINGS}/new", SETTINGS, fields | {"id": "tea"}).words
    assert "The app's id is a number" in words

    path = _add(owner, made, name="Tea")
    page = owner.get(path)
    for value in (
        f"{house.url}/connect/callback",
        f"{house.url}/webhooks/instagram/{made['id']}",
        f"{house.url}/webhooks/instagram/{made['id']}/deauthorize",
        f"{house.url}/webhooks/instagram/{made['id']}/data-deletion",
    ):
        assert f'data-copy="{value}"' in page.text
    assert "Taken by Meta" in page.words
    assert made["secret"] not in page.text
    assert "Tea" in owner.get(SETTINGS).words
    assert made["secret"] not in owner.get(SETTINGS).text


def test_settings_are_changed_and_a_wrong_new_secret_is_not_taken(owner: Browser, made: dict[str, str]) -> None:
    path = _add(owner, made, name="Tea")
    assert owner.send(path, path, {"name": "Coffee", "config_id": "123456", "default": "on"}).status == 303
    page = owner.get(path)
    assert "Coffee" in page.words
    assert 'value="123456"' in page.text
    assert "Coffee default" in owner.get(SETTINGS).words
    assert 'name="default"' not in page.text, "it cannot be unticked, and nothing says that it was"
    refused = owner.send(path, path, {"name": "Cocoa", "config_id": "x"})
    assert "The configuration id is a number" in refused.words
    assert ('value="Cocoa"' in refused.text, 'value="x"' in refused.text) == (True, True), "what was typed stays"
    assert "Meta does not accept" in owner.send(path, f"{path}/secret", {"secret": "f" * 32}).words
    assert "Enter the new secret" in owner.send(path, f"{path}/secret", {"secret": ""}).words
    kept = owner.send(path, f"{path}/secret", {"secret": made["secret"]})
    assert "The secret is changed." in owner.get(kept.to).words


def test_one_that_accounts_are_connected_by_stays(house: House, owner: Browser) -> None:
    tea = place(house, owner)
    tea.connect()
    path = f"{SETTINGS}/{tea.facebook_app}"
    assert "1 account is connected by it" in owner.get(path).words
    refused = owner.send(path, f"{path}/remove")
    assert refused.status == 422
    assert "Delete their integrations first" in refused.words
    one = tea.integration["id"]
    owner.send(f"{tea.path}/{one}", f"{tea.path}/{one}/disconnect")
    gone = owner.send(path, f"{path}/remove")
    assert "The Facebook app is removed." in owner.get(gone.to).words
    assert owner.get(path).status == 404


def test_they_are_for_owners(house: House, owner: Browser, made: dict[str, str], app_id: str) -> None:
    path = _add(owner, made)
    agent = house.agent("ada.keys@lumen.example", app_id)
    token = agent.get("/dashboard/settings/account").form_token
    for where in (SETTINGS, f"{SETTINGS}/new", path):
        assert agent.get(where).status == 403
    for where in (SETTINGS, path, f"{path}/secret", f"{path}/remove"):
        assert agent.post(where, [("form_token", token)]).status == 403
        assert owner.post(where, {}).status == 403
    assert owner.get(path).status == 200
