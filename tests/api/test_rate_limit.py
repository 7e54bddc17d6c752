"""Limits: of a key's requests, and of wrong guesses. Buckets as a model, then both through HTTP with a clock of our own."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heliograph.api.errors import ApiError
from heliograph.api.limits import GUESS_EVERY_SECONDS, MOST_NAMES, Buckets, Limits
from heliograph.telemetry import metrics
from tests.api.house import House, Key
from tests.api.oauth import Browser, Partner, exchanged, registered
from tests.api.test_auth_jwt import ask, signed
from tests.conftest import Server

BURST, GUESSES = 5, 3


@dataclass
class Seconds:
    """A clock that stands still until it is told."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def clock() -> Seconds:
    return Seconds()


@pytest.fixture(scope="module")
def strict(embedded_server: Server, clock: Seconds) -> Iterator[House]:
    """A house with narrow limits: five requests at once and two a second, three wrong guesses."""
    with embedded_server.database(migrated=True) as url:
        house = House(url, Limits(2, BURST, GUESSES, clock))
        house.start()
        try:
            yield house
        finally:
            house.stop()


def limited(reason: str) -> float:
    return float(metrics.REGISTRY.get_sample_value("heliograph_api_limited_total", {"reason": reason}) or 0)


def statuses(house: House, key: Key, count: int) -> list[int]:
    return [house.get("/v2/apps", key=key).status for _ in range(count)]


def test_a_key_that_calls_too_often_is_told_when_to_come_back(strict: House, clock: Seconds) -> None:
    key, before = strict.key("account"), limited("requests")
    assert statuses(strict, key, BURST + 2) == [200] * BURST + [429] * 2
    answer = strict.get("/v2/apps", key=key)
    assert answer.error == {
        "code": "too_many_requests",
        "title": "Too many requests with this key: wait, then try again",
    }
    assert answer.headers["retry-after"] == "1"
    assert limited("requests") == before + 3
    clock.now += 1.0
    assert statuses(strict, key, 3) == [200, 200, 429]


def test_tokens_spend_what_their_key_has(strict: House) -> None:
    key = strict.key("account")
    token = signed(key, {"scope": "account"})
    assert [ask(strict, "/v2/apps", token).status for _ in range(3)] == [200] * 3
    assert statuses(strict, key, 3) == [200, 200, 429]


def test_keys_do_not_spend_for_each_other(strict: House) -> None:
    loud, quiet = strict.key("account"), strict.key("account")
    assert statuses(strict, loud, BURST + 1)[-1] == 429
    assert statuses(strict, quiet, 1) == [200]


def test_refused_requests_count_for_nobody(strict: House) -> None:
    key = strict.key("account")
    wrong = Key(key.id, "wrong")
    assert statuses(strict, wrong, 2) == [401, 401]
    assert statuses(strict, key, BURST) == [200] * BURST


def test_guessing_is_limited(strict: House, clock: Seconds) -> None:
    key, before = strict.key("account"), limited("guesses")
    assert statuses(strict, Key(key.id, "wrong"), GUESSES + 1) == [401] * GUESSES + [429]
    answer = ask(strict, "/v2/apps", signed(key, {"scope": "account"}, secret="guessed"))
    assert (answer.status, answer.error["code"]) == (429, "too_many_requests")
    assert int(answer.headers["retry-after"]) == GUESS_EVERY_SECONDS
    assert limited("guesses") == before + 2
    # The right secret is not tried either, or a guesser would not be limited at all.
    assert statuses(strict, key, 1) == [429]
    clock.now += GUESS_EVERY_SECONDS
    assert statuses(strict, key, 1) == [200]


def test_a_guesser_locks_out_nobody_who_was_right_before(strict: House) -> None:
    key = strict.key("account")
    assert statuses(strict, key, 1) == [200]
    assert statuses(strict, Key(key.id, "wrong"), GUESSES + 2)[-1] == 429
    assert statuses(strict, key, 1) == [200]
    assert statuses(strict, strict.key("account"), 1) == [200]


