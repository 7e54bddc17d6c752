"""Connecting by login on the pages of Integrations: what goes wrong on the way, and the way on that each page shows."""

import pytest
from playwright.sync_api import expect

from tests.browser import NARROW, WIDE
from tests.dashboard.conftest import SignedInPage
from tests.dashboard.house import Browser, House
from tests.dashboard.meta import SETTINGS, Place, place


@pytest.fixture
def harbour(house: House, owner: Browser) -> Place:
    return place(house, owner)


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_an_account_is_connected_by_clicking_and_turns_green_with_its_first_message(
    harbour: Place, signed_in_page: SignedInPage, size: tuple[int, int]
) -> None:
    with signed_in_page(harbour.path, size) as page:
        page.get_by_role("link", name="Connect an account").click()
        harbour.authenticate(page)
        harbour.allow(page)
        expect(page.get_by_role("heading", name="Choose an account")).to_be_visible()
        expect(page.get_by_role("radio", name="Harbour Tea")).to_be_checked()
        page.get_by_label("Name (optional)").fill("Tea by the harbour")
        page.get_by_role("button", name="Save").click()

        expect(page.get_by_role("heading", name="Tea by the harbour")).to_be_visible()
        expect(page.get_by_role("heading", name="Send yourself a message")).to_be_visible()
        expect(page.get_by_role("link", name="its phone page")).to_have_attribute(
            "href", f"http://127.0.0.1:{harbour.house.simulator.port}/"
        )
        harbour.says()
        expect(page.get_by_role("heading", name="It works")).to_be_visible()
        expect(page.locator(".arrival")).to_contain_text("A message from Maya Okafor")
        assert "Is the harbour open?" not in page.content()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.get_by_role("link", name="Integrations", exact=True).first.click()
        expect(page.get_by_role("link", name="Tea by the harbour")).to_contain_text("Connected")


def test_an_account_is_connected_by_keyboard_alone(harbour: Place, signed_in_page: SignedInPage) -> None:
    with signed_in_page(f"{harbour.path}/new") as page:
        page.get_by_role("button", name="Authenticate").focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/dialog/oauth**")
        page.goto(f"{page.url}&as={harbour.person}")
        page.get_by_role("button", name="Continue", exact=True).focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/choose/**")
        page.get_by_role("radio", name="Harbour Tea").focus()
        page.keyboard.press("Tab")
        page.keyboard.type("By hand")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="By hand")).to_be_visible()


def test_an_account_left_out_is_named_and_starting_over_heals_it(harbour: Place, signed_in_page: SignedInPage) -> None:
    with signed_in_page(f"{harbour.path}/new") as page:
        harbour.authenticate(page)
        page.get_by_role("checkbox", name="@harbour").uncheck()
        harbour.allow(page)
        expect(page.get_by_role("heading", name="No account can be connected yet")).to_be_visible()
        blocked = page.locator(".chooser-line.blocked")
        expect(blocked).to_contain_text("left out under Choose what you allow")
        expect(page.get_by_role("button", name="Save")).to_have_count(0)

        page.get_by_role("button", name="Start over").click()
        expect(page.get_by_text("stop working until you reconnect them")).to_be_visible()
        page.get_by_role("button", name="Start over").click()
        page.wait_for_url("**/dialog/oauth**")
        page.goto(f"{page.url}&as={harbour.person}")
        harbour.allow(page)
        expect(page.get_by_role("radio", name="Harbour Tea")).to_be_checked()
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("heading", name="Send yourself a message")).to_be_visible()


def test_a_declined_permission_is_named_and_asked_for_again(harbour: Place, signed_in_page: SignedInPage) -> None:
    with signed_in_page(f"{harbour.path}/new") as page:
        harbour.authenticate(page)
        page.get_by_role("checkbox", name="instagram_manage_messages").uncheck()
        harbour.allow(page)
        expect(page.get_by_role("heading", name="Permissions are missing")).to_be_visible()
        expect(page.locator(".notice")).to_contain_text("instagram_manage_messages")
        page.get_by_role("button", name="Ask again").click()
        page.wait_for_url("**/dialog/oauth**")
        assert "auth_type=rerequest" in page.url
        page.goto(f"{page.url}&as={harbour.person}")
        page.get_by_role("button", name="Continue", exact=True).or_(
            page.get_by_role("button", name="Save and continue")
        ).click()
        page.wait_for_url("**/choose/**")
        expect(page.get_by_role("radio", name="Harbour Tea")).to_be_checked()


