"""From the button to the connected account by Facebook Login, through real HTTP against the simulated Meta."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs

import pytest

from heliograph.channels.instagram.onboarding import Kind, LoginError
from heliograph.channels.instagram.onboarding.choosing import Why
from tests.connect.installation import SCOPES, Browser, Installation, owner, query_of


@pytest.fixture
def browser(place: Installation) -> Browser:
    """A browser at an app with a Facebook app of its own."""
    return place.browser()


def test_a_new_account_is_connected(place: Installation, browser: Browser) -> None:
    made = owner(place, page_name="Lighthouse")
    answer = browser.logs_in(made)
    assert answer.status == 303
    assert answer.headers["location"] == f"/dashboard/apps/{browser.app_id}/integrations/choose/{browser.attempt}#"
    choices = browser.choices()
    (row,) = choices.rows
    assert (row.page_name, row.account_id, row.eligible) == ("Lighthouse", made["instagram_account_id"], True)
    assert (choices.missing, choices.trouble, choices.cut) == ((), None, False)
    assert choices.user_name

    connected = browser.choose(row.account_id, displayName="Shop", humanAgentTag="never")
    assert connected.created
    (account,) = place.rows("select * from instagram_accounts where integration_id = $1", connected.integration_id)
    assert (account["app_id"], account["account_id"]) == (browser.app_id, row.account_id)
    assert account["human_agent_tag"] == "never"
    assert account["token_expires_at"] is None
    assert place.value("select display_name from integrations where id = $1", connected.integration_id) == "Shop"
    assert place.subscribed(made["page_id"], browser.facebook_app)


def test_an_app_that_demands_proof_of_every_call_connects_as_well(place: Installation) -> None:
    """App Dashboard, Advanced, "Require app secret": a call without appsecret_proof is refused."""
    at_meta = place.meta.control("/apps", require_proof=True)
    before = max((one["seq"] for one in place.meta.read("/wire", limit=500)["entries"]), default=0)
    place.run(place.channel.facebook_apps.add(at_meta["id"], at_meta["secret"]))
    browser = place.browser(facebook_app=at_meta["id"])
    made = owner(place)
    browser.logs_in(made)
    (row,) = browser.choices().rows
    assert browser.choose(row.account_id).created
    wire = [one for one in place.meta.read("/wire", limit=500)["entries"] if one["seq"] > before]
    inspected = [one["status"] for one in wire if one["path"].endswith("/debug_token")]
    assert len(inspected) >= 3  # when the app was added, to list and to choose, and to connect
    assert set(inspected) == {200}


def test_the_same_choice_again_has_the_same_answer(place: Installation, browser: Browser) -> None:
    made = owner(place)
    browser.logs_in(made)
    first = browser.choose(made["instagram_account_id"])
    again = browser.choose(made["instagram_account_id"])
    assert (again.integration_id, again.created) == (first.integration_id, True)
    with pytest.raises(LoginError) as refused:
        browser.choose("17841400000000001")
    assert refused.value.kind is Kind.DONE
    with pytest.raises(LoginError) as refused:
        browser.choices()
    assert refused.value.kind is Kind.DONE


def test_after_the_choice_no_token_is_kept(place: Installation, browser: Browser) -> None:
    made = owner(place)
    browser.logs_in(made)
    kept = "select user_token is not null as token, verifier is not null as verifier from login_attempts where id = $1"
    assert place.rows(kept, browser.attempt) == [{"token": True, "verifier": False}]
    browser.choose(made["instagram_account_id"])
    assert place.rows(kept, browser.attempt) == [{"token": False, "verifier": False}]


def test_a_broken_integration_is_reconnected_and_keeps_its_id(place: Installation, browser: Browser) -> None:
    made = owner(place)
    browser.logs_in(made)
    first = browser.choose(made["instagram_account_id"])
    place.execute("update integrations set status = 'error' where id = $1", first.integration_id)
    before = place.value("select page_token from instagram_accounts where integration_id = $1", first.integration_id)

    browser.logs_in(made, integration_id=first.integration_id)
    (row,) = browser.choices().rows
    assert row.eligible
    assert row.reason
    assert (row.reason.why, row.integration_id) == (Why.CONNECTED, first.integration_id)
    again = browser.choose(row.account_id)
    assert (again.integration_id, again.created) == (first.integration_id, False)
    assert place.value("select status from integrations where id = $1", first.integration_id) == "active"
    after = place.value("select page_token from instagram_accounts where integration_id = $1", first.integration_id)
    assert after != before


def test_an_account_that_moved_to_another_page_is_known_by_itself(place: Installation, browser: Browser) -> None:
    made = owner(place)
    browser.logs_in(made)
    first = browser.choose(made["instagram_account_id"])
    # As it stood when the account was linked to a Page of old.
    place.execute("update instagram_accounts set page_id = '999' where integration_id = $1", first.integration_id)
    browser.logs_in(made, integration_id=first.integration_id)
    again = browser.choose(made["instagram_account_id"])
    assert (again.integration_id, again.created) == (first.integration_id, False)
    page = place.value("select page_id from instagram_accounts where integration_id = $1", first.integration_id)
    assert page == made["page_id"]
    assert place.value("select settings ->> 'pageId' from integrations where id = $1", first.integration_id) == page


def test_connecting_an_account_that_is_here_reconnects_it(place: Installation, browser: Browser) -> None:
    made = owner(place)
    browser.logs_in(made)
    first = browser.choose(made["instagram_account_id"])
    browser.logs_in(made)
    again = browser.choose(made["instagram_account_id"])
    assert (again.integration_id, again.created) == (first.integration_id, False)


def test_a_reconnect_with_another_account_is_refused(place: Installation, browser: Browser) -> None:
    made = owner(place)
    browser.logs_in(made)
    first = browser.choose(made["instagram_account_id"])
    other = owner(place)
    browser.logs_in(other, integration_id=first.integration_id)
    (row,) = browser.choices().rows
    assert row.reason
    assert row.reason.why is Why.OTHER_ACCOUNT
    with pytest.raises(LoginError, match="another") as refused:
        browser.choose(row.account_id)
    assert refused.value.kind is Kind.OTHER_ACCOUNT
    assert other["username"] in str(refused.value)
    stands = place.value("select account_id from instagram_accounts where integration_id = $1", first.integration_id)
    assert stands == made["instagram_account_id"]


def test_the_same_account_may_be_connected_in_another_app(place: Installation, browser: Browser) -> None:
    made = owner(place)
    browser.logs_in(made)
    browser.choose(made["instagram_account_id"])
    neighbour = place.browser()
    neighbour.logs_in(made)
    (row,) = neighbour.choices().rows
    assert (row.eligible, row.reason, row.integration_id) == (True, None, None)
    assert neighbour.choose(row.account_id).created


def test_by_another_facebook_app_the_same_account_would_tell_everything_twice(
    place: Installation, browser: Browser
) -> None:
    made = owner(place)
    browser.logs_in(made)
    browser.choose(made["instagram_account_id"])
    second = place.browser(browser.app_id)
    second.logs_in(made)
    (row,) = second.choices().rows
    assert row.reason
    assert row.reason.why is Why.CONNECTED_OTHERWISE
    with pytest.raises(LoginError) as refused:
        second.choose(row.account_id)
    assert refused.value.kind is Kind.NOT_ELIGIBLE


def test_a_page_without_an_account_is_listed_with_the_reason(place: Installation, browser: Browser) -> None:
    made = owner(place, page_name="Zebra")
    bare = owner(place, page_name="Ant", owner_user_id=made["owner_user_id"], instagram=False)
    browser.logs_in(made, page=[made["page_id"], bare["page_id"]])
    choices = browser.choices()
    assert [row.page_name for row in choices.rows] == ["Zebra", "Ant"]
    reason = choices.rows[1].reason
    assert reason
    # The dialog narrows by Pages: nobody can tell then whether an account is missing or was left out.
    assert reason.why in (Why.NO_ACCOUNT, Why.ACCOUNT_HIDDEN)
    assert reason.remedies


def test_seven_hundred_pages_take_two_requests(place: Installation, browser: Browser) -> None:
    made = owner(place)
    for number in range(699):
        owner(place, page_name=f"Page {number:03d}", owner_user_id=made["owner_user_id"], instagram=False)
    everything = place.meta.read("/accounts")["accounts"]
    mine = [one["page_id"] for one in everything if one["owner_user_id"] == made["owner_user_id"]]
    browser.logs_in(made, page=mine)
    before = max(one["seq"] for one in place.meta.read("/wire", limit=500)["entries"])
    choices = browser.choices()
    assert len(choices.rows) == 700
    assert choices.rows[0].account_id == made["instagram_account_id"]
    assert choices.rows[0].eligible
    wire = [one for one in place.meta.read("/wire", limit=500)["entries"] if one["seq"] > before]
    asked = [one for one in wire if one["path"].endswith("/me/accounts")]
    assert len(asked) == 2
    assert all("limit=500" in one["query"] for one in asked)


def test_meta_may_ask_for_fewer_pages_at_a_time(place: Installation, browser: Browser) -> None:
    """Code 1 under HTTP 500: the same cursor with a smaller page (Meta reference 3.2)."""
    made = owner(place)
    browser.logs_in(made)
    before = max(one["seq"] for one in place.meta.read("/wire", limit=500)["entries"])
    ordered(place, name="1 amount", match="me/accounts", count=2)
    assert [row.account_id for row in browser.choices().rows] == [made["instagram_account_id"]]
    wire = [one for one in place.meta.read("/wire", limit=500)["entries"] if one["seq"] > before]
    asked = [parse_qs(one["query"])["limit"] for one in wire if one["path"].endswith("/me/accounts")]
    assert sorted(asked) == [["125"], ["250"], ["500"]]


def test_if_no_page_is_small_enough_meta_is_not_asked_for_ever(place: Installation, browser: Browser) -> None:
    browser.logs_in(owner(place))
    ordered(place, name="1 amount", match="me/accounts", count=50)
    with pytest.raises(LoginError) as refused:
        browser.choices()
    assert refused.value.kind is Kind.META_UNREACHABLE
    assert place.meta.read("/faults")["faults"]  # some of the order are left
    place.meta.control("/faults/clear", 200)


@pytest.mark.parametrize(("code", "rows"), [(4, None), (613, None), (803, []), (10, [])])
def test_a_limit_while_pages_are_read_one_by_one_hides_none(
    place: Installation, browser: Browser, code: int, rows: list[str] | None
) -> None:
    made = owner(place)
    browser.logs_in(made)
    where = {"account_id": made["instagram_account_id"], "app_id": browser.facebook_app}
    place.meta.control("/connection/asset_dropped", 200, scope="pages_show_list", **where)
    ordered(place, match=f"/{made['page_id']}", status=400, code=code)
    if rows is None:
        with pytest.raises(LoginError) as refused:
            browser.choices()
        assert refused.value.kind is Kind.META_UNREACHABLE
    else:
        assert [row.account_id for row in browser.choices().rows] == rows
    assert len(browser.choices().rows) == 1


def ordered(place: Installation, **fault: Any) -> None:
    """Calls that match go wrong, the next one by default."""
    answer = place.meta.call("POST", "/_simulator/faults", fault)
    assert answer.status == 201, answer.body


def test_denied_permissions_are_named_and_asked_for_again(place: Installation, browser: Browser) -> None:
    made = owner(place)
    some = [scope for scope in SCOPES if scope not in ("instagram_manage_messages", "pages_messaging")]
    browser.logs_in(made, scope=some)
    choices = browser.choices()
    assert {(one.scope, one.needed) for one in choices.missing} == {
        ("instagram_manage_messages", True),
        ("pages_messaging", False),
    }
    assert choices.trouble
    assert choices.trouble.kind is Kind.DENIED_SCOPES
    assert "instagram_manage_messages" in choices.trouble.text
    assert [one.name for one in choices.trouble.remedies] == ["rerequest", "start_over"]
    (row,) = choices.rows
    assert row.reason
    assert row.reason.why is Why.SCOPE_MISSING
    assert query_of(browser.begin(rerequest=True).url)["auth_type"] == "rerequest"


def test_a_narrowed_grant_is_named_and_the_full_way_out_heals_it(place: Installation, browser: Browser) -> None:
    made = owner(place)
    second = owner(place, owner_user_id=made["owner_user_id"])
    browser.logs_in(made)
    place.meta.control(
        "/connection/asset_dropped",
        200,
        account_id=made["instagram_account_id"],
        app_id=browser.facebook_app,
        scope="instagram_manage_messages",
    )
    rows = {row.account_id: row for row in browser.choices().rows}
    reason = rows[made["instagram_account_id"]].reason
    assert reason
    assert reason.why is Why.NOT_COVERED
    assert "instagram_manage_messages" in reason.text
    assert [one.name for one in reason.remedies] == ["edit_access", "start_over"]
    with pytest.raises(LoginError):
        browser.choose(made["instagram_account_id"])

    place.run(place.onboarding.start_over(browser.app_id, browser.attempt, browser.nonce))
    with pytest.raises(LoginError) as over:
        browser.choices()
    assert over.value.kind is Kind.REPLAYED
    assert place.value("select user_token from login_attempts where id = $1", browser.attempt) is None

    browser.logs_in(made, page=[made["page_id"], second["page_id"]])
    assert {row.account_id for row in browser.choices().rows if row.eligible} == {
        made["instagram_account_id"],
        second["instagram_account_id"],
    }
    assert browser.choose(made["instagram_account_id"]).created


def test_a_page_that_the_list_leaves_out_is_found_by_the_grant(place: Installation, browser: Browser) -> None:
    made = owner(place, page_name="In a portfolio")
    browser.logs_in(made)
    where = {"account_id": made["instagram_account_id"], "app_id": browser.facebook_app}
    place.meta.control("/connection/asset_dropped", 200, scope="pages_show_list", **where)
    (row,) = browser.choices().rows
    assert (row.page_name, row.eligible) == ("In a portfolio", True)
    assert browser.choose(row.account_id).created


def test_lost_tasks_are_named(place: Installation, browser: Browser) -> None:
    made = owner(place)
    place.meta.control("/connection/tasks_lost", 200, account_id=made["instagram_account_id"])
    browser.logs_in(made)
    (row,) = browser.choices().rows
    assert row.reason
    assert row.reason.why is Why.TASKS_MISSING
    assert "MESSAGING" in row.reason.text
    assert "MODERATE" in row.reason.text


def test_somebody_without_a_page_is_told_what_to_do(place: Installation, browser: Browser) -> None:
    made = owner(place)
    browser.logs_in(made, page=["1"])
    choices = browser.choices()
    assert choices.rows == ()
    assert choices.trouble
    assert choices.trouble.kind is Kind.NO_PAGES
    assert "make_page" in [one.name for one in choices.trouble.remedies]


def test_an_account_of_somebody_else_cannot_be_chosen(place: Installation, browser: Browser) -> None:
    made, other = owner(place), owner(place)
    browser.logs_in(made)
    with pytest.raises(LoginError) as refused:
        browser.choose(other["instagram_account_id"])
    assert refused.value.kind is Kind.NOT_LISTED
    with pytest.raises(LoginError) as refused:
        browser.choose("")
    assert refused.value.kind is Kind.NOT_LISTED
    assert place.rows("select 1 from instagram_accounts where app_id = $1", browser.app_id) == []


def test_access_that_is_gone_before_the_choice_is_said(place: Installation, browser: Browser) -> None:
    made = owner(place)
    browser.logs_in(made)
    place.meta.control("/connection/app_removed", 200, account_id=made["instagram_account_id"])
    with pytest.raises(LoginError) as refused:
        browser.choices()
    assert refused.value.kind is Kind.GRANT_GONE
    assert refused.value.again_at.endswith("/new")


def test_markup_in_names_stays_a_text(place: Installation, browser: Browser) -> None:
    name = '<script>alert(1)</script> & "Sons"'
    made = owner(place, page_name=name)
    answer = browser.logs_in(made)
    assert b"alert" not in answer.body
    (row,) = browser.choices().rows
    assert row.page_name == name
    assert browser.choose(row.account_id).created


def test_an_app_that_goes_while_it_is_connected_is_said(place: Installation) -> None:
    """Nothing stays: no integration, no subscription of the Page."""
    facebook_app, _ = place.facebook_app()
    browser = place.browser(facebook_app=facebook_app)
    made = owner(place)
    browser.logs_in(made)
    login = place.channel._accounts.connecting._logins["facebook"]
    subscribe = login.subscribe

    async def and_delete(*given: Any) -> None:
        await subscribe(*given)
        await place.database.execute("delete from apps where id = $1", browser.app_id)

    login.subscribe = and_delete
    try:
        with pytest.raises(LoginError) as refused:
            browser.choose(made["instagram_account_id"])
    finally:
        del login.subscribe
    assert refused.value.kind is Kind.GONE
    assert not place.subscribed(made["page_id"], facebook_app)


def test_two_choices_at_once_make_one_integration(place: Installation, browser: Browser) -> None:
    made = owner(place)
    browser.logs_in(made)
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: browser.choose(made["instagram_account_id"]), range(4)))
    assert len({one.integration_id for one in done}) == 1
    assert len(place.rows("select 1 from instagram_accounts where app_id = $1", browser.app_id)) == 1


def test_a_popup_and_a_configuration_have_their_words_in_the_address(place: Installation) -> None:
    app = place.new_app()
    facebook_app, _ = place.facebook_app(app, config_id="1234567890")
    browser = Browser(place, app, facebook_app)
    asked = query_of(browser.begin(popup=True).url)
    assert asked["config_id"] == "1234567890"
    assert "scope" not in asked
    assert asked["display"] == "popup"
    assert asked["code_challenge_method"] == "S256"
