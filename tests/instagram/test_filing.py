"""From the journal into the lanes: every webhook, in order, whatever happens on the way."""

import pytest

from heliograph.channels.instagram.journal import filing
from heliograph.channels.instagram.journal.entries import filing_job
from heliograph.channels.instagram.journal.leftovers import replay
from heliograph.channels.instagram.wire.envelope import Item
from heliograph.lanes import enqueue
from tests.instagram.house import House, Shop


def test_a_webhook_that_crashes_the_filing_is_shown_and_keeps_nothing_from_those_behind_it(
    shop: Shop, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    understood = filing.items

    def items(body: bytes) -> list[Item]:
        if b"poison" in body:
            raise RuntimeError("cannot file this")
        return understood(body)

    monkeypatch.setattr(filing, "items", items)
    for text in ("before", "poison", "after"):
        shop.deliver(shop.text("5", text))
    house.quiet(30)
    assert shop.texts("5") == ["before", "after"]
    number = "select id from journal where facebook_app_id = $1 and position('poison'::bytea in body) > 0"
    kept = house.rows(
        "select path, reason, detail from journal_leftovers where journal_id = (" + number + ")", shop.facebook_app
    )
    assert kept == [{"path": "", "reason": "unfiled", "detail": "RuntimeError: cannot file this"}]

    monkeypatch.setattr(filing, "items", understood)
    house.loop.run(replay(house.database, "unfiled"))
    house.quiet()
    assert shop.texts("5") == ["before", "after", "poison"]


def test_a_webhook_that_was_erased_is_nothing_to_file(shop: Shop, house: House) -> None:
    shop.deliver(shop.text("5", "there"))
    house.quiet()
    house.loop.run(put(house, shop, [999_999_999]))
    house.quiet()
    assert shop.texts("5") == ["there"]


def test_thousands_of_webhooks_are_filed_in_order_a_few_hundred_at_once(shop: Shop, house: House) -> None:
    async def backlog() -> list[int]:
        bodies = [shop.body(shop.text("5", str(number))) for number in range(1200)]
        rows = await house.database.fetch(
            "insert into journal (facebook_app_id, body) select $1, b from unnest($2::bytea[]) as b returning id",
            shop.facebook_app,
            bodies,
        )
        numbers = [row["id"] for row in rows]
        for start in range(0, len(numbers), 100):
            await put(house, shop, numbers[start : start + 100])
        return numbers

    house.loop.run(backlog())
    house.quiet(30)
    assert shop.texts("5") == [str(number) for number in range(1200)]


async def put(house: House, shop: Shop, numbers: list[int]) -> None:
    async with house.database.transaction() as connection:
        await enqueue(connection, [filing_job(shop.facebook_app, numbers)])