def test_unknown_keys_are_limited_as_known_ones_are(strict: House) -> None:
    """Or the answer would tell which ids there are."""
    assert statuses(strict, Key("app_" + "0" * 24, "wrong"), GUESSES + 1) == [401] * GUESSES + [429]


def test_the_consent_page_and_the_token_endpoint_are_no_way_around(strict: House) -> None:
    key, partner, browser = strict.key("account"), registered(strict), Browser(strict)
    page = browser.open(client_id=partner.id, response_type="code")
    answers = []
    for _ in range(GUESSES + 1):
        page = browser.send(page, decision="continue", key_id=key.id, secret="wrong")
        answers.append(page.status)
    assert answers == [400] * GUESSES + [429]
    assert "Too many attempts" in page.words
    assert "retry-after" in page.headers
    assert statuses(strict, key, 1) == [429]
    guesser = Partner(partner.id, "wrong")
    assert [exchanged(strict, guesser, "x").status for _ in range(GUESSES + 1)] == [401] * GUESSES + [429]


def test_who_guesses_elsewhere_or_at_another_key_stops_nobody() -> None:
    limits = Limits(guesses=1, clock=Seconds())
    limits.wrong("203.0.113.7", "app_a", exists=True)
    with pytest.raises(ApiError):
        limits.admit("203.0.113.7", "app_a", "secret")
    limits.admit("203.0.113.8", "app_a", "secret")
    limits.admit("203.0.113.7", "app_b", "secret")


def test_addresses_of_one_ipv6_network_are_one() -> None:
    limits = Limits(guesses=1, clock=Seconds())
    limits.wrong("2001:db8:1:2::1", "app_a", exists=True)
    with pytest.raises(ApiError):
        limits.admit("2001:db8:1:2:ffff::9", "app_a", "secret")
    limits.admit("2001:db8:1:3::1", "app_a", "secret")


def test_memory_is_bounded_and_invented_keys_do_not_wash_out_real_ones() -> None:
    limits = Limits(guesses=1, clock=Seconds())
    limits.wrong("203.0.113.7", "app_real", exists=True)
    for number in range(MOST_NAMES + 10):
        limits.wrong("203.0.113.7", f"app_{number}", exists=False)
    with pytest.raises(ApiError):
        limits.admit("203.0.113.7", "app_real", "secret")
    limits.admit("203.0.113.7", "app_0", "secret")  # forgotten: there were too many after it


def test_nothing_is_limited_when_it_is_switched_off() -> None:
    limits = Limits(0, 0, 0)
    for _ in range(1000):
        limits.spend("app_a")
        limits.wrong("203.0.113.7", "app_a", exists=True)
        limits.admit("203.0.113.7", "app_a", "secret")


@given(
    st.floats(0.1, 50),
    st.integers(1, 20),
    st.lists(st.tuples(st.floats(0, 3), st.sampled_from("abc")), max_size=120),
)
def test_buckets_never_give_more_than_burst_and_rate_allow(
    rate: float, burst: int, calls: list[tuple[float, str]]
) -> None:
    buckets, now = Buckets(rate, burst), 0.0
    given_at: dict[str, list[float]] = {}
    for pause, name in calls:
        now += pause
        wait = buckets.take(name, now)
        if wait:
            assert buckets.wait(name, now) == wait
            assert buckets.take(name, now + wait * 0.99 - 1e-6) > 0
        else:
            given_at.setdefault(name, []).append(now)
    for times in given_at.values():
        for first in range(len(times)):
            for last in range(first, len(times)):
                assert last - first + 1 <= burst + rate * (times[last] - times[first]) + 1e-6


@given(st.lists(st.text(max_size=3), max_size=200))
def test_buckets_remember_only_so_many(names: list[str]) -> None:
    buckets = Buckets(1, 1, most=10)
    for name in names:
        buckets.take(name, 0.0)
        assert len(buckets) <= 10
