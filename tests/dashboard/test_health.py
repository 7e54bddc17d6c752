"""Health in the dashboard: what is wrong is said with its repair, put right it is well again, and open pages follow."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from heliograph.api import integration_health
from heliograph.channels.health import Finding, Report, State, dated
from heliograph.channels.instagram.doctor import public
from heliograph.dashboard.health import checkup
from heliograph.dashboard.health.condition import Condition, condition, needs_login, sum_up, worth_reading
from heliograph.dashboard.wording import clock
from tests.browser import NARROW, WIDE
from tests.dashboard.accounts import Account, connect
from tests.dashboard.conftest import SignedInPage
from tests.dashboard.house import Browser, House

NOW = datetime(2026, 3, 3, 14, 20, tzinfo=UTC)


@pytest.fixture(scope="module", autouse=True)
def unspared() -> Iterator[None]:
    """Checks may follow one another as fast as a test asks for them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(integration_health, "FRESH", integration_health.FRESH * 0)
        patch.setattr(public, "_GOOD_FOR_SECONDS", 0.0)
        yield


@pytest.fixture(scope="module")
def account(house: House, owner: Browser, app_id: str) -> Account:
    """A healthy account that somebody has written to."""
    made = connect(house, app_id, username="harbour.cafe")
    made.is_written_to()
    return made


def serious(page: Page) -> list[Any]:
    found = Axe().run(page).response["violations"]
    return [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in ("serious", "critical")]


def check_now(page: Page) -> None:
    """Press it, and wait for what it says: the words of an earlier press look the same."""
    with page.expect_response(lambda answer: answer.url.endswith("/check")):
        page.get_by_role("button", name="Check now").click()
    expect(page.locator("#check")).not_to_contain_class("htmx-request")


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


# Rules ----------------------------------------------------------------------------------------------------------------


def finding(state: State = State.BROKEN, *stops: str, **more: Any) -> Finding:
    return Finding(more.pop("check", "grants"), "Grants", state, "Something was left out.", stops=stops, **more)


def report(*findings: Finding, status: str = "active", state: State = State.OK, checked: bool = True) -> Report:
    return Report("i", "a", status, state, NOW if checked else None, None, findings)


@pytest.mark.parametrize(
    ("given", "kind", "word"),
    [
        (report(finding(State.OK)), "good", "Well"),
        (report(finding(State.BROKEN, "sending")), "bad", "Cannot send"),
        (report(finding(State.BROKEN, "receiving")), "bad", "Cannot receive"),
        (report(finding(State.BROKEN, "sending"), finding(State.BROKEN, "receiving")), "bad", "Cannot send or receive"),
        (report(finding()), "bad", "Needs you"),
        (report(finding(State.WARNING)), "warn", "Look at it"),
        (report(status="error"), "bad", "Needs you"),
        (report(finding(), status="inactive", state=State.BROKEN), "off", "Stopped"),
        (report(checked=False, state=State.UNKNOWN), "wait", "Not checked yet"),
        (report(state=State.UNKNOWN), "wait", "Not seen"),
        (report(finding(State.UNKNOWN, check="token_valid"), finding(State.OK)), "wait", "Not seen"),
        (report(finding(State.OK, repaired=True)), "good", "Well"),
    ],
)
def test_the_word_of_a_report(given: Report, kind: str, word: str) -> None:
    found = condition(given)
    assert (found.kind, found.word) == (kind, word)


WELL, ILL = Condition("good", "Well", "is well"), Condition("bad", "Cannot send", "cannot send", since=NOW)
WARNED = Condition("warn", "Look at it", "works, and has something to look at")
UNSEEN = Condition("wait", "Not seen", "could not be seen")


