"""Which Pages can be connected: every reason, by table."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from heliograph.channels.instagram.accounts.remedies import REMEDIES
from heliograph.channels.instagram.accounts.tasks import missing_tasks
from heliograph.channels.instagram.meta.flavours import FACEBOOK, FLAVOURS
from heliograph.channels.instagram.onboarding.choosing import Grant, Here, Row, Seen, Why, judge
from heliograph.channels.instagram.onboarding.troubles import TROUBLES, Kind

SCOPES = FLAVOURS[FACEBOOK].required_scopes
GRANT = Grant(frozenset(FLAVOURS[FACEBOOK].wanted_scopes))
ALL = ("ANALYZE", "ADVERTISE", "MESSAGING", "MODERATE", "CREATE_CONTENT", "MANAGE")
PAGE = Seen("10", "Books", "17841", "books", "Books", "", True, ALL, "EAA-token")
BY = ("55", FACEBOOK)


def narrowed(**targets: set[str]) -> Grant:
    return Grant(GRANT.scopes, {scope: frozenset(ids) for scope, ids in targets.items()})


def without(*scopes: str) -> Grant:
    return Grant(frozenset(GRANT.scopes or ()) - set(scopes))


def line(
    seen: Seen = PAGE, grant: Grant = GRANT, here: Mapping[str, Here] | None = None, only: str | None = None
) -> Row:
    return judge(seen, grant, SCOPES, here or {}, by=BY, only=only)


BARE = replace(PAGE, account_id="", username="", name="", linked=False)

REASONS = {
    Why.NO_ACCOUNT: (line(BARE), "No Instagram account is linked"),
    Why.NOT_PROFESSIONAL: (line(replace(BARE, linked=True)), "not a professional"),
    Why.ACCOUNT_HIDDEN: (line(BARE, narrowed(instagram_basic={"17842"})), "left out under Choose what you allow"),
    Why.SCOPE_MISSING: (line(PAGE, without("pages_manage_metadata")), "pages_manage_metadata was not granted"),
    Why.NOT_COVERED: (line(PAGE, narrowed(pages_manage_metadata={"11"})), "pages_manage_metadata was granted, but not"),
    Why.TASKS_MISSING: (line(replace(PAGE, tasks=("ANALYZE", "CREATE_CONTENT"))), "lacks MESSAGING and MODERATE"),
    Why.TOKEN_MISSING: (line(replace(PAGE, token="")), "no token"),
    Why.OTHER_ACCOUNT: (line(only="17842"), "another account than @books"),
    Why.CONNECTED: (line(here={"17841": Here("i1", *BY)}), "connected here already"),
    Why.CONNECTED_OTHERWISE: (
        line(here={"17841": Here("i1", "56", FACEBOOK)}),
        "another Facebook app, as integration i1",
    ),
}


@pytest.mark.parametrize("why", Why)
def test_every_reason_has_its_sentence(why: Why) -> None:
    row, text = REASONS[why]
    assert row.reason
    assert row.reason.why is why
    assert text in row.reason.text
    assert row.eligible is (why is Why.CONNECTED)


def test_a_page_that_nothing_is_wrong_with_can_be_chosen() -> None:
    row = line()
    assert (row.eligible, row.reason, row.integration_id) == (True, None, None)
    assert "EAA-token" not in repr(row)
    assert "EAA-token" not in repr(PAGE)


@pytest.mark.parametrize("scope", SCOPES)
def test_each_needed_permission_is_looked_at(scope: str) -> None:
    asset = {"17842"} if scope.startswith("instagram_") else {"11"}
    missing, uncovered = line(PAGE, without(scope)).reason, line(PAGE, narrowed(**{scope: asset})).reason
    assert missing
    assert uncovered
    assert (missing.why, uncovered.why) == (Why.SCOPE_MISSING, Why.NOT_COVERED)
    assert scope in missing.text
    assert scope in uncovered.text


def test_a_grant_that_names_this_page_and_account_covers_them() -> None:
    grant = narrowed(
        pages_manage_metadata={"10"}, instagram_basic={"17841", "17842"}, instagram_manage_messages={"17841"}
    )
    assert line(PAGE, grant).eligible


def test_an_empty_list_of_assets_covers_none() -> None:
    reason = line(PAGE, narrowed(instagram_manage_messages=set())).reason
    assert reason
    assert reason.why is Why.NOT_COVERED


def test_the_other_login_is_named() -> None:
    reason = line(here={"17841": Here("i1", "55", "instagram")}).reason
    assert reason
    assert "the other login" in reason.text


def test_a_reconnect_of_the_same_account_is_offered() -> None:
    row = line(here={"17841": Here("i1", *BY)}, only="17841")
    assert (row.eligible, row.integration_id) == (True, "i1")


def test_what_meta_does_not_tell_stands_in_nobodys_way() -> None:
    assert line(replace(PAGE, tasks=None), Grant(None)).eligible


@pytest.mark.parametrize(
    ("tasks", "missing"),
    [
        (None, ()),
        (ALL, ()),
        ((), ("MESSAGING", "MODERATE")),
        (("MESSAGING",), ("MODERATE",)),
        (("MODERATE",), ()),
        (("ADVERTISE", "ANALYZE"), ("MESSAGING", "MODERATE")),
        (("PROFILE_PLUS_FULL_CONTROL",), ()),
        (("PROFILE_PLUS_MESSAGING", "PROFILE_PLUS_MODERATE"), ()),
        (("PROFILE_PLUS_MESSAGING",), ("MODERATE",)),
        (("PROFILE_PLUS_MODERATE",), ("MESSAGING",)),
        (("PROFILE_PLUS_MODERATE", "MODERATE"), ("MESSAGING",)),
        (("PROFILE_PLUS_ANALYZE",), ("MESSAGING", "MODERATE")),
    ],
)
def test_tasks(tasks: tuple[str, ...] | None, missing: tuple[str, ...]) -> None:
    assert missing_tasks(tasks) == missing


def test_every_trouble_and_remedy_says_what_to_do() -> None:
    assert set(TROUBLES) == set(Kind)
    for row in TROUBLES.values():
        assert row.title
        assert row.text
        assert "!" not in row.title + row.text
    for name, remedy in REMEDIES.items():
        assert remedy.name == name
        assert remedy.steps
        assert remedy.link == "" or remedy.link.startswith("https://")
    used = {one.name for row in TROUBLES.values() for one in row.remedies}
    used |= {one.name for row, _ in REASONS.values() if row.reason for one in row.reason.remedies}
    # The doctor's own.
    assert set(REMEDIES) - used == {"allow_messages"}
