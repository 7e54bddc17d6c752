"""The Facebook apps of an installation: tried at Meta, kept sealed, picked, rotated, removed."""

from typing import Any

import pytest

from heliograph.channels.instagram.accounts.facebook_apps import FacebookAppError, FacebookAppRegister
from heliograph.channels.instagram.onboarding import Kind, LoginError
from tests.conftest import Server
from tests.connect.installation import Browser, Installation, owner
from tests.simulator.support import Loop, Simulator


@pytest.fixture(scope="module")
def bare(connect_loop: Loop, embedded_server: Server, meta: Simulator) -> Any:
    """An installation of this module's own: which apps there are decides what is picked."""
    with embedded_server.database(migrated=True) as url:
        installation = Installation(connect_loop, url, meta).start()
        yield installation
        installation.stop()


@pytest.fixture
def empty(bare: Installation) -> Installation:
    """That, without any Facebook app."""
    bare.execute("delete from integrations")
    bare.execute("delete from facebook_apps")
    return bare


def register(place: Installation) -> FacebookAppRegister:
    return place.channel.facebook_apps


def at_meta(place: Installation, login: str = "facebook") -> tuple[str, str]:
    made = place.meta.control("/apps" if login == "facebook" else "/instagram/apps")
    return made["id"], made["secret"]


def refusal(place: Installation, work: Any) -> str:
    with pytest.raises(FacebookAppError) as refused:
        place.run(work)
    return str(refused.value)


def test_an_app_is_tried_and_kept_sealed(place: Installation) -> None:
    app_id, secret = at_meta(place)
    made = place.run(register(place).add(app_id, secret, name="Ours", config_id="12345"))
    assert (made.name, made.shared, made.app_id, made.config_id, made.accounts) == ("Ours", True, None, "12345", 0)
    assert made.checked_at is not None
    (row,) = place.rows("select * from facebook_apps where id = $1", app_id)
    assert secret.encode() not in row["secret"]
    assert secret not in repr(made)


@pytest.mark.parametrize(
    ("code", "status", "words"),
    [(1, 400, "does not accept this id and secret"), (1, 500, "could not be asked"), (4, 400, "could not be asked")],
)
def test_a_wrong_secret_is_told_from_a_bad_hour(place: Installation, code: int, status: int, words: str) -> None:
    app_id, secret = at_meta(place)
    fault = {"match": "/oauth/access_token", "code": code, "status": status}
    assert place.meta.call("POST", "/_simulator/faults", fault).status == 201
    assert words in refusal(place, register(place).add(app_id, secret))


@pytest.mark.parametrize("login", ["facebook", "instagram"])
def test_what_meta_does_not_accept_is_not_kept(place: Installation, login: str) -> None:
    app_id, _ = at_meta(place, login)
    said = refusal(place, register(place).add(app_id, "not-the-secret-0000", login=login))
    assert "does not accept this id and secret" in said
    assert "not-the-secret" not in said
    assert place.rows("select 1 from facebook_apps where id = $1", app_id) == []


def test_an_app_of_the_other_login_is_refused(place: Installation) -> None:
    app_id, secret = at_meta(place, "instagram")
    assert "Instagram Login are others" in refusal(place, register(place).add(app_id, secret))


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"facebook_app_id": "abc"}, "id is a number"),
        ({"facebook_app_id": "1234567/../me"}, "id is a number"),
        ({"facebook_app_id": "1234567\n"}, "id is a number"),
        ({"secret": "short"}, "8 to 256"),
        ({"secret": "with a space in it"}, "8 to 256"),
        ({"name": "x" * 101}, "at most 100"),
        ({"name": "a\x00b"}, "printable"),
        ({"config_id": "<b>"}, "configuration id is a number"),
        ({"config_id": "12345", "login": "instagram"}, "Only Facebook Login for Business"),
        ({"login": "google"}, "login must be"),
    ],
)
def test_what_cannot_be_right_does_not_reach_meta(place: Installation, given: dict[str, Any], text: str) -> None:
    words = {"facebook_app_id": "1234567890", "secret": "a" * 32, **given}
    facebook_app_id, secret = words.pop("facebook_app_id"), words.pop("secret")
    assert text in refusal(place, register(place).add(facebook_app_id, secret, **words))


def test_which_app_a_login_uses(empty: Installation) -> None:
    tenant, other = empty.new_app(), empty.new_app()
    pick = register(empty).pick
    assert "heliograph facebook-apps add" in refusal(empty, pick(tenant))
    first, _ = empty.facebook_app()
    assert empty.run(pick(tenant)).id == first
    second, _ = empty.facebook_app()
    assert "several" in refusal(empty, pick(tenant))
    third, _ = empty.facebook_app(default=True)
    assert empty.run(pick(tenant)).id == third
    own, _ = empty.facebook_app(tenant)
    assert empty.run(pick(tenant)).id == own
    assert empty.run(pick(other)).id == third
    assert empty.run(pick(tenant, second)).id == second
    assert "no Facebook app" in refusal(empty, pick(other, own))
    assert {one.id for one in empty.run(register(empty).all(other))} == {first, second, third}


