"""Backfill against what happens beside it: late webhooks, sends under way, limits, deaths, downtime. Meta is played."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from heliograph.channels.base import SendOutcome
from heliograph.channels.instagram.accounts.records import token_place
from heliograph.channels.instagram.backfill import steps, worker
from heliograph.channels.instagram.meta import pauses
from tests.conftest import Server
from tests.instagram.backfills import Threads, ago, ask, backfill, ended, run_row, runs_of
from tests.instagram.house import House, Shop, new_mid, unique
from tests.instagram.meta import Gate, PlayedMeta, accepted, in_thread, refused
from tests.simulator.support import Loop, eventually


@pytest.fixture(autouse=True)
def _at_once(house: House) -> Iterator[None]:
    """Nobody waits for late webhooks, nor keeps Meta's pace."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(house.channel._messages.backfill.looks, "young", timedelta())
        patch.setattr(house.channel.pace, "_limits", {})
        patch.setattr(worker, "PART_PAUSE", timedelta(seconds=0.05))
        yield


@pytest.fixture
def threads(meta: PlayedMeta, shop: Shop) -> Threads:
    return Threads(meta, shop)


EARLIER: Any = {"minutes": 5}


def test_a_late_webhook_of_the_same_message_adds_nothing(shop: Shop, threads: Threads) -> None:
    person, mid = unique("5846"), new_mid()
    threads.says(person, mid, at=ago(**EARLIER))
    assert backfill(shop, ago(hours=1))["added"] == 1
    shop.given(shop.text(person, mid=mid))
    assert shop.texts() == ["hello"]


def test_a_webhook_that_waits_in_the_journal_comes_first(loop: Loop, each_server: Server, meta: PlayedMeta) -> None:
    with each_server.database(migrated=True) as url:
        house = House(loop, url, meta.url, works_on={"backfill"}).start()
        try:
            house.channel._messages.backfill.looks.young = timedelta()
            shop = house.shop()
            person, mid = unique("5846"), new_mid()
            Threads(meta, shop).says(person, mid, "as the API tells it", at=ago(**EARLIER))
            # Meta lists times in whole seconds, so the same message seems to be older there.
            at = int(ago(**EARLIER).timestamp() * 1000) + 400
            shop.deliver(shop.text(person, "as the webhook told it", mid=mid, at=at))
            number = ask(shop, ago(hours=1))
            eventually(lambda: run_row(house, number)["ended_at"])
            assert run_row(house, number)["found"] == 1
        finally:
            house.stop()
        other = House(loop, url, meta.url).start()
        try:
            other.quiet()
            rows = other.rows("select body from messages where app_id = $1", shop.app_id)
            assert [row["body"]["content"]["text"] for row in rows] == ["as the webhook told it"]
            assert run_row(other, number)["added"] == 0, "no webhook missed it"
        finally:
            other.stop()


def test_a_young_message_is_left_to_its_webhook(house: House, shop: Shop, threads: Threads) -> None:
    house.channel._messages.backfill.looks.young = timedelta(minutes=5)
    person, mid = unique("5846"), new_mid()
    threads.says(person, mid, at=ago(seconds=1))
    number = ask(shop, ago(hours=1))
    eventually(lambda: run_row(house, number)["listed"] and run_row(house, number)["todo"])
    shop.given(shop.text(person, mid=mid))
    assert run_row(house, number)["found"] == 0
    # Five minutes later.
    house.execute("update backfill_runs set todo = jsonb_set(todo, '{0,at}', '0') where id = $1", number)

    def gone_on() -> bool:
        house.execute(
            "update lanes set due_at = now() where kind = 'backfill' and key = $1 and lease = 0", shop.integration_id
        )
        return bool(run_row(house, number)["ended_at"])

    eventually(gone_on)
    assert ended(shop, number)["found"] == 0
    assert shop.texts() == ["hello"]


def test_a_message_that_is_being_sent_is_not_doubled(
    loop: Loop, meta: PlayedMeta, shop: Shop, threads: Threads, person: str
) -> None:
    mid = new_mid()
    gate = Gate(loop, accepted(mid, person))
    meta.script(person, gate)
    message_id = shop.post(person, "on its way")
    gate.wait()
    threads.says(person, mid, "on its way", by_business=True)
    number = ask(shop, ago(hours=1))
    eventually(lambda: any(one["until"] for one in run_row(shop.house, number)["todo"]))
    gate.open()
    assert shop.outcome(message_id)[0] == "channel"
    assert ended(shop, number)["added"] == 0
    assert shop.texts(person) == ["hello", "on its way"]


def test_a_part_of_unknown_outcome_is_settled_by_what_backfill_finds(
    meta: PlayedMeta, shop: Shop, threads: Threads, person: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "PART_PATIENCE", timedelta(seconds=0.2))
    mid = new_mid()
    meta.script(person, (200, b"not an answer"))
    message_id = shop.post(person, "lost answer")
    eventually(lambda: [part["state"] for part in shop.parts(message_id)] == ["unknown"])
    threads.says(person, mid, "lost answer", by_business=True)
    assert backfill(shop, ago(hours=1))["added"] == 0
    eventually(lambda: [part["mid"] for part in shop.parts(message_id)] == [mid])
    assert shop.texts(person) == ["hello", "lost answer"]


