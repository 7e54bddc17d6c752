"""A sample without a browser and without Heliograph: its application in this process, between a guest and a played Meta."""

import importlib
import re
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer

from tests.examples.conftest import EXAMPLES

Answer = Callable[[], web.Response]
PAGE = {"id": "17", "name": "Harbour Tea", "access_token": "PAGE-TOKEN", "tasks": ["MODERATE"]}
ACCOUNT = {"instagram_business_account": {"id": "17841", "username": "harbour.tea"}}
GOOD: dict[str, Any] = {
    "oauth/access_token": {"access_token": "USER-TOKEN"},
    "me/accounts": {"data": [PAGE | ACCOUNT]},
    "me/permissions": {"data": []},
    "integrations": {"integration": {"id": "01a2", "type": "instagram"}},
}
SECRETS = ("USER-TOKEN", "PAGE-TOKEN", "THE-CODE")


@dataclass
class Played:
    """Meta and Heliograph in one: what is not ``odd`` is answered as it should be. ``addresses``: what was asked for."""

    odd: dict[str, Answer] = field(default_factory=dict)
    addresses: list[str] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one call."""
        self.addresses.append(request.path_qs)
        name = next(name for name in GOOD if request.path.endswith(name))
        return self.odd[name]() if name in self.odd else web.json_response(GOOD[name])


@dataclass
class Guest:
    """Somebody who connects an account."""

    name: str
    http: TestClient[Any, Any]

    async def logs_in(self) -> ClientResponse:
        """To the answer of what takes the code."""
        if self.name.endswith("sdk"):
            home = await (await self.http.get("/")).text()
            token = re.search(r'data-form-token="([^"]+)"', home)[1]  # type: ignore[index]
            return await self.http.post("/login", json={"code": "THE-CODE"}, headers={"X-Form-Token": token})
        begun = await self.http.get("/login", allow_redirects=False)
        (state,) = parse_qs(urlsplit(begun.headers["Location"]).query)["state"]
        return await self.http.get("/callback", params={"code": "THE-CODE", "state": state}, allow_redirects=False)

    async def pages(self) -> str:
        """The list to choose from."""
        return await (await self.http.get("/pages")).text()

    async def connects(self) -> ClientResponse:
        """To the answer of what makes the integration."""
        token = re.search(r'name="form_token" value="([^"]+)"', await self.pages())[1]  # type: ignore[index]
        return await self.http.post("/connect", data={"form_token": token, "page": "17"})


@asynccontextmanager
async def guest(name: str, played: Played, *, heliograph_is_there: bool = True) -> AsyncIterator[Guest]:
    """A guest of the sample ``name``."""
    application = web.Application()
    application.router.add_route("*", "/{any:.*}", played.handle)
    async with TestServer(application) as other:
        url = str(other.make_url("")).rstrip("/")
        nobody = "http://127.0.0.1:1"
        app, settings = _modules(name)
        known = settings.Settings(
            public_url="http://127.0.0.1",
            facebook_app_id="4711",
            facebook_app_secret="THE-SECRET",
            facebook_config_id=None,
            dialog_url=url,
            graph_url=url,
            sdk_url=f"{url}/sdk.js",
            heliograph_url=url if heliograph_is_there else nobody,
            heliograph_app_id="app",
            heliograph_key=("key", "secret"),
        )
        async with TestClient(TestServer(app.create(known))) as http:
            yield Guest(name, http)


def _modules(name: str) -> tuple[Any, Any]:
    """``app`` and ``settings`` of a sample: both samples have modules of these names, so none is kept."""
    mine = ("app", "settings", "meta")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(EXAMPLES / name)
        try:
            return importlib.import_module("app"), importlib.import_module("settings")
        finally:
            for one in mine:
                sys.modules.pop(one, None)
