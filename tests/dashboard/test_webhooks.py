"""Webhooks in the dashboard: add one, see it deliver and fail, change and remove it; owners, agents, other apps."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from heliograph.dashboard.webhooks import triggers, verdicts, verify
from heliograph.dashboard.webhooks.verdicts import Attempt
from heliograph.events import TRIGGERS
from tests.browser import NARROW, WIDE
from tests.dashboard.conftest import SignedInPage
from tests.dashboard.house import Browser, House, Page
from tests.dashboard.test_app_review import Connected, connect, serious
from tests.e2e.stack import Target
from tests.simulator.support import eventually

MARKUP = "<img src=x onerror=alert(1)>"
SECRET = re.compile(r"\b[0-9a-f]{32}\b")


@pytest.fixture(scope="module")
def connected(house: House, owner: Browser, app_id: str) -> Connected:
    """An account that people can write to."""
    return connect(house, app_id)


@pytest.fixture
def target() -> Iterator[Target]:
    """A customer's server."""
    target = Target()
    yield target
    target.close()


@pytest.fixture(autouse=True)
def no_webhooks(house: House) -> Iterator[None]:
    """An app has at most ten: each test begins with none."""
    yield
    house.run(house.database.execute("delete from integrations where type = 'custom'"))


def start(app_id: str) -> str:
    return f"/dashboard/apps/{app_id}/webhooks"


def add(house: House, who: Browser, app_id: str, target: str, **more: Any) -> str:
    """A webhook by the form; its path."""
    fields = {"target": target, "triggers": ["conversation:message"], **more}
    made = who.send(f"{start(app_id)}/new", start(app_id), fields)
    assert made.status == 200, made.words
    (row,) = house.rows("select id from webhooks where app_id = $1 order by created_at desc, id desc limit 1", app_id)
    return f"{start(app_id)}/{row['id']}"


def says(connected: Connected, text: str) -> None:
    """A person of the simulator writes to the account."""
    house = connected.house
    (row,) = house.rows("select account_id from instagram_accounts where page_id = $1", connected.page_id)
    people = house.simulator.read("/people")["people"]
    person = people[0] if people else house.simulator.control("/people")
    house.simulator.control("/messages", account_id=row["account_id"], person=person["id"], text=text)


def attempted(house: House, path: str, outcome: str) -> Any:
    """Wait for an attempt of a webhook."""
    sql = "select * from delivery_attempts where webhook_id = $1 and outcome = $2"
    return eventually(lambda: house.rows(sql, path.rpartition("/")[2], outcome))


def put_attempts(house: House, path: str, count: int) -> None:
    """A history."""
    sql = """insert into delivery_attempts (app_id, webhook_id, event_ids, attempt, outcome, status, duration_ms)
             select app_id, id, array['gone'], 1, 'delivered', 200, 1000 + n from webhooks, generate_series(1, $2) n
             where id = $1 order by n"""
    house.run(house.database.execute(sql, path.rpartition("/")[2], count))


