"""``/connect/callback`` under attack and in bad weather: each return that is not as it must be ends on a page of its own."""

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from markupsafe import escape

from heliograph.channels.instagram.onboarding import Kind, LoginError, Purpose
from heliograph.channels.instagram.onboarding.attempts import CHOOSE_WITHIN, KEEP, RETURN_WITHIN, pruning
from heliograph.channels.instagram.onboarding.browser import MAX_AGE_SECONDS, cookie, cookie_name, new_nonce
from heliograph.channels.instagram.onboarding.troubles import TROUBLES
from heliograph.look import hash_of
from tests.connect.installation import Browser, Installation, owner, query_of
from tests.simulator.support import Answer


@pytest.fixture(scope="module")
def made(place: Installation) -> dict[str, Any]:
    """Somebody with an account."""
    return owner(place)


@pytest.fixture(scope="module")
def own_app(place: Installation) -> tuple[str, str]:
    """An app, and a Facebook app of its own."""
    app = place.new_app()
    return app, place.facebook_app(app)[0]


@pytest.fixture
def browser(place: Installation, own_app: tuple[str, str]) -> Browser:
    """Somebody's browser there."""
    return Browser(place, *own_app)


def is_page_of(answer: Answer, kind: Kind) -> str:
    """The failure page of a kind, with what keeps it from doing harm; its text."""
    row = TROUBLES[kind]
    text = answer.body.decode()
    assert answer.status == row.status, text
    assert f"<h1>{escape(row.title)}</h1>" in text
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self'" in policy
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    # One script, ours: the policy names it, and no other.
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    assert f"script-src '{hash_of(script)}';" in policy
    return text


def lower(answer: Answer) -> Answer:
    return Answer(answer.status, {name.lower(): text for name, text in answer.headers.items()}, answer.body)


def visit(browser: Browser, address: str) -> Answer:
    return lower(browser.visit(address))


def test_a_cancelled_dialog_is_no_error(browser: Browser, made: dict[str, Any]) -> None:
    back = browser.decides(browser.begin(), made["owner_user_id"], "deny")
    text = is_page_of(visit(browser, back), Kind.CANCELLED)
    assert f'href="/dashboard/apps/{browser.app_id}/integrations/new"' in text
    assert "Try again" in text


def test_an_app_in_development_mode_names_the_way_out(place: Installation, made: dict[str, Any]) -> None:
    browser = place.browser()
    place.meta.control(
        "/connection/not_live", 200, account_id=made["instagram_account_id"], app_id=browser.facebook_app
    )
    back = browser.decides(browser.begin(), made["owner_user_id"])
    text = is_page_of(visit(browser, back), Kind.CANCELLED)
    assert "Development mode" in text
    assert "App roles" in text


@pytest.mark.parametrize("state", ["", "x" * 43, "no state at all", "%00", "%FF", "a%ED%A0%80", "é" * 20])
def test_a_wrong_state_is_no_login(browser: Browser, state: str) -> None:
    browser.begin()
    text = is_page_of(visit(browser, f"/connect/callback?code=abc&state={quote(state, safe='%')}"), Kind.WRONG_STATE)
    assert "Try again" not in text


def test_nothing_at_all_is_no_login(browser: Browser) -> None:
    is_page_of(visit(browser, "/connect/callback"), Kind.WRONG_STATE)


def test_a_state_works_once(browser: Browser, made: dict[str, Any]) -> None:
    back = browser.decides(browser.begin(), made["owner_user_id"], page=made["page_id"])
    assert browser.visit(back).status == 303
    is_page_of(visit(browser, back), Kind.REPLAYED)
    # The login that it was goes on.
    assert browser.choices().rows


def test_a_state_that_failed_is_used_up(browser: Browser, made: dict[str, Any]) -> None:
    begun = browser.begin()
    denied = browser.decides(begun, made["owner_user_id"], "deny")
    browser.visit(denied)
    allowed = browser.decides(begun, made["owner_user_id"], page=made["page_id"])
    is_page_of(visit(browser, allowed), Kind.REPLAYED)


