"""The 24-hour window and the human agent's 7 days."""

import pytest

from heliograph.simulator.window import HOUR_MS, HUMAN_AGENT, may_send, window

NOW = 1_800_000_000_000
DAY = 24 * HOUR_MS


@pytest.mark.parametrize(
    ("age", "state"),
    [
        (0, "standard"),
        (DAY - 1, "standard"),
        (DAY, "standard"),
        (DAY + 1, "human_agent"),
        (7 * DAY, "human_agent"),
        (7 * DAY + 1, "closed"),
        (400 * DAY, "closed"),
    ],
)
def test_the_state_follows_the_age_of_the_last_action(age: int, state: str) -> None:
    assert window(NOW - age, NOW).state == state


def test_a_person_who_never_wrote_has_no_window() -> None:
    never = window(0, NOW)
    assert (never.state, never.standard_closes_ms, never.human_agent_closes_ms) == ("never", None, None)


def test_the_closing_times_are_told() -> None:
    opened = window(NOW, NOW)
    assert (opened.standard_closes_ms, opened.human_agent_closes_ms) == (NOW + DAY, NOW + 7 * DAY)


@pytest.mark.parametrize(
    ("state", "tag", "feature", "allowed"),
    [
        ("standard", None, False, True),
        ("standard", HUMAN_AGENT, False, True),
        ("human_agent", None, True, False),
        ("human_agent", HUMAN_AGENT, True, True),
        ("human_agent", HUMAN_AGENT, False, False),
        ("closed", HUMAN_AGENT, True, False),
        ("never", HUMAN_AGENT, True, False),
    ],
)
def test_a_send_is_allowed_by_state_tag_and_feature(state, tag, feature, allowed) -> None:
    assert may_send(state, tag, feature) is allowed
