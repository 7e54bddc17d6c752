"""How an integration does: what its channel's doctor found (ours).

GET tells of the last examination and changes nothing, however often it is asked. POST examines now: it asks the channel,
repairs what it can, and may change the integration's status; so it is no GET, and no flag of one.
"""

from datetime import datetime, timedelta
from typing import Literal

from fastapi import APIRouter
from starlette.responses import Response

from heliograph.api.errors import ApiError, bad_request, not_found
from heliograph.api.operation import AppId, Call, CurrentCall, IntegrationId, Operation
from heliograph.api.wire import Wire, reply
from heliograph.channels.health import Doctor, PausedError, Report
from heliograph.messaging import integrations

router = APIRouter(
    prefix="/apps/{appId}/integrations/{integrationId}/health", tags=["Integrations"], route_class=Operation
)

# Who asks again within so long gets the same report: the channel is not asked as often as we are.
FRESH = timedelta(seconds=5)


class Finding(Wire):
    """What one check found."""

    check: str
    title: str
    state: Literal["ok", "warning", "broken", "unknown", "not_applicable"]
    finding: str
    consequence: str
    repair: list[str]
    link: str
    stops: list[Literal["sending", "receiving"]]
    repairable: bool
    repaired: bool


class Health(Wire):
    """The last report of an integration."""

    integration_id: str
    status: Literal["active", "inactive", "error"]
    state: Literal["ok", "warning", "broken", "unknown"]
    checked_at: str | None
    last_webhook_at: str | None
    findings: list[Finding]


class HealthResponse(Wire):
    """How an integration does."""

    health: Health


@router.get("", operation_id="GetIntegrationHealth", response_model=HealthResponse)
async def get_health(call: CurrentCall, app_id: AppId, integration_id: IntegrationId) -> Response:
    """Tell what the last examination of an integration found."""
    doctor = await _doctor(call, app_id, integration_id)
    return _shown(await doctor.report(app_id, integration_id))


@router.post("", operation_id="CheckIntegrationHealth", response_model=HealthResponse)
async def check_health(call: CurrentCall, app_id: AppId, integration_id: IntegrationId) -> Response:
    """Examine an integration now, repair what can be repaired, and tell what was found."""
    doctor = await _doctor(call, app_id, integration_id)
    try:
        return _shown(await examined(doctor, app_id, integration_id, call.services.clock()))
    except PausedError as paused:
        wait = max(1, round(paused.seconds))
        raise ApiError(
            429,
            f"The channel wants this account left alone for {wait} s: try again then",
            headers={"Retry-After": str(wait)},
        ) from None


async def examined(doctor: Doctor, app_id: str, integration_id: str, now: datetime) -> Report | None:
    """Examine now, unless somebody just did; the report. None: there is none. Raises :class:`PausedError`."""
    last = await doctor.report(app_id, integration_id)
    if last is not None and last.checked_at is not None and now - last.checked_at < FRESH:
        return last
    return await doctor.examine(app_id, integration_id)


async def _doctor(call: Call, app_id: str, integration_id: str) -> Doctor:
    async with call.services.database.pool.acquire() as connection:
        kind = await integrations.type_of(connection, app_id, integration_id)
    if kind is None:
        raise not_found("integration")
    channel = call.services.channels.get(kind)
    if channel is None:
        raise bad_request(f"Integrations of the type {kind} have no channel here that could be examined")
    return channel.doctor


def _shown(report: Report | None) -> Response:
    if report is None:
        raise not_found("integration")
    return reply({"health": report.wire()})
