"""What the usage headers of Meta's answers tell (Meta reference 3.3)."""

import json
from typing import Any

import pytest
from hypothesis import given

from heliograph.channels.instagram.meta.usage import Of, Reading, UnreadableUsageError, readings
from tests.instagram.cases import ANY_JSON

APP, PAGE, BUSINESS = "X-App-Usage", "X-Page-Usage", "X-Business-Use-Case-Usage"


def use(kind: str, calls: int, **more: int) -> dict[str, Any]:
    times = {"total_cputime": 20, "total_time": 20, "estimated_time_to_regain_access": 0}
    return {"type": kind, "call_count": calls, **times, **more}


@pytest.mark.parametrize(
    ("header", "told", "found"),
    [
        (APP, {"call_count": 28, "total_time": 25, "total_cputime": 25}, [Reading(Of.APP, 28, APP)]),
        (APP, {"call_count": 2, "total_time": 25, "total_cputime": 95}, [Reading(Of.APP, 95, APP)]),
        (APP, {}, [Reading(Of.APP, 0, APP)]),
        (PAGE, {"call_count": 100, "total_time": 1, "total_cputime": 1}, [Reading(Of.CALLER, 100, PAGE)]),
        (BUSINESS, {"1015": [use("pages", 97)]}, [Reading(Of.ID, 97, BUSINESS, "1015")]),
        (BUSINESS, {"1015": [use("messenger", 9, estimated_time_to_regain_access=3)]},
         [Reading(Of.ID, 20, BUSINESS, "1015", 180)]),
        (BUSINESS, {"1015": [use("instagram", 91), use("pages", 21)], "6678": [use("instagram", 30)]},
         [Reading(Of.ID, 91, BUSINESS, "1015"), Reading(Of.ID, 21, BUSINESS, "1015"), Reading(Of.ID, 30, BUSINESS, "6678")]),
        (BUSINESS, {"6678": [use("ads_management", 95)]}, []),
        (BUSINESS, {"6678": "?", "1": [None, 7]}, []),
    ],
)  # fmt: skip
def test_a_header_tells_the_highest_of_its_percentages(header: str, told: Any, found: list[Reading]) -> None:
    assert readings({header: json.dumps(told)}) == found


@pytest.mark.parametrize(
    ("reading", "slows", "stops"),
    [
        (Reading(Of.APP, 89.9, APP), False, False),
        (Reading(Of.APP, 90, APP), True, False),
        (Reading(Of.APP, 99, APP), True, False),
        (Reading(Of.APP, 100, APP), True, True),
        (Reading(Of.ID, 130, BUSINESS), True, True),
        (Reading(Of.ID, 5, BUSINESS, "1", 60), False, True),
    ],
)
def test_near_a_limit_is_slow_and_at_it_is_a_stop(reading: Reading, slows: bool, stops: bool) -> None:
    assert (reading.slows, reading.stops) == (slows, stops)


def test_most_answers_tell_nothing() -> None:
    assert readings({"Date": "Sun, 22 Nov 2026 10:00:00 GMT"}) == []


@pytest.mark.parametrize("value", ["", "nonsense", "[]", "7", "null"])
def test_a_header_of_another_form_is_an_error_and_not_a_guess(value: str) -> None:
    with pytest.raises(UnreadableUsageError):
        readings({APP: value})


@given(ANY_JSON)
def test_whatever_a_header_holds_is_read_or_refused(told: Any) -> None:
    for header in (APP, PAGE, BUSINESS):
        if isinstance(told, dict):
            assert isinstance(readings({header: json.dumps(told)}), list)
        else:
            with pytest.raises(UnreadableUsageError):
                readings({header: json.dumps(told)})