@pytest.mark.parametrize(
    ("conditions", "of_all", "text", "rest"),
    [
        ([WELL], 1, "@a is well", ""),
        ([WELL] * 2, 2, "Both accounts are well", ""),
        ([WELL] * 3, 3, "All 3 accounts are well", ""),
        ([ILL], 1, "@a cannot send", ""),
        ([ILL, WELL], 2, "@a cannot send", "The other account is well."),
        ([ILL, WARNED, WELL], 3, "@a cannot send", "The other 2 accounts work."),
        ([ILL, UNSEEN], 2, "@a cannot send", ""),
        ([ILL, ILL, WELL], 3, "2 of 3 accounts need somebody", ""),
        ([ILL] * 2, 9, "2 or more of 9 accounts need somebody", ""),
        ([WARNED], 1, "@a works, and has something to look at", ""),
        ([WARNED, WELL], 2, "All 2 accounts work", "1 should be looked at."),
        ([UNSEEN], 1, "@a could not be seen", ""),
        ([UNSEEN, WELL], 2, "1 of 2 accounts were not seen yet, or Meta did not answer", ""),
    ],
)
def test_the_sentence_of_all(conditions: list[Condition], of_all: int, text: str, rest: str) -> None:
    said = sum_up([("@a", one) for one in conditions], of_all)
    assert (said.text, said.rest) == (text, rest)
    assert said.since == (NOW if "cannot" in text else None)


def test_since_when_is_kept_as_long_as_the_state_stays() -> None:
    later = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
    (first,) = dated([], [finding()], NOW)
    kept = Finding.of({**first.kept(), "since": NOW.isoformat()})
    assert dated([kept], [finding()], later)[0].since == NOW
    assert dated([kept], [finding(State.OK)], later)[0].since == later
    assert condition(report(first)).since == NOW


def test_what_is_worth_reading_stands_by_weight() -> None:
    repaired = finding(State.OK, repaired=True)
    given = [finding(State.OK), repaired, finding(State.WARNING), finding(), finding(State.BROKEN, "sending")]
    assert worth_reading(given) == [given[4], given[3], given[2], repaired]


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (datetime(2026, 3, 3, 9, 5, tzinfo=UTC), "09:05 UTC"),
        (datetime(2026, 3, 2, 23, 5, tzinfo=UTC), "23:05 UTC yesterday"),
        (datetime(2026, 2, 3, 9, 5, tzinfo=UTC), "3 February, 09:05 UTC"),
    ],
)
def test_the_hour_since(moment: datetime, words: str) -> None:
    assert clock(moment, NOW) == words


# Pages ----------------------------------------------------------------------------------------------------------------


def test_with_nothing_connected_it_leads_to_integrations(house: House, owner: Browser) -> None:
    empty = house.app("Nothing here yet")
    page = owner.get(f"/dashboard/apps/{empty}/health")
    assert "No account is connected yet" in page.words
    assert f'href="/dashboard/apps/{empty}/integrations"' in page.text


# The switch, the check's card, a word of the finding, steps in their order, what the account can not do; and whether a new
# login is what helps.
SWITCHES = [
    (
        "asset_dropped",
        "What was allowed",
        "does not cover this Instagram account",
        ["Business integrations", "Remove this app there", "Reconnect the integration", "allow everything"],
        "can neither send nor receive",
        True,
    ),
    (
        "messages_off",
        "Access to messages",
        "switched off for connected tools",
        ["Connected tools", "Switch on Allow access to messages", "looks again every 15 minutes"],
        "can neither send nor receive",
        False,
    ),
    (
        "unlinked",
        "Page and account",
        "linked to no Instagram account",
        ["Linked accounts", "Connect the Instagram account there again", "looks again every 15 minutes"],
        "can neither send nor receive",
        False,
    ),
]


@pytest.mark.parametrize(("switch", "title", "words", "steps", "does", "login"), SWITCHES, ids=[s[0] for s in SWITCHES])
def test_what_happens_is_said_with_its_repair_and_well_again_after_it(
    account: Account,
    signed_in_page: SignedInPage,
    switch: str,
    title: str,
    words: str,
    steps: list[str],
    does: str,
    login: bool,
) -> None:
    account.switch(switch, on=False)
    with signed_in_page(account.path) as page:
        check_now(page)
        expect(page.locator("#came")).to_contain_text("Checked. All is well")
        expect(page.locator(".sentence")).to_have_text("@harbour.cafe is well")
        account.switch(switch)
        check_now(page)
        card = page.get_by_role("region", name=title)
        expect(card).to_contain_text(words)
        expect(card).to_contain_text("Broken")
        for number, step in enumerate(steps):
            expect(card.locator("li").nth(number)).to_contain_text(step)
        expect(page.locator(".sentence")).to_contain_text(f"@harbour.cafe {does} since ")
        expect(card.get_by_role("link", name="Open ")).to_have_attribute("rel", "noopener noreferrer")
        reconnect = card.get_by_role("link", name="Reconnect")
        expect(reconnect).to_have_count(int(login))
        if login:
            to = f"/dashboard/apps/{account.app_id}/integrations/{account.id}"
            expect(reconnect).to_have_attribute("href", to)
        assert serious(page) == []

        page.reload()
        expect(page.locator(".sentence")).to_contain_text(does)
        account.switch(switch, on=False)
        check_now(page)
        expect(page.locator("#came")).to_have_text("Checked. All is well again.")
        expect(card).to_contain_text("Well again")
        expect(page.locator(".sentence")).to_have_text("@harbour.cafe is well")


