"""Who calls, and what they may (Sunshine reference 4).

An account, app or integration key, shown (Basic) or used to sign a token (Bearer); one indexed query per request either
way. Service account keys (``svc_``) belong to the original's own accounts: none are issued here, and none are known.

    header ──▶ claim (a key's id, and a proof) ──▶ too many wrong ones? ──▶ the key's row ──▶ proof holds? ──▶ caller
"""

import base64
import binascii
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from heliograph.api import tokens
from heliograph.api.errors import ApiError, forbidden, not_found
from heliograph.api.services import Services
from heliograph.messaging import keys
from heliograph.storage import Connection

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
    "GetIntegrationHealth": _APP,
    "CheckIntegrationHealth": _APP,
    "CreateCustomIntegrationKey": _APP,
    "ListCustomIntegrationKeys": _APP,
    "GetCustomIntegrationKey": _APP,
    "DeleteCustomIntegrationKey": _APP,
    "CreateWebhook": _EVERY,
    "ListWebhooks": _EVERY,
    "GetWebhook": _EVERY,
    "UpdateWebhook": _EVERY,
    "DeleteWebhook": _EVERY,
    "CreateSwitchboard": _APP,
    "ListSwitchboards": _APP,
    "UpdateSwitchboard": _APP,
    "DeleteSwitchboard": _APP,
    "CreateSwitchboardIntegration": _APP,
    "ListSwitchboardIntegrations": _APP,
    "UpdateSwitchboardIntegration": _APP,
    "DeleteSwitchboardIntegration": _APP,
    "CreateUser": _EVERY,
    "ListUsers": _EVERY,
    "GetUser": _EVERY,
    "UpdateUser": _EVERY,
    "DeleteUser": _EVERY,
    "DeleteUserPersonalInformation": _EVERY,
    "SyncUser": _EVERY,
    "CreateClient": _EVERY,
    "ListClients": _EVERY,
    "RemoveClient": _EVERY,
    "ListDevices": _EVERY,
    "GetDevice": _EVERY,
    "CreateConversation": _EVERY,
    "ListConversations": _EVERY,
    "GetConversation": _EVERY,
    "UpdateConversation": _EVERY,
    "DeleteConversation": _EVERY,
    "DownloadMessageRef": _EVERY,
    "JoinConversation": _EVERY,
    "ListParticipants": _EVERY,
    "LeaveConversation": _EVERY,
    "PostMessage": _EVERY,
    "ListMessages": _EVERY,
    "DeleteAllMessages": _EVERY,
    "DeleteMessage": _EVERY,
    "PostActivity": _EVERY,
    "PassControl": _EVERY,
    "OfferControl": _EVERY,
    "AcceptControl": _EVERY,
    "ReleaseControl": _EVERY,
    "GetTokenInfo": frozenset({"integration", "app"}),
    "RevokeAccess": frozenset({"integration"}),
    "UploadAttachment": _EVERY,
    "DeleteAttachment": _EVERY,
    "PostConversionEvents": _EVERY,
    "ListCommitments": _EVERY,
    "CreateInvitation": _APP,
    "ListInvitations": _APP,
    "GetInvitation": _APP,
    "DeleteInvitation": _APP,
}

# Asked by people and programs that have no key yet; they prove themselves in other ways (1.15).
OPEN = frozenset({"Authorize", "GetToken"})

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


@dataclass(frozen=True, slots=True)
class Claim:
    """What a header claims: to hold a key. ``objection`` takes the key's secret, its scope and the time, and tells what is
    wrong with the proof; None: it holds. The secret is empty when there is no such key."""

    key_id: str
    proof: str
    objection: Callable[[str, str, datetime], str | None]


def read_header(header: str | None) -> Claim:
    """What an ``Authorization`` header claims. Raises a 401 for what cannot be true, before anything is asked."""
    name, _, credentials = (header or "").partition(" ")
    scheme = _SCHEMES.get(name.lower())
    if scheme is None:
        raise unauthorized("Authentication is required")
    return scheme(credentials.strip())


def shown_key(key_id: str, secret: str) -> Claim:
    """The claim of somebody who shows a key's secret. Raises a 401 for an id that no key can have."""
    if not _KEY_ID.fullmatch(key_id):
        raise unauthorized(_WRONG_KEY)

    def objection(known: str, _: str, __: datetime) -> str | None:
        # Compared even when there is no such key, so that the answer takes as long.
        return None if hmac.compare_digest(secret.encode(), known.encode()) and known else _WRONG_KEY

    return Claim(key_id, f"{key_id}:{secret}", objection)


async def authenticate(
    claim: Claim, connection: Connection, services: Services, address: str, app_id: str | None
) -> Identity:
    """Who calls, for the app that the request names. Raises a 401, or a 429 for a key that calls too often."""
    row = await keys.find_key(connection, claim.key_id, app_id)
    secret = "" if row is None else services.box.open(row["secret"], keys.place(claim.key_id))
    objection = claim.objection(secret, "" if row is None else row["scope"], services.clock())
    if row is None or objection is not None:
        services.limits.wrong(address, claim.key_id, exists=row is not None)
        raise unauthorized(objection or _WRONG_KEY)
    services.limits.right(claim.proof)
    services.limits.spend(claim.key_id)
    return Identity(Caller(row["scope"], claim.key_id, row["app_id"], row["integration_id"]), row["app_exists"])


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
        raise unauthorized("The Authorization header is not well formed") from None
    key_id, _, secret = pair.partition(":")
    return shown_key(key_id, secret)


def _bearer(credentials: str) -> Claim:
    key_id = tokens.key_id_of(credentials)
    if key_id is None or not _KEY_ID.fullmatch(key_id):
        raise unauthorized(tokens.INVALID)

    def objection(secret: str, scope: str, now: datetime) -> str | None:
        return tokens.objection(credentials, secret, scope, now)

    return Claim(key_id, credentials, objection)


_WRONG_KEY = "Invalid key id or secret"
_SCHEMES: Mapping[str, Callable[[str], Claim]] = {"basic": _basic, "bearer": _bearer}
_CHALLENGE = 'Basic realm="heliograph", Bearer realm="heliograph"'


def unauthorized(title: str) -> ApiError:
    """401, with the schemes there are."""
    return ApiError(401, title, headers={"WWW-Authenticate": _CHALLENGE})
