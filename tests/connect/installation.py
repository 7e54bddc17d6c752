"""A whole server in a background loop, people with browsers, and what they have at the simulated Meta. All of it blocks."""

import asyncio
import http.client
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from granian.constants import Interfaces
from granian.server.embed import Server

from heliograph.app import Application
from heliograph.channels.instagram.onboarding import Begun, Choices, Connected, Onboarding, Purpose
from heliograph.channels.instagram.onboarding.browser import cookie_name
from heliograph.settings import Settings
from heliograph.storage import Database, SecretBox, new_id
from tests.simulator.support import Answer, Client, Loop, Simulator, eventually, free_port

KEY = b"k" * 32
SCOPES = (
    "pages_show_list",
    "pages_manage_metadata",
    "pages_messaging",
    "instagram_basic",
    "instagram_manage_messages",
    "business_management",
)
INSTAGRAM_SCOPES = ("instagram_business_basic", "instagram_business_manage_messages")


class Installation(Client):
    """One running server."""

    def __init__(self, loop: Loop, database_url: str, meta: Simulator) -> None:
        super().__init__(free_port())
        self.loop = loop
        self.meta = meta
        self._database_url = database_url
        self.url = f"http://127.0.0.1:{self.port}"
        self.database: Database
        self.application: Application

    def start(self) -> "Installation":
        self.loop.run(self._start())
        eventually(self._answers)
        return self

    def _answers(self) -> bool:
        try:
            return self.get("/healthz").status == 200
        except OSError:
            return False

    async def _start(self) -> None:
        settings = Settings(
            public_url=self.url, graph_url=f"http://127.0.0.1:{self.meta.port}", graph_timeout=5.0, unknown_grace=30.0
        )
        self.database = await Database.connect(self._database_url, largest=8, patience=5)
        self.application = Application(settings, self.database, SecretBox([KEY]))
        self._server = Server(
            self.application, port=self.port, interface=Interfaces.ASGINL, log_enabled=False, websockets=False
        )
        self._serving = asyncio.ensure_future(self._server.serve())
        self.application.start()

    def stop(self) -> None:
        self._server.stop()
        self.loop.run(self._stop())

    async def _stop(self) -> None:
        await asyncio.wait_for(self._serving, 10)
        await self.application.stop()
        await self.database.close()

    # What stands in it ------------------------------------------------------------------------------------------

    @property
    def channel(self) -> Any:
        return self.application._instagram

    @property
    def onboarding(self) -> Onboarding:
        return self.channel.onboarding

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run(work)

    def rows(self, sql: str, *args: Any) -> list[dict[str, Any]]:
        return [dict(row) for row in self.run(self.database.fetch(sql, *args))]

    def value(self, sql: str, *args: Any) -> Any:
        return self.run(self.database.fetchval(sql, *args))

    def execute(self, sql: str, *args: Any) -> None:
        self.run(self.database.execute(sql, *args))

    def new_app(self) -> str:
        """A Sunshine app."""
        app_id = new_id()
        self.execute("insert into apps (id, display_name) values ($1, 'Test')", app_id)
        return app_id

    def facebook_app(self, app_id: str | None = None, **how: Any) -> tuple[str, str]:
        """A Facebook app at Meta that is registered here: everybody's, or one app's own; its id and secret."""
        made = self.meta.control("/apps")
        self.run(self.channel.facebook_apps.add(made["id"], made["secret"], app_id=app_id, **how))
        return made["id"], made["secret"]

    def instagram_app(self, app_id: str | None = None) -> tuple[str, str]:
        """Likewise for Instagram Login."""
        made = self.meta.control("/instagram/apps")
        self.run(self.channel.facebook_apps.add(made["id"], made["secret"], login="instagram", app_id=app_id))
        return made["id"], made["secret"]

    def browser(self, app_id: str = "", **how: Any) -> "Browser":
        """Somebody's browser, at an app that has a Facebook app of its own, unless one is given."""
        app = app_id or self.new_app()
        facebook_app = how.pop("facebook_app", None) or self.facebook_app(app)[0]
        return Browser(self, app, facebook_app, **how)

    def subscribed(self, page_id: str, facebook_app: str) -> bool:
        """Whether a Page is subscribed to a Facebook app at Meta."""
        body = {"app_id": facebook_app, "page_id": page_id}
        token = self.meta.control("/tokens", **body)["access_token"]
        answer = self.meta.call(
            "GET", f"/v25.0/{page_id}/subscribed_apps", headers={"Authorization": f"Bearer {token}"}
        )
        return any(one["id"] == facebook_app for one in answer.json["data"])


