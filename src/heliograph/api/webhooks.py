"""Webhooks of a custom integration or of an OAuth client's (Sunshine reference 1.11)."""

from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import AfterValidator, Field
from starlette.responses import Response

from heliograph.api.errors import ApiError, bad_request, forbidden, not_found
from heliograph.api.operation import AppId, Call, CurrentCall, IntegrationId, Operation
from heliograph.api.validation import wrong
from heliograph.api.wire import Nothing, WebUrl, Wire, reply
from heliograph.events import TRIGGERS
from heliograph.messaging import integrations, webhooks

router = APIRouter(
    prefix="/apps/{appId}/integrations/{integrationId}/webhooks", tags=["Webhooks"], route_class=Operation
)

WebhookId = Annotated[str, Path(alias="webhookId")]

# An integration's own key may name it so.
ME = "me"


def _triggers(value: list[str]) -> list[str]:
    for name in value:
        if name not in TRIGGERS:
            raise wrong(f"has an unknown trigger: {name[:100]}")
    return value


_KNOWN = {"items": {"type": "string", "enum": sorted(TRIGGERS)}}
Triggers = Annotated[
    list[str], Field(min_length=1, max_length=100, json_schema_extra={**_KNOWN}), AfterValidator(_triggers)
]


class Webhook(Wire):
    """Webhook (2.8)."""

    id: str
    version: str
    target: str
    triggers: list[str]
    secret: str
    include_full_user: bool
    include_full_source: bool


class WebhookCreate(Wire):
    """Body of CreateWebhook, and the webhook inside a new custom integration."""

    target: WebUrl
    triggers: Triggers
    include_full_user: bool | None = None
    include_full_source: bool | None = None


class WebhookUpdate(Wire):
    """Body of UpdateWebhook."""

    target: WebUrl | None = None
    triggers: Triggers | None = None
    include_full_user: bool | None = None
    include_full_source: bool | None = None


class WebhookResponse(Wire):
    """One webhook."""

    webhook: Webhook


class WebhookListResponse(Wire):
    """All webhooks of an integration; an app has at most ten."""

    webhooks: list[Webhook]


@router.post("", operation_id="CreateWebhook", status_code=201, response_model=WebhookResponse)
async def create_webhook(
    call: CurrentCall, app_id: AppId, integration_id: IntegrationId, body: WebhookCreate
) -> Response:
    """Create a webhook."""
    owner = await _owner(call, app_id, integration_id)
    try:
        webhook = await webhooks.create(call.connection, call.services.box, app_id, owner, body.given())
    except webhooks.TooManyWebhooksError:
        raise too_many_webhooks() from None
    return reply({"webhook": webhook}, 201)


@router.get("", operation_id="ListWebhooks", response_model=WebhookListResponse)
async def list_webhooks(call: CurrentCall, app_id: AppId, integration_id: IntegrationId) -> Response:
    """List the webhooks of an integration."""
    owner = await _owner(call, app_id, integration_id)
    found = await webhooks.of_integrations(call.connection, call.services.box, app_id, [owner])
    return reply({"webhooks": found.get(owner, [])})


@router.get("/{webhookId}", operation_id="GetWebhook", response_model=WebhookResponse)
async def get_webhook(
    call: CurrentCall, app_id: AppId, integration_id: IntegrationId, webhook_id: WebhookId
) -> Response:
    """Get one webhook."""
    owner = await _owner(call, app_id, integration_id)
    return _found(await webhooks.get(call.connection, call.services.box, app_id, owner, webhook_id))


@router.patch("/{webhookId}", operation_id="UpdateWebhook", response_model=WebhookResponse)
async def update_webhook(
    call: CurrentCall, app_id: AppId, integration_id: IntegrationId, webhook_id: WebhookId, body: WebhookUpdate
) -> Response:
    """Change a webhook; its secret stays."""
    owner = await _owner(call, app_id, integration_id)
    box = call.services.box
    return _found(await webhooks.update(call.connection, box, app_id, owner, webhook_id, body.given()))


@router.delete("/{webhookId}", operation_id="DeleteWebhook", response_model=Nothing)
async def delete_webhook(
    call: CurrentCall, app_id: AppId, integration_id: IntegrationId, webhook_id: WebhookId
) -> Response:
    """Delete a webhook; what waits for it is dropped."""
    owner = await _owner(call, app_id, integration_id)
    if not await webhooks.delete(call.connection, app_id, owner, webhook_id):
        raise not_found("resource")
    return reply({})


def too_many_webhooks() -> ApiError:
    """400: the app's ten are there."""
    return bad_request(f"The app has {webhooks.MOST_WEBHOOKS} webhooks already: delete one first")


async def _owner(call: Call, app_id: str, integration_id: str) -> str:
    """The integration whose webhooks are meant: custom or an OAuth client's. An integration's key reaches only its own."""
    own = call.caller.integration_id
    if integration_id == ME and own is not None:
        return own
    kind = await integrations.type_of(call.connection, app_id, integration_id)
    if kind is None:
        raise not_found("integration")
    if own not in (None, integration_id):
        raise forbidden("A key with integration scope reaches only its own integration's webhooks")
    if not integrations.owns_webhooks(kind):
        raise forbidden("Only custom integrations and those of OAuth clients can own webhooks")
    return integration_id


def _found(webhook: dict[str, Any] | None) -> Response:
    if webhook is None:
        raise not_found("resource")
    return reply({"webhook": webhook})
