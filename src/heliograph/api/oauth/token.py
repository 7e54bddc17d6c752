"""A code for a token (Sunshine reference 1.15; RFC 6749 4.1.3, 5.1, 5.2).

An error is told in RFC 6749's words and in this API's, side by side: ``error`` and ``error_description`` for OAuth
libraries, ``errors`` for everybody else.
"""

import base64
import binascii
import hmac
from typing import Any
from urllib.parse import unquote_plus

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from heliograph.api import body as bodies
from heliograph.api import tokens
from heliograph.api.auth import unauthorized
from heliograph.api.errors import CODES
from heliograph.api.oauth import asked as requests
from heliograph.api.operation import address_of, retried
from heliograph.api.services import Services
from heliograph.api.wire import Wire
from heliograph.messaging.oauth import clients, grants
from heliograph.messaging.oauth.clients import Client
from heliograph.storage import is_id

router = APIRouter(prefix="/oauth", tags=["OAuth Endpoints"])

_FORM = "application/x-www-form-urlencoded"
_FIELDS = ("code", "grant_type", "client_id", "client_secret")
_LONGEST = 2048
_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_SCHEMA = {
    "type": "object",
    "required": list(_FIELDS),
    "properties": {name: {"type": "string"} for name in (*_FIELDS, "redirect_uri")},
}


class TokenResponse(Wire):
    """Body of GetToken; OAuth's own names."""

    access_token: str
    token_type: str


class _OAuthError(Exception):
    """An error of RFC 6749, 5.2."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error, self.description, self.status = error, description, status

    def response(self) -> Response:
        body = {
            "error": self.error,
            "error_description": self.description,
            "errors": [{"code": CODES[self.status], "title": self.description}],
        }
        headers = {**_NO_STORE, **(unauthorized("").headers if self.status == 401 else {})}
        return Response(orjson.dumps(body), self.status, headers, "application/json")


@router.post(
    "/token",
    operation_id="GetToken",
    response_model=TokenResponse,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {kind: {"schema": _SCHEMA} for kind in ("application/json", _FORM)},
        }
    },
)
async def get_token(request: Request) -> Response:
    """Exchange a code for a token. Called by the client's server."""
    services: Services = request.app.state.services
    try:
        fields = await _read(request)
        client = await _client(services, fields, address_of(request))
        token = await _exchange(services, client, fields)
    except _OAuthError as error:
        return error.response()
    return Response(
        orjson.dumps({"access_token": token, "token_type": "Bearer"}), 200, dict(_NO_STORE), "application/json"
    )


async def _read(request: Request) -> dict[str, str]:
    raw = await bodies.read(request.stream())
    content_type = request.headers.get("content-type")
    fields: dict[str, Any]
    if (content_type or "").partition(";")[0].strip().lower() == _FORM:
        try:
            fields = dict(requests.fields_of(raw))
        except requests.NowhereError as problem:
            raise _OAuthError("invalid_request", str(problem)) from None
    else:
        fields = {name: value for name, value in bodies.parse(content_type, raw).items() if value is not None}
    fields |= _from_header(request.headers.get("authorization"))
    for name in _FIELDS:
        if name not in fields:
            raise _OAuthError("invalid_request", f"should have required property '{name}'")
    for name in (*_FIELDS, "redirect_uri"):
        if not isinstance(fields.get(name, ""), str) or len(fields.get(name, "")) > _LONGEST:
            raise _OAuthError("invalid_request", f"{name} must be a string of at most {_LONGEST} characters")
    if fields["grant_type"] != "authorization_code":
        raise _OAuthError("unsupported_grant_type", "grant_type must be authorization_code")
    return fields


def _from_header(header: str | None) -> dict[str, str]:
    """A client may show itself by Basic authentication instead (RFC 6749, 2.3.1)."""
    scheme, _, credentials = (header or "").partition(" ")
    if scheme.lower() != "basic":
        return {}
    try:
        client_id, _, secret = base64.b64decode(credentials, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        raise _OAuthError("invalid_client", "The Authorization header is not well formed", 401) from None
    return {"client_id": unquote_plus(client_id), "client_secret": unquote_plus(secret)}


async def _client(services: Services, fields: dict[str, str], address: str) -> Client:
    client_id, secret = fields["client_id"], fields["client_secret"]
    if not is_id(client_id):
        raise _wrong_client()
    proof = f"{client_id}:{secret}"
    services.limits.admit(address, client_id, proof)
    async with services.database.pool.acquire() as connection:
        client = await clients.find(connection, services.box, client_id)
    # Compared even when there is no such client, so that the answer takes as long.
    matches = hmac.compare_digest(secret.encode(errors="replace"), (client.secret if client else "").encode())
    if client is None or not matches:
        services.limits.wrong(address, client_id, exists=client is not None)
        raise _wrong_client()
    services.limits.right(proof)
    return client


def _wrong_client() -> _OAuthError:
    return _OAuthError("invalid_client", "Invalid client_id or client_secret", 401)


async def _exchange(services: Services, client: Client, fields: dict[str, str]) -> str:
    now = services.clock()

    async def work() -> grants.Grant | None:
        async with services.database.transaction() as connection:
            uri = fields.get("redirect_uri")
            return await grants.exchange(connection, services.box, client, fields["code"], uri, now)

    grant = await retried(work)
    if grant is None:
        raise _OAuthError("invalid_grant", "The code is unknown, too old, used before, or another client's")
    return tokens.sign(grant.secret, grant.key_id, grant.app_id, client.id, now)
