"""Invitations made in the dashboard: their links work on the hosted page, they are listed as they stand, and end."""

import os
import re
from html import unescape
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page as ChromiumPage
from playwright.sync_api import expect

from heliograph.storage import new_id
from tests.browser import NARROW, WIDE
from tests.dashboard.conftest import SignedInPage, words_stay
from tests.dashboard.house import Browser, House, Page
from tests.dashboard.meta import SETTINGS, Place, place

BACK = "https://desk.example.org/instagram?tab=new"
FIELDS = {"returnUrl": BACK, "state": "customer-1001", "days": "30", "brandName": "Harbour Desk"}
MARKUP = '<b onmouseover="x">&'


@pytest.fixture(scope="module")
def harbour(house: House, owner: Browser) -> Place:
    return place(house, owner)


def invitations(at: Place) -> str:
    return f"{at.path}/invitations"


def make(at: Place, **fields: str) -> tuple[str, str]:
    """An invitation: the path of its link, and its id."""
    made = at.owner.send(f"{invitations(at)}/new", invitations(at), FIELDS | fields)
    assert made.status == 200, made.words
    (newest,) = at.house.rows("select id from invitations where app_id = $1 order by id desc limit 1", at.app_id)
    return link_of(made), newest["id"]


def link_of(page: Page) -> str:
    """The path of the link that a page shows."""
    found = re.search(r'data-copy="http://127\.0\.0\.1:\d+(/connect/i/[A-Za-z0-9_-]{43})"', page.text)
    assert found, page.words
    return found[1]


def line_of(at: Place, invitation_id: str) -> str:
    """The list's line of an invitation that can be cancelled, and of which the list shows one dialog."""
    page = at.owner.get(invitations(at))
    lines = re.findall(r"<li .*?</li>", page.text, flags=re.DOTALL)
    (found,) = [line for line in lines if f"cancel-{invitation_id}" in line]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", found)).split())


def test_a_link_works_is_listed_as_opened_and_is_dead_when_cancelled(house: House, harbour: Place) -> None:
    link, made = make(harbour)
    assert "Open" in line_of(harbour, made)
    (row,) = house.rows("select * from invitations where id = $1", made)
    assert (row["return_url"], row["state"], row["brand_name"]) == (BACK, "customer-1001", "Harbour Desk")
    assert (row["expires_at"] - row["created_at"]).days == 30

    guest = house.browser()
    assert "Connect your Instagram account to Harbour Desk" in guest.get(link).words
    line = line_of(harbour, made)
    assert "Opened" in line
    assert "Returns to desk.example.org · state customer-1001" in line
    assert link.rpartition("/")[2] not in harbour.owner.get(invitations(harbour)).text, "a link is shown once"

    done = harbour.owner.send(invitations(harbour), f"{invitations(harbour)}/{made}/cancel")
    said = harbour.owner.get(done.to)
    assert "The invitation is cancelled." in said.words
    assert f"cancel-{made}" not in said.text
    dead = house.browser().get(link)
    assert dead.status == 410
    assert "Continue with" not in dead.words


def test_one_without_a_state_shows_its_link(harbour: Place) -> None:
    made = harbour.owner.send(f"{invitations(harbour)}/new", invitations(harbour), {"returnUrl": BACK})
    assert link_of(made)
    assert "come back to desk.example.org with integrationId and status in the address" in made.words


def test_one_that_is_used_leads_to_its_integration_and_stays_used(house: House, owner: Browser) -> None:
    at = place(house, owner, "Quay")
    _, made = make(at)
    integration = at.connect().rpartition("/")[2]
    house.run(
        house.database.execute(
            "update invitations set used_at = now(), integration_id = $2 where id = $1", made, integration
        )
    )
    assert f'href="{at.path}/{integration}"' in owner.get(invitations(at)).text
    done = owner.send(invitations(at), f"{invitations(at)}/{made}/cancel")
    assert "An account was connected by it meanwhile" in owner.get(done.to).words
    assert "Used" in owner.get(invitations(at)).words