def test_who_cancels_is_told_and_may_begin_anew(harbour: Place, signed_in_page: SignedInPage) -> None:
    with signed_in_page(f"{harbour.path}/new") as page:
        harbour.authenticate(page)
        page.get_by_role("button", name="Cancel").click()
        expect(page.get_by_role("heading", name="Nothing was connected")).to_be_visible()
        page.get_by_role("link", name="Try again").click()
        expect(page.get_by_role("button", name="Authenticate")).to_be_visible()


def test_of_700_pages_one_is_found_by_typing(harbour: Place, signed_in_page: SignedInPage) -> None:
    harbour.house.simulator.control(
        "/pages/many", count=700, owner_user_id=harbour.person, name="Branch", with_account=10
    )
    chooser = harbour.logs_in(assets="all")
    with signed_in_page(chooser, who=harbour.owner) as page:
        expect(page.get_by_role("radio")).to_have_count(71)
        page.get_by_label("Find a Page or an account").fill("branch 650")
        expect(page.get_by_role("radio").locator("visible=true")).to_have_count(1)
        expect(page.get_by_role("status").filter(has_text="of 701")).to_have_text("1 of 701")
        page.get_by_role("radio", name="Branch 650").check()
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("heading", name="branch")).to_be_visible()
    assert harbour.integration["settings"]["businessUsername"].startswith("branch")


def test_what_a_page_is_called_is_never_markup(house: House, owner: Browser) -> None:
    evil = place(house, owner, page_name="<img src=x onerror=alert(1)>Tea", username="evil.tea")
    chooser = evil.logs_in()
    page = owner.get(chooser)
    assert "<img src=x" not in page.text
    assert "<img src=x onerror=alert(1)>Tea" in page.words or "&lt;img src=x" in page.text
    done = owner.send(chooser, chooser, {"account": evil.account_id, "display_name": "<b>Tea</b>"})
    shown = owner.get(done.to)
    assert "<b>Tea</b>" not in shown.text
    assert "&lt;b&gt;Tea" in shown.text
    assert "&lt;b&gt;Tea" in owner.get(evil.path).text


def test_a_login_is_of_one_browser_one_member_and_one_app(house: House, harbour: Place) -> None:
    chooser = harbour.logs_in()
    stranger = house.owner("tove@lumen.example", "Tove")
    assert "This login is not known here" in stranger.get(chooser).words
    # Somebody else signs in on the same machine: the browser's cookie is there, the member is another.
    stranger.cookies |= {k: v for k, v in harbour.owner.cookies.items() if "login" in k}
    assert "This login is not known here" in stranger.get(chooser).words
    other = place(house, harbour.owner, "Elsewhere")
    elsewhere = chooser.replace(harbour.app_id, other.app_id)
    assert "This login is not known here" in harbour.owner.get(elsewhere).words
    refused = harbour.owner.send(f"{other.path}/new", elsewhere, {"account": harbour.account_id})
    assert "This login is not known here" in refused.words
    assert house.rows("select 1 from instagram_accounts where app_id = any ($1)", [harbour.app_id, other.app_id]) == []
    assert harbour.owner.get(chooser).status == 200


def test_nothing_is_begun_for_who_may_not(house: House, harbour: Place) -> None:
    agent = house.agent("ada.harbour@lumen.example", harbour.app_id)
    listed = agent.get(harbour.path)
    assert listed.status == 200
    assert "Connect an account" not in listed.words
    before = house.rows("select count(*) as n from login_attempts")
    token = agent.get("/dashboard/settings/account").form_token
    for path in ("new", "token", "choose/00000000000000000000abcd"):
        assert agent.get(f"{harbour.path}/{path}").status in (403, 404, 405)
        assert agent.post(f"{harbour.path}/{path}", [("form_token", token)]).status == 403
    owner = harbour.owner
    assert owner.post(f"{harbour.path}/new", {}).status == 403
    assert owner.post(f"{harbour.path}/new", {"form_token": "x" * 43}).status == 403
    foreign = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    token = owner.get(f"{harbour.path}/new").form_token
    assert owner.post(f"{harbour.path}/new", {"form_token": token}, **foreign).status == 403
    assert house.browser().post(f"{harbour.path}/new", {"form_token": token}).to.startswith("/dashboard/sign-in")
    assert house.rows("select count(*) as n from login_attempts") == before