@pytest.mark.usefixtures("impatient")
def test_a_part_that_was_given_up_in_doubt_keeps_no_run_waiting_and_is_found(
    meta: PlayedMeta, shop: Shop, threads: Threads, person: str
) -> None:
    mid = new_mid()
    threads.refuses(refused(100))
    meta.script(person, (504, b""))
    message_id = shop.post(person, "lost answer")
    assert "may have been sent" in shop.failure(message_id)["message"]
    threads.says(person, mid, "lost answer", by_business=True)
    assert backfill(shop, ago(hours=1))["added"] == 0
    eventually(lambda: [part["mid"] for part in shop.parts(message_id)] == [mid])
    assert shop.texts(person) == ["hello", "lost answer"]


def test_an_old_message_of_the_owner_is_not_taken_for_a_part_that_says_the_same(
    loop: Loop, meta: PlayedMeta, shop: Shop, threads: Threads, person: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "PART_PATIENCE", timedelta(seconds=0.2))
    old, new = new_mid(), new_mid()
    gate = Gate(loop, accepted(new, person))
    meta.script(person, gate)
    message_id = shop.post(person, "Hi")
    gate.wait()
    threads.says(person, old, "Hi", by_business=True, at=ago(minutes=30))
    assert backfill(shop, ago(hours=1))["added"] == 1
    gate.open()
    shop.outcome(message_id)
    assert [part["mid"] for part in shop.parts(message_id)] == [new]
    assert shop.texts(person).count("Hi") == 2


def test_a_limit_of_metas_pauses_the_run_and_it_goes_on(
    shop: Shop, threads: Threads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "PAUSES", {SendOutcome.RATE_LIMITED: (0.05,) * 50, SendOutcome.RETRY: (0.05,)})
    monkeypatch.setattr(pauses, "SCHEDULE", (0.05,))
    threads.says(unique("5846"), new_mid(), at=ago(**EARLIER))
    threads.refuses(refused(613, 2534040))
    number = ask(shop, ago(hours=1))
    paused = eventually(lambda: run_row(shop.house, number)["tries"] > 1 and run_row(shop.house, number))
    assert "limit" in paused["error"]
    threads.answers_again()
    run = ended(shop, number)
    assert (run["state"], run["added"], run["error"]) == ("done", 1, None)


def test_an_answer_too_large_for_meta_is_asked_for_in_smaller_pages(
    shop: Shop, threads: Threads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "PAUSES", {SendOutcome.RETRY: (0.01,) * 50})
    threads.refuses(refused(1, status=500))
    number = ask(shop)
    eventually(lambda: run_row(shop.house, number)["page_size"] == 1)
    threads.answers_again()
    assert ended(shop, number)["state"] == "done"


def test_a_run_that_meta_never_answers_fails_with_the_reason(
    shop: Shop, threads: Threads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "PAUSES", {SendOutcome.RETRY: (0.01, 0.01)})
    threads.refuses(refused(2, status=500))
    run = backfill(shop)
    assert (run["state"], threads.calls()) == ("failed", 3)
    assert run["error"]


def test_what_becomes_no_message_is_put_in_line_once(meta: PlayedMeta, shop: Shop, threads: Threads) -> None:
    person = unique("5846")
    threads.says(person, new_mid(), "", at=ago(**EARLIER), is_unsupported=True)
    assert backfill(shop, ago(hours=1))["found"] == 1
    assert backfill(shop, ago(hours=1))["found"] == 0
    assert len(shop.house.rows("select 1 from journal where integration_id = $1", shop.integration_id)) == 1


def test_a_thread_that_cannot_be_read_is_left_out(meta: PlayedMeta, shop: Shop, threads: Threads) -> None:
    gone, there = unique("5846"), unique("5846")
    threads.says(gone, new_mid(), at=ago(**EARLIER))
    threads.says(there, new_mid(), at=ago(**EARLIER))
    meta.answers[threads.edge(gone)] = refused(9000001)
    run = backfill(shop, ago(hours=1))
    assert (run["state"], run["added"]) == ("done", 1)


def test_a_thread_that_never_answers_keeps_no_other_from_being_read(
    meta: PlayedMeta, shop: Shop, threads: Threads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "PAUSES", {SendOutcome.RETRY: (0.01, 0.01)})
    bad, good = unique("5846"), unique("5846")
    threads.says(good, new_mid(), at=ago(**EARLIER))
    threads.says(bad, new_mid(), at=ago(minutes=4))
    meta.answers[threads.edge(bad)] = refused(2, status=500)
    run = backfill(shop, ago(hours=1))
    assert (run["state"], run["added"], run["unreadable"]) == ("done", 1, 1)