def test_one_that_has_expired_says_so(house: House, owner: Browser) -> None:
    at = place(house, owner, "Pier")
    _, made = make(at)
    house.run(house.database.execute("update invitations set expires_at = now() where id = $1", made))
    assert "Expired" in owner.get(invitations(at)).words
    done = owner.send(invitations(at), f"{invitations(at)}/{made}/cancel")
    assert "It has expired meanwhile." in owner.get(done.to).words


@pytest.mark.parametrize(
    ("wrong", "field", "sentence"),
    [
        ({"returnUrl": ""}, "returnUrl", "Give the address to go on to afterwards"),
        ({"returnUrl": "javascript:alert(1)"}, "returnUrl", "The address must be an absolute https URL"),
        ({"returnUrl": "https://desk.example.org/#x"}, "returnUrl", "The address must not have a fragment."),
        ({"returnUrl": f"{BACK}&state=1"}, "returnUrl", "The address must not have state in its query"),
        ({"logoUrl": "http://desk.example.org/x.png"}, "logoUrl", "The address must be an absolute https URL"),
        ({"state": "x" * 513}, "state", "The text must have at most 512 characters."),
        ({"brandName": "x" * 101}, "brandName", "The name must have at most 100 characters."),
        ({"brandName": "Desk\u202e"}, "brandName", "The name must have printable characters only."),
        ({"displayName": "x" * 101}, "displayName", "The name must have at most 100 characters."),
        ({"days": "91"}, "days", "Choose one of the list."),
        ({"days": "soon"}, "days", "Choose one of the list."),
    ],
)  # fmt: skip
def test_what_is_wrong_stands_beside_its_field_and_makes_nothing(
    harbour: Place, wrong: dict[str, str], field: str, sentence: str
) -> None:
    count = "select count(*) as n from invitations where app_id = $1"
    before = harbour.house.rows(count, harbour.app_id)
    refused = harbour.owner.send(f"{invitations(harbour)}/new", invitations(harbour), FIELDS | wrong)
    assert refused.status == 422
    beside = re.search(rf'<p class="error" id="{field}-words">.*?<span>(.*?)</span>', refused.text, flags=re.DOTALL)
    assert beside, refused.words
    assert unescape(beside[1]).startswith(sentence)
    assert refused.text.count('class="error"') == 1
    assert "customer-1001" in refused.text or field == "state", "what was typed is kept"
    assert harbour.house.rows(count, harbour.app_id) == before


def test_with_several_facebook_apps_one_is_chosen(house: House, owner: Browser) -> None:
    at = place(house, owner, "Harbour Two")
    assert 'name="way"' not in owner.get(f"{invitations(at)}/new").text
    other = house.simulator.control("/apps")
    more = {"login": "facebook", "id": other["id"], "secret": other["secret"], "name": "Second", "for": at.app_id}
    assert owner.send(f"{SETTINGS}/new", SETTINGS, more).status == 303
    assert "Second, Facebook Login" in owner.get(f"{invitations(at)}/new").words
    assert "The usual one: Harbour Two" in owner.get(f"{invitations(at)}/new").words
    _, made = make(at, way=f"app:{other['id']}")
    (row,) = house.rows("select facebook_app_id, login from invitations where id = $1", made)
    assert row == {"facebook_app_id": other["id"], "login": None}
    third = house.simulator.control("/instagram/apps")
    own = {"login": "instagram", "id": third["id"], "secret": third["secret"], "name": "Third", "for": at.app_id}
    assert owner.send(f"{SETTINGS}/new", SETTINGS, own).status == 303
    words = owner.get(f"{invitations(at)}/new").words
    assert "What the person chooses Facebook Login only Instagram Login only Harbour Two, Facebook Login" in words
    _, made = make(at, way="login:instagram")
    assert house.rows("select login from invitations where id = $1", made) == [{"login": "instagram"}]
    for way in ("app:404404", "app:x", "login:tiktok", "anything:else"):
        refused = owner.send(f"{invitations(at)}/new", invitations(at), FIELDS | {"way": way})
        assert refused.status == 422, way
        assert 'id="way-words"' in refused.text, way