def test_nothing_chosen_and_what_cannot_be_chosen_come_back_to_the_list(harbour: Place) -> None:
    owner, chooser = harbour.owner, harbour.logs_in()
    assert "Choose an account first." in owner.send(chooser, chooser, {}).words
    assert "Too long." in owner.send(chooser, chooser, {"account": harbour.account_id, "display_name": "x" * 101}).words
    refused = owner.send(chooser, chooser, {"account": "17840000000000000"})
    assert refused.status == 422
    assert "not one of those that Meta shows" in refused.words
    done = owner.send(chooser, chooser, {"account": harbour.account_id})
    # Two clicks lead to the same account.
    token = owner.get(f"{harbour.path}/new").form_token
    again = owner.post(chooser, [("form_token", token), ("account", harbour.account_id)])
    assert again.to.partition("?")[0] == done.to.partition("?")[0]
    assert "This login has done its work" in owner.get(chooser).words


def test_an_account_that_is_here_already_is_reconnected(harbour: Place) -> None:
    harbour.connect()
    before = harbour.integration["id"]
    chooser = harbour.logs_in()
    assert "Reconnect" in harbour.owner.get(chooser).words
    done = harbour.owner.send(chooser, chooser, {"account": harbour.account_id, "display_name": "Tea again"})
    assert "connected again" in harbour.owner.get(done.to).words
    assert (harbour.integration["id"], harbour.integration["display_name"]) == (before, "Tea again")


def test_without_a_facebook_app_the_page_teaches_to_add_one(house: House, owner: Browser) -> None:
    lone = house.app("Lone")
    page = owner.get(f"/dashboard/apps/{lone}/integrations/new")
    assert "First, a Facebook app" in page.words
    assert f"{house.url}/connect/callback" in page.text
    assert f'href="{SETTINGS}/new"' in page.text
    begun = owner.send(f"/dashboard/apps/{lone}/integrations/new", f"/dashboard/apps/{lone}/integrations/new", {})
    assert begun.status == 409
    assert "There is no Facebook app to log in with" in begun.words


def test_by_instagram_login_there_is_one_account_to_confirm(house: House, harbour: Place) -> None:
    made = house.simulator.control("/instagram/apps")
    account = house.simulator.control("/instagram/accounts", username="gull.prints")
    fields = {"login": "instagram", "id": made["id"], "secret": made["secret"], "name": "By Instagram"}
    added = harbour.owner.send(f"{SETTINGS}/new", SETTINGS, fields | {"for": harbour.app_id})
    assert "the first login tells" in harbour.owner.get(added.to).words
    page = harbour.owner.get(f"{harbour.path}/new")
    assert "Instagram Login" in page.words
    assert "instagram_business_manage_messages" in page.words
    chooser = harbour.logs_in(facebook_app=made["id"], who="gull.prints")
    shown = harbour.owner.get(chooser)
    assert "Connect this account" in shown.words
    assert "@gull.prints" in shown.words
    done = harbour.owner.send(chooser, chooser, {"account": account["instagram_account_id"]})
    one = harbour.owner.get(done.to)
    assert "Instagram Login" in one.words
    assert "renewed by itself" in one.words


def test_a_token_of_ones_own_connects_too_and_is_never_shown_again(harbour: Place) -> None:
    fields = {"login": "facebook", "appId": harbour.facebook_app, "appSecret": harbour.secret}
    wrong = harbour.owner.send(f"{harbour.path}/new", f"{harbour.path}/token", fields | {"pageAccessToken": "EAAwrong"})
    assert wrong.status == 422
    assert harbour.facebook_app in wrong.text
    assert harbour.secret not in wrong.text
    assert "EAAwrong" not in wrong.text
    assert "token" in wrong.words
    missing = harbour.owner.send(f"{harbour.path}/new", f"{harbour.path}/token", fields)
    assert "The token that speaks for the Page" in missing.words
    path = harbour.connect()
    assert "@harbour" in harbour.owner.get(path).words
