"""Switchboard integrations (Sunshine reference 1.12): who is on a switchboard; ten at most."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import AfterValidator, Field, model_validator
from starlette.responses import Response

from heliograph.api.errors import ApiError, bad_request, not_found
from heliograph.api.operation import AppId, CurrentCall, Operation
from heliograph.api.switchboards import SwitchboardId, no_such_place
from heliograph.api.validation import wrong, wrong_together
from heliograph.api.wire import Nothing, Wire, reply
from heliograph.messaging.switchboard import boards, integrations
from heliograph.messaging.switchboard.targets import NEXT

router = APIRouter(
    prefix="/apps/{appId}/switchboards/{switchboardId}/switchboardIntegrations",
    tags=["Switchboard Integrations"],
    route_class=Operation,
)

SwitchboardIntegrationId = Annotated[str, Path(alias="switchboardIntegrationId")]


_NAME = re.compile(r"[A-Za-z0-9_-]+")


def _name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise wrong("must consist of letters, digits, '-' and '_'")
    if value == NEXT:
        raise wrong(f"must not be {NEXT}: in actions this word means the next switchboard integration")
    return value


PlaceName = Annotated[str, Field(min_length=1, max_length=128), AfterValidator(_name)]
HistoryCount = Annotated[int, Field(ge=1, le=10)]


class SwitchboardIntegration(Wire):
    """SwitchboardIntegration (1.12)."""

    id: str
    name: str
    integration_id: str
    integration_type: str
    deliver_standby_events: bool
    next_switchboard_integration_id: str | None = None
    message_history_count: int | None = None


class SwitchboardIntegrationUpdate(Wire):
    """Body of UpdateSwitchboardIntegration; null clears the last two."""

    name: PlaceName | None = None
    integration_id: str | None = None
    integration_type: str | None = None
    deliver_standby_events: bool | None = None
    next_switchboard_integration_id: str | None = None
    message_history_count: HistoryCount | None = None

    @model_validator(mode="after")
    def _not_both(self) -> "SwitchboardIntegrationUpdate":
        if self.integration_id is not None and self.integration_type is not None:
            raise wrong_together("integrationId and integrationType exclude each other")
        return self


class SwitchboardIntegrationCreate(SwitchboardIntegrationUpdate):
    """Body of CreateSwitchboardIntegration."""

    name: PlaceName

    @model_validator(mode="after")
    def _one(self) -> "SwitchboardIntegrationCreate":
        if self.integration_id is None and self.integration_type is None:
            raise wrong_together("one of integrationId, integrationType must be given")
        return self


class SwitchboardIntegrationResponse(Wire):
    """One switchboard integration."""

    switchboard_integration: SwitchboardIntegration


class SwitchboardIntegrationListResponse(Wire):
    """Everybody on a switchboard."""

    switchboard_integrations: list[SwitchboardIntegration]


@router.post(
    "",
    operation_id="CreateSwitchboardIntegration",
    status_code=201,
    response_model=SwitchboardIntegrationResponse,
)
async def create_switchboard_integration(
    call: CurrentCall, app_id: AppId, switchboard_id: SwitchboardId, body: SwitchboardIntegrationCreate
) -> Response:
    """Put an integration on a switchboard."""
    with _translated():
        made = await integrations.create(call.connection, app_id, switchboard_id, body.given())
    return reply({"switchboardIntegration": made}, 201)


@router.get("", operation_id="ListSwitchboardIntegrations", response_model=SwitchboardIntegrationListResponse)
async def list_switchboard_integrations(call: CurrentCall, app_id: AppId, switchboard_id: SwitchboardId) -> Response:
    """List who is on a switchboard."""
    with _translated():
        found = await integrations.list_of(call.connection, app_id, switchboard_id)
    return reply({"switchboardIntegrations": found})


@router.patch(
    "/{switchboardIntegrationId}",
    operation_id="UpdateSwitchboardIntegration",
    response_model=SwitchboardIntegrationResponse,
)
async def update_switchboard_integration(
    call: CurrentCall,
    app_id: AppId,
    switchboard_id: SwitchboardId,
    own_id: SwitchboardIntegrationId,
    body: SwitchboardIntegrationUpdate,
) -> Response:
    """Change a switchboard integration."""
    with _translated():
        changed = await integrations.update(call.connection, app_id, switchboard_id, own_id, body.given())
    return reply({"switchboardIntegration": changed})


@router.delete("/{switchboardIntegrationId}", operation_id="DeleteSwitchboardIntegration", response_model=Nothing)
async def delete_switchboard_integration(
    call: CurrentCall, app_id: AppId, switchboard_id: SwitchboardId, own_id: SwitchboardIntegrationId
) -> Response:
    """Take an integration off a switchboard; it gets every event again."""
    with _translated():
        await integrations.delete(call.connection, app_id, switchboard_id, own_id)
    return reply({})


@contextmanager
def _translated() -> Iterator[None]:
    """What the switchboard refuses, as the wire says it."""
    try:
        yield
    except boards.SwitchboardNotFoundError:
        raise not_found("switchboard") from None
    except boards.SwitchboardIntegrationNotFoundError as error:
        raise (no_such_place(str(error)) if str(error) else not_found("switchboardIntegration")) from None
    except integrations.IntegrationNotFoundError as error:
        raise ApiError(404, f"{error} names no integration of this app", code="integration_not_found") from None
    except integrations.TooManyError:
        raise ApiError(
            400,
            "Switchboard has reached the max number of switchboard integrations"
            f" ({integrations.MOST_ON_A_SWITCHBOARD})",
            code="too_many_switchboard_integrations",
        ) from None
    except integrations.UnfitError as error:
        raise bad_request(str(error)) from None
