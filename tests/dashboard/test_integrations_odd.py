"""Odd beginnings of a connection, and odd turns of one, as the pages tell them."""

import pytest

from tests.dashboard.house import Browser, House
from tests.dashboard.meta import Place, place
from tests.simulator.support import eventually


@pytest.fixture
def harbour(house: House, owner: Browser) -> Place:
    return place(house, owner)


def conversations(harbour: Place) -> list[str]:
    """The app's conversations."""
    sql = "select id from conversations where app_id = $1 order by 1"
    return [row["id"] for row in harbour.house.rows(sql, harbour.app_id)]


def messages(harbour: Place) -> int:
    return len(harbour.house.rows("select 1 from messages where app_id = $1", harbour.app_id))


def test_somebody_without_a_page_is_told_how_to_get_one(harbour: Place) -> None:
    somebody = harbour.house.simulator.control("/owners", name="Tomás Rocha")
    chooser = harbour.logs_in(who=str(somebody["id"]), page="")
    page = harbour.owner.get(chooser)
    assert page.status == 200
    assert "No Page to connect" in page.words
    assert "Get a Page to connect" in page.words
    assert "Start over" in page.words
    assert ">Save<" not in page.text


def test_missing_tasks_are_named(harbour: Place) -> None:
    harbour.house.simulator.call(
        "PATCH", f"/_simulator/accounts/{harbour.account_id}/rules", {"tasks": ["ANALYZE", "ADVERTISE"]}
    )
    page = harbour.owner.get(harbour.logs_in())
    assert "Your role on this Page lacks MESSAGING and MODERATE." in page.words
    assert "Get the tasks on the Page" in page.words
    assert ">Save<" not in page.text


def test_an_account_of_another_app_here_is_connected_too_and_nobody_is_told(harbour: Place) -> None:
    """Decision 5: whose an account is in other apps is not told."""
    harbour.connect()
    first = harbour.integration["id"]
    other = place(harbour.house, harbour.owner, "Elsewhere")
    other.made = harbour.made
    chooser = other.logs_in()
    page = other.owner.get(chooser)
    assert "Harbour Tea" in page.words
    assert "onnected" not in page.words.partition("Harbour Tea")[2].partition("Save")[0]
    done = other.owner.send(chooser, chooser, {"account": other.account_id})
    assert done.status == 303
    assert other.integration["id"] not in ("", first)
    assert harbour.integration["status"] == "active"


def test_a_token_of_another_facebook_app_is_refused_by_its_name(harbour: Place) -> None:
    other = harbour.house.simulator.control("/apps")
    token = harbour.house.simulator.control("/tokens", app_id=other["id"], page_id=harbour.page_id)["access_token"]
    fields = {"login": "facebook", "appId": harbour.facebook_app, "appSecret": harbour.secret}
    refused = harbour.owner.send(f"{harbour.path}/new", f"{harbour.path}/token", fields | {"pageAccessToken": token})
    assert refused.status == 422
    assert f"belongs to another app than appId {harbour.facebook_app}" in refused.words
    assert token not in refused.text
    assert harbour.house.rows("select 1 from instagram_accounts where app_id = $1", harbour.app_id) == []


def test_after_disconnecting_what_was_said_stays_and_goes_on_when_connected_again(harbour: Place) -> None:
    """As the question on the page says."""
    path = harbour.connect()
    said = "go on where they are when the account is connected again"
    assert said in harbour.owner.get(path).words
    person = harbour.house.simulator.control("/people", name="Maya Okafor")["id"]

    def writes(text: str) -> None:
        harbour.house.simulator.control("/messages", account_id=harbour.account_id, person=person, text=text)

    writes("Is the harbour open?")
    eventually(lambda: messages(harbour) == 1)
    chooser = harbour.returns(harbour.owner.send(path, f"{path}/reconnect"))
    harbour.owner.send(chooser, chooser, {"account": harbour.account_id})
    writes("And today?")
    eventually(lambda: messages(harbour) == 2)
    before = conversations(harbour)
    assert len(before) == 1, "reconnected, it goes on"

    harbour.owner.send(path, f"{path}/disconnect")
    assert (conversations(harbour), messages(harbour)) == (before, 2), "they stay"
    chooser = harbour.logs_in()
    done = harbour.owner.send(chooser, chooser, {"account": harbour.account_id})
    assert done.to.partition("?")[0] == path
    writes("And tomorrow?")
    eventually(lambda: messages(harbour) == 3)
    assert conversations(harbour) == before


def test_an_account_that_moved_to_another_page_is_reconnected_there(harbour: Place) -> None:
    path = harbour.connect()
    # As it stood when the account was linked to a Page of old.
    move = "update instagram_accounts set page_id = '999' where integration_id = $1 returning 1"
    harbour.house.rows(move, path.rpartition("/")[2])
    assert 'data-copy="999"' in harbour.owner.get(path).text
    chooser = harbour.returns(harbour.owner.send(path, f"{path}/reconnect"))
    assert "Reconnect the account" in harbour.owner.get(chooser).words
    done = harbour.owner.send(chooser, chooser, {"account": harbour.account_id})
    assert done.to.partition("?")[0] == path
    page = harbour.owner.get(done.to)
    assert "The account is connected again." in page.words
    assert f'data-copy="{harbour.page_id}"' in page.text
