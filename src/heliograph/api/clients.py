"""Clients (Sunshine reference 1.14)."""

from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.responses import Response

from heliograph.api.client_links import ClientCreate
from heliograph.api.errors import bad_request, not_found
from heliograph.api.operation import AppId, CurrentCall, Operation, UserId
from heliograph.api.pagination import cut_of, page_of
from heliograph.api.users import find_user
from heliograph.api.wire import Links, Meta, Nothing, Wire, reply
from heliograph.messaging import clients, integrations, participants

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


class ClientResponse(Wire):
    """One client."""

    client: Client


class ClientListResponse(Wire):
    """A page of clients."""

    clients: list[Client]
    meta: Meta
    links: Links


@router.post("", operation_id="CreateClient", status_code=201, response_model=ClientResponse)
async def create_client(call: CurrentCall, app_id: AppId, user_id: UserId, body: ClientCreate) -> Response:
    """Link a user to another channel. None of those that can be linked into is live here: `client:remove` says so."""
    user = await find_user(call, app_id, user_id)
    if not await participants.takes_part(call.connection, app_id, body.target.conversation_id, user["id"]):
        raise not_found("conversation")
    criteria = body.match_criteria
    kind, integration_id = criteria.type, criteria.integration_id
    there = await integrations.type_of(call.connection, app_id, integration_id)
    if there is None:
        raise not_found("integration")
    if there != kind:
        raise bad_request(f"matchCriteria.integrationId is of type {there}; matchCriteria.type is {kind}")
    link = {"type": kind, "integrationId": integration_id, "externalId": criteria.address or criteria.phone_number}
    conversation_id = body.target.conversation_id
    now = call.services.clock()
    client = await clients.fail_link(call.connection, app_id, user, conversation_id, link, now)
    if client is None:
        raise not_found("conversation")
    return reply({"client": client}, 201)


@router.get("", operation_id="ListClients", response_model=ClientListResponse)
async def list_clients(call: CurrentCall, app_id: AppId, user_id: UserId) -> Response:
    """List the clients of a user."""
    cut = cut_of(call.query)
    user = await find_user(call, app_id, user_id)
    page = await clients.list_clients(call.connection, app_id, user["id"], cut)
    return reply(page_of(call, "clients", page.rows, cut, page))


@router.delete("/{clientId}", operation_id="RemoveClient", response_model=Nothing)
async def remove_client(
    call: CurrentCall, app_id: AppId, user_id: UserId, client_id: Annotated[str, Path(alias="clientId")]
) -> Response:
    """Take a client from its user and from all conversations."""
    user = await find_user(call, app_id, user_id)
    try:
        await clients.remove(call.connection, app_id, user["id"], client_id, call.services.clock())
    except clients.ClientNotFoundError:
        raise not_found("client") from None
    except clients.SdkClientError:
        raise bad_request("Cannot remove a client of type 'sdk'") from None
    return reply({})
