"""What somebody reads who came by an invitation: never the operator's steps, names and settings; a word to pass on."""

import pytest

from heliograph.channels.instagram.onboarding import Kind
from heliograph.channels.instagram.onboarding.troubles import TROUBLES
from heliograph.connect.words import told
from tests.connect.guests import BACK, Guest, Vendor, vendor
from tests.connect.installation import Installation, owner

# Of these nothing is the business of a vendor's customer.
OPERATORS = (
    "heliograph ",
    "HELIOGRAPH",
    "App Dashboard",
    "appSecret",
    "pageAccessToken",
    "Authenticate",
    "redirect URI",
)


@pytest.fixture
def desk(place: Installation) -> Vendor:
    """A vendor with a Facebook app."""
    return vendor(place)


@pytest.fixture
def guest(place: Installation) -> Guest:
    """A browser."""
    return Guest(place)


@pytest.mark.parametrize("kind", Kind)
def test_no_trouble_tells_the_operators_things(kind: Kind) -> None:
    one = told(TROUBLES[kind], "Harbour Desk")
    said = " ".join((one.title, one.text, *(step for way in one.remedies for step in (way.title, *way.steps))))
    assert [words for words in OPERATORS if words in said] == []


def test_without_a_way_to_log_in_the_vendor_is_named(place: Installation, desk: Vendor, guest: Guest) -> None:
    invitation = desk.invites()
    place.execute("delete from facebook_apps where app_id = $1", desk.app_id)
    guest.goes(invitation["url"])
    assert guest.status == 409
    assert "Harbour Desk has to set something right first" in guest.text
    assert "send them this word: no_app" in guest.text.lower()
    assert not any(words in guest.text for words in OPERATORS)
    assert guest.link("Return without connecting") == f"{BACK}&state=c-1&status=failed&error=no_app"


def test_a_facebook_app_that_is_added_later_closes_no_invitation(
    place: Installation, desk: Vendor, guest: Guest
) -> None:
    share = "update facebook_apps set app_id = null, shared = true where app_id = $1 returning id"
    first = place.value(share, desk.app_id)
    invitation = desk.invites()
    second, _ = place.facebook_app()
    try:
        refused = desk.call("POST", "", {"returnUrl": BACK})
        assert refused.status == 400, "a new one has to name one"
        assert guest.goes(invitation["url"]).status == 200
        guest.presses(login="facebook")
        assert f"client_id={first}" in guest.at
    finally:
        place.execute("delete from facebook_apps where id = any ($1)", [first, second])


def test_an_account_that_is_connected_otherwise_is_said_without_names(
    place: Installation, desk: Vendor, guest: Guest
) -> None:
    made = owner(place)
    first, second = desk.invites(), desk.invites()
    guest.logs_in(first, made).presses(account=made["instagram_account_id"], action="connect")
    integration = desk.sees(first)["integrationId"]
    other, _ = place.facebook_app(place.new_app())
    place.execute("update instagram_accounts set facebook_app_id = $2 where integration_id = $1", integration, other)
    guest.logs_in(second, made)
    assert f"@{made['username']} is connected to Harbour Desk in another way already" in guest.text
    assert integration not in guest.text
    assert "Open the integration" not in guest.text
    guest.presses(account=made["instagram_account_id"], action="connect")
    assert guest.status == 400
    assert integration not in guest.text
