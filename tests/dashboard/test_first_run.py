"""The first owner: by a link on the terminal, once, within the hour; and who lost a password."""

from tests.dashboard.conftest import House
from tests.dashboard.house import PASSWORD

FIELDS = {"email": "noa@lumen.example", "name": "Noa Berg", "password": PASSWORD, "again": PASSWORD}


def test_the_first_owner_is_made_by_a_link_that_opens_once(house: House) -> None:
    stranger = house.browser()
    assert "first account" in stranger.get("/dashboard/sign-in").words
    assert stranger.get("/").to == "/dashboard/"
    assert stranger.get("/dashboard/").to.startswith("/dashboard/sign-in")

    earlier = house.first_link
    house.restart()
    assert house.first_link != earlier, "each start tells a new one"

    browser = house.browser()
    page = browser.get(house.first_link)
    assert page.status == 200
    assert "Make your account" in page.words
    again = browser.send(house.first_link, house.first_link, FIELDS | {"password": "short", "again": "other"})
    assert again.status == 422
    assert "at least 12 characters" in again.words
    assert "not the same" in again.words
    answer = browser.send(house.first_link, house.first_link, FIELDS)
    assert answer.to == "/dashboard/"
    assert "Make your first app" in browser.get("/dashboard/").words

    for link in (house.first_link, earlier):
        assert house.browser().get(link).status == 410, "nobody becomes an owner by it any more"
    assert house.rows("select count(*) as n from member_links")[0]["n"] == 0
    house.restart()
    assert house.first_link not in ("", None)
    assert house.browser().get(house.first_link).status == 410, "no new link was told, and the old one is dead"
