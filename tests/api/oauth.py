"""OAuth as tests drive it: a browser that follows nothing, a registered client, and the ways to code and token."""

import http.client
import re
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from heliograph.messaging.oauth import clients
from tests.api.house import Answer, House, Key

BACK = "https://partner.example/back?from=us"
OTHER_BACK = "https://partner.example/other"


@dataclass
class Page:
    """What a browser got."""

    status: int
    text: str
    headers: dict[str, str]

    @property
    def ticket(self) -> str:
        match = re.search(r'name="ticket" value="([^"]+)"', self.text)
        assert match, self.text
        return match[1]

    @property
    def back(self) -> dict[str, str]:
        """What the client is told by way of the redirect."""
        assert self.status == 302, (self.status, self.text)
        return {name: value[0] for name, value in parse_qs(urlsplit(self.headers["location"]).query).items()}

    @property
    def words(self) -> str:
        return unescape(re.sub(r"<style>.*?</style>|<[^>]+>", " ", self.text, flags=re.DOTALL))


@dataclass
class Browser:
    """Keeps cookies, follows nothing."""

    house: House
    prefix: str = ""
    cookies: dict[str, str] = field(default_factory=dict)

    def open(self, **query: str) -> Page:
        return self._call("GET", f"{self.prefix}/oauth/authorize?{urlencode(query)}", None)

    def send(self, page: Page, **fields: str) -> Page:
        match = re.search(r'<form method="post" action="([^"]+)"', page.text)
        assert match
        return self.post(match[1], {"ticket": page.ticket, **fields})

    def post(self, path: str, fields: dict[str, str]) -> Page:
        return self._call("POST", path, urlencode(fields).encode())

    def _call(self, method: str, path: str, body: bytes | None) -> Page:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection = http.client.HTTPConnection("127.0.0.1", self.house.port, timeout=20)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            text = response.read().decode()
        finally:
            connection.close()
        got = {name.lower(): value for name, value in response.headers.items()}
        if "set-cookie" in got:
            name, _, value = got["set-cookie"].partition(";")[0].partition("=")
            self.cookies[name] = value
        return Page(response.status, text, got)


@dataclass(frozen=True)
class Partner:
    """An OAuth client."""

    id: str
    secret: str

    def token_request(self, code: str, **more: Any) -> dict[str, Any]:
        return {
            "code": code,
            "grant_type": "authorization_code",
            "client_id": self.id,
            "client_secret": self.secret,
            **more,
        }


def registered(house: House, name: str = "Café Bot", **more: Any) -> Partner:
    async def make() -> dict[str, str]:
        async with house.database.transaction() as connection:
            return await clients.create(connection, house.box, name, [BACK, OTHER_BACK], **more)

    made = house.run(make())
    return Partner(made["client_id"], made["client_secret"])


def code_for(browser: Browser, partner: Partner, key: Key, **query: str) -> str:
    first = browser.open(client_id=partner.id, response_type="code", **query)
    second = browser.send(first, decision="continue", key_id=key.id, secret=key.secret)
    assert second.status == 200, second.words
    app = re.search(r'name="app_id" value="([0-9a-f]{24})"', second.text)
    assert app, second.text
    return browser.send(second, decision="allow", app_id=app[1]).back["code"]


def exchanged(house: House, partner: Partner, code: str, **more: Any) -> Answer:
    return house.post("/oauth/token", partner.token_request(code, **more), headers={"Authorization": ""})


def token_for(house: House, partner: Partner, key: Key) -> str:
    answer = exchanged(house, partner, code_for(Browser(house), partner, key))
    assert answer.status == 200, answer.body
    return str(answer.body["access_token"])


def integration_of(house: House, app_id: str, partner: Partner) -> str:
    (row,) = house.rows("select id from integrations where app_id = $1 and type = $2", app_id, partner.id)
    return str(row["id"])
