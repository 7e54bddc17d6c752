"""Meta's limits per account (Meta reference 3.3), kept by two processes on one database together."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from heliograph.channels.instagram.meta.pace import LIMITS, Kind, Rate
from tests.conftest import Server
from tests.instagram.house import URL, House, Shop
from tests.instagram.meta import PlayedMeta
from tests.simulator.support import Loop, eventually

SENDS, MEDIA, CONVERSATIONS = 20, 4, 2
LOW = {Kind.SEND: SENDS, Kind.MEDIA: MEDIA, Kind.CONVERSATIONS: CONVERSATIONS}
# Between a turn and its arrival at Meta lie a commit, an event loop and whatever else this machine does. Two processes
# that did not know of each other would go twice as fast.
TOLERANCE = 1.6
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


def most_in_a_second(times: Sequence[float]) -> int:
    return max(sum(start <= at < start + 1.0 for at in times) for start in times)


@contextmanager
def held(house: House, shop: Shop) -> Iterator[None]:
    """Posting takes longer than sending: all that is posted here is let go at once."""
    pause = "insert into instagram_pauses (subject, reason, until_at) values ($1, 'held', now() + interval '1 h')"
    house.execute(pause, f"account:{shop.account}")
    yield
    put_back = (
        "select not exists (select from lanes where kind = 'send' and grp = $1 and lease <> 0 or due_at <= now())"
    )
    eventually(lambda: house.value(put_back, shop.integration_id))
    house.execute("delete from instagram_pauses where subject = $1", f"account:{shop.account}")
    house.execute("update lanes set due_at = now() where kind = 'send' and grp = $1 and lease = 0", shop.integration_id)


def test_send_text_link_reaction_sticker_stays_within_the_limit_of_the_account(shop: Shop, meta: PlayedMeta) -> None:
    persons = people(shop, 2 * SENDS)
    with held(shop.house, shop):
        messages = [shop.post(person, "Hi") for person in persons]
    for message in messages:
        assert shop.outcome(message) == ["channel"]
    times = arrivals(meta, persons)
    assert len(times) == 2 * SENDS
    assert most_in_a_second(times) <= SENDS * TOLERANCE
    assert times[-1] - times[0] > (2 * SENDS - 1) / SENDS / TOLERANCE


def test_send_audio_video_has_a_limit_of_its_own_and_texts_go_on(shop: Shop, meta: PlayedMeta) -> None:
    persons, others = people(shop, 2 * MEDIA), people(shop, 4)
    with held(shop.house, shop):
        messages = [shop.post(person, VIDEO) for person in persons]
        texts = [shop.post(person, "Hi") for person in others]
    for message in texts + messages:
        assert shop.outcome(message) == ["channel"]
    times = arrivals(meta, persons)
    assert most_in_a_second(times) <= MEDIA * TOLERANCE
    assert arrivals(meta, others)[-1] < times[-1]


def test_each_account_has_its_own_limit(pair: tuple[House, House], meta: PlayedMeta) -> None:
    shops = [pair[0].shop() for _ in range(2)]
    persons = [people(shop, SENDS) for shop in shops]
    posted = []
    for shop, some in zip(shops, persons, strict=True):
        with held(shop.house, shop):
            posted += [(shop, shop.post(person, "Hi")) for person in some]
    for shop, message in posted:
        assert shop.outcome(message) == ["channel"]
    for some in persons:
        assert most_in_a_second(arrivals(meta, some)) <= SENDS * TOLERANCE


def test_who_waits_keeps_the_order_of_the_conversation(shop: Shop, meta: PlayedMeta) -> None:
    person, said = shop.person(), [str(number) for number in range(SENDS + 5)]
    with held(shop.house, shop):
        messages = [shop.post(person, text) for text in said]
    for message in messages:
        assert shop.outcome(message) == ["channel"]
    assert meta.texts(person) == said


def test_conversations_api_is_asked_within_its_limit(pair: tuple[House, House], shop: Shop, meta: PlayedMeta) -> None:
    """Callers of every process share the line; who is told to wait has taken nothing."""
    first, second = pair
    waits = [house.loop.run(house.channel.pace.take(shop.account, Kind.CONVERSATIONS)) for house in (first, second) * 3]
    assert waits[0] == 0.0
    assert all(0 < wait <= 1 / CONVERSATIONS for wait in waits[1:])
    other = pair[0].shop()
    assert first.loop.run(first.channel.pace.take(other.account, Kind.CONVERSATIONS)) == 0.0
    eventually(lambda: second.loop.run(second.channel.pace.take(shop.account, Kind.CONVERSATIONS)) == 0.0)


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
    at, turns = 0.0 - (rate.burst - 1) / rate.turns, 0
    while at < 1.0:
        turns, at = turns + 1, at + 1 / rate.turns
    assert turns <= max(1, round(limit) + 1)
    assert rate.turns >= 0.9 * limit


def test_metas_limits_are_the_defaults() -> None:
    assert LIMITS == {Kind.SEND: 300.0, Kind.INSTAGRAM_SEND: 100.0, Kind.MEDIA: 10.0, Kind.CONVERSATIONS: 2.0}


def test_an_image_is_no_video(shop: Shop, meta: PlayedMeta) -> None:
    persons = people(shop, MEDIA + 2)
    with held(shop.house, shop):
        for person in persons:
            shop.post(person, {"type": "image", "mediaUrl": URL})
    for person in persons:
        meta.wait(person)
    times = arrivals(meta, persons)
    assert times[-1] - times[0] < (len(persons) - 1) / MEDIA