def owner(place: Installation, **how: Any) -> dict[str, Any]:
    """Somebody new at Meta, with a Page and its account: ids and names, as the simulator shows them."""
    return place.meta.control("/accounts", **how)


def page_of(made: dict[str, Any]) -> str:
    return str(made["page_id"])


@dataclass
class Browser:
    """One person's browser: it keeps the cookie, goes to the dialog, and comes back."""

    place: Installation
    app_id: str
    facebook_app: str
    cookies: dict[str, str] = field(default_factory=dict)
    attempt: str = ""

    def purpose(self, **more: Any) -> Purpose:
        path = f"/dashboard/apps/{self.app_id}/integrations"
        return Purpose(self.app_id, f"{path}/choose", f"{path}/new", **more)

    def begin(self, *, rerequest: bool = False, **more: Any) -> Begun:
        """Press Authenticate."""
        begun = self.place.run(
            self.place.onboarding.begin(self.purpose(**more), self.facebook_app, rerequest=rerequest, nonce=self.nonce)
        )
        self.cookies[cookie_name(self.place.url)] = begun.nonce
        self.attempt = begun.attempt_id
        return begun

    @property
    def nonce(self) -> str:
        return self.cookies.get(cookie_name(self.place.url), "")

    def decides(self, begun: Begun, who: str = "", decision: str = "allow", **form: Any) -> str:
        """What a person does in the dialog; where they are sent back to. ``who`` is a Facebook user, or a username."""
        parts = urlsplit(begun.url)
        assert parts.port == self.place.meta.port, begun.url
        query = [*parse_qsl(parts.query), *([("as", who)] if who else [])]
        scopes = dict(query).get("scope", ",".join(SCOPES)).split(",")
        form = {"decision": decision, "scope": scopes, **form}
        answer = post(self.place.meta.port, f"{parts.path}?{urlencode(query)}", urlencode(form, doseq=True))
        assert answer.status == 303, answer.body
        return answer.headers["location"]

    def visit(self, address: str, method: str = "GET") -> Answer:
        """Go to an address of the server, with the cookies that it has set."""
        parts = urlsplit(address)
        jar = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        return self.place.call(method, path, headers={"Cookie": jar} if jar else {})

    def logs_in(self, made: dict[str, Any], **form: Any) -> Answer:
        """The whole way to the callback's answer, for the owner of an account, with these Pages (all: ``page`` absent)."""
        begun = self.begin(rerequest=form.pop("rerequest", False), integration_id=form.pop("integration_id", None))
        form.setdefault("page", [page_of(made)])
        return self.visit(self.decides(begun, made["owner_user_id"], **form))

    def choices(self) -> Choices:
        return self.place.run(self.place.onboarding.choices(self.app_id, self.attempt, self.nonce))

    def choose(self, account_id: str, **switches: Any) -> Connected:
        return self.place.run(self.place.onboarding.choose(self.app_id, self.attempt, self.nonce, account_id, switches))


def post(port: int, path: str, body: str) -> Answer:
    """A form, as a browser posts it."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded"})
        answer = connection.getresponse()
        return Answer(answer.status, {name.lower(): text for name, text in answer.getheaders()}, answer.read())
    finally:
        connection.close()


def query_of(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