class TestInTheBrowser:
    def test_a_webhook_is_added_and_its_first_delivery_shows_by_itself(
        self, house: House, connected: Connected, target: Target, signed_in_page: SignedInPage
    ) -> None:
        with signed_in_page(start(connected.app_id)) as page:
            expect(page.get_by_role("heading", name="Tell your program what happens")).to_be_visible()
            page.get_by_role("link", name="Add webhook").first.click()
            page.get_by_label("Target").fill(target.url)
            page.get_by_label("Name").fill(MARKUP)
            expect(page.get_by_role("checkbox", name=re.compile("^conversation:message A message"))).to_be_checked()
            page.get_by_role("button", name="Add webhook").click()
            expect(page.get_by_role("heading", name="Webhook added")).to_be_visible()
            shown = page.locator(".block code").first.inner_text()
            assert SECRET.fullmatch(shown)
            page.get_by_role("link", name="Done").click()
            expect(page.get_by_role("heading", level=1)).to_have_text(MARKUP)
            expect(page.get_by_text("Nothing was sent yet")).to_be_visible()
            assert shown not in page.content()

            says(connected, "Are you open on Sunday?")
            row = page.locator(".hook-attempts li").first
            expect(row).to_contain_text("conversation:message")
            expect(row.locator(".status")).to_have_text("Delivered")
            expect(row).to_contain_text("answered 200")
            expect(page.locator(".hook-standing")).to_contain_text("Delivering")
            assert target.keys == {shown}
            assert "Are you open on Sunday?" in target.texts()

            page.get_by_role("button", name="Show secret").click()
            expect(page.locator("#secret code")).to_have_text(shown)
            page.get_by_role("link", name="Webhooks").last.click()
            expect(page.locator(".hook .status")).to_have_text("Delivering")
            assert page.locator(".hook img").count() == 0

    def test_a_target_that_is_down_shows_as_failing_with_its_next_try(
        self, house: House, owner: Browser, connected: Connected, target: Target, signed_in_page: SignedInPage
    ) -> None:
        path = add(house, owner, connected.app_id, target.url)
        target.status = 503
        with signed_in_page(path) as page:
            says(connected, "Hello?")
            row = page.locator(".hook-attempts li").first
            expect(row.locator(".status")).to_have_text("Failed, waiting")
            expect(row).to_contain_text("answered 503")
            expect(row).to_contain_text("Its log of this moment says why. Next try in a moment")
            expect(page.locator(".hook-standing")).to_contain_text("Failing")
            expect(page.locator(".hook-standing")).to_contain_text("1 delivery waits, next try")
        with signed_in_page(start(connected.app_id)) as page:
            expect(page.locator(".hook .status")).to_have_text("Failing")
            expect(page.locator(".hook .aside")).to_contain_text("1 delivery waits, next try in a moment")

    def test_the_list_is_live_and_keeps_open_what_is_read(
        self, house: House, owner: Browser, connected: Connected, target: Target, signed_in_page: SignedInPage
    ) -> None:
        add(house, owner, connected.app_id, target.url)
        with signed_in_page(start(connected.app_id)) as page:
            expect(page.locator(".hook .status")).to_have_text("Nothing sent yet")
            page.get_by_text("1 event", exact=True).click()
            expect(page.locator(".hook-events code")).to_be_visible()
            says(connected, "One more")
            expect(page.locator(".hook .status")).to_have_text("Delivering")
            expect(page.locator(".hook-events code")).to_be_visible()

    def test_it_is_edited_and_removed_after_a_question(
        self, house: House, owner: Browser, app_id: str, signed_in_page: SignedInPage
    ) -> None:
        path = add(house, owner, app_id, "https://93.184.215.14/a", name="Shop")
        with signed_in_page(path) as page:
            page.get_by_role("link", name="Edit webhook").click()
            expect(page.get_by_label("Target")).to_have_value("https://93.184.215.14/a")
            page.get_by_label("Target").fill("https://93.184.215.14/b")
            page.get_by_label("Name").fill("")
            page.get_by_label(re.compile("Users in full")).check()
            page.get_by_role("button", name="Save").click()
            expect(page.get_by_text("The webhook is saved.")).to_be_visible()
            expect(page.get_by_text("Users in full; sources without")).to_be_visible()
            page.wait_for_load_state()
            (row,) = house.rows(
                "select w.*, i.display_name from webhooks w join integrations i on i.id = w.integration_id"
                " where w.app_id = $1",
                app_id,
            )
            assert (row["target"], row["triggers"]) == ("https://93.184.215.14/b", ["conversation:message"])
            assert (row["include_full_user"], row["include_full_source"], row["display_name"]) == (True, False, None)

            page.get_by_role("button", name="Remove", exact=True).click()
            page.get_by_role("dialog").get_by_role("button", name="Remove webhook").click()
            expect(page.get_by_text("The webhook is removed.")).to_be_visible()
        assert house.rows("select 1 from webhooks where app_id = $1", app_id) == []
        assert house.rows("select 1 from integrations where app_id = $1 and type = 'custom'", app_id) == []

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    @pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
    def test_axe_finds_nothing_serious_and_nothing_scrolls_sideways(
        self, house: House, owner: Browser, app_id: str, signed_in_page: SignedInPage, size: Any, scheme: str
    ) -> None:
        path = add(house, owner, app_id, f"https://93.184.215.14/{'long' * 60}", name="N" * 100)
        put_attempts(house, path, 30)
        with signed_in_page(start(app_id), size, scheme, reduced_motion="reduce") as page:
            for where in (start(app_id), f"{start(app_id)}/new", path, f"{path}/edit"):
                page.goto(house.url + where)
                page.evaluate("document.querySelectorAll('details:not(.menu)').forEach((one) => (one.open = true))")
                assert serious(page) == [], where
                assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), where


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        ("target", "words"),
        [
            ("", "Enter a whole address"),
            ("ftp://lumen.example/hook", "Enter a whole address"),
            ("javascript:alert(1)", "Enter a whole address"),
            ("https://", "Enter a whole address"),
            ("https://lumen.example/" + "x" * 2048, "Enter a whole address"),
            ("http://10.0.0.7/hook", "10.0.0.7 is not a public address"),
            ("http://169.254.169.254/latest", "169.254.169.254 is not a public address"),
            ("http://[::ffff:10.0.0.7]/", "is not a public address"),
            ("https://user:word@93.184.215.14/", "Leave name and password out"),
        ],
    )
    def test_a_bad_target_is_refused_beside_its_field(
        self, house: House, owner: Browser, app_id: str, target: str, words: str
    ) -> None:
        page = owner.send(f"{start(app_id)}/new", start(app_id), {"target": target, "triggers": "conversation:message"})
        assert page.status == 422
        assert words in beside(page, "target-words")
        assert house.rows("select 1 from integrations where app_id = $1 and type = 'custom'", app_id) == []

    @pytest.mark.parametrize("chosen", [[], ["conversation:nonsense"], ["*"]])
    def test_events_that_do_not_exist_are_refused(self, owner: Browser, app_id: str, chosen: list[str]) -> None:
        fields = {"target": "https://93.184.215.14/", "triggers": chosen}
        page = owner.send(f"{start(app_id)}/new", start(app_id), fields)
        assert page.status == 422
        assert "Tick at least one event" in beside(page, "triggers-words")

    def test_a_bad_change_changes_nothing(self, house: House, owner: Browser, app_id: str) -> None:
        path = add(house, owner, app_id, "https://93.184.215.14/a")
        page = owner.send(f"{path}/edit", path, {"target": "http://192.168.1.1/", "triggers": "conversation:message"})
        assert page.status == 422
        assert "192.168.1.1 is not a public address" in beside(page, "target-words")
        (row,) = house.rows("select target from webhooks where app_id = $1", app_id)
        assert row["target"] == "https://93.184.215.14/a"

    def test_the_eleventh_is_refused(self, house: House, owner: Browser) -> None:
        app_id = house.app("Full")
        for number in range(10):
            add(house, owner, app_id, f"https://93.184.215.14/{number}")
        fields = {"target": "https://93.184.215.14/11", "triggers": "conversation:message"}
        page = owner.send(f"{start(app_id)}/new", start(app_id), fields)
        assert page.status == 422
        assert "The app has 10 webhooks already. Remove one first." in page.words
        assert len(house.rows("select 1 from integrations where app_id = $1", app_id)) == 10
        assert "Add webhook" not in owner.get(start(app_id)).words