def test_when_none_is_the_usual_one_it_has_to_be_named(house: House, owner: Browser) -> None:
    at, other = place(house, owner, "First"), place(house, owner, "Second")
    free = "update facebook_apps set app_id = $2, shared = true, is_default = false where id = any ($1)"
    both = [at.facebook_app, other.facebook_app]
    neither = house.app("Neither")
    where = f"/dashboard/apps/{neither}/integrations/invitations"
    house.run(house.database.execute(free, both, None))
    try:
        page = owner.get(f"{where}/new")
        assert '<option value=""' not in page.text
        assert "First, Facebook Login" in page.words
        refused = owner.send(f"{where}/new", where, FIELDS | {"way": ""})
        assert refused.status == 422
        assert "Choose one." in refused.words
    finally:
        for mine in (at, other):
            house.run(
                house.database.execute(
                    "update facebook_apps set app_id = $2, shared = false where id = $1", mine.facebook_app, mine.app_id
                )
            )


def test_without_a_facebook_app_the_next_step_is_to_add_one(house: House, owner: Browser) -> None:
    bare = f"/dashboard/apps/{house.app('Bare')}/integrations/invitations"
    assert "No invitations yet" in owner.get(bare).words
    page = owner.get(f"{bare}/new")
    assert "First, a Facebook app" in page.words
    assert "returnUrl" not in page.text
    refused = owner.post(bare, [("form_token", page.form_token), *FIELDS.items()])
    assert refused.status == 422


def test_markup_is_text_everywhere(house: House, owner: Browser) -> None:
    at = place(house, owner, "Marked")
    made = owner.send(
        f"{invitations(at)}/new",
        invitations(at),
        FIELDS | {"brandName": MARKUP, "state": MARKUP, "displayName": MARKUP},
    )
    assert made.status == 200
    again = owner.send(f"{invitations(at)}/new", invitations(at), {"brandName": MARKUP, "state": MARKUP})
    assert again.status == 422
    for page in (made, again, owner.get(invitations(at)), house.browser().get(link_of(made))):
        assert "<b onmouseover" not in page.text
        assert 'onmouseover="x"' not in page.text
    assert MARKUP in owner.get(invitations(at)).words or "&lt;b onmouseover" in owner.get(invitations(at)).text


def test_a_longer_list_has_pages(house: House, owner: Browser) -> None:
    at = place(house, owner, "Long")
    for number in range(27):
        sql = (
            "insert into invitations (id, app_id, code_hash, return_url, state, expires_at)"
            " values ($1, $2, $3, 'https://desk.example.org/', $4, now() + interval '1 day')"
        )
        house.run(house.database.execute(sql, new_id(), at.app_id, os.urandom(32), f"customer-{number:02}"))
    page = owner.get(invitations(at))
    assert re.findall(r"state (customer-\d\d)", page.words)[:2] == ["customer-26", "customer-25"]
    older = re.search(r'href="([^"]+\?before=[0-9a-f]{24})"', page.text)
    assert older
    assert re.findall(r"state (customer-\d\d)", owner.get(older[1]).words) == ["customer-01", "customer-00"]
    assert owner.get(f"{invitations(at)}?before=%27x").status == 200


def test_agents_are_not_led_here_and_not_let_in(house: House, harbour: Place) -> None:
    _, made = make(harbour)
    agent = house.agent("ada.invites@lumen.example", harbour.app_id)
    listed = agent.get(harbour.path)
    assert listed.status == 200
    assert "Invite a customer" not in listed.words
    assert "Invite a customer" in harbour.owner.get(harbour.path).words
    assert agent.get(invitations(harbour)).status == 403
    assert agent.get(f"{invitations(harbour)}/new").status == 403
    token = agent.get("/dashboard/settings/account").form_token
    assert agent.post(invitations(harbour), [("form_token", token), *FIELDS.items()]).status == 403
    assert agent.post(f"{invitations(harbour)}/{made}/cancel", [("form_token", token)]).status == 403
    assert "Open" in line_of(harbour, made)