def test_of_two_returns_at_once_one_wins(browser: Browser, made: dict[str, Any]) -> None:
    back = browser.decides(browser.begin(), made["owner_user_id"], page=made["page_id"])
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: lower(browser.visit(back)), range(8)))
    assert sorted(answer.status for answer in answers) == [303, *[409] * 7]
    for answer in answers:
        if answer.status == 409:
            is_page_of(answer, Kind.REPLAYED)
    assert browser.choices().rows


def test_a_state_of_another_browser_is_refused_and_left_alone(
    place: Installation, browser: Browser, own_app: tuple[str, str], made: dict[str, Any]
) -> None:
    """Login CSRF: somebody sends a victim the address that they came back with themselves."""
    back = browser.decides(browser.begin(), made["owner_user_id"], page=made["page_id"])
    for victim in (Browser(place, *own_app), Browser(place, *own_app, {cookie_name(place.url): new_nonce()})):
        text = is_page_of(visit(victim, back), Kind.OTHER_BROWSER)
        assert browser.app_id not in text
        assert place.url in text, "where it has to end is said"
    assert browser.visit(back).status == 303


def test_the_cookie_outlives_the_login() -> None:
    """Else who comes late hears of another browser."""
    assert timedelta(seconds=MAX_AGE_SECONDS) >= RETURN_WITHIN + CHOOSE_WITHIN + KEEP


def test_what_another_browser_or_app_has_begun_is_not_to_be_had(
    place: Installation, browser: Browser, own_app: tuple[str, str], made: dict[str, Any]
) -> None:
    browser.logs_in(made)
    other_app = place.new_app()
    account = made["instagram_account_id"]
    service, attempt = place.onboarding, browser.attempt
    for app, nonce in ((browser.app_id, new_nonce()), (browser.app_id, ""), (other_app, browser.nonce)):
        for work in (
            service.choices(app, attempt, nonce),
            service.choose(app, attempt, nonce, account),
            service.start_over(app, attempt, nonce),
        ):
            with pytest.raises(LoginError) as refused:
                place.run(work)
            assert refused.value.kind is Kind.WRONG_STATE
    assert place.run(service.purpose_of(attempt, browser.nonce)).app_id == browser.app_id


def test_who_comes_back_late_is_told_so(place: Installation, browser: Browser, made: dict[str, Any]) -> None:
    back = browser.decides(browser.begin(), made["owner_user_id"], page=made["page_id"])
    place.execute("update login_attempts set expires_at = now() where id = $1", browser.attempt)
    is_page_of(visit(browser, back), Kind.EXPIRED)


def test_who_chooses_late_is_told_so(place: Installation, browser: Browser, made: dict[str, Any]) -> None:
    browser.logs_in(made)
    place.execute("update login_attempts set expires_at = now() where id = $1", browser.attempt)
    with pytest.raises(LoginError) as refused:
        browser.choose(made["instagram_account_id"])
    assert refused.value.kind is Kind.EXPIRED


def test_a_code_that_has_expired_is_said(place: Installation, browser: Browser, made: dict[str, Any]) -> None:
    back = browser.decides(browser.begin(), made["owner_user_id"], page=made["page_id"])
    place.meta.control("/clock", 200, advance_seconds=11 * 60)
    try:
        is_page_of(visit(browser, back), Kind.CODE_EXPIRED)
    finally:
        place.meta.control("/clock", 200, offset_seconds=0)


def test_a_made_up_code_gives_nothing(place: Installation, browser: Browser) -> None:
    state = query_of(browser.begin().url)["state"]
    answer = visit(browser, f"/connect/callback?code=AQmadeup&state={state}")
    assert answer.status >= 400
    assert place.value("select step from login_attempts where id = $1", browser.attempt) == "failed"


