"""Meta's limits per account (Meta reference 3.3), kept by two processes on one database together."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic

import pytest

from heliograph.channels.instagram.meta.pace import LIMITS, Kind, Rate
from tests.conftest import Server
from tests.instagram.house import URL, House, Shop
from tests.instagram.meta import PlayedMeta
from tests.simulator.support import Loop, eventually

SENDS, MEDIA, CONVERSATIONS = 20, 4, 2
LOW = {Kind.SEND: SENDS, Kind.MEDIA: MEDIA, Kind.CONVERSATIONS: CONVERSATIONS}
# Between a turn and its arrival at Meta lie a commit, an event loop and whatever else this machine does: a call may come
# late, and many late ones at once; none comes before its turn. Seconds by which two clocks may differ.
CLOCKS = 0.02
VIDEO = {"type": "file", "mediaUrl": "https://shop.example/a.mp4", "mediaType": "video/mp4"}


@pytest.fixture(scope="module")
def pair(loop: Loop, each_server: Server, meta: PlayedMeta) -> Iterator[tuple[House, House]]:
    """Two houses on one database, with low limits."""
    with each_server.database(migrated=True) as url:
        houses = tuple(House(loop, url, meta.url, limits=LOW).start() for _ in range(2))
        yield houses[0], houses[1]
        for house in houses:
            house.stop()


@pytest.fixture
def shop(pair: tuple[House, House]) -> Shop:
    return pair[0].shop()


def people(shop: Shop, count: int) -> list[str]:
    return [shop.person() for _ in range(count)]


def arrivals(meta: PlayedMeta, persons: Sequence[str]) -> list[float]:
    return sorted(sent.at for person in persons for sent in meta.asked[person])


def none_before_its_turn(times: Sequence[float], begin: float, limit: int) -> bool:
    """Two processes that did not know of each other would be through in half the time."""
    return all(at >= begin + place / limit - CLOCKS for place, at in enumerate(times))


@dataclass(slots=True)
class Held:
    """``end``: when it was let go."""

    end: float = 0.0


@contextmanager
def held(house: House, shop: Shop) -> Iterator[Held]:
    """Posting takes longer than sending: all that is posted here is let go at once."""
    pause = "insert into instagram_pauses (subject, reason, until_at) values ($1, 'held', now() + interval '1 h')"
    house.execute(pause, f"account:{shop.account}")
    holding = Held()
    yield holding
    put_back = (
        "select not exists (select from lanes where kind = 'send' and grp = $1 and (lease <> 0 or due_at <= now()))"
    )
    eventually(lambda: house.value(put_back, shop.integration_id))
    holding.end = monotonic()
    house.execute("delete from instagram_pauses where subject = $1", f"account:{shop.account}")
    house.execute("update lanes set due_at = now() where kind = 'send' and grp = $1 and lease = 0", shop.integration_id)


def test_send_text_link_reaction_sticker_stays_within_the_limit_of_the_account(shop: Shop, meta: PlayedMeta) -> None:
    persons = people(shop, 2 * SENDS)
    with held(shop.house, shop) as holding:
        messages = [shop.post(person, "Hi") for person in persons]
    for message in messages:
        assert shop.outcome(message) == ["channel"]
    times = arrivals(meta, persons)
    assert len(times) == 2 * SENDS
    assert none_before_its_turn(times, holding.end, SENDS)


def test_send_audio_video_has_a_limit_of_its_own_and_texts_go_on(shop: Shop, meta: PlayedMeta) -> None:
    persons, others = people(shop, 2 * MEDIA), people(shop, 4)
    with held(shop.house, shop) as holding:
        messages = [shop.post(person, VIDEO) for person in persons]
        texts = [shop.post(person, "Hi") for person in others]
    for message in texts + messages:
        assert shop.outcome(message) == ["channel"]
    times = arrivals(meta, persons)
    assert none_before_its_turn(times, holding.end, MEDIA)
    assert arrivals(meta, others)[-1] < times[-1]


def test_each_account_has_its_own_limit(shop: Shop, pair: tuple[House, House], meta: PlayedMeta) -> None:
    """One goes on while the line of another reaches far into the future."""
    other = pair[1].shop()
    line = "insert into instagram_paces (account_id, kind, next_at) values ($1, $2, now() + interval '1 h')"
    shop.house.execute(line, other.account, Kind.SEND)
    end = "select next_at from instagram_paces where account_id = $1"
    before = shop.house.value(end, other.account)
    assert shop.outcome(shop.post(shop.person(), "Hi")) == ["channel"]
    waiting = other.person()
    other.post(waiting, "Hi")
    eventually(lambda: shop.house.value(end, other.account) > before)
    assert not meta.texts(waiting)


def test_who_waits_keeps_the_order_of_the_conversation(shop: Shop, meta: PlayedMeta) -> None:
    person, said = shop.person(), [str(number) for number in range(SENDS + 5)]
    with held(shop.house, shop):
        messages = [shop.post(person, text) for text in said]
    for message in messages:
        assert shop.outcome(message) == ["channel"]
    assert meta.texts(person) == said


def test_conversations_api_is_asked_within_its_limit(
    pair: tuple[House, House], shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Callers of every process share the line; who is told to wait has taken nothing. Here a turn takes a minute."""
    first, second = pair
    for house in pair:
        monkeypatch.setattr(house.channel.pace, "_limits", {Kind.CONVERSATIONS: 1 / 60})
    waits = [house.loop.run(house.channel.pace.take(shop.account, Kind.CONVERSATIONS)) for house in (first, second) * 3]
    assert waits[0] == 0.0
    assert all(0 < wait <= 60 for wait in waits[1:])
    other = pair[0].shop()
    assert first.loop.run(first.channel.pace.take(other.account, Kind.CONVERSATIONS)) == 0.0
    a_minute_later = "update instagram_paces set next_at = next_at - interval '1 minute' where account_id = $1"
    second.execute(a_minute_later, shop.account)
    assert second.loop.run(second.channel.pace.take(shop.account, Kind.CONVERSATIONS)) == 0.0


