"""Switchboards (Sunshine reference 1.12): one an app."""

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from heliograph.api.errors import ApiError, bad_request, not_found
from heliograph.api.operation import AppId, CurrentCall, Operation
from heliograph.api.wire import Nothing, Wire, reply
from heliograph.messaging.switchboard import boards

router = APIRouter(prefix="/apps/{appId}/switchboards", tags=["Switchboards"], route_class=Operation)

SwitchboardId = Annotated[str, Path(alias="switchboardId")]


class Switchboard(Wire):
    """Switchboard (1.12)."""

    id: str
    enabled: bool
    default_switchboard_integration_id: str | None = None


class SwitchboardUpdate(Wire):
    """Body of UpdateSwitchboard."""

    enabled: bool | None = None
    default_switchboard_integration_id: str | None = None


class SwitchboardResponse(Wire):
    """One switchboard."""

    switchboard: Switchboard


class SwitchboardListResponse(Wire):
    """The switchboards of an app: one or none."""

    switchboards: list[Switchboard]


@router.post("", operation_id="CreateSwitchboard", status_code=201, response_model=SwitchboardResponse)
async def create_switchboard(call: CurrentCall, app_id: AppId) -> Response:
    """Create the app's switchboard, disabled."""
    made = await boards.create(call.connection, app_id)
    if made is None:
        raise bad_request("Only one switchboard can be created per app")
    return reply({"switchboard": made}, 201)


@router.get("", operation_id="ListSwitchboards", response_model=SwitchboardListResponse)
async def list_switchboards(call: CurrentCall, app_id: AppId) -> Response:
    """List the switchboards of an app."""
    return reply({"switchboards": await boards.of_app(call.connection, app_id)})


@router.patch("/{switchboardId}", operation_id="UpdateSwitchboard", response_model=SwitchboardResponse)
async def update_switchboard(
    call: CurrentCall, app_id: AppId, switchboard_id: SwitchboardId, body: SwitchboardUpdate
) -> Response:
    """Enable or disable a switchboard, or choose who gets control first."""
    default_id = body.default_switchboard_integration_id
    try:
        changed = await boards.update(
            call.connection, app_id, switchboard_id, enabled=body.enabled, default_id=default_id
        )
    except boards.SwitchboardNotFoundError:
        raise not_found("switchboard") from None
    except boards.SwitchboardIntegrationNotFoundError as error:
        raise no_such_place(str(error)) from None
    except boards.NoDefaultError:
        raise ApiError(
            404,
            "Enabled switchboard must have an associated default switchboardIntegration:"
            " defaultSwitchboardIntegrationId is missing",
            code="switchboard_integration_not_found",
        ) from None
    return reply({"switchboard": changed})


@router.delete("/{switchboardId}", operation_id="DeleteSwitchboard", response_model=Nothing)
async def delete_switchboard(call: CurrentCall, app_id: AppId, switchboard_id: SwitchboardId) -> Response:
    """Delete a switchboard and its switchboard integrations; their integrations get every event again."""
    try:
        await boards.delete(call.connection, app_id, switchboard_id)
    except boards.SwitchboardNotFoundError:
        raise not_found("switchboard") from None
    return reply({})


def no_such_place(field: str) -> ApiError:
    """404: ``field`` of a body names no switchboard integration."""
    return ApiError(
        404, f"{field} names no switchboard integration of this switchboard", code="switchboard_integration_not_found"
    )