def test_a_code_of_another_app_gives_nothing(place: Installation, browser: Browser, made: dict[str, Any]) -> None:
    """A code that was made for another Facebook app, put into our return."""
    stranger = place.meta.control("/apps")
    theirs = place.meta.control(
        "/login",
        200,
        client_id=stranger["id"],
        redirect_uri=f"{place.url}/connect/callback",
        scope="pages_show_list",
        owner_user_id=made["owner_user_id"],
    )["redirect_to"]
    state = query_of(browser.begin().url)["state"]
    answer = visit(browser, f"/connect/callback?code={query_of(theirs)['code']}&state={state}")
    assert answer.status >= 400
    assert place.value("select user_token from login_attempts where id = $1", browser.attempt) is None


def test_a_rotated_secret_is_said_without_showing_any(place: Installation, made: dict[str, Any]) -> None:
    browser = place.browser()
    back = browser.decides(browser.begin(), made["owner_user_id"], page=made["page_id"])
    place.run(place.channel.apps.save(browser.facebook_app, "a-secret-of-yesterday"))
    text = is_page_of(visit(browser, back), Kind.APP_MISCONFIGURED)
    assert "a-secret-of-yesterday" not in text


def test_a_silent_meta_can_be_tried_again(place: Installation, browser: Browser, made: dict[str, Any]) -> None:
    back = browser.decides(browser.begin(), made["owner_user_id"], page=made["page_id"])
    place.meta.control("/faults", match="/oauth/access_token", outcome="drop")
    try:
        text = is_page_of(visit(browser, back), Kind.META_UNREACHABLE)
    finally:
        place.meta.call("DELETE", "/_simulator/faults")
    assert "Try again" in text


def test_metas_own_words_are_shown_as_text_only(browser: Browser) -> None:
    state = query_of(browser.begin().url)["state"]
    said = "%3Cscript%3Ealert(1)%3C%2Fscript%3E%00%0Aapp+not+active" + "x" * 1000
    address = f"/connect/callback?error=server_error&error_message={said}&state={state}"
    text = is_page_of(visit(browser, address), Kind.META_REFUSED)
    assert "&lt;script&gt;alert(1)" in text
    assert "x" * 300 not in text


@pytest.mark.parametrize(
    "more", ["&next=https://evil.example", "&return_to=//evil.example", "&redirect_uri=https://evil.example"]
)
def test_the_address_does_not_say_where_it_goes_on(browser: Browser, made: dict[str, Any], more: str) -> None:
    back = browser.decides(browser.begin(), made["owner_user_id"], page=made["page_id"]).replace("#_=_", "")
    answer = visit(browser, back + more)
    assert answer.status == 303
    assert answer.headers["location"].startswith(f"/dashboard/apps/{browser.app_id}/")
    assert answer.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/dashboard//evil.example",
        "/connect/../v2",
        "/v2/apps",
        "/dashboard?next=x",
        "dashboard",
        "/dashboard/a\n",
        "",
    ],
)
def test_a_login_returns_to_pages_of_ours_only(place: Installation, own_app: tuple[str, str], path: str) -> None:
    for purpose in (Purpose(own_app[0], path), Purpose(own_app[0], "/dashboard/x", path or "//")):
        with pytest.raises(ValueError, match="no path of our pages"):
            place.run(place.onboarding.begin(purpose, own_app[1]))


def test_what_is_said_twice_is_not_believed(browser: Browser, made: dict[str, Any]) -> None:
    back = browser.decides(browser.begin(), made["owner_user_id"], page=made["page_id"]).replace("#_=_", "")
    is_page_of(visit(browser, f"{back}&state=other"), Kind.WRONG_STATE)
    assert browser.visit(back).status == 303


def test_other_methods_do_not_use_a_state_up(browser: Browser, made: dict[str, Any]) -> None:
    back = browser.decides(browser.begin(), made["owner_user_id"], page=made["page_id"])
    for method in ("HEAD", "POST", "PUT", "DELETE"):
        assert browser.visit(back, method).status == 405
    assert browser.visit(back).status == 303


def test_there_is_nothing_else_there(browser: Browser) -> None:
    assert visit(browser, "/connect/nothing").status == 404


def test_two_tabs_of_one_browser_both_come_back(browser: Browser, made: dict[str, Any]) -> None:
    first, second = browser.begin(), browser.begin()
    assert first.nonce == second.nonce
    for begun in (first, second):
        back = browser.decides(begun, made["owner_user_id"], page=made["page_id"])
        assert browser.visit(back).status == 303


