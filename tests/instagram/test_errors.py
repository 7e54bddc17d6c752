"""Meta's error codes: a test for each row of the reference's table (3.2), copied from there and not from the code."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heliograph.channels.base import SendOutcome
from heliograph.channels.instagram.meta.answers import refusal
from heliograph.channels.instagram.meta.errors import MEANINGS, Hold, Whose, meaning
from heliograph.channels.instagram.meta.graph import GraphError

R, RL, W = SendOutcome.RETRY, SendOutcome.RATE_LIMITED, SendOutcome.WINDOW_CLOSED
P, U = SendOutcome.PERMANENT, SendOutcome.UNREACHABLE
A, C, UNKNOWN = SendOutcome.RECONNECT, SendOutcome.CONFIGURATION, SendOutcome.UNKNOWN

# (code, subcode, HTTP status seen, outcome)
ROWS: list[tuple[int, int | None, int, SendOutcome]] = [
    (-1, None, 500, R),
    (-1, 2534023, 500, P),
    (-2, None, 500, R),
    (1, None, 500, R),
    (1, None, 400, R),
    (1, 99, 400, C),  # R once
    (1, 1357046, 500, UNKNOWN),
    (2, None, 503, R),
    (2, 1545133, 500, R),
    (3, None, 400, C),
    (4, None, 403, RL),
    (4, 2018022, 403, RL),
    (10, None, 403, C),
    (10, 2534022, 403, W),
    (10, 2018278, 403, W),
    (10, 2018065, 403, W),
    (10, 2018108, 403, U),
    (10, 2018300, 400, C),
    (10, 1893063, 403, C),
    (10, 2534077, 403, A),
    (10, 1404170, 400, P),
    (10, 1893015, 400, P),
    (17, None, 400, RL),
    (32, None, 400, RL),
    (100, None, 400, P),
    (100, 33, 400, P),
    (100, 2018001, 400, U),
    (100, 2534014, 400, U),
    (100, 2534001, 400, U),
    (100, 2534013, 400, A),
    (100, 2534015, 400, P),
    (100, 2534025, 400, P),
    (100, 2534029, 400, C),
    (100, 2534037, 400, C),
    (100, 2018008, 400, P),  # R once
    (100, 2018047, 400, P),
    (100, 2018074, 400, P),
    (100, 2018109, 400, P),
    (100, 2018294, 400, P),  # R once
    (100, 2018014, 400, P),
    (100, 36007, 400, P),
    (100, 36009, 400, P),
    (102, None, 401, A),
    (190, None, 401, A),
    (190, 458, 400, A),
    (190, 459, 400, A),
    (190, 460, 400, A),
    (190, 463, 400, A),
    (190, 464, 400, A),
    (190, 467, 400, A),
    (190, 492, 400, A),
    (200, None, 403, C),
    (200, 2018028, 403, C),
    (200, 2018027, 403, C),
    (200, 1545041, 403, U),
    (200, 2534041, 403, C),
    (200, 2534066, 403, C),
    (341, None, 400, RL),
    (368, None, 400, C),
    (506, None, 400, P),
    (508, 2534122, 400, P),
    (551, None, 400, U),
    (551, 1545041, 400, U),
    (613, None, 429, RL),
    (613, 2534040, 429, RL),
    (613, 1996, 400, RL),
    (613, 2018338, 400, C),
    (1200, None, 500, R),
    (2500, None, 400, P),
    (10900, None, 400, P),
    (10903, None, 400, U),
    (10903, 1893049, 400, U),
    (10904, None, 400, C),
    (10904, 1893050, 400, C),
    (36000, None, 400, P),
    (36103, None, 400, C),
    (80001, None, 400, RL),
    (80002, None, 400, RL),
    (80006, None, 400, RL),
    (2200, None, 400, C),
    # Of reads, which go on without; should a send ever get them, they are for good.
    (230, None, 403, P),
    (2018218, None, 400, P),
    (2018247, None, 400, P),
    (9010, None, 400, P),
    (9000001, None, 400, P),
]


def named(row: tuple[int, int | None, int, SendOutcome]) -> str:
    """A row's name: the code as the reference writes it, and the outcome."""
    code, subcode, status, outcome = row
    return f"{code}{f'/{subcode}' if subcode else ''} under {status} is {outcome}"


# The reference tries these once more before it gives up.
ONCE_MORE = {(1, 99), (100, 2018008), (100, 2018294)}

