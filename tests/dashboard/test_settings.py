"""Settings: members, apps, keys and one's own account, as an owner uses them."""

import base64
import re

import pytest

from heliograph.dashboard.settings import member_pages
from tests.dashboard.house import PASSWORD, Browser, House
from tests.dashboard.meta import Place, place


@pytest.fixture(scope="module")
def harbour(house: House, owner: Browser) -> Place:
    """An app that accounts can be connected to."""
    return place(house, owner)


def test_an_app_is_made_renamed_and_deleted_by_typing_its_name(house: House, owner: Browser) -> None:
    assert owner.send("/dashboard/settings/apps/new", "/dashboard/settings/apps", {"name": " "}).status == 422
    made = owner.send("/dashboard/settings/apps/new", "/dashboard/settings/apps", {"name": "Tea & Co"})
    path = made.to.partition("?")[0]
    page = owner.get(made.to)
    assert "The app is there." in page.words
    assert "Tea &amp; Co" in page.text
    owner.send(path, f"{path}/name", {"name": "Tea and Company"})
    assert "Tea and Company" in owner.get("/dashboard/settings/apps").words

    long = "x" * 101
    for to, field in ((f"{path}/name", "name"), (f"{path}/keys", "key_name")):
        refused = owner.send(path, to, {field: long})
        assert "At most 100 characters" in refused.words
        assert f'value="{long}"' in refused.text, "what was typed stays"

    refused = owner.send(path, f"{path}/delete", {"typed": "Tea"})
    assert refused.status == 422
    assert "Nothing was deleted" in refused.words
    gone = owner.send(path, f"{path}/delete", {"typed": "Tea and Company"})
    assert "The app is deleted" in owner.get(gone.to).words
    assert owner.get(path).status == 404


def test_a_secret_is_shown_once_and_works(house: House, owner: Browser, app_id: str) -> None:
    path = f"/dashboard/apps/{app_id}/settings"
    made = owner.send(path, f"{path}/keys", {"key_name": "Warehouse"})
    assert made.status == 200
    assert made.headers["cache-control"] == "no-store"
    key_id, secret = re.findall(r'data-copy="(app_[0-9a-f]+|[A-Za-z0-9_-]{80,})"', made.text)
    listed = owner.get(path)
    assert "Warehouse" in listed.words
    assert key_id in listed.text
    assert secret not in listed.text

    basic = "Basic " + base64.b64encode(f"{key_id}:{secret}".encode()).decode()
    assert house.browser().get(f"/v2/apps/{app_id}", Authorization=basic).status == 200
    owner.send(path, f"{path}/keys/{key_id}/delete")
    assert house.browser().get(f"/v2/apps/{app_id}", Authorization=basic).status == 401
    assert owner.send(path, f"{path}/keys/{key_id}/delete").status == 404


@pytest.mark.parametrize(
    ("on", "to", "fields", "table"),
    [
        ("apps/{}/settings", "apps/{}/settings/keys", {"key_name": "Twice"}, "api_keys"),
        ("settings/apps/new", "settings/apps", {"name": "Twice"}, "apps"),
        ("settings/members/new", "settings/members", {"name": "T", "email": "t@t.example", "role": "agent"}, "members"),
        ("apps/{}/webhooks/new", "apps/{}/webhooks", {"target": "http://127.0.0.1:9/", "triggers": "user:merge"},
         "webhooks"),
        ("apps/{}/integrations/invitations/new", "apps/{}/integrations/invitations", {"returnUrl": "https://desk.example/"},
         "invitations"),
    ],
    ids=["key", "app", "member", "webhook", "invitation"],
)  # fmt: skip
def test_a_form_that_is_sent_twice_makes_one(
    harbour: Place, owner: Browser, on: str, to: str, fields: dict[str, str], table: str
) -> None:
    def many() -> int:
        return len(harbour.house.rows(f"select 1 from {table}"))

    on, to = (f"/dashboard/{path.format(harbour.app_id)}" for path in (on, to))
    page, before = owner.get(on), many()
    assert page.form_once, "the form has an id"
    sent = {"form_token": page.form_token, "form_once": page.form_once, **fields}
    assert owner.post(to, sent).status in (200, 303)
    again = owner.post(to, sent)
    assert (again.status, many() - before) == (409, 1)
    assert "sent before" in again.words


