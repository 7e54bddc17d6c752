"""The calls that a server makes: to Meta for tokens and Pages, to Heliograph for the integration.

Tokens come in and go out here, and nowhere else: no browser ever sees one, and no address holds one.
"""

import base64
import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from settings import SCOPES, Settings

FIELDS = "id,name,access_token,tasks,instagram_business_account{id,username},connected_instagram_account"

# Any of these tasks on a Page is enough: sending needs MESSAGING, reading and subscribing MODERATE, which older Pages have
# for both; newer Pages name them otherwise.
ENOUGH = ({"MODERATE"}, {"PROFILE_PLUS_MESSAGING", "PROFILE_PLUS_MODERATE"}, {"PROFILE_PLUS_FULL_CONTROL"})


class RefusedError(Exception):
    """Meta or Heliograph said no, and the text is theirs; or no sense could be made of what they said."""


@dataclass(frozen=True)
class Page:
    """A Page of the person. ``reason`` says why it can not be connected, and is empty when it can."""

    id: str
    name: str
    token: str
    username: str
    reason: str


@asynccontextmanager
async def answers_of(who: str) -> AsyncIterator[None]:
    """Whatever goes wrong with an answer is one error here, with a text for the person. Decorates what asks and reads."""
    try:
        yield
    except (aiohttp.ClientError, TimeoutError) as error:
        raise RefusedError(f"{who} could not be reached. Try again in a minute.") from error
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        # A proxy's error page, or an answer without what it should have.
        raise RefusedError(f"{who} gave an answer that can not be read. Try again in a minute.") from error


@answers_of("Meta")
async def user_token(http: aiohttp.ClientSession, settings: Settings, **exchange: str) -> str:
    """The person's long-lived token for the code of a login. Page tokens made from it do not expire by time."""
    short = await _token(http, settings, **exchange)
    return await _token(http, settings, grant_type="fb_exchange_token", fb_exchange_token=short)


async def _token(http: aiohttp.ClientSession, settings: Settings, **exchange: str) -> str:
    # By POST: codes, tokens and the app secret go in the body, and into no log of addresses.
    form = {"client_id": settings.facebook_app_id, "client_secret": settings.facebook_app_secret, **exchange}
    url = f"{settings.graph_url}/{settings.version}/oauth/access_token"
    async with http.post(url, data=form, allow_redirects=False) as answer:
        return str((await _told(answer))["access_token"])


@answers_of("Meta")
async def missing_permissions(http: aiohttp.ClientSession, settings: Settings, token: str) -> list[str]:
    """What the person left out. A plain second login would leave it out again: ask with ``auth_type=rerequest``."""
    told = await _read(http, settings, token, "me/permissions")
    granted = {one["permission"] for one in told["data"] if one["status"] == "granted"}
    return [scope for scope in SCOPES.split(",") if scope not in granted]


@answers_of("Meta")
async def pages(http: aiohttp.ClientSession, settings: Settings, token: str) -> list[Page]:
    """Every Page of the person, however many there are."""
    found: list[Page] = []
    # With the app's id and secret, as Meta is asked for Page tokens; server to server only.
    asked = {
        "client_id": settings.facebook_app_id,
        "client_secret": settings.facebook_app_secret,
        "fields": FIELDS,
        "limit": "500",
    }
    while True:
        told = await _read(http, settings, token, "me/accounts", **asked)
        found += [_page(one) for one in told["data"]]
        paging = told.get("paging", {})
        if "next" not in paging or not told["data"]:
            return found
        # The cursor, not the address: a token is only ever sent where these settings say.
        asked["after"] = paging["cursors"]["after"]


def _page(told: dict[str, Any]) -> Page:
    account = told.get("instagram_business_account")
    tasks = told.get("tasks")
    reason = ""
    if account is None and told.get("connected_instagram_account"):
        reason = "Its Instagram account is a personal one. Switch it to a professional account first."
    elif account is None:
        reason = "It has no Instagram account, or you left that account out when you logged in."
    elif tasks is not None and not any(enough <= set(tasks) for enough in ENOUGH):
        reason = "You may not answer messages for it. Its admin can give you that task."
    elif "access_token" not in told:
        reason = "Meta gives no token for it."
    username = account.get("username", "") if account else ""
    return Page(told["id"], told["name"], told.get("access_token", ""), username, reason)


@answers_of("Heliograph")
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
    key = base64.b64encode(":".join(settings.heliograph_key).encode()).decode()
    async with http.post(url, json=body, headers={"Authorization": f"Basic {key}"}, allow_redirects=False) as answer:
        told = await answer.json(content_type=None)
        if answer.status >= 400:
            raise RefusedError("; ".join(str(one.get("title", one)) for one in told["errors"]))
        return dict(told["integration"])


async def _read(http: aiohttp.ClientSession, settings: Settings, token: str, path: str, **asked: str) -> dict[str, Any]:
    """One read at Meta. The proof shows that the token is used by who has the app's secret."""
    proof = hmac.digest(settings.facebook_app_secret.encode(), token.encode(), hashlib.sha256).hex()
    async with http.get(
        f"{settings.graph_url}/{settings.version}/{path}",
        params={**asked, "appsecret_proof": proof},
        headers={"Authorization": f"Bearer {token}"},
        allow_redirects=False,
    ) as answer:
        return await _told(answer)


async def _told(answer: aiohttp.ClientResponse) -> dict[str, Any]:
    told: dict[str, Any] = await answer.json(content_type=None)
    if "error" in told:
        raise RefusedError(told["error"]["message"])
    return told
