"""Webhooks that go wrong on order or by chance. Whatever is on order, only *drop* loses an event."""

import json
import random
from collections import Counter
from typing import Any

import pytest

from heliograph.simulator import Meta
from tests.simulator.scripted import QUICK, meta_of, refused
from tests.simulator.support import Seeded, eventually


@pytest.fixture
def meta(connected: Seeded) -> Meta:
    made = meta_of(connected)
    made.deliver_like(**QUICK)
    return made


def say(connected: Seeded, *texts: str) -> None:
    for text in texts:
        connected.says(text)


def test_two_reorders_in_a_row_on_one_thread_lose_nothing(connected: Seeded, meta: Meta) -> None:
    meta.spoil_webhooks("reorder", count=2, delay_seconds=30)
    say(connected, "one", "two", "three")
    eventually(lambda: len(connected.sink.texts()) == 3)
    assert connected.sink.texts() == ["three", "two", "one"]


def test_events_that_wait_for_a_next_one_leave_when_none_comes(connected: Seeded, meta: Meta) -> None:
    meta.spoil_webhooks("reorder", count=2, delay_seconds=0.05)
    say(connected, "one", "two")
    eventually(lambda: sorted(connected.sink.texts()) == ["one", "two"])


def test_clearing_lets_go_what_is_held_back(connected: Seeded, meta: Meta) -> None:
    meta.spoil_webhooks("reorder", delay_seconds=500)
    meta.spoil_webhooks("batch", size=1000, delay_seconds=500)
    say(connected, "one", "two")
    meta.wait_for(lambda: meta.faults().struck == {"webhook reorder": 1, "webhook batch": 1})
    assert connected.sink.items == []
    meta.clear_faults()
    eventually(lambda: sorted(connected.sink.texts()) == ["one", "two"])
    assert meta.faults().struck == {}


def test_a_batch_waits_until_so_many_events_can_leave_in_one_post(connected: Seeded, meta: Meta) -> None:
    other = meta.make_account("Second shop")
    meta.subscribe(meta.apps()[0], other, connected.sink.url)
    meta.spoil_webhooks("batch", size=4, delay_seconds=500)
    say(connected, "one", "two")
    meta.person_writes(other, connected.person, "three")
    assert connected.sink.deliveries == []
    say(connected, "four")
    assert [item["message"]["text"] for item in connected.sink.wait(4)] == ["one", "two", "four", "three"]
    (delivery,) = connected.sink.deliveries
    assert [entry["id"] for entry in _entries(delivery.raw)] == [connected.account, other.id]
    say(connected, "five")
    eventually(lambda: len(connected.sink.deliveries) == 2)


def test_a_batch_can_be_shuffled_and_split_into_entries(connected: Seeded, meta: Meta) -> None:
    meta.spoil_webhooks("batch", size=6, shuffle=True, split=True, seed=1, delay_seconds=500)
    texts = [str(number) for number in range(6)]
    say(connected, *texts)
    connected.sink.wait(6)
    (delivery,) = connected.sink.deliveries
    assert [len(entry["messaging"]) for entry in _entries(delivery.raw)] == [1] * 6
    expected = list(texts)
    random.Random(1).shuffle(expected)
    assert connected.sink.texts() == expected != texts


def test_a_batch_that_stays_small_leaves_all_the_same(connected: Seeded, meta: Meta) -> None:
    meta.spoil_webhooks("batch", size=100, delay_seconds=0.05)
    say(connected, "one")
    assert connected.sink.wait(1)


@pytest.mark.parametrize("kind", ["corrupt", "corrupt_body"])
@pytest.mark.parametrize("answer", [200, 403])
def test_what_was_spoiled_is_sent_again_as_it_should_be_whatever_the_answer(
    connected: Seeded, meta: Meta, kind: Any, answer: int
) -> None:
    meta.spoil_webhooks(kind)
    connected.sink.answers[:] = [answer]
    say(connected, "one")
    first, second = eventually(lambda: len(connected.sink.deliveries) == 2 and connected.sink.deliveries)
    wrong = first.headers["X-Hub-Signature-256"] != second.headers["X-Hub-Signature-256"]
    assert (wrong, first.raw != second.raw) == (kind == "corrupt", kind == "corrupt_body")
    assert second.items[0]["message"]["text"] == "one"


def test_a_body_can_come_in_drops(connected: Seeded, meta: Meta) -> None:
    meta.spoil_webhooks("slow", delay_seconds=0.2)
    say(connected, "one")
    connected.sink.wait(1)
    (attempt,) = eventually(lambda: meta.webhooks()[0].delivered and meta.webhooks()[0].attempts)
    assert attempt["milliseconds"] >= 200
    assert "Transfer-Encoding" not in connected.sink.deliveries[0].headers


def test_one_kind_of_event_is_struck_and_no_other(connected: Seeded, meta: Meta) -> None:
    meta.spoil_webhooks("drop", event="echo", count=5)
    say(connected, "one")
    connected.send({"text": "lost echo"})
    meta.person_reacts(meta.thread(connected.account, connected.person).answers[0].mid)
    say(connected, "two")
    assert [list(item)[3] for item in connected.sink.wait(3)] == ["message", "reaction", "message"]
    assert connected.sink.texts() == ["one", "two"]