def test_another_apps_invitations_are_not_there(house: House, owner: Browser, harbour: Place) -> None:
    _, made = make(harbour, brandName="Somebody else")
    other = f"/dashboard/apps/{house.app('Other')}/integrations/invitations"
    assert "Somebody else" not in owner.get(other).words
    assert owner.send(invitations(harbour), f"{other}/{made}/cancel").status == 404
    assert owner.send(invitations(harbour), f"{invitations(harbour)}/{new_id()}/cancel").status == 404
    assert "Open" in line_of(harbour, made)


def test_forms_without_this_sessions_token_change_nothing(house: House, harbour: Place) -> None:
    _, made = make(harbour)
    count = "select count(*) as n from invitations where app_id = $1"
    before = house.rows(count, harbour.app_id)
    token = harbour.owner.get(invitations(harbour)).form_token
    for fields, headers in (
        ({}, {}),
        ({"form_token": "x"}, {}),
        ({"form_token": token}, {"Origin": "https://evil.example"}),
    ):
        assert harbour.owner.post(invitations(harbour), FIELDS | fields, **headers).status == 403
        assert harbour.owner.post(f"{invitations(harbour)}/{made}/cancel", fields, **headers).status == 403
    assert house.rows(count, harbour.app_id) == before
    assert "Open" in line_of(harbour, made)


def _readable(page: ChromiumPage) -> None:
    page.wait_for_load_state()  # with its scripts, which later clicks need
    found = Axe().run(page).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in ("serious", "critical")] == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


@pytest.mark.parametrize(("size", "scheme"), [(WIDE, "light"), (NARROW, "dark")], ids=["wide", "narrow"])
def test_by_clicking_one_is_made_copied_and_cancelled(
    house: House, owner: Browser, signed_in_page: SignedInPage, size: tuple[int, int], scheme: str
) -> None:
    at = place(house, owner, "Harbour" + " and the Very Long Name of a Business" * 2)
    at.connect()
    long = "The Harbour Desk of a Vendor with a Remarkably Long Name and no Wish to Shorten it for Phones"

    def picture(name: str) -> None:
        if folder := os.environ.get("HELIOGRAPH_PICTURES"):
            page.screenshot(path=f"{folder}/invitations-{name}-{size[0]}.png", full_page=True)

    with signed_in_page(
        at.path, size, scheme, reduced_motion="reduce", permissions=["clipboard-read", "clipboard-write"]
    ) as page:
        _readable(page)
        picture("overview")
        page.get_by_role("link", name="Invite a customer").click()
        expect(page.get_by_role("heading", name="No invitations yet")).to_be_visible()
        _readable(page)
        page.get_by_role("link", name="New invitation").click()
        page.get_by_label("Return URL").fill("http://user:pass@desk.example.org")
        page.get_by_label("State").fill("customer-" + "7" * 120)
        page.get_by_label("Who asks").fill(long)
        page.get_by_role("button", name="Make invitation").click()
        expect(page.get_by_label("Return URL")).to_be_focused()
        _readable(page)
        picture("form")
        page.get_by_label("Return URL").fill(BACK)
        page.get_by_role("button", name="Make invitation").click()
        expect(page.get_by_role("heading", name="Invitation made")).to_be_visible()
        _readable(page)
        picture("made")
        words_stay(page)
        page.get_by_role("button", name="Copy link").click()
        expect(page.get_by_role("button", name="Copy link")).to_have_text("Copied")
        copied = page.evaluate("navigator.clipboard.readText()")
        assert long in house.browser().get(urlsplit(copied).path).words

        page.get_by_role("link", name="Done").click()
        expect(page.get_by_text("Opened", exact=True)).to_be_visible()
        _readable(page)
        picture("list")
        page.get_by_role("button", name="Cancel the invitation").click()
        expect(page.get_by_role("dialog")).to_be_visible()
        _readable(page)
        page.get_by_role("button", name="Keep it").click()
        expect(page.get_by_role("dialog")).to_have_count(0)
        page.get_by_role("button", name="Cancel the invitation").click()
        page.get_by_role("button", name="Cancel invitation", exact=True).click()
        expect(page.get_by_text("Cancelled", exact=True)).to_be_visible()
        assert house.browser().get(urlsplit(copied).path).status == 410
        assert copied.startswith(f"{house.url}/connect/i/")