def test_a_pause_holds_for_other_callers_too(pair: tuple[House, House], shop: Shop) -> None:
    first, _ = pair
    with held(first, shop):
        assert 3000 < first.loop.run(first.channel.pace.take(shop.account, Kind.CONVERSATIONS)) <= 3600


def test_without_a_limit_nobody_waits(house: House, meta: PlayedMeta) -> None:
    shop = house.shop()
    pace = type(house.channel.pace)(house.database, {})
    for _ in range(50):
        assert house.loop.run(pace.take(shop.account, Kind.SEND, 10)) == 0.0


@pytest.mark.parametrize("limit", [0.5, 1, 2, 10, 100, 300])
def test_a_rate_never_gives_more_turns_in_a_second_than_the_limit(limit: float) -> None:
    """By the line's own rule, in numbers: the burst at once, and then turn after turn."""
    rate = Rate.of(limit)
    at, turns = 0.0 - (rate.burst - 1) / rate.per_second, 0
    while at < 1.0:
        turns, at = turns + 1, at + 1 / rate.per_second
    assert turns <= max(1, round(limit) + 1)
    assert rate.per_second >= 0.9 * limit


def test_metas_limits_are_the_defaults() -> None:
    assert LIMITS == {Kind.SEND: 300.0, Kind.INSTAGRAM_SEND: 100.0, Kind.MEDIA: 10.0, Kind.CONVERSATIONS: 2.0}


def test_an_image_is_no_video(shop: Shop, meta: PlayedMeta) -> None:
    persons = people(shop, MEDIA + 2)
    with held(shop.house, shop):
        for person in persons:
            shop.post(person, {"type": "image", "mediaUrl": URL})
    for person in persons:
        meta.wait(person)
    lines = "select array_agg(kind) from instagram_paces where account_id = $1"
    assert shop.house.value(lines, shop.account) == [Kind.SEND]