def test_one_account_is_struck_and_no_other(connected: Seeded, meta: Meta) -> None:
    other = meta.make_account("Second shop")
    meta.subscribe(meta.apps()[0], other, connected.sink.url)
    meta.spoil_webhooks("drop", account=other, rate=1)
    meta.person_writes(other, connected.person, "lost")
    say(connected, "kept")
    eventually(lambda: connected.sink.texts() == ["kept"])


def test_a_rate_strikes_the_same_events_with_the_same_seed(connected: Seeded, meta: Meta) -> None:
    def survivors(seed: int) -> list[str | None]:
        fault = meta.spoil_webhooks("drop", rate=0.3, seed=seed)
        connected.sink.deliveries.clear()
        say(connected, *(str(number) for number in range(40)))
        meta.wait_until_quiet()
        meta.cancel(fault)
        return connected.sink.texts()

    first = survivors(7)
    assert 10 < len(first) < 40
    assert survivors(7) == first
    assert survivors(8) != first


def test_a_rate_without_a_seed_tells_the_one_it_took(connected: Seeded, meta: Meta) -> None:
    fault = meta.spoil_webhooks("duplicate", rate=0.5)
    assert (fault.count, fault.rate) == (None, 0.5)
    assert meta.faults().webhooks[0].seed == fault.seed


def test_a_rate_can_have_an_end(connected: Seeded, meta: Meta) -> None:
    meta.spoil_webhooks("drop", rate=0.5, seed=3, count=2)
    say(connected, *(str(number) for number in range(20)))
    assert len(connected.sink.wait(18)) == 18
    meta.wait_until_quiet()
    assert len(connected.sink.items) == 18
    assert meta.faults().webhooks == []


@pytest.mark.parametrize("seed", range(3))
def test_whatever_is_on_order_but_drop_loses_nothing(connected: Seeded, meta: Meta, seed: int) -> None:
    for number, kind in enumerate(("duplicate", "reorder", "delay", "batch", "corrupt", "corrupt_body", "slow")):
        meta.spoil_webhooks(kind, rate=0.2, seed=seed * 10 + number, delay_seconds=0.03, size=5, shuffle=True)  # type: ignore[arg-type]
    people = [one.id for one in meta.people()]
    said = [f"{number}" for number in range(60)]
    for number, text in enumerate(said):
        meta.person_writes(connected.account, people[number % len(people)], text)
    meta.wait_until_quiet()
    came = Counter(_texts(connected))
    assert set(came) == set(said)
    assert sum(came.values()) > len(said)


def test_an_hour_of_failures_unsubscribes_the_page(connected: Seeded, meta: Meta) -> None:
    """By the profile 1h, on the simulator's clock. Source: Meta reference 1.4."""
    meta.deliver_like("1h", retry_delays=[0, 1800])
    connected.sink.answers[:] = [500] * 100
    say(connected, "lost")
    meta.wait_for(lambda: len(meta.webhooks()[0].attempts) == 2)
    assert meta.account(connected.account).subscribed_app_ids
    meta.advance(3700)
    meta.wait_for(lambda: meta.account(connected.account).subscribed_app_ids == [])
    assert meta.faults().struck == {"webhook given up": 1}
    assert len(meta.webhooks()[0].attempts) == 3


def test_36_hours_of_failures_lose_the_event_and_keep_the_subscription(connected: Seeded, meta: Meta) -> None:
    meta.deliver_like("36h", retry_delays=[0, 3600])
    connected.sink.answers[:] = [500] * 3
    say(connected, "lost")
    meta.wait_for(lambda: len(meta.webhooks()[0].attempts) == 2)
    meta.advance(37 * 3600)
    meta.wait_for(lambda: meta.faults().struck == {"webhook given up": 1})
    say(connected, "kept")
    eventually(lambda: connected.sink.texts() == ["kept"])


def test_a_retry_comes_when_the_clock_is_moved_to_it(connected: Seeded, meta: Meta) -> None:
    meta.deliver_like("36h", retry_delays=[3600])
    connected.sink.answers[:] = [500]
    say(connected, "late")
    meta.wait_for(lambda: meta.webhooks()[0].attempts)
    meta.advance(3601)
    assert connected.sink.wait(1)


def test_a_mistake_in_an_order_is_named(meta: Meta) -> None:
    for field, body in {"rate": {"rate": 2}, "size": {"size": 0}, "account_id": {"account_id": "1"}}.items():
        with refused(404 if field == "account_id" else 422, field):
            meta.ask("POST", "/webhook-faults", {"kind": "batch", **body})
    with refused(404, "fault_id"):
        meta.ask("DELETE", "/faults/1")


def _entries(raw: bytes) -> list[dict[str, Any]]:
    return json.loads(raw)["entry"]


def _texts(connected: Seeded) -> list[str]:
    """The texts of every delivery whose bytes were whole."""
    whole = (one for one in connected.sink.deliveries if one.raw.endswith(b"}]}"))
    return [item["message"]["text"] for one in whole for item in one.items]
