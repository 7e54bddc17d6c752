"""Who sets the stage: an account key by the command line, everything else by the API."""

import asyncio
import base64
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from bench.connections import HOST
from bench.processes import clean_env


class Owner:
    """The holder of an account key."""

    def __init__(self, http: aiohttp.ClientSession) -> None:
        self._http = http

    async def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Create something; raises with what was answered when that is not 201."""
        async with self._http.post(path, json=body) as answer:
            if answer.status != 201:
                raise RuntimeError(f"POST {path} answered {answer.status}: {await answer.text()}")
            return dict(await answer.json())

    async def app(self) -> tuple[str, str]:
        """A new app: its id, and the Authorization header of a key for it."""
        app_id = (await self.post("/v2/apps", {"displayName": "Bench"}))["app"]["id"]
        own = (await self.post(f"/v2/apps/{app_id}/keys", {"displayName": "Bench"}))["key"]
        return app_id, "Basic " + base64.b64encode(f"{own['id']}:{own['secret']}".encode()).decode()


@asynccontextmanager
async def app_owner(port: int, env: dict[str, str]) -> AsyncIterator[Owner]:
    """The owner of the server at ``port``, whose settings are ``env``."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "heliograph", "keys", "create", "--json",
        env=clean_env() | env, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, _ = await process.communicate()
    key = json.loads(output)
    async with aiohttp.ClientSession(f"http://{HOST}:{port}", auth=aiohttp.BasicAuth(key["id"], key["secret"])) as http:
        yield Owner(http)
