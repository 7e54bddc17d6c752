"""SIGKILL, of a real server process: what it promised Meta is on disk, and what it was sending is never sent twice."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from heliograph.lanes import LaneWorkers, LeaseLostError
from tests.conftest import Server
from tests.instagram.by_hand import leased, work
from tests.instagram.house import SECRET_KEY, House, Shop, new_mid, unique
from tests.instagram.meta import Gate, PlayedMeta, accepted, in_thread, refused
from tests.simulator.support import Loop, eventually, free_port
from tests.support import Process

SERVER = """
    import asyncio, sys

    sys.stderr = open(sys.argv[1], "w", buffering=1)

    from heliograph.app import serve
    from heliograph.settings import Settings
    from heliograph.telemetry.logs import configure_logging

    async def main():
        configure_logging(level="DEBUG", as_json=True)
        ready = asyncio.Event()
        serving = asyncio.create_task(serve(Settings(), ready=ready))
        await ready.wait()
        print("ready", flush=True)
        await serving

    asyncio.run(main())
"""


@contextmanager
def server(database_url: str, graph_url: str, log: Path) -> Iterator[tuple[Process, int]]:
    """A server process, ready; and its port."""
    port = free_port()
    settings = {
        "HELIOGRAPH_DATABASE_URL": database_url,
        "HELIOGRAPH_GRAPH_URL": graph_url,
        "HELIOGRAPH_SECRET_KEY": SECRET_KEY,
        "HELIOGRAPH_PORT": str(port),
        "HELIOGRAPH_UNKNOWN_GRACE": "300",
    }
    with Process(SERVER, str(log), **settings) as process:
        line = asyncio.run(process.line(60))
        assert line == "ready", log.read_text()
        yield process, port


@pytest.fixture
def onlooker(loop: Loop, each_server: Server, meta: PlayedMeta) -> Iterator[House]:
    """A house on a database of this test's own, that works on nothing until the test makes it."""
    with each_server.database(migrated=True) as url:
        house = House(loop, url, meta.url, works_on=(), grace=0.0).start()
        yield house
        house.stop()


def test_what_got_a_200_is_in_the_journal_though_the_process_is_killed(
    onlooker: House, meta: PlayedMeta, tmp_path: Path
) -> None:
    """Webhooks flow in from several sides; the process dies in the middle of it."""
    shop = onlooker.shop()
    acknowledged: list[bytes] = []
    dead = threading.Event()
    with server(onlooker.database_url, meta.url, tmp_path / "log") as (process, port):
        onlooker.port, here = port, onlooker.port

        def flood() -> None:
            while not dead.is_set():
                body = shop.body(shop.text(unique("5846")))
                try:
                    answer = onlooker.webhook(shop.facebook_app, body, secret=shop.secret)
                except OSError:
                    return
                if answer.status == 200:
                    acknowledged.append(body)

        floods = [threading.Thread(target=flood) for _ in range(6)]
        for one in floods:
            one.start()
        eventually(lambda: len(acknowledged) > 100)
        process.kill()
        dead.set()
        for one in floods:
            one.join(15)
        onlooker.port = here
    kept = {row["body"] for row in onlooker.rows("select body from journal")}
    assert set(acknowledged) <= kept
    # and whoever comes next applies them
    onlooker.execute("update lanes set due_at = now()")
    with working(onlooker):
        onlooker.quiet()
        # What the dead process had handed to PostgreSQL may be committed still.
        eventually(lambda: len(shop.messages()) == onlooker.value("select count(*) from journal"))


@contextmanager
def working(house: House) -> Iterator[None]:
    """The house works on all its lanes."""

    async def start() -> LaneWorkers:
        workers = LaneWorkers(house.database, house.channel.lane_kinds(), poll_seconds=0.05)
        workers.start()
        return workers

    workers = house.loop.run(start())
    try:
        yield
    finally:
        house.loop.run(workers.stop(patience=1.0))


