"""Who calls, and what they may (Sunshine reference 4).

Basic authentication with account, app and integration keys; one indexed query per request. Schemes are a table, so
that signed tokens (4.2) find their place in it.
"""

import base64
import binascii
import hmac
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial

from heliograph.api.errors import ApiError, forbidden, not_found
from heliograph.messaging import keys
from heliograph.storage import Connection, SecretBox

_EVERY = frozenset({"integration", "app", "account"})
_APP = frozenset({"app", "account"})
_ACCOUNT = frozenset({"account"})

# Which scope reaches which operation: reference chapter 1, column Auth, and 4.3. The account scope is accepted for
# webhooks too, where the original's document leaves it out.
SCOPES: Mapping[str, frozenset[str]] = {
    "CreateApp": _ACCOUNT,
    "ListApps": _ACCOUNT,
    "GetApp": _APP,
    "UpdateApp": _APP,
    "DeleteApp": _ACCOUNT,
    "CreateAppKey": _ACCOUNT,
    "ListAppKeys": _ACCOUNT,
    "GetAppKey": _ACCOUNT,
    "DeleteAppKey": _ACCOUNT,
    "CreateIntegration": _APP,
    "ListIntegrations": _APP,
    "GetIntegration": _APP,
    "UpdateIntegration": _APP,
    "DeleteIntegration": _APP,
    "CreateCustomIntegrationKey": _APP,
    "ListCustomIntegrationKeys": _APP,
    "GetCustomIntegrationKey": _APP,
    "DeleteCustomIntegrationKey": _APP,
    "CreateWebhook": _EVERY,
    "ListWebhooks": _EVERY,
    "GetWebhook": _EVERY,
    "UpdateWebhook": _EVERY,
    "DeleteWebhook": _EVERY,
    "GetUser": _EVERY,
    "UpdateUser": _EVERY,
    "ListClients": _EVERY,
    "CreateConversation": _EVERY,
    "ListConversations": _EVERY,
    "GetConversation": _EVERY,
    "UpdateConversation": _EVERY,
    "ListParticipants": _EVERY,
    "PostMessage": _EVERY,
    "ListMessages": _EVERY,
    "DeleteAllMessages": _EVERY,
    "DeleteMessage": _EVERY,
    "PostActivity": _EVERY,
    "UploadAttachment": _EVERY,
    "DeleteAttachment": _EVERY,
    "PostConversionEvents": _EVERY,
}

_KEY_ID = re.compile(r"(?:act|app|int)_[0-9a-f]{24}")


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated caller. ``app_id`` and ``integration_id`` bound what the scope reaches; None: unbounded."""

    scope: str
    key_id: str
    app_id: str | None
    integration_id: str | None


@dataclass(frozen=True, slots=True)
class Identity:
    """A caller, and whether the app that the request names exists."""

    caller: Caller
    app_exists: bool


# What a header claims, still to be checked against the database, for the app that the request names.
Claim = Callable[[Connection, SecretBox, str | None], Awaitable[Identity]]


def read_header(header: str | None) -> Claim:
    """What an ``Authorization`` header claims. Raises a 401 for what cannot be true, before anything is asked."""
    name, _, credentials = (header or "").partition(" ")
    scheme = _SCHEMES.get(name.lower())
    if scheme is None:
        raise _unauthorized("Authentication is required")
    return scheme(credentials.strip())


def authorize(identity: Identity, operation: str, app_id: str | None) -> None:
    """Whether the caller may do this to the app. Raises 403 for the wrong scope, 404 for another's or no app.

    That an app exists is told to nobody who may not use it: hence never 403 for another's.
    """
    caller = identity.caller
    if caller.scope not in SCOPES[operation]:
        raise forbidden(f"A key with {caller.scope} scope may not call {operation}")
    if app_id is not None and (not identity.app_exists or caller.app_id not in (None, app_id)):
        raise not_found("app")


def _basic(credentials: str) -> Claim:
    try:
        pair = base64.b64decode(credentials, validate=True).decode()
    except (binascii.Error, ValueError):
        raise _unauthorized("The Authorization header is not well formed") from None
    key_id, _, secret = pair.partition(":")
    if not _KEY_ID.fullmatch(key_id):
        raise _unauthorized(_WRONG_KEY)
    return partial(_check_key, key_id, secret)


async def _check_key(key_id: str, secret: str, connection: Connection, box: SecretBox, app_id: str | None) -> Identity:
    row = await keys.find_key(connection, key_id, app_id)
    known = "" if row is None else box.open(row["secret"], keys.place(key_id))
    # Compared even when there is no such key, so that the answer takes as long.
    matches = hmac.compare_digest(secret.encode(), known.encode())
    if row is None or not matches:
        raise _unauthorized(_WRONG_KEY)
    return Identity(Caller(row["scope"], key_id, row["app_id"], row["integration_id"]), row["app_exists"])


_WRONG_KEY = "Invalid key id or secret"
_SCHEMES: Mapping[str, Callable[[str], Claim]] = {"basic": _basic}


def _unauthorized(title: str) -> ApiError:
    return ApiError(401, title, headers={"WWW-Authenticate": 'Basic realm="heliograph"'})
