"""From the button to the connected account by Instagram Login: one account, and nothing to choose."""

from datetime import timedelta
from typing import Any

import pytest

from heliograph.channels.instagram.onboarding import Kind, LoginError
from heliograph.channels.instagram.onboarding.choosing import Why
from tests.connect.installation import INSTAGRAM_SCOPES, Browser, Installation, query_of


@pytest.fixture
def browser(place: Installation) -> Browser:
    """A browser at an app that has an Instagram app of its own."""
    app = place.new_app()
    return Browser(place, app, place.instagram_app(app)[0])


@pytest.fixture
def made(place: Installation) -> dict[str, Any]:
    """A professional account without a Page."""
    return place.meta.control("/instagram/accounts")


def logs_in(browser: Browser, made: dict[str, Any], **more: Any) -> Any:
    form = {"scope": more.pop("scope", INSTAGRAM_SCOPES)}
    return browser.visit(browser.decides(browser.begin(**more), made["username"], **form))


@pytest.mark.parametrize("form", ["data", "flat"])
def test_an_account_is_connected(place: Installation, browser: Browser, made: dict[str, Any], form: str) -> None:
    place.meta.call("PATCH", "/_simulator/rules", {"instagram_answers": form})
    answer = logs_in(browser, made)
    assert answer.status == 303
    choices = browser.choices()
    assert choices.login == "instagram"
    (row,) = choices.rows
    assert (row.account_id, row.username, row.eligible) == (made["instagram_account_id"], made["username"], True)
    assert (choices.missing, choices.trouble) == ((), None)
    connected = browser.choose(row.account_id)
    assert connected.created
    (account,) = place.rows("select * from instagram_accounts where integration_id = $1", connected.integration_id)
    assert (account["login"], account["app_id"]) == ("instagram", browser.app_id)
    assert account["token_expires_at"] - place.value("select now()") > timedelta(days=59)
    again = browser.choose(row.account_id)
    assert (again.integration_id, again.created) == (connected.integration_id, True)


def test_the_return_says_that_nothing_is_to_be_chosen(
    place: Installation, browser: Browser, made: dict[str, Any]
) -> None:
    back = browser.decides(browser.begin(), made["username"], scope=INSTAGRAM_SCOPES)
    returned = place.run(place.onboarding.returned(query_of(back.replace("#_", "")), browser.nonce))
    assert returned.chooser_needed is False


def test_the_first_login_proves_the_app(place: Installation, browser: Browser, made: dict[str, Any]) -> None:
    register = place.channel.facebook_apps
    assert place.run(register.get(browser.facebook_app)).checked_at is None
    logs_in(browser, made)
    assert place.run(register.get(browser.facebook_app)).checked_at is not None


def test_there_is_no_code_challenge_in_instagrams_address(browser: Browser) -> None:
    asked = query_of(browser.begin().url)
    assert asked["scope"] == ",".join(INSTAGRAM_SCOPES)
    assert not {"code_challenge", "extras", "config_id", "auth_type"} & asked.keys()


def test_a_missing_permission_is_named(browser: Browser, made: dict[str, Any]) -> None:
    logs_in(browser, made, scope=["instagram_business_basic"])
    choices = browser.choices()
    assert [one.scope for one in choices.missing] == ["instagram_business_manage_messages"]
    assert choices.trouble
    assert choices.trouble.kind is Kind.DENIED_SCOPES
    (row,) = choices.rows
    assert row.reason
    assert row.reason.why is Why.SCOPE_MISSING


def test_a_cancelled_login_is_said(browser: Browser, made: dict[str, Any]) -> None:
    answer = browser.visit(browser.decides(browser.begin(), made["username"], "deny"))
    assert b"Nothing was connected" in answer.body


def test_an_account_without_a_role_is_told_so(place: Installation, browser: Browser, made: dict[str, Any]) -> None:
    place.meta.call("PATCH", f"/_simulator/apps/{browser.facebook_app}", {"live": False})
    logs_in(browser, made)
    with pytest.raises(LoginError) as refused:
        browser.choices()
    assert refused.value.kind is Kind.NOT_REACHED


def test_a_reconnect_keeps_the_integration(place: Installation, browser: Browser, made: dict[str, Any]) -> None:
    logs_in(browser, made)
    first = browser.choose(made["instagram_account_id"])
    place.execute("update integrations set status = 'error' where id = $1", first.integration_id)
    logs_in(browser, made, integration_id=first.integration_id)
    again = browser.choose(made["instagram_account_id"])
    assert (again.integration_id, again.created) == (first.integration_id, False)
    assert place.value("select status from integrations where id = $1", first.integration_id) == "active"


def test_a_code_works_once(place: Installation, browser: Browser, made: dict[str, Any]) -> None:
    back = browser.decides(browser.begin(), made["username"], scope=INSTAGRAM_SCOPES)
    assert browser.visit(back).status == 303
    code = query_of(back.replace("#_", ""))["code"]
    state = query_of(browser.begin().url)["state"]
    answer = browser.visit(f"/connect/callback?code={code}&state={state}")
    assert b"code was used before" in answer.body
