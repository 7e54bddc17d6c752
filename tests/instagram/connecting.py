"""Connecting as tests do it, at the simulator and at a scripted Meta."""

from collections.abc import Iterator
from typing import Any

import pytest

from heliograph.channels.instagram.accounts.facebook_login import REQUIRED_SCOPES
from heliograph.channels.instagram.meta.callback import callback_url
from tests.instagram.house import House, unique
from tests.instagram.meta import PlayedMeta
from tests.instagram.owner import Owner

ALL_SCOPES = [*REQUIRED_SCOPES, "pages_messaging", "pages_show_list"]


def everything_stored(house: House) -> str:
    """The whole database as text; bytes as hexadecimal and, where they are text, as such."""
    found = []
    for table in house.rows("select tablename from pg_tables where schemaname = 'public'"):
        for row in house.rows(f'select * from "{table["tablename"]}"'):
            found += [
                value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value) for value in row.values()
            ]
    return "\n".join(found)


def callback(owner: Owner) -> str:
    return callback_url(owner.house.url, owner.facebook_app)


class Played:
    """A Facebook app, Page and account of the scripted Meta; everything is right until a test says otherwise."""

    def __init__(self, house: House, meta: PlayedMeta) -> None:
        self.house = house
        self.meta = meta
        self.app, self.page, self.account = unique("10"), unique("10"), unique("17841")
        self.says("GET", "debug_token", (200, {"data": self.inspected()}))
        account = {"id": self.account, "username": "x", "name": "X"}
        self.says("GET", "me", (200, {"id": self.page, "name": "P", "instagram_business_account": account}))
        self.says("POST", f"{self.app}/subscriptions", (200, {"success": True}))
        self.says("POST", f"{self.page}/subscribed_apps", (200, {"success": True}))

    def inspected(self, **changes: Any) -> dict[str, Any]:
        return {"app_id": self.app, "type": "PAGE", "is_valid": True, "scopes": ALL_SCOPES, **changes}

    def says(self, method: str, path: str, told: Any) -> None:
        self.meta.answers[method, path] = told

    def connect(self, status: int) -> Any:
        body = {"type": "instagram", "appId": self.app, "appSecret": "s3cr3t", "pageAccessToken": "EAAtoken"}
        answer = self.house.api("POST", f"/v2/apps/{self.house.new_app()}/integrations", body, status)
        return answer["integration"] if status == 201 else answer["errors"][0]["title"]


@pytest.fixture
def played(house: House, meta: PlayedMeta) -> Iterator[Played]:
    before = dict(meta.answers)
    yield Played(house, meta)
    meta.answers.clear()
    meta.answers.update(before)


def delete(shop: Any) -> None:
    shop.house.api("DELETE", f"/v2/apps/{shop.app_id}/integrations/{shop.integration_id}")
