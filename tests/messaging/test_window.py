"""The window and the human agent tag (Meta reference 2.3; design: "Windows and the human agent tag")."""

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heliograph.messaging.window import TagPolicy, Window, permit, window

NOW = datetime(2026, 2, 3, 18, 33, 47, tzinfo=UTC)
TICK = timedelta(microseconds=1)
DAY = timedelta(hours=24)
WEEK = timedelta(days=7)

POLICIES = st.sampled_from(get_args(TagPolicy))
SILENCES = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=30))


@pytest.mark.parametrize(
    ("silence", "state"),
    [
        (None, Window.CLOSED),
        (timedelta(0), Window.STANDARD),
        (timedelta(hours=23, minutes=59), Window.STANDARD),
        (DAY - TICK, Window.STANDARD),
        (DAY, Window.HUMAN_AGENT),
        (timedelta(hours=25), Window.HUMAN_AGENT),
        (WEEK - TICK, Window.HUMAN_AGENT),
        (WEEK, Window.CLOSED),
        (timedelta(days=8), Window.CLOSED),
        (timedelta(days=400), Window.CLOSED),
        (-timedelta(seconds=5), Window.STANDARD),
    ],
)
def test_the_window_by_the_persons_silence(silence: timedelta | None, state: Window) -> None:
    """24 hours standard, up to 7 days human agent, then closed; never written: closed; clocks apart: standard."""
    assert window(None if silence is None else NOW - silence, NOW) is state


HOUR, TWO_DAYS, EIGHT_DAYS = timedelta(hours=1), timedelta(days=2), timedelta(days=8)


@pytest.mark.parametrize(
    ("silence", "policy", "automatic", "allowed", "tagged"),
    [
        # within 24 h everything may go; the tag only where parity with the original is asked for, and a human writes
        (HOUR, "afterWindow", False, True, False),
        (HOUR, "afterWindow", True, True, False),
        (HOUR, "never", False, True, False),
        (HOUR, "never", True, True, False),
        (HOUR, "always", False, True, True),
        (HOUR, "always", True, True, False),
        # up to 7 days: humans, with the tag
        (TWO_DAYS, "afterWindow", False, True, True),
        (TWO_DAYS, "always", False, True, True),
        (TWO_DAYS, "never", False, False, False),
        (TWO_DAYS, "afterWindow", True, False, False),
        (TWO_DAYS, "always", True, False, False),
        (TWO_DAYS, "never", True, False, False),
        # after that nobody
        (EIGHT_DAYS, "afterWindow", False, False, False),
        (EIGHT_DAYS, "always", False, False, False),
        (EIGHT_DAYS, "never", False, False, False),
        (EIGHT_DAYS, "afterWindow", True, False, False),
        # and never before the person's first word
        (None, "afterWindow", False, False, False),
        (None, "always", False, False, False),
        (None, "never", True, False, False),
    ],
)
def test_who_may_write_when_and_with_which_tag(
    silence: timedelta | None, policy: TagPolicy, automatic: bool, allowed: bool, tagged: bool
) -> None:
    """Every combination of window, policy and author."""
    verdict = permit(None if silence is None else NOW - silence, NOW, policy=policy, automatic=automatic)
    assert (verdict.allowed, verdict.tagged) == (allowed, tagged)
    assert bool(verdict.reason) == (not allowed)


@pytest.mark.parametrize(
    ("silence", "policy", "automatic", "words"),
    [
        (None, "afterWindow", False, ["has not written yet", "only they"]),
        (TWO_DAYS, "never", False, ["2026-02-02 18:33 UTC", "humanAgentTag: never", "opens again when"]),
        (TWO_DAYS, "afterWindow", True, ["2026-02-02 18:33 UTC", "automatic", "a human may answer"]),
        (EIGHT_DAYS, "afterWindow", False, ["7-day", "2026-02-02 18:33 UTC", "opens again when"]),
    ],
)
def test_a_refusal_says_why_since_when_and_what_would_reopen_the_window(
    silence: timedelta | None, policy: TagPolicy, automatic: bool, words: list[str]
) -> None:
    """The text goes to the business as it is."""
    reason = permit(None if silence is None else NOW - silence, NOW, policy=policy, automatic=automatic).reason
    for word in words:
        assert word in reason


@given(SILENCES, SILENCES)
def test_silence_only_ever_closes_the_window(one: timedelta, other: timedelta) -> None:
    """As time goes by without a word, the window never gets better."""
    order = [Window.STANDARD, Window.HUMAN_AGENT, Window.CLOSED]
    shorter, longer = sorted([one, other])
    assert order.index(window(NOW - shorter, NOW)) <= order.index(window(NOW - longer, NOW))


@given(st.none() | SILENCES, POLICIES, st.booleans())
def test_the_tag_is_never_on_an_automatic_message_nor_on_a_refused_one(
    silence: timedelta | None, policy: TagPolicy, automatic: bool
) -> None:
    """Meta forbids the first; the second would make no sense. What is refused is explained."""
    verdict = permit(None if silence is None else NOW - silence, NOW, policy=policy, automatic=automatic)
    assert not (verdict.tagged and (automatic or not verdict.allowed))
    assert verdict.allowed or verdict.reason


@given(SILENCES, POLICIES, st.booleans())
def test_outside_the_standard_window_nothing_goes_without_the_tag(
    silence: timedelta, policy: TagPolicy, automatic: bool
) -> None:
    """Meta would refuse it, so it is not tried."""
    verdict = permit(NOW - silence, NOW, policy=policy, automatic=automatic)
    if verdict.allowed and silence >= DAY:
        assert verdict.tagged
    if silence < DAY:
        assert verdict.allowed
    if silence >= WEEK:
        assert not verdict.allowed
