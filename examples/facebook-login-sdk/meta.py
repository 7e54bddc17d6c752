"""The calls that a server makes: to Meta for tokens and Pages, to Heliograph for the integration.

Tokens come in and go out here, and nowhere else: no browser ever sees one.
"""

import hashlib
import hmac
from dataclasses import dataclass
from typing import Any

import aiohttp
from settings import SCOPES, Settings

FIELDS = "id,name,access_token,tasks,instagram_business_account{id,username},connected_instagram_account"


class RefusedError(Exception):
    """Meta or Heliograph said no; the text is theirs."""


@dataclass(frozen=True)
class Page:
    """A Page of the person. ``reason`` says why it can not be connected, and is empty when it can."""

    id: str
    name: str
    token: str
    username: str
    reason: str


async def user_token(http: aiohttp.ClientSession, settings: Settings, **exchange: str) -> str:
    """The person's long-lived token for the code of a login. Page tokens made from it do not expire by time."""
    short = await _token(http, settings, **exchange)
    return await _token(http, settings, grant_type="fb_exchange_token", fb_exchange_token=short)


async def _token(http: aiohttp.ClientSession, settings: Settings, **parameters: str) -> str:
    told = await _graph(http, settings, "oauth/access_token", {**_secret(settings), **parameters})
    return str(told["access_token"])


async def missing_permissions(http: aiohttp.ClientSession, settings: Settings, token: str) -> list[str]:
    """What the person left out. A plain second login would leave it out again: ask with ``auth_type=rerequest``."""
    told = await _graph(http, settings, "me/permissions", {"access_token": token})
    granted = {one["permission"] for one in told["data"] if one["status"] == "granted"}
    return [scope for scope in SCOPES.split(",") if scope not in granted]


async def pages(http: aiohttp.ClientSession, settings: Settings, token: str) -> list[Page]:
    """Every Page of the person, however many there are."""
    found: list[Page] = []
    asked = {**_secret(settings), "fields": FIELDS, "limit": "500", "access_token": token}
    while True:
        told = await _graph(http, settings, "me/accounts", asked)
        found += [_page(one) for one in told["data"]]
        paging = told.get("paging", {})
        if "next" not in paging:
            return found
        # The cursor, not the address: a token is only ever sent where these settings say.
        asked["after"] = paging["cursors"]["after"]


def _page(told: dict[str, Any]) -> Page:
    account = told.get("instagram_business_account")
    reason = ""
    if account is None and told.get("connected_instagram_account"):
        reason = "Its Instagram account is a personal one. Switch it to a professional account first."
    elif account is None:
        reason = "It has no Instagram account, or you left that account out when you logged in."
    elif not {"MESSAGING", "PROFILE_PLUS_MESSAGING", "PROFILE_PLUS_FULL_CONTROL"} & set(told.get("tasks", [])):
        reason = "You may not answer messages for it. Its admin can give you that task."
    elif "access_token" not in told:
        reason = "Meta gives no token for it."
    username = account.get("username", "") if account else ""
    return Page(told["id"], told["name"], told.get("access_token", ""), username, reason)


async def connect(http: aiohttp.ClientSession, settings: Settings, page: Page) -> dict[str, Any]:
    """Make the integration: the one call to Heliograph."""
    url = f"{settings.heliograph_url}/v2/apps/{settings.heliograph_app_id}/integrations"
    body = {
        "type": "instagram",
        "displayName": page.name,
        "appId": settings.facebook_app_id,
        "appSecret": settings.facebook_app_secret,
        "pageAccessToken": page.token,
    }
    async with http.post(url, json=body, auth=aiohttp.BasicAuth(*settings.heliograph_key)) as answer:
        told = await answer.json()
        if answer.status >= 400:
            raise RefusedError("; ".join(str(one.get("title", one)) for one in told["errors"]))
        return dict(told["integration"])


def _secret(settings: Settings) -> dict[str, str]:
    return {"client_id": settings.facebook_app_id, "client_secret": settings.facebook_app_secret}


async def _graph(http: aiohttp.ClientSession, settings: Settings, path: str, asked: dict[str, str]) -> dict[str, Any]:
    if token := asked.get("access_token"):
        proof = hmac.digest(settings.facebook_app_secret.encode(), token.encode(), hashlib.sha256).hex()
        asked = {**asked, "appsecret_proof": proof}
    async with http.get(f"{settings.graph_url}/{settings.version}/{path}", params=asked) as answer:
        told: dict[str, Any] = await answer.json(content_type=None)
        if "error" in told:
            raise RefusedError(told["error"]["message"])
        return told
