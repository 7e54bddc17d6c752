"""One invitation, one account: two choices at once, a choice that fails beside another, and what a page says meanwhile."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from heliograph.messaging import invitations
from tests.connect.guests import Guest, Vendor, vendor
from tests.connect.installation import Installation, owner


@pytest.fixture
def desk(place: Installation) -> Vendor:
    """A vendor with a Facebook app."""
    return vendor(place)


@pytest.fixture
def guest(place: Installation) -> Guest:
    """A browser."""
    return Guest(place)


def connected(place: Installation, desk: Vendor) -> list[str]:
    """The integrations of the vendor's app."""
    return [row["id"] for row in place.rows("select id from integrations where app_id = $1", desk.app_id)]


def test_two_accounts_at_once_are_one(place: Installation, desk: Vendor, guest: Guest) -> None:
    made = owner(place)
    other = owner(place, owner_user_id=made["owner_user_id"])
    invitation = desk.invites()
    guest.logs_in(invitation, made, page=[made["page_id"], other["page_id"]])
    form = {**guest.hidden(), "action": "connect"}
    tabs = [Guest(place, dict(guest.cookies)) for _ in range(2)]
    accounts = [made["instagram_account_id"], other["instagram_account_id"]]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda tab, account: tab.goes(guest.at, {**form, "account": account}), tabs, accounts))
    assert len([tab for tab in tabs if "status=connected" in tab.at]) == 1
    assert connected(place, desk) == [desk.sees(invitation)["integrationId"]]


def test_two_clicks_on_one_account_both_return(place: Installation, desk: Vendor, guest: Guest) -> None:
    made = owner(place)
    invitation = desk.invites()
    guest.logs_in(invitation, made)
    form = {**guest.hidden(), "action": "connect", "account": made["instagram_account_id"]}
    tabs = [Guest(place, dict(guest.cookies)) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda tab: tab.goes(guest.at, form), tabs))
    assert tabs[0].at == tabs[1].at
    assert "status=connected" in tabs[0].at
    assert len(connected(place, desk)) == 1


def test_another_account_after_it_was_used_is_refused(place: Installation, desk: Vendor, guest: Guest) -> None:
    made = owner(place)
    other = owner(place, owner_user_id=made["owner_user_id"])
    guest.logs_in(desk.invites(), made, page=[made["page_id"], other["page_id"]])
    stays, form = guest.at, {**guest.hidden(), "action": "connect"}
    guest.goes(stays, {**form, "account": made["instagram_account_id"]})
    assert guest.goes(stays, {**form, "account": other["instagram_account_id"]}).status == 410
    assert len(connected(place, desk)) == 1


def test_what_fails_frees_only_its_own_claim(place: Installation, desk: Vendor) -> None:
    key, now, database = desk.invites()["id"], datetime.now(UTC), place.database

    def claim(attempt: str, account: str) -> str | None:
        return place.run(invitations.claim(database, key, attempt, account, now))  # type: ignore[no-any-return]

    def release(claim_id: str | None) -> None:
        place.run(invitations.release(database, key, claim_id or ""))

    first, second = claim("a" * 24, "1"), claim("a" * 24, "1")
    assert None not in (first, second), "two clicks share it"
    release(second)
    assert claim("b" * 24, "2") is None, "the first one connects still"
    release(second)
    assert claim("a" * 24, "2") is None, "said again it frees nothing more"
    release(first)
    assert claim("b" * 24, "2"), "nobody holds it"
    release(first)
    assert claim("a" * 24, "1") is None, "what came late does not free another's"
