"""Integrations (Sunshine reference 1.9, 2.3): instagram and custom; other types are refused until they are live.

A live channel checks, stores and explains its own fields; here stands what all types share.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import ConfigDict, Discriminator, Field, Tag
from starlette.responses import Response

from heliograph.api.errors import ApiError, bad_request, not_found
from heliograph.api.operation import AppId, Call, CurrentCall, IntegrationId, Operation, retried
from heliograph.api.pagination import cut_of, page_of
from heliograph.api.validation import tag_of
from heliograph.api.webhooks import Webhook, WebhookCreate, too_many_webhooks
from heliograph.api.wire import Links, Meta, Name, Nothing, Wire, reply
from heliograph.channels.base import ConnectError
from heliograph.messaging import integrations, webhooks

router = APIRouter(prefix="/apps/{appId}/integrations", tags=["Integrations"], route_class=Operation)

Credential = Annotated[str, Field(min_length=1, max_length=4096)]
# Ours: when replies carry Meta's HUMAN_AGENT tag.
HumanAgentTag = Literal["afterWindow", "always", "never"]
# Whether what an AI wrote says so at the channel; none is true.
ShowAIDisclaimer = Annotated[bool | None, Field(alias="showAIDisclaimer")]


class Integration(Wire):
    """Integration (2.3). A type's own fields stand beside these."""

    model_config = ConfigDict(extra="allow")

    id: str
    type: str
    status: Literal["active", "inactive", "error"]
    display_name: str | None = None
    webhooks: list[Webhook] | None = None


class InstagramCreate(Wire):
    """Body of CreateIntegration for an Instagram account."""

    type: Literal["instagram"]
    display_name: Name | None = None
    app_id: Credential
    app_secret: Credential
    page_access_token: Credential
    story_replies_enabled: bool | None = None
    story_mentions_enabled: bool | None = None
    human_agent_tag: HumanAgentTag | None = None
    show_ai_disclaimer: ShowAIDisclaimer = None


class CustomCreate(Wire):
    """Body of CreateIntegration for a webhook consumer."""

    type: Literal["custom"]
    display_name: Name | None = None
    webhooks: Annotated[list[WebhookCreate], Field(min_length=1, max_length=1)]


class OtherCreate(Wire):
    """Body of CreateIntegration for a type that is not live."""

    type: str


class IntegrationUpdate(Wire):
    """Body of UpdateIntegration: the display name (null clears it), and for Instagram its own fields."""

    display_name: Name | None = None
    page_access_token: Credential | None = None
    story_replies_enabled: bool | None = None
    story_mentions_enabled: bool | None = None
    human_agent_tag: HumanAgentTag | None = None
    show_ai_disclaimer: ShowAIDisclaimer = None


class IntegrationResponse(Wire):
    """One integration."""

    integration: Integration


class IntegrationListResponse(Wire):
    """A page of integrations."""

    integrations: list[Integration]
    meta: Meta
    links: Links


def _tag(value: Any) -> str:
    tag = tag_of(value)
    return tag if tag in ("=instagram", "=custom") else "=other"


IntegrationCreate = Annotated[
    Annotated[InstagramCreate, Tag("=instagram")]
    | Annotated[CustomCreate, Tag("=custom")]
    | Annotated[OtherCreate, Tag("=other")],
    Discriminator(_tag),
]


@router.post("", operation_id="CreateIntegration", status_code=201, response_model=IntegrationResponse)
async def create_integration(call: CurrentCall, app_id: AppId, body: IntegrationCreate) -> Response:
    """Connect a channel, or make a custom integration with its webhook."""
    services = call.services
    if isinstance(body, CustomCreate):
        return await _create_custom(call, app_id, body)
    channel = services.channels.get(body.type)
    if channel is None or isinstance(body, OtherCreate):
        raise _not_live(body.type)
    try:
        integration_id = await channel.connect(app_id, body.lean())
    except ConnectError as error:
        raise bad_request(str(error)) from None
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
    changes = body.given()
    own = {name: value for name, value in changes.items() if name != "displayName" and value is not None}
    channel = call.services.channels.get(kind)
    if channel is not None and own:
        try:
            await channel.update(app_id, integration_id, own)
        except ConnectError as error:
            raise bad_request(str(error)) from None
    if "displayName" in changes:
        async with call.services.database.transaction() as connection:
            await integrations.rename(connection, app_id, integration_id, changes["displayName"])
    return await _shown(call, app_id, integration_id, 200)


@router.delete("/{integrationId}", operation_id="DeleteIntegration", response_model=Nothing)
async def delete_integration(call: CurrentCall, app_id: AppId, integration_id: IntegrationId) -> Response:
    """Disconnect a channel, or delete a custom integration with its webhooks. Conversations stay."""
    kind = await _type(call, app_id, integration_id)
    if kind in call.services.channels:
        await call.services.channels[kind].disconnect(app_id, integration_id)

    async def delete() -> None:
        async with call.services.database.transaction() as connection:
            await integrations.delete(connection, app_id, integration_id)

    await retried(delete)
    return reply({})


async def _create_custom(call: Call, app_id: str, body: CustomCreate) -> Response:
    try:
        async with call.services.database.transaction() as connection:
            made = await integrations.create_custom(
                connection, call.services.box, app_id, body.display_name, body.webhooks[0].given()
            )
    except webhooks.TooManyWebhooksError:
        raise too_many_webhooks() from None
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


def _not_live(kind: str) -> ApiError:
    if kind in integrations.TYPES:
        return bad_request(f"type {kind} is not available on this server; it must be one of custom, instagram")
    return bad_request("Invalid integration type: type must be one of custom, instagram")


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