def test_what_was_being_sent_when_the_process_was_killed_is_never_sent_again(
    onlooker: House, meta: PlayedMeta, loop: Loop, tmp_path: Path
) -> None:
    """Three people, Meta holding a send to each: one is settled by its echo, one by the thread, one was never taken."""
    shop = onlooker.shop()
    people = [unique("5846") for _ in range(3)]
    gates = [Gate(loop, accepted(new_mid())) for _ in people]
    log = tmp_path / "log"
    with server(onlooker.database_url, meta.url, log) as (process, _):
        shop.deliver(*(shop.text(person) for person in people))
        shop.received()
        meta.script(people[0], refused(100, message=f"Malformed access token {shop.token}"))
        shop.failure(shop.post(people[0], "refused"))
        posted = []
        for person, gate in zip(people, gates, strict=True):
            meta.asked[person].clear()
            meta.script(person, gate)
            posted.append(shop.post(person, "Hi"))
            gate.wait()
        process.kill()
    for gate in gates:
        gate.open()
    assert [row["state"] for message in posted for row in shop.parts(message)] == ["sending"] * 3

    by_echo, by_thread, _ = people
    meta.threads[by_thread] = [in_thread(gates[1].told[1]["message_id"], "Hi", by=shop.account)]
    shop.deliver(shop.echo(by_echo, gates[0].told[1]["message_id"], text="Hi"))
    set_grace(onlooker, 60)
    onlooker.execute("update lanes set due_at = now()")  # as if the dead process's leases had run out
    with working(onlooker):
        assert shop.outcome(posted[0]) == ["channel", "user"]
        set_grace(onlooker, 0)
        assert shop.outcome(posted[1]) == ["channel"]
        assert "It was not sent" in shop.failure(posted[2])["message"]
        assert [meta.texts(person) for person in people] == [["Hi"]] * 3
        after = [shop.post(person, "after") for person in people]
        for message in after:
            assert shop.outcome(message) == ["channel"]
        assert [meta.texts(person) for person in people] == [["Hi", "after"]] * 3
    check_log(log, shop)


def set_grace(house: House, seconds: float) -> None:
    house.channel._messages.outbound._grace = timedelta(seconds=seconds)


def check_log(log: Path, shop: Shop) -> None:
    """Invariant 7, at the chattiest level."""
    app = shop.house.channel.apps.cached(shop.facebook_app)
    assert app is not None
    written = log.read_text()
    assert "message failed" in written
    for secret in (shop.token, app.secret, app.verify_token):
        assert secret not in written


def test_two_workers_that_both_believe_to_hold_a_lane_file_a_webhook_once(onlooker: House) -> None:
    """One slept longer than its lease and does not know yet. The lease decides, in the transaction of the effects."""
    shop = onlooker.shop()
    shop.deliver(shop.text("5"), shop.text("6"))

    async def both() -> list[object]:
        (worker,) = [one for one in onlooker.channel.lane_kinds() if one.name == "filing"]
        sleeper = await leased(onlooker, "filing")
        await onlooker.database.execute("update lanes set due_at = now()")
        holder = await leased(onlooker, "filing")
        return await asyncio.gather(worker.handler(sleeper), worker.handler(holder), return_exceptions=True)

    lost, filed = onlooker.loop.run(both())
    assert isinstance(lost, LeaseLostError)
    assert filed is None
    assert onlooker.value("select count(*) from jobs where kind = 'inbound'") == 2


def test_two_workers_that_both_believe_to_hold_a_lane_send_a_message_once(onlooker: House, meta: PlayedMeta) -> None:
    """One slept longer than its lease and does not know yet. The ledger decides, whoever comes first."""
    shop = onlooker.shop()
    people = [unique("5846") for _ in range(20)]
    shop.deliver(*(shop.text(person) for person in people))
    onlooker.loop.run(work(onlooker, "filing"))
    onlooker.loop.run(work(onlooker, "inbound"))
    for person in people:
        meta.script(person, refused(2, status=500))
    posted = [shop.post(person, "Hi") for person in people]
    onlooker.loop.run(work(onlooker, "send"))
    onlooker.execute("update lanes set due_at = now()")

    async def both() -> None:
        outbound = onlooker.channel._messages.outbound
        sleeper = await leased(onlooker, "send")
        await onlooker.database.execute("update lanes set due_at = now() where kind = 'send'")
        holder = await leased(onlooker, "send")
        assert len(sleeper) == len(holder) == len(people)
        await asyncio.gather(*(outbound.handle([lane]) for pair in zip(sleeper, holder, strict=True) for lane in pair))

    set_grace(onlooker, 60)
    onlooker.loop.run(both())
    onlooker.execute("update lanes set due_at = now()")
    onlooker.loop.run(work(onlooker, "send"))
    assert [meta.texts(person) for person in people] == [["Hi", "Hi"]] * len(people)
    assert [shop.outcome(message) for message in posted] == [["channel"]] * len(people)