def test_what_is_repaired_by_us_is_said_and_what_is_well_is_folded_away(
    account: Account, signed_in_page: SignedInPage
) -> None:
    with signed_in_page(account.path) as page:
        account.switch("app_unsubscribed")
        check_now(page)
        expect(page.get_by_role("region", name="App subscription")).to_contain_text("Repaired by Heliograph")
        expect(page.get_by_text("Meta lets the app read the account's messages")).to_be_hidden()
        page.locator("summary").filter(has_text="checks passed").click()
        expect(page.get_by_text("Meta lets the app read the account's messages")).to_be_visible()
        check_now(page)
        expect(page.locator("#came")).to_contain_text("Checked. All is well")
        expect(page.get_by_text("Meta lets the app read the account's messages")).to_be_visible()


def test_open_pages_follow_without_a_reload_and_keep_their_place(
    house: House, account: Account, owner: Browser, signed_in_page: SignedInPage
) -> None:
    second = connect(house, account.app_id, username="zz.second")
    for one in (account, second):
        one.is_checked(owner)
    listing = f"/dashboard/apps/{account.app_id}/health"
    with signed_in_page(listing) as overview, signed_in_page(second.path) as page:
        for one in (overview, page):
            one.evaluate("window.same = true")
        rows = overview.locator(".health-rows > li")
        expect(rows.nth(1)).to_contain_text("@zz.second")
        expect(overview.locator(".sentence")).to_have_text("Both accounts are well")
        rows.nth(1).locator("a").focus()
        passed = page.locator("summary").filter(has_text="checks passed")
        passed.click()
        second.switch("messages_off")
        second.is_checked(owner)
        expect(page.get_by_role("region", name="Access to messages")).to_contain_text("Broken")
        expect(page.locator(".sentence")).to_contain_text("can neither send nor receive")
        expect(rows.nth(1)).to_contain_text("Cannot send or receive")
        expect(rows.nth(1).locator("a")).to_be_focused()
        expect(overview.locator(".sentence")).to_contain_text("@zz.second can neither send nor receive since")
        expect(overview.locator(".sentence")).to_contain_text("The other account is well.")
        assert overview.evaluate("window.same")
        assert page.evaluate("window.same")
        overview.reload()
        expect(rows.first).to_contain_text("@zz.second")

        second.switch("messages_off", on=False)
        second.is_checked(owner)
        expect(page.get_by_role("region", name="Access to messages")).to_contain_text("Well again")
        expect(overview.locator(".sentence")).to_have_text("Both accounts are well")
        third = connect(house, account.app_id)
        expect(overview.get_by_text("Accounts were connected or disconnected")).to_be_visible()
        expect(rows).to_have_count(2)
    house.run(house.database.execute("delete from integrations where id = any($1)", [second.id, third.id]))


def test_an_agent_checks_the_accounts_of_their_apps_and_no_others(
    house: House, account: Account, app_id: str, owner: Browser
) -> None:
    agent = house.agent("tends@lumen.example", app_id)
    account.switch("asset_dropped")
    account.is_checked(agent)
    page = agent.get(account.path)
    assert "What was allowed" in page.words
    assert "Reconnecting is for owners" in page.words
    assert agent.get(f"/dashboard/apps/{app_id}/health/installation").status == 403
    account.switch("asset_dropped", on=False)
    account.is_checked(agent)

    other = house.app("Elsewhere")
    stranger = house.agent("stranger@lumen.example", other)
    foreign = account.path.replace(app_id, other)
    for path in (account.path, f"{account.path}/live", f"/dashboard/apps/{app_id}/health", foreign, f"{foreign}/live"):
        assert stranger.get(path).status == 404, path
    for path in (account.path, foreign):
        assert stranger.send(f"/dashboard/apps/{other}/health", f"{path}/check").status == 404
    assert owner.get(foreign).status == 404, "the account of another app, although the owner may see both"