def test_an_integration_or_app_that_went_meanwhile_is_said(place: Installation, made: dict[str, Any]) -> None:
    browser = place.browser()
    browser.logs_in(made)
    connected = browser.choose(made["instagram_account_id"])
    begun = browser.begin(integration_id=connected.integration_id)
    place.execute("delete from integrations where id = $1", connected.integration_id)
    back = browser.decides(begun, made["owner_user_id"], page=made["page_id"])
    is_page_of(visit(browser, back), Kind.WRONG_STATE)
    with pytest.raises(LoginError) as refused:
        browser.begin(integration_id=connected.integration_id)
    assert refused.value.kind is Kind.GONE


def test_secrets_are_in_no_log_and_no_page(
    place: Installation, browser: Browser, made: dict[str, Any], capfd: pytest.CaptureFixture[str]
) -> None:
    begun = browser.begin()
    back = browser.decides(begun, made["owner_user_id"], page=made["page_id"])
    answer = browser.visit(back)
    attempt = place.run(place.onboarding._attempts.get(browser.attempt, browser.nonce))
    replayed = browser.visit(back)
    choices = browser.choices()
    connected = browser.choose(made["instagram_account_id"])
    (app,) = [one for one in place.meta.read("/apps")["apps"] if one["id"] == browser.facebook_app]
    secrets = [begun.nonce, app["secret"], attempt.user_token, query_of(back)["code"], query_of(back)["state"]]
    assert all(secrets)
    out, err = capfd.readouterr()
    assert "login granted" in out + err
    shown = [
        out,
        err,
        str(answer.headers),
        answer.body.decode(),
        replayed.body.decode(),
        repr(choices),
        repr(connected),
    ]
    shown.append(repr(begun))
    for secret in secrets:
        for text in shown:
            assert secret not in text


def test_at_rest_state_and_nonce_are_hashes(place: Installation, browser: Browser) -> None:
    begun = browser.begin()
    (row,) = place.rows("select t::text as text, verifier from login_attempts t where id = $1", browser.attempt)
    state = query_of(begun.url)["state"]
    for secret in (state, begun.nonce, state.encode().hex(), begun.nonce.encode().hex()):
        assert secret not in row["text"]
    assert row["verifier"] is not None


def test_attempts_are_pruned(place: Installation, browser: Browser) -> None:
    browser.begin()
    place.execute("update login_attempts set expires_at = $2 where id = $1", browser.attempt, _long_ago(place))
    (login,) = pruning()
    place.run(place.application._housekeeper.prune(login))
    assert place.rows("select 1 from login_attempts where id = $1", browser.attempt) == []


def _long_ago(place: Installation) -> Any:
    return place.value("select now()") - timedelta(hours=2)


def test_the_cookie_is_bound_to_this_host() -> None:
    given = cookie("https://messages.example", "n")
    assert given["key"].startswith("__Host-")
    assert (given["secure"], given["httponly"], given["samesite"], given["path"]) == (True, True, "lax", "/")
    assert "domain" not in given
    assert cookie("http://127.0.0.1:8000", "n")["secure"] is False


class WayToMeta:
    """The session of the Graph API's client, which notes what is asked while somebody presses; the workers ask as well."""

    pressing: ContextVar[bool] = ContextVar("pressing", default=False)

    def __init__(self, session: Any) -> None:
        self._session = session
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if self.pressing.get():
            self.asked.append(name)
        return getattr(self._session, name)


def test_begin_does_not_wait_for_meta(place: Installation, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pressing the button writes a row, and asks nobody."""
    graph = place.application._graph
    way = WayToMeta(graph._session)
    monkeypatch.setattr(graph, "_session", way)

    async def many() -> list[Any]:
        way.pressing.set(True)
        return await asyncio.gather(
            *(place.onboarding.begin(browser.purpose(), browser.facebook_app) for _ in range(20))
        )

    begun = place.run(many())
    assert len({one.attempt_id for one in begun}) == 20
    assert way.asked == []
