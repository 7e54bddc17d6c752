"""A vendor's customer connects an account by an invitation, without a session here: the whole way, and its dead ends."""

import html
from datetime import timedelta
from typing import Any

import pytest

from tests.connect.guests import BACK, Guest, Vendor, vendor
from tests.connect.installation import SCOPES, Installation, owner


@pytest.fixture
def desk(place: Installation) -> Vendor:
    """A vendor with a Facebook app."""
    return vendor(place)


@pytest.fixture
def guest(place: Installation) -> Guest:
    """A browser."""
    return Guest(place)


def test_the_whole_way(place: Installation, desk: Vendor, guest: Guest) -> None:
    made = owner(place, page_name="Lighthouse")
    invitation = desk.invites(displayName="Lighthouse chat", settings={"humanAgentTag": "never"})
    assert desk.sees(invitation)["status"] == "open"
    guest.goes(invitation["url"])
    assert guest.status == 200
    assert "Connect your Instagram account to Harbour Desk" in guest.text
    assert "Continue with Facebook" in guest.text
    assert "Continue with Instagram" not in guest.text
    assert "desk.example.org" in guest.text
    assert desk.sees(invitation)["status"] == "opened"
    guest.presses(login="facebook").decides(made["owner_user_id"], page=[made["page_id"]])
    assert guest.at.split("?")[0].startswith("/connect/choose/")
    assert "Lighthouse" in guest.text
    guest.presses(account=made["instagram_account_id"], action="connect")
    told = desk.sees(invitation)
    assert guest.at == f"{BACK}&integrationId={told['integrationId']}&state=c-1&status=connected"
    assert told["status"] == "used"
    (row,) = place.rows("select * from integrations where app_id = $1", desk.app_id)
    assert (row["id"], row["display_name"]) == (told["integrationId"], "Lighthouse chat")
    assert row["settings"]["humanAgentTag"] == "never"


def test_at_another_address_it_leads_to_the_public_one_once(place: Installation, desk: Vendor) -> None:
    path = desk.invites()["url"].removeprefix(place.url)
    other = {"Host": f"localhost:{place.port}"}
    moved = place.call("GET", f"{path}?popup=1", headers=other)
    assert (moved.status, moved.headers["location"]) == (303, f"{place.url}{path}?popup=1&here")
    # A proxy that tells another host than the browser's is not run in circles with.
    assert place.call("GET", f"{path}?popup=1&here", headers=other).status == 200
    by_https = place.call("GET", path, headers={"X-Forwarded-Proto": "https"})
    assert by_https.headers["location"] == f"{place.url}{path}?here"


def test_by_instagram_login_where_both_are_offered(place: Installation, guest: Guest) -> None:
    desk = vendor(place, "facebook", "instagram")
    made = place.meta.control("/instagram/accounts")
    invitation = desk.invites()
    guest.goes(invitation["url"])
    assert "Continue with Facebook" in guest.text
    guest.presses(login="instagram").decides(made["username"])
    assert "Connect this account" in guest.text
    assert "checked" in guest.text
    guest.presses(account=made["instagram_account_id"], action="connect")
    assert "status=connected" in guest.at
    settings = place.rows("select login from instagram_accounts where app_id = $1", desk.app_id)
    assert settings == [{"login": "instagram"}]


def test_the_vendor_may_name_the_login(place: Installation, guest: Guest) -> None:
    desk = vendor(place, "facebook", "instagram")
    guest.goes(desk.invites(login="instagram")["url"])
    assert "Continue with Facebook" not in guest.text
    assert guest.presses(login="facebook").status == 403