# The code that customers get: the reference's suggested vocabulary (Sunshine 3.3).
CODES = {
    R: {"channel_unavailable"},
    RL: {"rate_limited"},
    W: {"message_outside_window"},
    U: {"unreachable"},
    A: {"unauthorized"},
    C: {"forbidden"},
    P: {"bad_request", "media_rejected", "uncategorized_error"},
    UNKNOWN: {"uncategorized_error"},
}


@pytest.mark.parametrize(("code", "subcode", "status", "outcome"), ROWS, ids=map(named, ROWS))
def test_a_row_of_the_table(code: int, subcode: int | None, status: int, outcome: SendOutcome) -> None:
    meant = meaning(code, subcode, transient=False, status=status)
    assert meant.outcome is outcome
    assert meant.code in CODES[outcome]
    assert len(meant.advice) > 15
    assert meant.once_more is ((code, subcode) in ONCE_MORE)


def test_the_code_has_no_row_that_the_table_has_not() -> None:
    assert set(MEANINGS) <= {(code, subcode) for code, subcode, *_ in ROWS}


@pytest.mark.parametrize(("code", "subcode", "status", "outcome"), ROWS, ids=map(named, ROWS))
def test_neither_status_nor_is_transient_change_what_a_known_code_means(
    code: int, subcode: int | None, status: int, outcome: SendOutcome
) -> None:
    if (code, subcode) in MEANINGS:
        for other in (200, 400, 403, 500, 503):
            for transient in (True, False):
                assert meaning(code, subcode, transient=transient, status=other).outcome is outcome


@pytest.mark.parametrize(("code", "subcode", "status", "outcome"), ROWS, ids=map(named, ROWS))
def test_a_limit_pauses_the_account_a_limit_of_the_app_all_of_its_accounts_and_nothing_else_anybody(
    code: int, subcode: int | None, status: int, outcome: SendOutcome
) -> None:
    """The action RL: "pause the account, then retry"; and 368's "long pause (hours)"."""
    hold = meaning(code, subcode, transient=False, status=status).hold
    if code == 368:
        assert hold is not None
        assert (hold.seconds or 0) >= 3600
    elif outcome is RL:
        assert hold == Hold(Whose.APP if code in (4, 341) else Whose.ACCOUNT)
    else:
        assert hold is None


@pytest.mark.parametrize(
    ("code", "subcode", "transient", "status", "outcome"),
    [
        (99999, None, False, 400, P),
        (99999, None, True, 400, R),
        (99999, None, False, 500, R),
        (99999, None, False, 503, R),
        (99999, 33, False, 403, P),
        (0, None, False, 400, P),
        (0, None, False, 502, R),
        (508, None, False, 400, P),  # known with a subcode only
        (508, None, False, 500, R),
        (508, 1, True, 400, R),
    ],
)
def test_an_unknown_code_may_pass_when_it_is_transient_or_a_server_s_fault(
    code: int, subcode: int | None, transient: bool, status: int, outcome: SendOutcome
) -> None:
    assert meaning(code, subcode, transient=transient, status=status).outcome is outcome


@pytest.mark.parametrize(
    ("code", "outcome"), [(10, C), (100, P), (190, A), (200, C), (551, U), (613, RL), (4, RL), (2, R)]
)
def test_an_unknown_subcode_means_what_its_code_means(code: int, outcome: SendOutcome) -> None:
    assert meaning(code, 7777777, transient=False, status=400).outcome is outcome


@given(st.integers(), st.none() | st.integers(), st.booleans(), st.integers(100, 599))
def test_every_error_means_something(code: int, subcode: int | None, transient: bool, status: int) -> None:
    assert meaning(code, subcode, transient=transient, status=status).advice


@pytest.mark.parametrize(
    ("subcode", "underlying"),
    [
        (2534022, {"code": 10, "subcode": 2534022, "message": "(#10) Hors délai"}),
        (None, {"code": 10, "message": "(#10) Hors délai"}),
    ],
)
def test_a_refusal_carries_meta_s_own_words_beside_ours(subcode: int | None, underlying: dict[str, Any]) -> None:
    answer = refusal(GraphError(403, 10, subcode, "(#10) Hors délai"))
    assert answer.underlying() == underlying
    assert "Meta said: (#10) Hors délai (code 10" in answer.advice
