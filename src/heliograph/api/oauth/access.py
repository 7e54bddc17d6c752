"""What a client does with its token besides its work (Sunshine reference 1.15): ask whose it is, and give it back."""

import ipaddress
from urllib.parse import urlsplit

from fastapi import APIRouter
from starlette.responses import Response

from heliograph.api.apps import App
from heliograph.api.errors import forbidden, not_found
from heliograph.api.operation import CurrentCall, Operation
from heliograph.api.wire import Nothing, Wire, reply
from heliograph.messaging import apps, integrations

info_router = APIRouter(tags=["OAuth Endpoints"], route_class=Operation)
revoke_router = APIRouter(prefix="/oauth", tags=["OAuth Endpoints"], route_class=Operation)


class AppWithSubdomain(App):
    """App (2.1), with the name of the server it is on."""

    subdomain: str


class TokenInfoResponse(Wire):
    """The app of a token."""

    app: AppWithSubdomain


@info_router.get("/tokenInfo", operation_id="GetTokenInfo", response_model=TokenInfoResponse)
async def get_token_info(call: CurrentCall) -> Response:
    """The app that the token is for."""
    app = await apps.get(call.connection, call.caller.app_id or "")
    if app is None:
        raise not_found("app")
    return reply({"app": {**app, "subdomain": subdomain_of(call.url)}})


@revoke_router.delete("/authorization", operation_id="RevokeAccess", response_model=Nothing)
async def revoke_access(call: CurrentCall) -> Response:
    """Give up the access: the client's integration goes, with its webhooks and tokens, and its removeUrl is called."""
    app_id, integration_id = call.caller.app_id or "", call.caller.integration_id or ""
    kind = await integrations.type_of(call.connection, app_id, integration_id)
    if kind is None or not integrations.is_oauth(kind):
        raise forbidden("Only the integration of an OAuth client can revoke its access")
    await integrations.delete(call.connection, app_id, integration_id)
    return reply({})


def subdomain_of(url: str) -> str:
    """The first label of the host that was called: what stands before ``.zendesk.com`` on the original."""
    host = urlsplit(url).hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host.partition(".")[0]
    return host
