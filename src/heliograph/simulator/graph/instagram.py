"""The hosts of Instagram Login: the login's own calls, ``me``, and which edges answer there (Meta reference 4.6).

    dialog ──▶ code ──▶ short-lived token, an hour ──▶ long-lived, 60 days ──▶ refreshed: 60 days from then

A long-lived token can be refreshed once it is 24 hours old and before it has expired. What answers like Facebook Login is
answered by the same handlers; those of Pages, of ``debug_token`` and of app subscriptions are not here.
"""

import hashlib
import hmac
from collections.abc import Awaitable, Callable
from typing import Any

from heliograph.simulator.errors import GraphError, refuse
from heliograph.simulator.graph import conversations, messenger_profile, pages, people, posts, send, tokens, uploads
from heliograph.simulator.graph.call import Call
from heliograph.simulator.graph.fields import select
from heliograph.simulator.models import Account, App, Page, Token

SHORT_SECONDS = 3600
LONG_SECONDS = 60 * 24 * 3600
YOUNGEST_SECONDS = 24 * 3600
"""How old a token must be before it is refreshed."""
BASIC = "instagram_business_basic"

Handler = Callable[..., Awaitable[Any]]


class CodeExchangeError(GraphError):
    """The code exchange has an error form of its own, without an envelope."""

    def body(self, locale: str = "en_US") -> dict[str, Any]:
        """The error as the exchange words it."""
        return {"error_type": self.type, "code": self.code, "error_message": self.message}


def _refused(message: str) -> CodeExchangeError:
    return CodeExchangeError(400, 400, None, message)


# The login ----------------------------------------------------------------------------------------------------------


async def exchange_code(call: Call) -> dict[str, Any]:
    """``POST api.instagram.com/oauth/access_token``: a code, once, for a token of an hour.

    The documents show ``data[]``; live, the object was seen flat, with other types: the knob ``instagram_answers``.
    """
    world = call.world
    app = world.state.apps.get(call.text("client_id") or "")
    secret = (call.text("client_secret") or "").encode()
    if app is None or not app.instagram:
        raise _refused("Invalid platform app")
    if not hmac.compare_digest(secret, app.secret.encode()):
        raise _refused("Error validating client secret.")
    code = (call.text("code") or "").removesuffix("#_")
    grant = world.grants.take(code, app.id, call.text("redirect_uri") or "")
    account = world.state.accounts.get(grant.account_id or "") if grant else None
    if grant is None or account is None:
        raise _refused("Matching code was not found or was already used")
    token = _mint(call, app, world.state.pages[account.page_id], list(grant.scopes), SHORT_SECONDS)
    if world.rules.instagram_answers == "data":
        told = {"access_token": token.value, "user_id": account.id, "permissions": ",".join(token.scopes)}
        return {"data": [told]}
    return {"access_token": token.value, "user_id": int(account.id), "permissions": token.scopes}


async def long_lived(call: Call) -> dict[str, Any]:
    """``GET /access_token?grant_type=ig_exchange_token``: a token of 60 days for one of an hour."""
    _grant_type(call, "ig_exchange_token")
    token = call.token()
    app = call.world.state.apps[token.app_id]
    # Which of the two Meta looks at first is not known. This way round a long-lived token proves no secret.
    if token.expires_at - token.issued_at > SHORT_SECONDS:
        raise refuse("parameter", reason="Param access_token must be a short-lived token")
    if not hmac.compare_digest(call.required("client_secret").encode(), app.secret.encode()):
        raise refuse("client_invalid")
    return _told(_again(call, app, token))


async def refresh(call: Call) -> dict[str, Any]:
    """``GET /refresh_access_token``: 60 more days, for a token that is old enough and has not expired."""
    _grant_type(call, "ig_refresh_token")
    token = call.token()
    if BASIC not in token.scopes:
        raise refuse("permission_scope", scope=BASIC)
    if token.expires_at - token.issued_at <= SHORT_SECONDS:
        raise refuse("parameter", reason="Param access_token must be a long-lived token")
    if call.world.clock.now_ms() < (token.issued_at + YOUNGEST_SECONDS) * 1000:
        raise refuse("parameter", reason="The access token must be at least 24 hours old to be refreshed")
    return _told(_again(call, call.world.state.apps[token.app_id], token))


def _grant_type(call: Call, wanted: str) -> None:
    if call.required("grant_type") != wanted:
        raise refuse("parameter", reason=f"Param grant_type must be one of {{{wanted}}}")


def _again(call: Call, app: App, token: Token) -> Token:
    return _mint(call, app, call.world.state.pages[token.page_id or ""], list(token.scopes), LONG_SECONDS)