def test_messages_that_later_ones_pushed_out_of_sight_are_counted(
    meta: PlayedMeta, shop: Shop, threads: Threads
) -> None:
    """Between the list and the read, twenty were said."""
    person = unique("5846")
    missed = new_mid()
    threads.says(person, missed, at=ago(minutes=30))
    shown = dict(meta.answers)
    for _ in range(20):
        threads.says(person, new_mid(), at=ago(minutes=-1))
    ids = [*(one["id"] for one in meta.answers[threads.edge(person)][1]["messages"]["data"]), missed]
    times = [ago(minutes=-1)] * 20 + [ago(minutes=30)]
    rows = [in_thread(mid, "", by=person, at=at) for mid, at in zip(ids, times, strict=True)]
    meta.answers[threads.list_edge] = shown[threads.list_edge]
    meta.answers[("GET", f"t{person}/messages")] = (200, {"data": rows})
    run = backfill(shop, ago(hours=1))
    assert (run["state"], run["found"], run["unreadable"]) == ("done", 0, 1)


def test_a_thread_that_is_not_one_persons_is_counted(meta: PlayedMeta, shop: Shop, threads: Threads) -> None:
    threads.says(unique("5846"), new_mid(), at=ago(**EARLIER))
    _, answer = meta.answers[threads.list_edge]
    answer["data"][0]["participants"]["data"].append({"id": unique("5846")})
    run = backfill(shop, ago(hours=1))
    assert (run["state"], run["found"], run["unreadable"]) == ("done", 0, 1)


def test_who_asks_for_more_while_a_run_begins_gets_a_run_that_looks_so_far_back(
    loop: Loop, meta: PlayedMeta, shop: Shop, threads: Threads
) -> None:
    threads.says(unique("5846"), new_mid(), at=ago(minutes=30))
    listed = meta.answers[threads.list_edge]
    gate = Gate(loop, listed)
    meta.answers[threads.list_edge] = gate
    first = ask(shop)
    gate.wait()
    second = ask(shop, ago(hours=1))
    meta.answers[threads.list_edge] = listed
    gate.open()
    assert ended(shop, first)["found"] == 0
    assert ended(shop, second)["found"] == 1


def test_of_an_account_in_two_apps_only_the_asking_one_gets_what_was_found(shop: Shop, threads: Threads) -> None:
    other = shop.house.shop(of=shop)
    threads.says(unique("5846"), new_mid(), at=ago(**EARLIER))
    assert backfill(shop, ago(hours=1))["added"] == 1
    assert (len(shop.messages()), len(other.messages())) == (1, 0)


def test_who_asks_while_a_run_waits_joins_it(meta: PlayedMeta, loop: Loop, each_server: Server) -> None:
    with each_server.database(migrated=True) as url:
        house = House(loop, url, meta.url, works_on=()).start()
        try:
            shop = house.shop()
            early, late = ago(hours=5), ago(hours=1)
            assert ask(shop, late, "interval") == ask(shop, early) == ask(shop, late)
            (run,) = runs_of(shop)
            assert (run["since"], run["reason"]) == (early, "asked")
            assert house.value("select count(*) from jobs where kind = 'backfill'") == 1
        finally:
            house.stop()


def test_an_echo_is_not_brought_in_beside_its_own_message(shop: Shop, threads: Threads, person: str) -> None:
    message_id = shop.post(person, "known by its mid")
    shop.outcome(message_id)
    (part,) = shop.parts(message_id)
    threads.says(person, part["mid"], "known by its mid", by_business=True)
    assert backfill(shop, ago(hours=1))["found"] == 0


def test_after_a_run_that_crashed_from_its_first_step_on_another_can_be_asked_for(
    house: House, shop: Shop, threads: Threads, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def crash(*_: object) -> None:
        raise RuntimeError("nobody foresaw this")

    with monkeypatch.context() as patch:
        patch.setattr(house.channel._messages.backfill, "_step", crash)
        number = ask(shop)
        eventually(lambda: house.rows("select 1 from jobs where kind = 'backfill' and payload = $1", str(number)))
        house.execute("update jobs set attempts = 100 where kind = 'backfill' and payload = $1", str(number))
        assert ended(shop, number, 30)["state"] == "failed"
    threads.says(unique("5846"), new_mid(), at=ago(**EARLIER))
    assert backfill(shop, ago(hours=1))["added"] == 1


def test_a_run_that_meta_refuses_speaks_of_the_token_that_it_asked_with(
    loop: Loop, house: House, shop: Shop, threads: Threads, meta: PlayedMeta
) -> None:
    """Somebody gives another token while Meta is being asked."""
    threads.refuses(refused(190))
    taken = house.channel.pace.take

    async def with_a_new_token(*args: Any) -> float:
        sealed = house.box.seal("EAAnew", token_place(shop.integration_id))
        sql = "update instagram_accounts set page_token = $2 where integration_id = $1"
        await house.database.execute(sql, shop.integration_id, sealed)
        return await taken(*args)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(house.channel.pace, "take", with_a_new_token)
        assert backfill(shop, ago(hours=1))["state"] == "failed"
    status = "select status from integrations where id = $1"
    assert house.value(status, shop.integration_id) == "active"
    assert backfill(shop, ago(hours=1))["state"] == "failed"
    assert house.value(status, shop.integration_id) == "error"
