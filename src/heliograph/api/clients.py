"""Clients (Sunshine reference 1.14)."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from heliograph.api.errors import not_found
from heliograph.api.operation import AppId, CurrentCall, Operation, UserId
from heliograph.api.pagination import cut_of, page_of
from heliograph.api.wire import Links, Meta, Wire, reply
from heliograph.messaging import clients, users

router = APIRouter(prefix="/apps/{appId}/users/{userIdOrExternalId}/clients", tags=["Clients"], route_class=Operation)


class Client(Wire):
    """Client (2.5)."""

    id: str
    type: str
    status: str
    integration_id: str | None = None
    external_id: str | None = None
    last_seen: str | None = None
    linked_at: str | None = None
    display_name: str | None = None
    avatar_url: str | None = None
    raw: dict[str, Any] | None = None


class ClientListResponse(Wire):
    """A page of clients."""

    clients: list[Client]
    meta: Meta
    links: Links


@router.get("", operation_id="ListClients", response_model=ClientListResponse)
async def list_clients(call: CurrentCall, app_id: AppId, user_id: UserId) -> Response:
    """List the clients of a user."""
    cut = cut_of(call.query)
    user = await users.find(call.connection, app_id, user_id)
    if user is None:
        raise not_found("user")
    page = await clients.list_clients(call.connection, app_id, user["id"], cut)
    return reply(page_of(call, "clients", page.rows, cut, page))
