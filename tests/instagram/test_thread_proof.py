"""What a thread proves of a part of unknown outcome, when Meta does not tell the whole of it (Meta reference 5.2)."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from heliograph.channels.instagram.sending import thread
from tests.instagram.house import Shop, new_mid
from tests.instagram.meta import Gate, PlayedMeta, in_thread
from tests.simulator.support import Loop, eventually


@pytest.mark.usefixtures("impatient")
def test_a_part_is_not_there_when_meta_tells_back_to_a_message_that_was_here_before_it(
    shop: Shop, meta: PlayedMeta, person: str
) -> None:
    """However many came since within the clocks' differences: the order of what we know needs no clock."""
    known = new_mid()
    shop.given(shop.text(person, "before", mid=known))
    younger = [in_thread(new_mid(), f"and {number}", by=person) for number in range(19)]
    meta.threads[person] = [*younger, in_thread(known, "before", by=person), {"id": new_mid()}]
    meta.script(person, (504, b""))
    message = shop.post(person, "Hi")
    assert "It was not sent" in shop.failure(message)["message"]
    assert meta.texts(person) == ["Hi"]


@pytest.mark.usefixtures("impatient")
def test_what_came_after_it_proves_nothing(shop: Shop, meta: PlayedMeta, loop: Loop, person: str) -> None:
    gate, after = Gate(loop, (504, b"")), new_mid()
    meta.script(person, gate)
    message = shop.post(person, "Hi")
    gate.wait()
    shop.given(shop.text(person, "after", mid=after))
    meta.threads[person] = [in_thread(after if number == 19 else new_mid(), "x", by=person) for number in range(20)]
    gate.open()
    eventually(lambda: person in meta.looked)
    shop.given(shop.echo(person, new_mid(), text="Hi"))
    assert shop.outcome(message) == ["channel", "user"]


@pytest.mark.usefixtures("impatient")
def test_an_echo_that_comes_while_the_thread_is_being_read_settles_the_part(
    shop: Shop, meta: PlayedMeta, person: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thread was told before Meta had the message, the echo came before we heard it: it was sent."""
    real, mid = thread.look_for, new_mid()

    async def slowly(*args: Any) -> Any:
        told = await real(*args)
        await asyncio.get_running_loop().run_in_executor(None, lambda: shop.given(shop.echo(person, mid, text="Hi")))
        return told

    monkeypatch.setattr(thread, "look_for", slowly)
    meta.script(person, (504, b""))
    message = shop.post(person, "Hi")
    assert shop.outcome(message) == ["channel", "user"]
    assert [(row["state"], row["mid"]) for row in shop.parts(message)] == [("sent", mid)]


@pytest.mark.usefixtures("impatient")
def test_a_clock_that_is_put_right_after_the_send_hides_nothing(
    shop: Shop, meta: PlayedMeta, person: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the send and the look the distance to Meta's clock was found to be a day: what was sent is a day old now."""
    mid = new_mid()
    meta.threads[person] = [in_thread(mid, "Hi", by=shop.account)]

    async def and_then_the_clock(_: Any) -> Any:
        monkeypatch.setattr(shop.house.graph, "_skew", timedelta(days=1))
        return 504, b""

    meta.script(person, and_then_the_clock)
    monkeypatch.setattr(shop.house.graph, "_note_clock", lambda *_: None)
    message = shop.post(person, "Hi")
    assert shop.outcome(message) == ["channel"]
    assert [(row["state"], row["mid"]) for row in shop.parts(message)] == [("sent", mid)]