class TestWhoMayWhat:
    def test_an_agent_looks_and_changes_nothing(self, house: House, owner: Browser, app_id: str) -> None:
        path = add(house, owner, app_id, "https://93.184.215.14/a")
        agent = house.agent("ada@lumen.example", app_id)
        assert "https://93.184.215.14/a" in agent.get(start(app_id)).words
        page = agent.get(path)
        assert page.status == 200
        assert not SECRET.search(page.words)
        for offer in ("Edit webhook", "Show secret", "Remove"):
            assert offer not in page.words
        assert agent.get(f"{start(app_id)}/new").status == agent.get(f"{path}/edit").status == 403
        for to in (path, f"{path}/secret", f"{path}/remove", start(app_id)):
            refused = agent.send("/dashboard/settings/account", to, {"target": "https://93.184.215.14/b"})
            assert refused.status == 403
            assert not SECRET.search(refused.words)
        (row,) = house.rows("select target from webhooks where app_id = $1", app_id)
        assert row["target"] == "https://93.184.215.14/a"

    def test_a_webhook_of_another_app_is_not_there(self, house: House, owner: Browser, app_id: str) -> None:
        theirs = add(house, owner, house.app("Elsewhere"), "https://93.184.215.14/theirs")
        path = f"{start(app_id)}/{theirs.rpartition('/')[2]}"
        assert "theirs" not in owner.get(start(app_id)).words
        for page in ("", "/edit", "/live"):
            assert owner.get(path + page).status == 404
        for to in ("", "/secret", "/remove"):
            fields = {"target": "https://93.184.215.14/mine", "triggers": "conversation:message"}
            assert owner.send(start(app_id) + "/new", path + to, fields).status == 404
        assert house.rows("select 1 from webhooks where target = 'https://93.184.215.14/theirs'")
        agent = house.agent("eve@lumen.example", app_id)
        assert agent.get(theirs).status == agent.get(f"{theirs}/live").status == 404

    def test_the_secret_comes_by_a_form_with_its_token_only(self, house: House, owner: Browser, app_id: str) -> None:
        path = add(house, owner, app_id, "https://93.184.215.14/a")
        assert not SECRET.search(owner.get(path).words)
        assert owner.get(f"{path}/secret").status == 404
        assert owner.post(f"{path}/secret", {}).status == 403
        assert SECRET.search(owner.send(path, f"{path}/secret").words)

    def test_an_integration_that_has_a_key_stays_when_its_webhook_is_removed(
        self, house: House, owner: Browser, app_id: str
    ) -> None:
        path = add(house, owner, app_id, "https://93.184.215.14/a")
        (row,) = house.rows("select integration_id from webhooks where app_id = $1", app_id)
        house.run(house.database.execute(KEY, app_id, row["integration_id"]))
        assert owner.send(path, f"{path}/remove").status == 303
        assert house.rows("select 1 from integrations where id = $1", row["integration_id"])
        house.run(house.database.execute("delete from api_keys where integration_id = $1", row["integration_id"]))