def test_one_that_came_with_an_integration_serves_the_apps_that_it_connected(empty: Installation) -> None:
    made = owner(empty)
    facebook_app, secret = at_meta(empty)
    token = empty.meta.control("/tokens", app_id=facebook_app, page_id=made["page_id"])["access_token"]
    tenant, other = empty.new_app(), empty.new_app()
    request = {"appId": facebook_app, "appSecret": secret, "pageAccessToken": token}
    empty.run(empty.channel.connect(tenant, request))
    assert empty.run(register(empty).pick(tenant)).id == facebook_app
    assert refusal(empty, register(empty).pick(other))
    with pytest.raises(LoginError) as refused:
        Browser(empty, other, facebook_app).begin()
    assert refused.value.kind is Kind.NO_APP
    # Who shows its secret may have it registered.
    assert empty.run(register(empty).add(facebook_app, secret, app_id=tenant)).app_id == tenant


def test_a_vendors_app_stays_the_vendors(place: Installation) -> None:
    vendor, other = place.new_app(), place.new_app()
    app_id, secret = place.facebook_app(vendor)
    said = refusal(place, register(place).add(app_id, secret, app_id=other))
    assert "in this installation already" in said
    assert vendor not in said
    for work in (
        register(place).change(app_id, app_id=other, name="Mine"),
        register(place).remove(app_id, app_id=other),
        register(place).entries(app_id, other),
    ):
        assert "no Facebook app" in refusal(place, work)
    assert place.run(register(place).change(app_id, app_id=vendor, name="Still ours")).name == "Still ours"


def test_nobody_changes_what_is_everybodys_but_the_operator(place: Installation) -> None:
    app_id, _ = place.facebook_app()
    tenant = place.new_app()
    assert place.run(register(place).get(app_id, tenant)) is not None
    assert "no Facebook app" in refusal(place, register(place).change(app_id, app_id=tenant, name="Mine"))
    assert place.run(register(place).change(app_id, name="Named")).name == "Named"


def test_one_apps_own_is_not_everybodys_default(empty: Installation) -> None:
    vendor = empty.new_app()
    usual, _ = empty.facebook_app(default=True)
    own, _ = empty.facebook_app(vendor)
    new, secret = at_meta(empty)
    for work in (
        register(empty).add(new, secret, app_id=vendor, default=True),
        register(empty).change(own, default=True),
    ):
        assert "the default is everybody's" in refusal(empty, work)
    assert empty.run(register(empty).get(new)) is None
    assert [one.id for one in empty.run(register(empty).all()) if one.is_default] == [usual]


def test_a_deleted_vendors_app_is_nobodys(place: Installation) -> None:
    vendor = place.new_app()
    app_id, _ = place.facebook_app(vendor)
    place.execute("delete from apps where id = $1", vendor)
    assert place.run(register(place).get(app_id, place.new_app())) is None
    place.run(register(place).remove(app_id))


def test_a_rotated_secret_is_tried_again(place: Installation) -> None:
    app_id, secret = place.facebook_app()
    assert "does not accept" in refusal(place, register(place).change(app_id, secret="a-wrong-new-secret"))
    assert place.run(place.channel.apps.reload(app_id)).secret == secret
    place.run(register(place).change(app_id, secret=secret, config_id="777777"))
    assert place.run(register(place).get(app_id)).config_id == "777777"
    assert place.run(register(place).change(app_id, config_id="")).config_id is None


def test_one_that_accounts_came_by_is_not_removed(place: Installation) -> None:
    browser = place.browser()
    made = owner(place)
    browser.logs_in(made)
    connected = browser.choose(made["instagram_account_id"])
    said = refusal(place, register(place).remove(browser.facebook_app))
    assert "Delete their integrations first" in said
    place.execute("delete from integrations where id = $1", connected.integration_id)
    place.run(register(place).remove(browser.facebook_app))
    assert place.run(register(place).get(browser.facebook_app)) is None
    assert "no Facebook app" in refusal(place, register(place).remove(browser.facebook_app))
    assert place.rows("select 1 from login_attempts where facebook_app_id = $1", browser.facebook_app) == []


@pytest.mark.parametrize("login", ["facebook", "instagram"])
def test_what_meta_must_have_entered(place: Installation, login: str) -> None:
    app_id, _ = place.facebook_app() if login == "facebook" else place.instagram_app()
    entries = {one.label: one for one in place.run(register(place).entries(app_id))}
    callback = f"{place.url}/webhooks/instagram/{app_id}"
    assert {one.value for one in entries.values() if not one.secret} == {
        f"{place.url}/connect/callback",
        callback,
        f"{callback}/deauthorize",
        f"{callback}/data-deletion",
    }
    assert entries["Verify token"].secret
    assert entries["Verify token"].value == place.run(place.channel.apps.reload(app_id)).verify_token


def test_meta_that_does_not_answer_is_said(place: Installation) -> None:
    app_id, secret = at_meta(place)
    place.meta.control("/faults", match="/oauth/access_token", outcome="drop")
    try:
        assert "could not be asked" in refusal(place, register(place).add(app_id, secret))
    finally:
        place.meta.call("DELETE", "/_simulator/faults")