def test_the_code_is_in_nobodys_hands(place: Installation, desk: Vendor, guest: Guest) -> None:
    made = owner(place)
    invitation = desk.invites()
    code = invitation["url"].rpartition("/")[2]
    guest.goes(invitation["url"]).presses(login="facebook")
    assert code not in guest.at
    guest.decides(made["owner_user_id"], page=[made["page_id"]])
    assert code not in guest.text
    assert guest.page
    assert guest.page.headers["referrer-policy"] == "no-referrer"
    guest.presses(account=made["instagram_account_id"], action="connect")
    assert code not in guest.at
    rows = place.rows("select i::text as kept, a::text as login from invitations i, login_attempts a where i.id = $1 and"
                      " a.invitation_id = i.id", invitation["id"])  # fmt: skip
    assert rows
    assert not any(code in row["kept"] or code in row["login"] for row in rows)
    assert not any(code in str(one) for one in place.meta.read("/wire", limit=500)["entries"])


def test_cancelled_at_meta_and_tried_again(place: Installation, desk: Vendor, guest: Guest) -> None:
    made = owner(place)
    invitation = desk.invites()
    guest.goes(invitation["url"]).presses(login="facebook").decides(made["owner_user_id"], "deny")
    assert "Nothing was connected" in guest.text
    assert guest.link("Return without connecting") == f"{BACK}&state=c-1&status=cancelled"
    again = guest.link("Try again")
    assert again == f"/connect/again/{invitation['id']}"
    guest.goes(again).presses(login="facebook").decides(made["owner_user_id"], page=[made["page_id"]])
    guest.presses(account=made["instagram_account_id"], action="connect")
    assert "status=connected" in guest.at
    assert Guest(place).goes(again).status == 404, "another browser knows nothing of it"


def test_a_narrowed_grant_is_said_and_repaired(place: Installation, desk: Vendor, guest: Guest) -> None:
    made = owner(place)
    some = [scope for scope in SCOPES if scope != "instagram_manage_messages"]
    guest.logs_in(desk.invites(), made, scope=some)
    assert "Permissions are missing" in guest.text
    assert "instagram_manage_messages" in guest.text
    assert 'type="radio"' not in guest.text
    stays = guest.at
    guest.presses(action="again")
    assert "auth_type=rerequest" in guest.at
    guest.goes(stays).presses(action="start_over")
    guest.decides(made["owner_user_id"], page=[made["page_id"]])
    guest.presses(account=made["instagram_account_id"], action="connect")
    assert "status=connected" in guest.at


def test_somebody_without_a_page_reads_how_to_get_one(place: Installation, desk: Vendor, guest: Guest) -> None:
    somebody = place.meta.control("/owners", name="Tomás Rocha")
    guest.goes(desk.invites()["url"]).presses(login="facebook").decides(str(somebody["id"]))
    assert "No Page to connect" in guest.text
    assert "Get a Page to connect" in guest.text
    assert "Return without connecting" in guest.text
    assert 'type="radio"' not in guest.text


def test_missing_tasks_are_named(place: Installation, desk: Vendor, guest: Guest) -> None:
    made = owner(place)
    rules = f"/_simulator/accounts/{made['instagram_account_id']}/rules"
    assert place.meta.call("PATCH", rules, {"tasks": ["ANALYZE"]}).status == 200
    guest.logs_in(desk.invites(), made)
    assert "Your role on this Page lacks MESSAGING and MODERATE." in guest.text
    assert 'type="radio"' not in guest.text


def test_an_account_that_is_connected_is_reconnected(place: Installation, desk: Vendor, guest: Guest) -> None:
    made = owner(place)
    first, second = desk.invites(), desk.invites()
    guest.logs_in(first, made).presses(account=made["instagram_account_id"], action="connect")
    guest.logs_in(second, made)
    assert "Reconnect" in guest.text
    guest.presses(account=made["instagram_account_id"], action="connect")
    assert desk.sees(first)["integrationId"] == desk.sees(second)["integrationId"]


def test_an_account_of_somebody_else_is_refused_at_the_list(place: Installation, desk: Vendor, guest: Guest) -> None:
    made, other = owner(place), owner(place)
    invitation = desk.invites()
    guest.logs_in(invitation, made)
    stays = guest.at
    guest.presses(account=other["instagram_account_id"], action="connect")
    assert guest.status == 400
    assert "not one of those that Meta shows" in guest.text
    guest.presses(action="connect")
    assert "Choose an account first" in guest.text
    assert desk.sees(invitation)["status"] == "opened"
    assert guest.goes(stays).presses(account=made["instagram_account_id"], action="connect").at.startswith(BACK)