def test_an_invited_agent_comes_in_by_the_link_and_sees_what_was_given(house: House, owner: Browser) -> None:
    given, kept = house.app("Given"), house.app("Kept")
    fields = {"name": "Ada Lind", "email": "ada@lumen.example", "role": "agent", "apps": given}
    made = owner.send("/dashboard/settings/members/new", "/dashboard/settings/members", fields)
    assert made.status == 200
    link = re.search(r"/dashboard/welcome/[A-Za-z0-9_-]{43}", made.text)
    assert link
    again = owner.send("/dashboard/settings/members/new", "/dashboard/settings/members", fields | {"name": "Other"})
    assert "has this email already" in again.words

    ada = house.browser()
    assert "invited as ada@lumen.example" in ada.get(link[0]).words
    assert ada.send(link[0], link[0], {"name": "Ada L.", "password": PASSWORD, "again": PASSWORD}).status == 303
    start = ada.get("/dashboard/settings/account")
    assert "Given" in start.words
    assert "Kept" not in start.words
    assert ada.get(f"/dashboard/apps/{given}").status in (303, 404)
    assert ada.get(f"/dashboard/apps/{kept}").status == 404
    assert house.browser().get(link[0]).status == 410
    listed = owner.get("/dashboard/settings/members").words
    assert "Ada L." in listed
    assert "Agent, Given" in listed


def test_what_the_form_had_no_room_for_stays_given(
    house: House, owner: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, beyond = house.app("!first"), house.app("~beyond")
    agent = house.member("room@lumen.example", "Room", "agent", first, beyond)
    monkeypatch.setattr(member_pages, "MOST_APPS", 1)
    path = f"/dashboard/settings/members/{agent}"
    page = owner.get(path)
    assert "1 more of their apps had no room here" in page.words
    assert f'name="shown" value="{first}"' in page.text
    owner.send(path, path, {"role": "agent", "shown": first})
    kept = house.rows("select app_id from member_apps where member_id = $1", agent)
    assert kept == [{"app_id": beyond}], "what was shown and not ticked is taken, and nothing else"


def test_an_agent_reaches_more_apps_than_the_switcher_lists(house: House, owner: Browser) -> None:
    many = [f"{number:024x}" for number in range(51)]
    make = "insert into apps (id, display_name) select i, 'Many ' || i from unnest($1::text[]) i returning 1"
    house.rows(make, many)
    agent = house.agent("many@lumen.example", *many)
    account = agent.get("/dashboard/settings/account")
    assert many[-1] not in account.text
    assert "All apps" in account.words
    assert f'href="/dashboard/apps/{many[-1]}"' in agent.get("/dashboard/settings/apps").text
    assert agent.get(f"/dashboard/apps/{many[-1]}").status == 303
    house.rows("delete from apps where id = any ($1) returning 1", many)


def test_who_is_disabled_is_out_at_once_and_in_again_later(house: House, owner: Browser) -> None:
    agent = house.agent("tove@lumen.example", name="Tove")
    (row,) = house.rows("select id from members where email = 'tove@lumen.example'")
    path = f"/dashboard/settings/members/{row['id']}"
    link = house.link(row["id"])
    owner.send(path, f"{path}/disable")
    assert agent.get("/dashboard/settings/account").to.startswith("/dashboard/sign-in")
    assert house.browser().sign_in("tove@lumen.example").status == 422
    assert house.browser().get(link).status == 410
    owner.send(path, f"{path}/enable")
    assert house.browser().sign_in("tove@lumen.example").status == 303


def test_the_last_owner_cannot_go(house: House, owner: Browser) -> None:
    (row,) = house.rows("select id from members where role = 'owner' and disabled_at is null")
    path = f"/dashboard/settings/members/{row['id']}"
    for to, fields in ((f"{path}/disable", {}), (path, {"role": "agent"})):
        refused = owner.send(path, to, fields)
        assert refused.status == 409
        assert "last owner" in refused.words
    house.member("invited@lumen.example", "Invited", "owner", password=None)
    assert owner.send(path, f"{path}/disable").status == 409, "an owner who was only invited is none yet"


def test_another_password_ends_all_other_sessions(house: House, owner: Browser) -> None:
    house.agent("kim@lumen.example", name="Kim")
    here, there = house.signed_in("kim@lumen.example"), house.signed_in("kim@lumen.example")
    account, stolen = "/dashboard/settings/account", here.copy()
    wrong = {"current": "not it, not at all", "password": "another lamp at noon", "again": "another lamp at noon"}
    assert "not your password" in here.send(account, f"{account}/password", wrong).words
    right = wrong | {"current": PASSWORD}
    (row,) = house.rows("select id from members where email = 'kim@lumen.example'")
    link = house.link(row["id"])
    assert house.browser().get(link).status == 200
    assert here.send(account, f"{account}/password", right | {"again": "x"}).status == 422
    assert here.send(account, f"{account}/password", right).status == 303
    assert here.get(account).status == 200
    assert house.browser().get(link).status == 410, "whoever has an older link does not get in by it"
    for other in (there, stolen):
        assert other.get(account).to.startswith("/dashboard/sign-in")
    assert house.browser().sign_in("kim@lumen.example").status == 422
    assert house.browser().sign_in("kim@lumen.example", "another lamp at noon").status == 303
    here.send(account, f"{account}/sign-out-everywhere")
    assert here.get(account).status == 200
    assert len(house.rows("select 1 from sessions s join members m on m.id = s.member_id where m.name = 'Kim'")) == 1
