"""The tables of App Review know all that is asked for, and the page in the docs is what they say."""

import re
from pathlib import Path

import pytest

from heliograph.channels.instagram.accounts.callbacks import asked
from heliograph.channels.instagram.meta.flavours import FACEBOOK, FLAVOURS, INSTAGRAM
from heliograph.channels.instagram.notes import for_review
from heliograph.channels.instagram.review import guide, permissions, screencast
from heliograph.channels.instagram.review.addresses import addresses
from heliograph.channels.instagram.review.permission import COMPANY, PRODUCT, Counted, Need, Permission
from heliograph.channels.instagram.review.permissions import PERMISSIONS
from heliograph.simulator.graph.flavours import FACEBOOK_LOGIN, INSTAGRAM_LOGIN

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "app-review.md"
SOURCE = ROOT / "src" / "heliograph" / "channels" / "instagram"
CODE = "\n".join(
    path.read_text("utf-8") for path in SOURCE.rglob("*.py") if path.relative_to(SOURCE).parts[0] != "review"
)
ROWS = pytest.mark.parametrize("one", PERMISSIONS, ids=lambda one: f"{one.login}: {one.name}")


def test_the_page_is_what_the_tables_say() -> None:
    assert PAGE.read_text("utf-8") == guide.page(), f"python -m heliograph.channels.instagram.review.guide > {PAGE}"


@pytest.mark.parametrize("login", FLAVOURS)
def test_every_permission_that_is_asked_for_has_a_row(login: str) -> None:
    flavour = FLAVOURS[login]
    wanted = set(flavour.required_scopes) | set(getattr(flavour, "wanted_scopes", ()))
    rows = {one.name: one for one in permissions.of_login(login)}
    assert wanted <= rows.keys()
    assert all(rows[name].need is Need.REQUIRED for name in flavour.required_scopes)


@pytest.mark.parametrize(("login", "known"), [(FACEBOOK, FACEBOOK_LOGIN), (INSTAGRAM, INSTAGRAM_LOGIN)])
def test_a_row_is_of_a_permission_that_this_login_has(login: str, known: object) -> None:
    names = [one.name for one in permissions.of_login(login)]
    assert len(set(names)) == len(names)
    for one in permissions.of_login(login):
        assert one.feature or one.name in known.all_scopes  # type: ignore[attr-defined]


@ROWS
def test_a_row_explains_itself(one: Permission) -> None:
    assert one.reason.startswith(f"We use {one.name} ")
    for text in (one.meaning, one.use, one.reason, one.standard):
        assert text.endswith(".")
    assert one.shown
    assert one.counts
    assert (one.read is not None) == (one.counted is Counted.READ)
    filled = one.text("Harbour Tea", "Tea Desk")
    assert COMPANY not in filled
    assert PRODUCT not in filled
    assert one.text() == one.text("", "") == one.reason


@ROWS
def test_a_call_that_a_row_names_is_one_that_the_server_makes(one: Permission) -> None:
    """By the last piece of its path: the code puts the ids in front."""
    for path in re.findall(r"(?:GET|POST|DELETE) (/[\w/{}]+)", one.use):
        edge = path.rpartition("/")[2]
        if not edge.startswith("{") and path != "/me/accounts":
            assert f"/{edge}" in CODE, path


@ROWS
def test_a_reviewer_sees_each_permission(one: Permission) -> None:
    assert any(one.name in step.proves for step in screencast.of_login(one.login))


def test_scenes_prove_what_there_is() -> None:
    names = {(one.login, one.name) for one in PERMISSIONS}
    for step in screencast.STEPS:
        assert step.seconds > 0
        for name in step.proves:
            assert any((login, name) in names for login in step.logins), (step.title, name)


@pytest.mark.parametrize("login", FLAVOURS)
def test_one_watches_no_longer_than_five_minutes(login: str) -> None:
    assert 60 < screencast.seconds(login) < 300


def test_reads_only_read() -> None:
    for one in PERMISSIONS:
        if one.read:
            assert str(one.read).startswith("GET /")
            assert set(re.findall(r"{(\w+)}", one.read.path)) <= {"page_id", "account_id"}
            assert one.read.harmless


def test_what_connecting_calls_is_of_the_table() -> None:
    for login, names in for_review.CONNECTING.items():
        assert set(names) <= {one.name for one in permissions.of_login(login)}


@pytest.mark.parametrize("login", FLAVOURS)
def test_the_addresses_for_owners_are_those_that_are_answered(login: str) -> None:
    made = addresses(
        "4711", login, "vt", public_url="https://h.example", privacy_policy_url="https://p.example", terms_url=""
    )
    values = {one.name: one.value for one in made}
    for name in ("Deauthorize callback URL", "Data deletion request URL"):
        assert asked(values[name].removeprefix("https://h.example"))
    assert values["Callback URL"] == "https://h.example/webhooks/instagram/4711"
    assert values["OAuth redirect URI"] == "https://h.example/connect/callback"
    assert [one.name for one in made if one.secret] == ["Verify token"]
    assert all(one.where for one in made)
