"""Keys of apps (Sunshine reference 1.2) and of custom integrations (1.10)."""

from enum import Enum
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from heliograph.api.errors import bad_request, not_found
from heliograph.api.operation import AppId, Call, CurrentCall, IntegrationId, KeyId, Operation
from heliograph.api.wire import Name, Nothing, Wire, reply
from heliograph.messaging import integrations, keys

router = APIRouter(prefix="/apps/{appId}", route_class=Operation)

_OF_APP = "/keys"
_OF_INTEGRATION = "/integrations/{integrationId}/keys"
_APP_TAGS: list[str | Enum] = ["App Keys"]
_INTEGRATION_TAGS: list[str | Enum] = ["CustomIntegrationApiKeys"]


class Key(Wire):
    """Key (2.8)."""

    id: str
    display_name: str
    secret: str


class KeyCreate(Wire):
    """Body of CreateAppKey and CreateCustomIntegrationKey."""

    display_name: Name


class KeyResponse(Wire):
    """One key."""

    key: Key


class KeyListResponse(Wire):
    """All keys of an owner; there are at most ten."""

    keys: list[Key]


@router.post(_OF_APP, operation_id="CreateAppKey", status_code=201, response_model=KeyResponse, tags=_APP_TAGS)
async def create_app_key(call: CurrentCall, app_id: AppId, body: KeyCreate) -> Response:
    """Create a key with app scope."""
    return await _create(call, "app", app_id, None, body.display_name)


@router.get(_OF_APP, operation_id="ListAppKeys", response_model=KeyListResponse, tags=_APP_TAGS)
async def list_app_keys(call: CurrentCall, app_id: AppId) -> Response:
    """List the keys of an app."""
    return reply({"keys": await keys.list_keys(call.connection, call.services.box, "app", app_id)})


@router.get(_OF_APP + "/{keyId}", operation_id="GetAppKey", response_model=KeyResponse, tags=_APP_TAGS)
async def get_app_key(call: CurrentCall, app_id: AppId, key_id: KeyId) -> Response:
    """Get one key of an app."""
    return _found(await keys.get_key(call.connection, call.services.box, "app", app_id, None, key_id))


@router.delete(_OF_APP + "/{keyId}", operation_id="DeleteAppKey", response_model=Nothing, tags=_APP_TAGS)
async def delete_app_key(call: CurrentCall, app_id: AppId, key_id: KeyId) -> Response:
    """Delete a key of an app; it stops working at once."""
    return _gone(await keys.delete_key(call.connection, "app", app_id, None, key_id))


@router.post(
    _OF_INTEGRATION,
    operation_id="CreateCustomIntegrationKey",
    status_code=201,
    response_model=KeyResponse,
    tags=_INTEGRATION_TAGS,
)
async def create_integration_key(
    call: CurrentCall, app_id: AppId, integration_id: IntegrationId, body: KeyCreate
) -> Response:
    """Create a key with the scope of a custom integration."""
    await _need_custom(call, app_id, integration_id)
    return await _create(call, "integration", app_id, integration_id, body.display_name)


@router.get(
    _OF_INTEGRATION, operation_id="ListCustomIntegrationKeys", response_model=KeyListResponse, tags=_INTEGRATION_TAGS
)
async def list_integration_keys(call: CurrentCall, app_id: AppId, integration_id: IntegrationId) -> Response:
    """List the keys of a custom integration."""
    await _need_custom(call, app_id, integration_id)
    found = await keys.list_keys(call.connection, call.services.box, "integration", app_id, integration_id)
    return reply({"keys": found})


@router.get(
    _OF_INTEGRATION + "/{keyId}",
    operation_id="GetCustomIntegrationKey",
    response_model=KeyResponse,
    tags=_INTEGRATION_TAGS,
)
async def get_integration_key(
    call: CurrentCall, app_id: AppId, integration_id: IntegrationId, key_id: KeyId
) -> Response:
    """Get one key of a custom integration."""
    await _need_custom(call, app_id, integration_id)
    box = call.services.box
    return _found(await keys.get_key(call.connection, box, "integration", app_id, integration_id, key_id))


@router.delete(
    _OF_INTEGRATION + "/{keyId}",
    operation_id="DeleteCustomIntegrationKey",
    response_model=Nothing,
    tags=_INTEGRATION_TAGS,
)
async def delete_integration_key(
    call: CurrentCall, app_id: AppId, integration_id: IntegrationId, key_id: KeyId
) -> Response:
    """Delete a key of a custom integration; it stops working at once."""
    await _need_custom(call, app_id, integration_id)
    return _gone(await keys.delete_key(call.connection, "integration", app_id, integration_id, key_id))


async def _need_custom(call: Call, app_id: str, integration_id: str) -> None:
    kind = await integrations.type_of(call.connection, app_id, integration_id)
    if kind is None:
        raise not_found("integration")
    if kind != "custom":
        raise bad_request("API keys are available only for custom integrations")


async def _create(call: Call, scope: str, app_id: str, integration_id: str | None, display_name: str) -> Response:
    try:
        key = await keys.create_key(call.connection, call.services.box, scope, app_id, integration_id, display_name)
    except keys.TooManyKeysError:
        raise bad_request(f"There are {keys.MOST_KEYS} keys already: delete one first") from None
    return reply({"key": key}, 201)


def _found(key: dict[str, Any] | None) -> Response:
    if key is None:
        raise not_found("resource")
    return reply({"key": key})


def _gone(was_there: bool) -> Response:
    if not was_there:
        raise not_found("resource")
    return reply({})