def _mint(call: Call, app: App, page: Page, scopes: list[str], seconds: int) -> Token:
    return tokens.mint(call.world, app, page, call.world.state.owners[page.owner_id], scopes, {}, seconds)


def _told(token: Token) -> dict[str, Any]:
    answer = {"access_token": token.value, "token_type": "bearer", "expires_in": token.expires_at - token.issued_at}
    return {**answer, "permissions": ",".join(token.scopes)}


# The account --------------------------------------------------------------------------------------------------------


def _account(call: Call, token: Token) -> Account:
    page = call.world.state.pages[token.page_id or ""]
    # Linked to a Page or not: the login is the account's own.
    return next(one for one in call.world.state.accounts.values() if one.page_id == page.id)


def scoped_id(app_id: str, account_id: str) -> str:
    """The id of an account towards one app; ``user_id`` is the one that webhooks use."""
    number = int.from_bytes(hashlib.sha256(f"{app_id}:{account_id}".encode()).digest()[:8])
    return f"{10**16 + number % (9 * 10**16)}"


async def me(call: Call) -> dict[str, Any]:
    """``GET /me``."""
    token = call.token()
    account = _account(call, token)
    if BASIC not in token.scopes:
        raise refuse("permission_scope", scope=BASIC)
    picture = f"{call.world.cdn.origin}/_simulator/pictures/{account.id}.png"
    resolvers = {
        "id": lambda _: scoped_id(token.app_id, account.id),
        "user_id": lambda _: account.id,
        "username": lambda _: account.username,
        "name": lambda _: account.name,
        "account_type": lambda _: "BUSINESS",
        "profile_picture_url": lambda _: picture,
        "followers_count": lambda _: len(call.world.state.people),
        "follows_count": lambda _: 0,
        "media_count": lambda _: len(call.world.threads.stories_of(account.id)),
    }
    told = select("IGUser", call.fields("id"), resolvers)
    return {"data": [told]} if call.world.rules.instagram_answers == "data" else told


async def subscribe(call: Call) -> dict[str, Any]:
    """``POST /me/subscribed_apps``."""
    return await pages.subscribe_account(call, _account(call, call.token()))


async def subscribed(call: Call) -> dict[str, Any]:
    """``GET /me/subscribed_apps``."""
    return await pages.subscribed_account(call, _account(call, call.token()))


async def unsubscribe(call: Call) -> dict[str, Any]:
    """``DELETE /me/subscribed_apps``."""
    return await pages.unsubscribe_account(call, _account(call, call.token()))


def _of_account(handler: Handler) -> Handler:
    """A messaging edge of ``/{ig-id}``; the token must be that account's."""

    async def answer(call: Call, node: Account) -> Any:
        _, own = call.page_token()
        if own.id != node.page_id:
            raise call.unsupported(node.id)
        return await handler(call)

    return answer


_SHARED: dict[tuple[str, str], Handler] = {
    ("POST", "messages"): send.send,
    ("POST", "message_attachments"): uploads.upload,
    ("GET", "conversations"): conversations.conversations,
    ("GET", "messenger_profile"): messenger_profile.read,
    ("POST", "messenger_profile"): messenger_profile.write,
    ("DELETE", "messenger_profile"): messenger_profile.remove,
}
"""Edges of ``me`` and of the account alike."""

WORDS: dict[tuple[str, str, str], Handler] = {
    ("POST", "oauth", "access_token"): exchange_code,
    ("GET", "access_token", ""): long_lived,
    ("GET", "refresh_access_token", ""): refresh,
    ("GET", "me", ""): me,
    ("GET", "me", "permissions"): pages.permissions,
    ("POST", "me", "subscribed_apps"): subscribe,
    ("GET", "me", "subscribed_apps"): subscribed,
    ("DELETE", "me", "subscribed_apps"): unsubscribe,
    **{(method, "me", edge): handler for (method, edge), handler in _SHARED.items()},
}
"""Edges of nodes that are words."""

EDGES: dict[tuple[str, str, str], Handler] = {
    ("POST", "account", "subscribed_apps"): pages.subscribe_account,
    ("GET", "account", "subscribed_apps"): pages.subscribed_account,
    ("DELETE", "account", "subscribed_apps"): pages.unsubscribe_account,
    ("GET", "account", "stories"): posts.stories,
    ("GET", "account", "media"): posts.media,
    **{(method, "account", edge): _of_account(handler) for (method, edge), handler in _SHARED.items()},
    ("GET", "person", ""): people.profile,
    ("GET", "conversation", ""): conversations.conversation,
    ("GET", "conversation", "messages"): conversations.messages,
    ("GET", "message", ""): conversations.message,
}
"""Edges of nodes that are objects, by the object's kind."""
