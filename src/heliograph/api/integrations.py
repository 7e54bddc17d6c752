"""Integrations (Sunshine reference 1.9, 2.3). Types with a channel here are live; custom ones have webhooks.

All other types are checked, kept and shown, and stay inactive. A live channel checks, stores and explains its own
fields; here stands what all types share.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import reduce
from operator import or_
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import ConfigDict, Discriminator, Field, Tag
from starlette.responses import Response

from heliograph.api.automatic_answer import AutomaticAnswer
from heliograph.api.errors import bad_request, not_found
from heliograph.api.integration_types import (
    CREATE_MODELS,
    FIELDS,
    SHARED,
    ResponderId,
    first_settings,
    own_changes,
    shown_settings,
)
from heliograph.api.operation import AppId, Call, CurrentCall, IntegrationId, Operation, retried
from heliograph.api.pagination import cut_of, page_of
from heliograph.api.services import Services
from heliograph.api.validation import tag_of
from heliograph.api.webhooks import Webhook, WebhookCreate, too_many_webhooks
from heliograph.api.wire import Links, Meta, Name, Nothing, Wire, reply
from heliograph.channels.base import ConnectError, GoneError
from heliograph.messaging import integrations, webhooks

router = APIRouter(prefix="/apps/{appId}/integrations", tags=["Integrations"], route_class=Operation)


class Integration(Wire):
    """Integration (2.3). A type's own fields stand beside these."""

    model_config = ConfigDict(extra="allow")

    id: str
    type: str
    status: Literal["active", "inactive", "error"]
    display_name: str | None = None
    webhooks: list[Webhook] | None = None


class CustomCreate(Wire):
    """Body of CreateIntegration for a webhook consumer."""

    type: Literal["custom"]
    display_name: Name | None = None
    webhooks: Annotated[list[WebhookCreate], Field(min_length=1, max_length=1)]


class UnknownCreate(Wire):
    """Body of CreateIntegration for a type that is none of the wire's."""

    type: str


class IntegrationUpdate(Wire):
    """Body of UpdateIntegration: what all types share (null clears). A type's own fields stand beside these."""

    model_config = ConfigDict(extra="allow")

    display_name: Name | None = None
    default_responder_id: ResponderId | None = None
    show_ai_disclaimer: Annotated[bool, Field(alias="showAIDisclaimer")] = True
    automatic_answer: AutomaticAnswer | None = None


class IntegrationResponse(Wire):
    """One integration."""

    integration: Integration


class IntegrationListResponse(Wire):
    """A page of integrations."""

    integrations: list[Integration]
    meta: Meta
    links: Links


def _tag(value: Any) -> str:
    tag = tag_of(value) or ""
    return tag if tag == "=custom" or tag[1:] in FIELDS else "=unknown"


# One member for each row of the table of types.
_MEMBERS: Any = reduce(or_, (Annotated[model, Tag(f"={kind}")] for kind, model in CREATE_MODELS.items()))
IntegrationCreate = Annotated[
    _MEMBERS | Annotated[CustomCreate, Tag("=custom")] | Annotated[UnknownCreate, Tag("=unknown")],
    Discriminator(_tag),
]


@router.post("", operation_id="CreateIntegration", status_code=201, response_model=IntegrationResponse)
async def create_integration(call: CurrentCall, app_id: AppId, body: IntegrationCreate) -> Response:
    """Connect a channel, make a custom integration with its webhook, or keep one of another type, which is inactive."""
    if isinstance(body, CustomCreate):
        return await _create_custom(call, app_id, body)
    if isinstance(body, UnknownCreate):
        raise bad_request(f"Invalid integration type: type must be one of {', '.join(integrations.TYPES)}")
    if body.type not in call.services.channels:
        return await _create_inactive(call, app_id, body)
    with _told():
        integration_id = await connect(call.services, app_id, body.lean())
    return await _shown(call, app_id, integration_id, 201)


@router.get("", operation_id="ListIntegrations", response_model=IntegrationListResponse)
async def list_integrations(call: CurrentCall, app_id: AppId) -> Response:
    """List the integrations of an app; ``filter[types]`` is a comma-separated list."""
    cut = cut_of(call.query)
    types = _types(call.query.get("filter", {}).get("types"))
    page = await integrations.list_integrations(call.connection, call.services.box, app_id, types, cut)
    return reply(page_of(call, "integrations", page.rows, cut, page))


@router.get("/{integrationId}", operation_id="GetIntegration", response_model=IntegrationResponse)
async def get_integration(call: CurrentCall, app_id: AppId, integration_id: IntegrationId) -> Response:
    """Get one integration."""
    return _found(await integrations.get(call.connection, call.services.box, app_id, integration_id))


