"""The simulator from Python: started with one line, and every method of the client."""

import inspect
import threading

import pytest

from heliograph.simulator import Meta, SimulatorError, running
from heliograph.simulator.client.told import Seed
from tests.simulator.support import Sink, free_port


@pytest.fixture(scope="module")
def meta():
    with running() as made:
        yield made


@pytest.fixture
def seed(meta: Meta) -> Seed:
    meta.reset()
    return meta.seed()


def test_it_is_gone_after_the_block() -> None:
    before = set(threading.enumerate())
    with running() as one, running() as other:
        assert one.url != other.url
        one.seed()
        assert other.apps() == []
        theirs = set(threading.enumerate()) - before
        assert sum(thread.name == "heliograph simulator" for thread in theirs) == 2
    # Other tests' servers have threads of their own, which come and go.
    assert not [thread for thread in theirs if thread.is_alive() and thread.name.startswith("heliograph")]
    with pytest.raises(OSError, match="refused"):
        one.now()


def test_a_port_that_is_taken_is_reported() -> None:
    port = free_port()
    with running(port), pytest.raises(OSError, match="in use"), running(port):
        pass


def test_a_world_can_be_kept(tmp_path) -> None:
    with running(data_dir=tmp_path) as meta:
        made = meta.make_person("Kim")
    with running(data_dir=tmp_path) as meta:
        assert meta.people() == [made]


def test_the_people_act_and_the_thread_shows_it(meta: Meta, seed: Seed, sink: Sink) -> None:
    meta.subscribe(seed.app, seed.account, sink.url)
    account, person = seed.account, meta.make_person("Kim Larsen", "kim")
    hello = meta.person_writes(account, person, "helo")
    meta.person_edits(hello, "hello")
    meta.person_writes(account, person, "Yes", quick_reply="YES", reply_to=hello)
    meta.person_mentions(account, person)
    meta.person_taps(account, person, "Start", "START")
    answer = meta.owner_writes(account, person, "from my phone")
    meta.person_reacts(answer, "👍")
    meta.person_sees(account, person)
    meta.wait_until_quiet()
    thread = meta.thread(account, person)
    assert thread.texts == ["hello", "Yes", "Start", "from my phone"]
    assert thread.igsid == meta.igsid(account, person)
    assert thread.window == "standard"
    assert [one.mid for one in thread.answers] == [answer]
    (last,) = thread.answers
    assert (last.source, last.seen, last.reactions[0]["emoji"]) == ("app", True, "👍")
    meta.person_reacts(answer, None)
    assert meta.thread(account, person).answers[0].reactions == []
    meta.unsend(hello)
    meta.wait_until_quiet()
    assert meta.thread(account, person).messages[0].deleted
    sent = meta.webhooks(seed.app)
    assert all(one.delivered for one in sent)
    assert sum(len(one.items) for one in sent) == len(sink.items) == 10


def test_calls_are_told_without_secrets(meta: Meta, seed: Seed) -> None:
    with pytest.raises(SimulatorError, match="cannot be found"):
        meta.graph("POST", "/me/messages", seed.page_access_token, recipient='{"id":"1"}', message='{"text":"x"}')
    (call,) = meta.calls("/me/messages")
    assert call.status == 400
    assert seed.page_access_token not in call.body + call.query


def test_a_person_who_can_not_be_reached(meta: Meta, seed: Seed) -> None:
    assert meta.change_person(seed.person, reachable=False).reachable is False
    with pytest.raises(SimulatorError, match="isn't available"):
        meta.graph(
            "POST", "/me/messages", seed.page_access_token, recipient=f'{{"id":"{seed.igsid}"}}', message='{"text":"x"}'
        )


def test_tokens_die(meta: Meta, seed: Seed) -> None:
    meta.revoke_token(seed.page_access_token, 467)
    with pytest.raises(SimulatorError) as refusal:
        meta.graph("GET", "/me", seed.page_access_token)
    assert refusal.value.status == 401


def test_waiting_ends(meta: Meta, seed: Seed, sink: Sink) -> None:
    with pytest.raises(TimeoutError, match="still 0"):
        meta.wait_for(lambda: 0, timeout=0.02)
    meta.subscribe(seed.app, seed.account, sink.url)
    meta.spoil_webhooks("delay", delay_seconds=60)
    meta.person_writes(seed.account, seed.person, "late")
    with pytest.raises(TimeoutError, match="1 events undelivered"):
        meta.wait_until_quiet(timeout=0.05)


def test_every_public_method_says_what_it_does() -> None:
    for name, method in inspect.getmembers(Meta, inspect.isfunction):
        if not name.startswith("_"):
            assert method.__doc__, name