def test_a_check_that_runs_is_not_begun_again(account: Account, owner: Browser) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checkup, "_under_way", {account.id})
        assert owner.send(account.path, f"{account.path}/check").to.endswith("done=check-runs")
    assert owner.post(f"{account.path}/check", {}).status == 403, "without the form's token"


def test_when_meta_does_not_answer_the_page_says_so(house: House, account: Account, owner: Browser) -> None:
    unseen = Finding("token_valid", "Token", State.UNKNOWN, "Meta could not be asked: no answer.")
    sql = "update integration_health set state = 'unknown', findings = $2 where integration_id = $1"
    house.run(house.database.execute(sql, account.id, [unseen.kept()]))
    page = owner.get(account.path)
    assert "Meta did not answer at the last check" in page.words
    assert "could not be seen" in owner.get(f"/dashboard/apps/{account.app_id}/health").words
    account.is_checked(owner)
    assert "Meta did not answer" not in owner.get(account.path).words


def test_markup_in_names_is_text(house: House, account: Account, owner: Browser) -> None:
    sql = "update integrations set display_name = $2 where id = $1"
    house.run(house.database.execute(sql, account.id, "<img src=x onerror=alert(1)>"))
    for path in (account.path, f"/dashboard/apps/{account.app_id}/health"):
        page = owner.get(path)
        assert "<img src=x" not in page.text
        assert "&lt;img src=x" in page.text
    house.run(house.database.execute(sql, account.id, None))


def test_the_installation_is_told_to_owners(house: House, account: Account, signed_in_page: SignedInPage) -> None:
    with signed_in_page(f"/dashboard/apps/{account.app_id}/health") as page:
        part = page.get_by_role("region", name="Installation")
        for words in (
            "PostgreSQL",
            "The database is up to date",
            "opens everything",
            f"{house.url} answers",
            "Graph API v",
        ):
            expect(part).to_contain_text(words)
        house.run(house.database.execute("insert into lanes values ('lost', 'x', '', now() - interval '1 hour', 0, 1)"))
        page.goto(f"{house.url}/dashboard/apps/{account.app_id}/health/installation")
        expect(page.get_by_role("region", name="Waiting work")).to_contain_text("1 of lost")
        house.run(house.database.execute("delete from lanes where kind = 'lost'"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW, (WIDE[0] // 2, WIDE[1] // 2)], ids=["wide", "narrow", "at 200 percent"])
def test_axe_finds_nothing_serious_and_nothing_scrolls_sideways(
    house: House, account: Account, owner: Browser, signed_in_page: SignedInPage, size: tuple[int, int], scheme: str
) -> None:
    house.run(house.database.execute("update integrations set display_name = $2 where id = $1", account.id, "L" * 100))
    account.switch("asset_dropped")
    account.is_checked(owner)
    with signed_in_page(f"/dashboard/apps/{account.app_id}/health", size, scheme, reduced_motion="reduce") as page:
        expect(page.get_by_text("PostgreSQL").first).to_be_visible()
        for path in ("", f"/{account.id}"):
            page.goto(f"{house.url}/dashboard/apps/{account.app_id}/health{path}")
            for summary in page.locator(".folded summary").all():
                if summary.is_visible():
                    summary.click()
            assert fits(page), path
            assert serious(page) == [], path
    house.run(house.database.execute("update integrations set display_name = null where id = $1", account.id))
    account.switch("asset_dropped", on=False)
    account.is_checked(owner)


def test_only_a_step_that_asks_for_a_login_offers_it() -> None:
    assert needs_login(finding(repair=("Reconnect the integration: log in again.",)))
    assert not needs_login(finding(repair=("Switch it on.", "Or reconnect the integration as somebody else.")))
    assert not needs_login(finding(State.OK, repair=("Reconnect the integration: log in again.",)))
