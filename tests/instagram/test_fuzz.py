"""Anything at all, from the signed webhook to the end of its lanes: always a 200, and no item that crashes a worker."""

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.instagram.cases import NEARLY_WEBHOOKS
from tests.instagram.house import House, Shop, unique

UNCHECKED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
QUICK = settings(deadline=None, max_examples=40, suppress_health_check=UNCHECKED)


def ours(webhook: Any, shop: Shop, person: str) -> Any:
    """A webhook with the accounts and people of this shop, so that it leads somewhere."""
    if isinstance(webhook, list):
        return [ours(one, shop, person) for one in webhook]
    if isinstance(webhook, dict):
        return {name: ours(one, shop, person) for name, one in webhook.items()}
    return {"17841405309211844": shop.account, "5846102938471625": person}.get(webhook, webhook) if isinstance(
        webhook, str
    ) else webhook  # fmt: skip


def failed(house: House) -> list[dict[str, Any]]:
    return house.rows("select detail from journal_leftovers where reason in ('failed', 'unfiled') order by 1")


@QUICK
@given(NEARLY_WEBHOOKS)
def test_a_webhook_that_is_almost_right_never_crashes(house: House, webhook: Any) -> None:
    before, shop = failed(house), house.shop()
    body = json.dumps(ours(webhook, shop, unique("5846"))).encode()
    assert house.webhook(shop.facebook_app, body, secret=shop.secret).status == 200
    house.quiet()
    assert failed(house) == before


@QUICK
@given(st.binary(max_size=200))
def test_any_bytes_are_kept_and_answered(house: House, body: bytes) -> None:
    before, shop = failed(house), house.shop()
    assert house.webhook(shop.facebook_app, body, secret=shop.secret).status == 200
    house.quiet()
    assert failed(house) == before
