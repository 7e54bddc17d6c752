"""What comes back of a sent message: echoes and reads, once each, however they race with the answer."""

from typing import Any

from tests.instagram.house import LONG, House, Shop, new_mid, now_ms, unique
from tests.instagram.meta import Gate, PlayedMeta, accepted
from tests.simulator.support import Loop, eventually


def test_an_echo_that_comes_before_the_answer_is_our_own(shop: Shop, meta: PlayedMeta, loop: Loop, person: str) -> None:
    mid = new_mid()
    gate = Gate(loop, accepted(mid))
    meta.script(person, gate)
    message = shop.post(person, "Hi")
    gate.wait()
    shop.deliver(shop.echo(person, mid, text="Hi"), shop.text(person, "behind the echo"))
    shop.deliver(shop.text(person, "behind both"))
    other = unique("5846")
    shop.deliver(shop.text(other, "somebody else"))
    eventually(lambda: shop.texts(other))
    assert shop.texts(person) == ["hello", "Hi"]
    gate.open()
    shop.quiet()
    assert shop.outcome(message) == ["channel", "user"]
    assert shop.texts(person) == ["hello", "Hi", "behind the echo", "behind both"]


def test_the_same_words_typed_in_the_app_while_a_send_is_under_way_are_a_message_of_their_own(
    shop: Shop, meta: PlayedMeta, loop: Loop, person: str
) -> None:
    gate = Gate(loop, accepted(new_mid()))
    meta.script(person, gate)
    message = shop.post(person, "Hi")
    gate.wait()
    shop.deliver(shop.echo(person, new_mid(), text="Hi"))
    gate.open()
    shop.quiet()
    assert shop.outcome(message) == ["channel"]
    assert shop.texts(person) == ["hello", "Hi", "Hi"]


def test_delivery_to_the_user_is_told_once_however_echo_and_answer_race(
    shop: Shop, meta: PlayedMeta, loop: Loop
) -> None:
    people = [shop.person() for _ in range(12)]
    posted: list[str] = []
    for person in people:
        mids = [new_mid(), new_mid(), new_mid()]
        for mid in mids:

            async def answer(body: dict[str, Any], person: str = person, mid: str = mid) -> Any:
                echo = shop.body(shop.echo(person, mid, text=body["message"]["text"]))
                loop.loop.run_in_executor(None, lambda: shop.house.webhook(shop.facebook_app, echo, secret=shop.secret))
                return accepted(mid)

            meta.script(person, answer)
        posted.append(shop.post(person, LONG))
    for message in posted:
        eventually(lambda message=message: shop.outcome(message) == ["channel", "user"], 20)
    shop.quiet()
    told = shop.events("message:delivery:user")
    assert sorted(event["payload"]["message"]["id"] for event in told) == sorted(posted)
    assert len(shop.messages()) == 24


def test_an_echo_of_each_part_makes_one_event(shop: Shop, meta: PlayedMeta, person: str) -> None:
    mids = [new_mid() for _ in range(3)]
    meta.script(person, *map(accepted, mids))
    message = shop.post(person, LONG)
    shop.outcome(message)
    for number, mid in enumerate(mids, start=1):
        for _ in range(2):
            shop.given(shop.echo(person, mid, text="x"))
        assert shop.outcome(message) == (["channel", "user"] if number == 3 else ["channel"])
    shop.given(shop.item(person, read={"mid": mids[-1]}))
    assert shop.outcome(message) == ["channel", "user"]


def test_a_read_tells_of_every_message_up_to_the_one_that_was_seen(shop: Shop, meta: PlayedMeta, person: str) -> None:
    mids = [new_mid() for _ in range(3)]
    meta.script(person, *map(accepted, mids))
    messages = [shop.post(person, str(number)) for number in range(3)]
    for message in messages:
        shop.outcome(message)
    shop.given(shop.item(person, read={"mid": mids[1]}))
    assert [shop.outcome(message) for message in messages] == [["channel", "user"], ["channel", "user"], ["channel"]]
    assert shop.told()[-3:] == ["read", "message:delivery:user", "message:delivery:user"]
    shop.given(shop.item(person, at=now_ms() + 1, read={"mid": mids[2]}), shop.echo(person, mids[0], text="0"))
    assert [shop.outcome(message) for message in messages] == [["channel", "user"]] * 3


def test_a_read_without_a_mid_is_of_everything(shop: Shop, meta: PlayedMeta, person: str) -> None:
    message = shop.post(person, "Hi")
    shop.outcome(message)
    shop.given(shop.item(person, read={"watermark": now_ms()}))
    assert shop.outcome(message) == ["channel", "user"]


def test_a_read_by_somebody_else_tells_nothing(shop: Shop, meta: PlayedMeta, person: str) -> None:
    mid = new_mid()
    meta.script(person, accepted(mid))
    message = shop.post(person, "Hi")
    shop.outcome(message)
    shop.given(shop.item(shop.person(), read={"mid": mid}))
    shop.given(shop.item(shop.person(), read={"watermark": 1}))
    assert shop.outcome(message) == ["channel"]


def test_the_echo_of_one_app_is_news_to_the_other(house: House, meta: PlayedMeta) -> None:
    """One account, connected to two apps: what one sends, the other sees as typed by the business."""
    one = house.shop()
    two = house.shop(of=one)
    person, mid = one.person(), new_mid()
    meta.script(person, accepted(mid))
    message = one.post(person, "Hi")
    one.outcome(message)
    one.given(one.echo(person, mid, text="Hi"))
    assert one.outcome(message) == ["channel", "user"]
    assert one.texts(person) == two.texts(person) == ["hello", "Hi"]
    assert [m["author"]["type"] for m in two.messages(person)] == ["user", "business"]
