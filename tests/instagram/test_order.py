"""The order in which a batch is applied: Meta's times decide, and nothing comes before the message that it is about."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from heliograph.channels.instagram import wire
from heliograph.channels.instagram.inbound.steps import Step, in_order
from heliograph.lanes import Job
from tests.instagram.house import Shop, new_mid, now_ms, unique

BEGAN = datetime(2026, 3, 1, tzinfo=UTC)
MIDS = ("a", "b", "c")


def event(kind: str, seconds: int, mid: str) -> wire.Event | None:
    at = BEGAN + timedelta(seconds=seconds)
    made: dict[str, wire.Event | None] = {
        "message": wire.Message(at, mid, "t"),
        "postback": wire.Postback(at, mid, "t", "p"),
        "reaction": wire.Reaction(at, mid, "love"),
        "edit": wire.Edit(at, mid, "t", 1),
        "unsend": wire.Unsend(at, mid),
        "read": wire.Read(at, mid),
        "nothing": wire.NotUnderstood("shape"),
        "erased": None,
    }
    return made[kind]


KINDS = st.sampled_from(["message", "postback", "reaction", "edit", "unsend", "read", "nothing", "erased"])
EVENTS = st.lists(st.builds(event, KINDS, st.integers(0, 5), st.sampled_from(MIDS)), max_size=12)


def steps(events: list[wire.Event | None]) -> list[Step]:
    return [step(n, n, one) for n, one in enumerate(events)]


def step(number: int, webhook: int, said: wire.Event | None, **more: Any) -> Step:
    job = Job(number, "", 0, BEGAN)
    return Step(job=job, journal_id=webhook, path="", account="17", person="5", event=said, **more)


def about(step: Step) -> str | None:
    return step.event.mid if isinstance(step.event, wire.Reaction | wire.Edit | wire.Unsend) else None


def brings(step: Step) -> str | None:
    return step.event.mid if isinstance(step.event, wire.Message | wire.Postback) else None


@given(EVENTS)
def test_every_step_is_there_once_and_nothing_precedes_its_message(events: list[wire.Event | None]) -> None:
    ordered = in_order(steps(events))
    assert sorted(step.job.id for step in ordered) == list(range(len(events)))
    coming = [brings(step) for step in ordered]
    for place, step in enumerate(ordered):
        if about(step) is not None and about(step) in coming:
            assert coming.index(about(step)) < place


@given(EVENTS)
def test_what_is_about_no_message_of_the_batch_stands_by_its_time_and_ties_stay(
    events: list[wire.Event | None],
) -> None:
    given_ = steps(events)
    said = {brings(step) for step in given_}
    free = [step for step in in_order(given_) if about(step) is None or about(step) not in said]
    timed = [step for step in free if getattr(step.event, "at", None) is not None]
    assert timed == sorted(timed, key=lambda step: (step.event.at, step.job.id))  # type: ignore[union-attr]


@given(EVENTS)
def test_what_is_in_order_is_left_as_it_is(events: list[wire.Event | None]) -> None:
    """Of those that tell a time: the others go with whatever is before them."""
    timed = [one for one in events if getattr(one, "at", None) is not None]
    once = [step.event for step in in_order(steps(timed))]
    assert [step.event for step in in_order(steps(once))] == once


def test_what_a_backfill_found_keeps_metas_order_beside_webhooks_that_know_the_time_better() -> None:
    """The API tells whole seconds: the fourth of a second must not come before the first, whose webhook is here, too."""
    found = [wire.Message(BEGAN, mid, "t") for mid in "abcd"]
    by_webhook = [wire.Message(BEGAN + timedelta(milliseconds=300 + n), mid, "t") for n, mid in enumerate("abc")]
    run = [step(9 + n, 7, one, backfill_run=1) for n, one in enumerate(found)]
    for waiting in ([*steps([*by_webhook]), *run], [*steps([*by_webhook[:2]]), *run, *steps([by_webhook[2]])]):
        order = [brings(step) for step in in_order(waiting)]
        assert list(dict.fromkeys(order)) == ["a", "b", "c", "d"]


def test_messages_that_come_shuffled_in_one_webhook_are_stored_by_their_times(shop: Shop) -> None:
    person, at = unique("5846"), now_ms()
    mids = [new_mid() for _ in range(4)]
    items: list[Any] = [shop.text(person, str(n), mids[n], at + n) for n in range(4)]
    early = shop.item(person, at - 5, reaction={"mid": mids[3], "action": "react", "reaction": "love", "emoji": "❤️"})
    shop.given(items[2], early, items[0], items[3], items[1])
    assert shop.texts(person) == ["0", "1", "2", "3"]
    assert shop.told() == ["create", "message", "message", "message", "message", "message:reaction"]