def test_it_is_used_once(place: Installation, desk: Vendor, guest: Guest) -> None:
    made, other = owner(place), owner(place)
    invitation = desk.invites()
    late = Guest(place).logs_in(invitation, other)
    guest.logs_in(invitation, made)
    stays = guest.at
    guest.presses(account=made["instagram_account_id"], action="connect")
    went = guest.at
    assert guest.goes(stays).at == went, "the same browser hears the same again"
    late.presses(account=other["instagram_account_id"], action="connect")
    assert late.status == 410
    assert "This invitation was used" in late.text
    assert late.link("Return to desk.example.org") == f"{BACK}&state=c-1&status=failed&error=invitation_used"
    assert Guest(place).goes(invitation["url"]).status == 410
    assert len(place.rows("select 1 from integrations where app_id = $1", desk.app_id)) == 1


def test_while_one_connects_another_waits(place: Installation, desk: Vendor, guest: Guest) -> None:
    made = owner(place)
    invitation = desk.invites()
    guest.logs_in(invitation, made)
    claim = "update invitations set claimed_by = 'other', claimed_at = now() - $2::interval where id = $1"
    place.execute(claim, invitation["id"], timedelta(minutes=1))
    stays = guest.at
    assert guest.presses(account=made["instagram_account_id"], action="connect").status == 409
    assert "Somebody is connecting by it just now" in guest.text
    assert "was used" not in guest.text
    assert guest.link("Go back to the page") == stays.partition("#")[0]
    assert guest.link("Return to desk.example.org") == f"{BACK}&state=c-1&status=cancelled", "nothing has failed yet"
    place.execute(claim, invitation["id"], timedelta(minutes=6))
    guest.goes(stays).presses(account=made["instagram_account_id"], action="connect")
    assert "status=connected" in guest.at


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("update invitations set expires_at = now() - interval '1 second' where id = $1", "has expired"),
        ("update invitations set cancelled_at = now() where id = $1", "was cancelled"),
    ],
    ids=["expired", "cancelled"],
)
def test_one_that_has_ended(place: Installation, desk: Vendor, guest: Guest, sql: str, words: str) -> None:
    invitation = desk.invites()
    guest.goes(invitation["url"])
    place.execute(sql, invitation["id"])
    assert guest.presses(login="facebook").status == 410
    assert words in guest.text
    assert Guest(place).goes(invitation["url"]).status == 410


def test_one_that_expires_meanwhile_ends_with_the_login_that_was_begun(
    place: Installation, desk: Vendor, guest: Guest
) -> None:
    """Else it lived for ever: each login would begin the next."""
    made = owner(place)
    invitation = desk.invites()
    guest.logs_in(invitation, made)
    place.execute("update invitations set expires_at = now() - interval '1 second' where id = $1", invitation["id"])
    stays = guest.at
    for action in ("login", "again", "start_over"):
        assert guest.goes(stays).presses(action=action).status == 410
        assert "has expired" in guest.text
    assert len(place.rows("select 1 from login_attempts where invitation_id = $1", invitation["id"])) == 1
    guest.goes(stays).presses(account=made["instagram_account_id"], action="connect")
    assert "status=connected" in guest.at


def test_cancelled_while_somebody_chooses(place: Installation, desk: Vendor, guest: Guest) -> None:
    made = owner(place)
    invitation = desk.invites()
    guest.logs_in(invitation, made)
    assert desk.call("DELETE", f"/{invitation['id']}").status == 200
    guest.presses(account=made["instagram_account_id"], action="connect")
    assert "was cancelled" in guest.text
    assert place.rows("select 1 from integrations where app_id = $1", desk.app_id) == []


