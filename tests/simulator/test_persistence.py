"""What survives a restart."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from heliograph.simulator.store import Store
from tests.simulator.support import Seeded, Simulator, Sink, eventually


def test_a_restart_returns_with_the_same_world(kept: Simulator, sink: Sink) -> None:
    before = Seeded(kept, sink, kept.control("/seed", 200))
    before.subscribe()
    upload = kept.call("POST", "/_simulator/uploads", b"GIF89a", headers={"Content-Type": "image/gif"}).json
    before.says("hello", age_seconds=60)
    before.says("look", attachments=[{"type": "image", "url": upload["url"]}])
    before.send({"text": "answer"})
    kept.control("/clock", 200, advance_seconds=3600)
    kept.call("PATCH", "/_simulator/delivery", {"timeout_seconds": 3})
    eventually(lambda: len(sink.items) == 3)
    thread, apps, accounts = before.thread(), kept.read("/apps"), kept.read("/accounts")

    kept.stop()
    kept.start()

    assert kept.control("/seed", 200) == before.facts
    assert before.thread() == thread
    assert (kept.read("/apps"), kept.read("/accounts")) == (apps, accounts)
    assert kept.read("/clock")["offset_seconds"] == 3600
    assert kept.read("/delivery")["timeout_seconds"] == 3
    assert before.graph("GET", "/me").status == 200
    served = kept.get(thread[1]["attachments"][0]["url"].split(str(kept.port), 1)[1])
    assert served.body == b"GIF89a"
    before.says("still here")
    assert sink.wait(4)[3]["message"]["text"] == "still here"


def test_a_webhook_that_was_not_delivered_is_delivered_after_the_restart(kept: Simulator, sink: Sink) -> None:
    before = Seeded(kept, sink, kept.control("/seed", 200))
    before.subscribe()
    sink.answers[:] = [500] * 1000
    before.says("one")
    before.says("two")
    eventually(lambda: len(sink.deliveries) >= 1)
    kept.stop()
    sink.answers.clear()
    assert sink.texts() == []
    kept.start()
    eventually(lambda: sink.texts() == ["one", "two"])
    eventually(lambda: kept.read("/health")["undelivered_events"] == 0)


def test_changes_reach_the_disk_without_a_stop(kept: Simulator, sink: Sink, loop) -> None:
    kept.control("/seed", 200)

    def on_disk() -> bool:
        other = Simulator(loop, copied(kept)).start()
        try:
            return bool(other.read("/apps")["apps"])
        finally:
            other.stop()

    eventually(on_disk)


def copied(kept: Simulator):
    assert kept.data_dir is not None
    target = kept.data_dir / "copy"
    target.mkdir(exist_ok=True)
    for name in ("simulator.sqlite3", "simulator.sqlite3-wal"):
        if (kept.data_dir / name).exists():
            (target / name).write_bytes((kept.data_dir / name).read_bytes())
    return target


def test_a_reset_is_kept_too(kept: Simulator) -> None:
    kept.control("/seed", 200)
    kept.control("/reset", 200)
    kept.control("/people", name="Only One")
    kept.stop()
    kept.start()
    assert kept.read("/seed") == {"seeded": False}
    assert [one["name"] for one in kept.read("/people")["people"]] == ["Only One"]


def test_without_a_directory_nothing_is_kept(simulator: Simulator) -> None:
    simulator.control("/seed", 200)
    simulator.stop()
    simulator.start()
    assert simulator.read("/seed") == {"seeded": False}


def test_what_waits_for_a_thread_is_written_by_whoever_closes_and_in_order(tmp_path: Path) -> None:
    """The writer is cancelled when its batch, which begins with a reset, has no thread yet."""
    path = tmp_path / "simulator.sqlite3"

    async def stop_while_threads_are_busy() -> None:
        free = threading.Event()
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
        busy = asyncio.get_running_loop().run_in_executor(None, free.wait)
        store = Store(path)
        writer = asyncio.create_task(store.run())
        store.put("person", "1", {"name": "Gone"})
        store.clear()
        while not store._batches:  # noqa: ASYNC110  nobody tells
            await asyncio.sleep(0)
        store.put("person", "2", {"name": "Only One"})
        writer.cancel()
        await asyncio.wait({writer})
        store.close()
        free.set()
        await busy

    asyncio.run(stop_while_threads_are_busy())
    again = Store(path)
    assert list(again.records()) == [("person", {"name": "Only One"})]
    again.close()
