"""Devices (Sunshine reference 1.14): what SDK clients run on. No SDK reports to this server, so nobody has any."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path
from starlette.responses import Response

from heliograph.api.errors import not_found
from heliograph.api.operation import AppId, CurrentCall, Operation, UserId
from heliograph.api.users import find_user
from heliograph.api.wire import Wire, reply

router = APIRouter(prefix="/apps/{appId}/users/{userIdOrExternalId}/devices", tags=["Devices"], route_class=Operation)


class Device(Wire):
    """Device (2.5)."""

    id: str
    type: Literal["android", "ios", "web"]
    guid: str
    client_id: str
    status: Literal["active", "inactive"]
    integration_id: str
    last_seen: str
    push_notification_token: str | None = None
    info: dict[str, Any] | None = None
    app_version: str | None = None


class DeviceResponse(Wire):
    """One device."""

    device: Device


class DeviceListResponse(Wire):
    """Devices, the newest first."""

    devices: list[Device]


@router.get("", operation_id="ListDevices", response_model=DeviceListResponse)
async def list_devices(call: CurrentCall, app_id: AppId, user_id: UserId) -> Response:
    """List the devices of a user."""
    await find_user(call, app_id, user_id)
    return reply({"devices": []})


@router.get("/{deviceId}", operation_id="GetDevice", response_model=DeviceResponse)
async def get_device(
    call: CurrentCall,
    app_id: AppId,
    user_id: UserId,
    device_id: Annotated[str, Path(alias="deviceId")],
) -> Response:
    """Get one device."""
    await find_user(call, app_id, user_id)
    raise not_found("device")