def test_an_app_that_is_gone_and_codes_that_never_were_look_the_same(
    place: Installation, desk: Vendor, guest: Guest
) -> None:
    invitation = desk.invites()
    place.execute("delete from apps where id = $1", desk.app_id)
    gone = guest.goes(invitation["url"])
    assert gone.status == 404
    for path in ("/connect/i/" + "x" * 43, "/connect/i/x", "/connect/again/" + invitation["id"], "/connect/i/%00"):
        assert Guest(place).goes(place.url + path).text == gone.text


def test_a_form_that_is_not_from_here_does_nothing(place: Installation, desk: Vendor, guest: Guest) -> None:
    made = owner(place)
    invitation = desk.invites()
    guest.goes(invitation["url"])
    for fields in ({"proof": "x", "login": "facebook"}, {"login": "facebook"}, {}):
        forged = Guest(place, dict(guest.cookies)).goes(invitation["url"], fields)
        assert forged.status == 403
        assert "This page was too old" in forged.text
    stranger = Guest(place).goes(invitation["url"], {**guest.hidden(), "login": "facebook"})
    assert stranger.status == 403, "without the cookie the proof proves nothing"
    assert place.rows("select 1 from login_attempts where app_id = $1", desk.app_id) == []
    guest.presses(login="facebook").decides(made["owner_user_id"], page=[made["page_id"]])
    account = {"account": made["instagram_account_id"], "action": "connect"}
    assert Guest(place, dict(guest.cookies)).goes(guest.at, {**account, "proof": "x"}).status == 403
    thief = Guest(place).goes(guest.at)
    assert "not known here" in thief.text
    assert place.rows("select 1 from integrations where app_id = $1", desk.app_id) == []


def test_markup_in_names_is_text(place: Installation, desk: Vendor, guest: Guest) -> None:
    name = '"><img src=x onerror=alert(1)>'
    made = owner(place, page_name=name)
    invitation = desk.invites(brandName=f"<b>{name}", state=name)
    guest.goes(invitation["url"])
    assert guest.page
    assert "<b>&#34;&gt;" not in guest.page.body.decode()
    assert html.escape("<img") in guest.page.body.decode()
    guest.logs_in(invitation, made)
    assert guest.page
    assert "<img src=x" not in guest.page.body.decode()
    guest.presses(account=made["instagram_account_id"], action="connect")
    assert "state=%22%3E%3Cimg" in guest.at


def test_the_logo_comes_from_its_origin_and_nothing_else_does(desk: Vendor, guest: Guest) -> None:
    invitation = desk.invites(logoUrl="https://CDN.harbour.example:443/a/logo.png?v=2")
    guest.goes(invitation["url"])
    assert guest.page
    policy = guest.page.headers["content-security-policy"]
    assert "img-src data: https://cdn.harbour.example;" in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert guest.page.headers["x-frame-options"] == "DENY"


def test_a_search_without_script(place: Installation, desk: Vendor, guest: Guest) -> None:
    made = owner(place, page_name="Lighthouse")
    pages: list[Any] = [made["page_id"]]
    for number in range(9):
        bare = owner(place, page_name=f"Buoy {number}", owner_user_id=made["owner_user_id"], instagram=False)
        pages.append(bare["page_id"])
    guest.logs_in(desk.invites(), made, page=pages)
    assert "Find a Page or an account" in guest.text
    path = guest.at.partition("#")[0]
    guest.goes(f"{path}?q=BUOY+3")
    assert ("Buoy 3" in guest.text, "Buoy 4" in guest.text, 'data-line="lighthouse' in guest.text) == (
        True,
        False,
        False,
    )
    guest.goes(f"{path}?q=light")
    assert 'type="radio"' in guest.text


def test_a_login_of_another_purpose_is_not_of_this_page(place: Installation, desk: Vendor, guest: Guest) -> None:
    browser = place.browser()
    made = owner(place)
    browser.logs_in(made)
    member = Guest(place, dict(browser.cookies))
    assert member.goes(f"/connect/choose/{browser.attempt}").status == 404
    assert guest.goes("/connect/choose/x").status == 404