def test_attempts_are_paged(house: House, owner: Browser, app_id: str) -> None:
    path = add(house, owner, app_id, "https://93.184.215.14/a")
    put_attempts(house, path, 60)
    seen: list[str] = []
    address = path
    for _ in range(5):
        page = owner.get(address)
        seen += re.findall(r"in (\d+) ms", page.words)
        older = re.search(r'href="([^"]*\?before=\d+)"', page.text)
        if older is None:
            break
        address = older[1]
    assert seen == [str(1000 + number) for number in range(60, 0, -1)]
    assert "Nothing older" in owner.get(f"{path}?before=1").words
    for odd in ("x", "-1", "9" * 30, "%00", "%C2%B2"):
        assert owner.get(f"{path}?before={odd}").status == 200


def test_every_event_can_be_asked_for_once_and_has_its_sentence() -> None:
    listed = [one for group in triggers.groups() for one in group.triggers]
    assert sorted(one.name for one in listed) == sorted(TRIGGERS)
    assert all(one.when.endswith(".") and "addition of ours" not in one.when for one in listed)
    assert set(triggers.FIRST) <= TRIGGERS


AT = datetime(2026, 3, 3, 12, tzinfo=UTC)


def attempt(outcome: str, status: int | None = None, error: str | None = None, number: int = 1, **more: Any) -> Attempt:
    return Attempt(1, AT, outcome, number, status, error, 12, **more)


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (attempt("delivered", 204), ""),
        (attempt("failed", 401), "Compare the header X-API-Key"),
        (attempt("failed", 404), "nothing at this path"),
        (attempt("retry", 302), "Redirects are not followed"),
        (attempt("retry", 418), "Your server refused it"),
        (attempt("retry", 502), "Your server failed"),
        (attempt("retry", None, "no answer in time"), "within 20 seconds"),
        (attempt("retry", None, "no connection: Connection refused"), "Nobody answers"),
        (attempt("retry", None, "10.0.0.7 is not a public address; HELIOGRAPH_…"), "private network"),
        (attempt("retry", None, "ClientOSError: reset"), "The connection broke"),
    ],
)
def test_a_failed_attempt_says_what_to_do(made: Attempt, words: str) -> None:
    said = verdicts.advice(made)
    assert (words in said) if words else said == ""


def test_an_attempt_waits_only_while_its_lane_does() -> None:
    due = AT + timedelta(seconds=60)
    assert verdicts.next_try(attempt("retry", 500, number=2, lane_due=due, lane_free=True)) == due
    later = [
        attempt("retry", 500, number=2),  # the lane is done
        attempt("retry", 500, number=2, lane_due=due, lane_free=False),  # at work now
        attempt("retry", 500, number=1, lane_due=due, lane_free=True),  # of a later attempt
        attempt("failed", 500, number=5, lane_due=due, lane_free=True),
        attempt("delivered", 200, lane_due=due, lane_free=True),
    ]
    assert [verdicts.next_try(one) for one in later] == [None] * len(later)
    assert "given up" in verdicts.ending(attempt("failed", 500, number=5))
    assert "taken as final" in verdicts.ending(attempt("failed", 404))


KEY = """
insert into api_keys (id, scope, app_id, integration_id, display_name, secret)
values ('int_of_an_integration', 'integration', $1, $2, 'k', '')
"""


def beside(page: Page, id_: str) -> str:
    """The words of the element with this id."""
    match = re.search(rf'id="{id_}">(.*?)</p>', page.text, re.DOTALL)
    assert match, page.words
    return Page(200, match[1], {}, []).words


def test_the_program_to_copy_knows_us_and_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    known: dict[str, Any] = {}
    exec(verify.SNIPPET, known)
    monkeypatch.setenv("WEBHOOK_SECRET", "5ecret")
    is_from_heliograph = known["is_from_heliograph"]
    assert is_from_heliograph({"X-API-Key": "5ecret"}) is True
    assert not any(is_from_heliograph(one) for one in ({}, {"X-API-Key": ""}, {"X-API-Key": "5ecret "}))
    assert verify.SNIPPET in (Path(__file__).parents[2] / "docs" / "api" / "events.md").read_text("utf-8")
