"""A whole server with its simulator in this process, and browsers of plain HTTP that keep cookies as one does."""

import asyncio
import http.client
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import unescape
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from heliograph.app import serve
from heliograph.dashboard import links, members, passwords
from heliograph.messaging import apps
from heliograph.settings import Settings
from heliograph.storage import Database
from tests.simulator.support import Loop, Simulator, free_port

PASSWORD = "a lamp at noon, seen far away"


@dataclass
class Page:
    """What a browser got."""

    status: int
    text: str
    headers: dict[str, str]
    set_cookies: list[str]

    @property
    def words(self) -> str:
        """What a person reads, one space between words."""
        return " ".join(unescape(re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", self.text, flags=re.DOTALL)).split())

    @property
    def form_token(self) -> str:
        """The token of its forms."""
        match = re.search(r'name="form_token" value="([^"]+)"', self.text)
        assert match, (self.status, self.words)
        return match[1]

    @property
    def form_once(self) -> str:
        """The id of a form that makes something."""
        match = re.search(r'name="form_once" value="([^"]+)"', self.text)
        return match[1] if match else ""

    @property
    def to(self) -> str:
        """Where it redirects to."""
        assert self.status in (303, 307), (self.status, self.words)
        return self.headers["location"]


@dataclass
class Browser:
    """Keeps cookies, follows nothing by itself."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **headers: str) -> Page:
        """A page."""
        return self.call("GET", path, None, headers)

    def send(self, on: str, to: str, fields: Any = (), **headers: str) -> Page:
        """A form of the page ``on``, sent to ``to`` with that page's token."""
        pairs = [*(fields.items() if isinstance(fields, dict) else fields)]
        return self.post(to, [("form_token", self.get(on).form_token), *pairs], **headers)

    def post(self, path: str, fields: Any, **headers: str) -> Page:
        """A form as it is."""
        body = urlencode(fields, doseq=True).encode()
        sent = {"Content-Type": "application/x-www-form-urlencoded", **headers}
        return self.call("POST", path, body, sent)

    def call(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Page:
        sent = {**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        connection = self.connection()
        try:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            text = answer.read().decode()
            given = answer.headers.get_all("set-cookie") or []
            for line in given:
                for name, morsel in SimpleCookie(line).items():
                    if morsel["max-age"] == "0":
                        self.cookies.pop(name, None)
                    else:
                        self.cookies[name] = morsel.value
            return Page(answer.status, text, {name.lower(): value for name, value in answer.getheaders()}, given)
        finally:
            connection.close()

    def connection(self) -> http.client.HTTPConnection:
        """A new one, to the server."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)

    def sign_in(self, email: str, password: str = PASSWORD, to: str = "") -> Page:
        """Email and password into the form."""
        return self.send("/dashboard/sign-in", "/dashboard/sign-in", {"email": email, "password": password, "to": to})

    def copy(self) -> "Browser":
        """Another one that has got hold of the same cookies."""
        return Browser(self.port, dict(self.cookies))


class House:
    """Server, simulator and database; ``start`` and ``stop`` them. ``first_link`` is what the terminal was told."""

    def __init__(self, database_url: str, data_dir: Path, **settings: Any) -> None:
        self._loop = Loop()
        self.simulator = Simulator(self._loop)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._told: list[str] = []
        self._settings = Settings(
            port=self.port,
            public_url=self.url,
            data_dir=data_dir,
            database_url=database_url,
            graph_url=f"http://127.0.0.1:{self.simulator.port}",
            webhook_allow_networks="127.0.0.0/8",
            **settings,
        )
        self._database_url = database_url
        self.database: Database
        self._serving: asyncio.Task[None] | None = None

    def start(self) -> None:
        self.simulator.start()
        self.run(self._start())

    def stop(self) -> None:
        self.run(self._stop())
        self.simulator.stop()
        self._loop.close()

    def restart(self) -> None:
        """The server again, on the same database."""
        self.run(self._stop())
        self.run(self._start())

    @property
    def first_link(self) -> str:
        """The path of the last link that the terminal was told."""
        return urlsplit(self._told[-1]).path

    def run(self, work: Any) -> Any:
        """Something in the server's event loop."""
        return self._loop.run(work)

    def rows(self, sql: str, *args: Any) -> list[dict[str, Any]]:
        """What stands in the database."""
        return [dict(row) for row in self.run(self.database.fetch(sql, *args))]

    def browser(self) -> Browser:
        """A browser without cookies."""
        return Browser(self.port)

    def owner(self, email: str = "noa@lumen.example", name: str = "Noa Berg") -> Browser:
        """An owner who is signed in. The first one is made as the first one is."""
        if not self.rows("select 1 from members"):
            browser = self.browser()
            fields = {"email": email, "name": name, "password": PASSWORD, "again": PASSWORD}
            assert browser.send(self.first_link, self.first_link, fields).status == 303
            return browser
        if not self.rows("select 1 from members where lower(email) = lower($1)", email):
            self.member(email, name, "owner")
        return self.signed_in(email)

    def agent(self, email: str, *app_ids: str, name: str = "Ada Lind") -> Browser:
        """An agent who is signed in and sees these apps."""
        self.member(email, name, "agent", *app_ids)
        return self.signed_in(email)

    def signed_in(self, email: str) -> Browser:
        """A browser of somebody who signed in."""
        browser = self.browser()
        assert browser.sign_in(email).status == 303
        return browser

    def member(self, email: str, name: str, role: str, *app_ids: str, password: str | None = PASSWORD) -> str:
        """A member; without a password one who was invited. Their id."""

        async def make() -> str:
            now = self._now()
            async with self.database.transaction() as connection:
                member_id = await members.invite(connection, email, name, role, app_ids, now)
                if password is not None:
                    await members.set_password(connection, member_id, await passwords.hash_of(password))
            return member_id

        return str(self.run(make()))

    def link(self, member_id: str) -> str:
        """The path of a new link of a member's."""

        async def make() -> str:
            async with self.database.transaction() as connection:
                member = await members.get(connection, member_id)
                assert member is not None
                return await links.for_member(connection, member, self._now())

        return f"/dashboard/welcome/{self.run(make())}"

    def app(self, name: str = "Café Lumen") -> str:
        """A new app's id."""

        async def make() -> str:
            async with self.database.transaction() as connection:
                return str((await apps.create(connection, name, {}))["id"])

        return str(self.run(make()))

    def _now(self) -> datetime:
        return datetime.now(UTC)

    async def _start(self) -> None:
        ready = asyncio.Event()
        self._serving = asyncio.create_task(serve(self._settings, ready=ready, first_run=self._told.append))
        waiting = asyncio.create_task(ready.wait())
        await asyncio.wait({waiting, self._serving}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if self._serving.done():
            self._serving.result()
        self.database = await Database.connect(self._database_url, largest=2)

    async def _stop(self) -> None:
        assert self._serving is not None
        await self.database.close()
        self._serving.cancel()
        await asyncio.wait({self._serving})
