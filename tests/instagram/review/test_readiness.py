"""What is missing before a submission, point by point, by the clock."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from heliograph.channels.instagram.meta.flavours import FACEBOOK, INSTAGRAM
from heliograph.channels.instagram.review import permissions, readiness
from heliograph.channels.instagram.review.readiness import Facts, Item, State, checklist

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
READY = Facts(
    FACEBOOK,
    accounts=1,
    called={one.name: NOW - timedelta(days=1) for one in permissions.of_login(FACEBOOK)},
    public_url="https://chat.example.org",
    privacy_policy_url="https://example.org/privacy",
    terms_url="https://example.org/terms",
)


def items(facts: Facts, now: datetime = NOW) -> dict[str, Item]:
    return {one.key: one for one in checklist(facts, now)}


def states(facts: Facts, now: datetime = NOW) -> dict[str, State]:
    return {key: one.state for key, one in items(facts, now).items()}


def test_with_everything_done_only_what_meta_knows_is_left() -> None:
    left = {state for state in states(READY).values() if state is not State.DONE}
    assert left == {State.LOOK}
    assert readiness.missing(checklist(READY, NOW)) == 0


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"accounts": 0}, "account"),
        ({"public_url": "http://chat.example.org"}, "public_url"),
        ({"public_url": "http://127.0.0.1:8000"}, "public_url"),
        ({"public_url": "https://localhost"}, "public_url"),
        ({"public_url": "https://192.168.1.4"}, "public_url"),
        ({"public_url": "https://[::1]:8000"}, "public_url"),
        ({"public_url": "https://chat.local"}, "public_url"),
        ({"privacy_policy_url": ""}, "privacy_policy"),
        ({"privacy_policy_url": "http://example.org/privacy"}, "privacy_policy"),
        ({"terms_url": ""}, "terms"),
        ({"called": {**READY.called, "instagram_basic": NOW - timedelta(days=30)}}, "call:instagram_basic"),
    ],
)
def test_what_is_missing_is_told_with_what_to_do(changes: dict[str, object], key: str) -> None:
    facts = replace(READY, **changes)  # type: ignore[arg-type]
    missing = [one for one in checklist(facts, NOW) if one.state is State.MISSING]
    assert [one.key for one in missing] == [key]
    assert len(missing[0].detail) > 20


def test_a_call_lapses_after_thirty_days() -> None:
    called = {**READY.called, "instagram_basic": NOW}
    facts = replace(READY, called=called)
    before, after = NOW + timedelta(days=30, seconds=-1), NOW + timedelta(days=30)
    assert states(facts, before)["call:instagram_basic"] is State.DONE
    gone = items(facts, after)["call:instagram_basic"]
    assert (gone.state, gone.at, gone.lapses) == (State.MISSING, NOW, after)
    assert "older than 30 days" in gone.detail


def test_what_can_be_left_out_stands_in_nobodys_way() -> None:
    required = [name for name in READY.called if name in ("instagram_basic", "instagram_manage_messages")]
    facts = replace(READY, called=dict.fromkeys((*required, "pages_manage_metadata"), NOW))
    assert readiness.missing(checklist(facts, NOW)) == 0
    item = items(facts)["call:pages_show_list"]
    assert item.state is State.OPTIONAL
    assert "Authenticate" in item.detail


def test_nobody_is_asked_for_calls_that_meta_does_not_count() -> None:
    keys = states(replace(READY, called={})).keys()
    assert "call:Human Agent" not in keys
    assert "call:public_profile" not in keys


def test_instagram_login_has_its_own_permissions() -> None:
    calls = [key for key in states(replace(READY, login=INSTAGRAM)) if key.startswith("call:")]
    assert calls == ["call:instagram_business_basic", "call:instagram_business_manage_messages"]