@router.patch("/{integrationId}", operation_id="UpdateIntegration", response_model=IntegrationResponse)
async def update_integration(
    call: CurrentCall, app_id: AppId, integration_id: IntegrationId, body: IntegrationUpdate
) -> Response:
    """Change an integration. The channel goes first: what it refuses changes nothing."""
    kind = await _type(call, app_id, integration_id)
    with _told():
        await change(call.services, app_id, integration_id, kind, body)
    return await _shown(call, app_id, integration_id, 200)


@router.delete("/{integrationId}", operation_id="DeleteIntegration", response_model=Nothing)
async def delete_integration(call: CurrentCall, app_id: AppId, integration_id: IntegrationId) -> Response:
    """Disconnect a channel, or delete a custom integration with its webhooks. Conversations stay."""
    kind = await _type(call, app_id, integration_id)
    await remove(call.services, app_id, integration_id, kind)
    return reply({})


# What is done, whoever asks: the API, or a page of the dashboard.


async def connect(services: Services, app_id: str, request: Mapping[str, Any]) -> str:
    """Connect an account of a live channel by a checked create body; the integration's id. Raises :class:`ConnectError`."""
    integration_id = await services.channels[request["type"]].connect(app_id, request)
    shared = {name: value for name, value in request.items() if name in SHARED}
    if shared:
        async with services.database.transaction() as connection:
            await integrations.change(connection, app_id, integration_id, shared)
    return integration_id


async def change(services: Services, app_id: str, integration_id: str, kind: str, body: IntegrationUpdate) -> None:
    """Change an integration of a type. The channel goes first: what it refuses changes nothing.

    Raises :class:`ConnectError`, and an :class:`ApiError` for what a type's own fields may not be.
    """
    given = body.given()
    own = own_changes(kind, given)
    # What all types share, but for custom ones, which have a name alone.
    changes = {name: given[name] for name in ("displayName", *(SHARED if kind != "custom" else ())) if name in given}
    channel = services.channels.get(kind)
    if channel is None:
        changes |= shown_settings(kind, own)
    elif own := {name: value for name, value in own.items() if value is not None}:
        await channel.update(app_id, integration_id, own)
    if changes:
        async with services.database.transaction() as connection:
            await integrations.change(connection, app_id, integration_id, changes)


async def remove(services: Services, app_id: str, integration_id: str, kind: str) -> None:
    """Disconnect an integration at its channel, then delete it. Conversations stay."""
    if kind in services.channels:
        await services.channels[kind].disconnect(app_id, integration_id)

    async def delete() -> None:
        async with services.database.transaction() as connection:
            await integrations.delete(connection, app_id, integration_id)

    await retried(delete)


@contextmanager
def _told() -> Iterator[None]:
    """What a channel refuses, as the wire says it."""
    try:
        yield
    except GoneError as error:
        raise not_found(error.what) from None
    except ConnectError as error:
        raise bad_request(str(error)) from None


async def _create_custom(call: Call, app_id: str, body: CustomCreate) -> Response:
    try:
        async with call.services.database.transaction() as connection:
            made = await integrations.create_custom(
                connection, call.services.box, app_id, body.display_name, body.webhooks[0].given()
            )
    except webhooks.TooManyWebhooksError:
        raise too_many_webhooks() from None
    return reply({"integration": made}, 201)


async def _create_inactive(call: Call, app_id: str, body: Any) -> Response:
    given = body.lean()
    shared = {name: given[name] for name in SHARED if name in given}
    settings = first_settings(body.type, given) | shared
    async with call.services.database.transaction() as connection:
        made = await integrations.create_inactive(connection, app_id, body.type, body.display_name, settings)
    return reply({"integration": made}, 201)


async def _type(call: Call, app_id: str, integration_id: str) -> str:
    async with call.services.database.pool.acquire() as connection:
        kind = await integrations.type_of(connection, app_id, integration_id)
    if kind is None:
        raise not_found("integration")
    return kind


async def _shown(call: Call, app_id: str, integration_id: str, status: int) -> Response:
    async with call.services.database.pool.acquire() as connection:
        found = await integrations.get(connection, call.services.box, app_id, integration_id)
    return _found(found, status)


def _types(value: Any) -> list[str] | None:
    if value is None:
        return None
    types = [name.strip() for name in value.split(",")] if isinstance(value, str) else [""]
    for name in types:
        if name not in integrations.TYPES and not integrations.is_oauth(name):
            raise bad_request(f"filter[types] has an unknown integration type: {name[:100]}")
    return types


def _found(integration: Mapping[str, Any] | None, status: int = 200) -> Response:
    if integration is None:
        raise not_found("integration")
    return reply({"integration": integration}, status)
