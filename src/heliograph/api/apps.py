"""Apps (Sunshine reference 1.1)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from heliograph.api.errors import bad_request, not_found
from heliograph.api.operation import AppId, CurrentCall, Operation, retried
from heliograph.api.pagination import cut_of, page_of
from heliograph.api.services import Services
from heliograph.api.wire import Links, Meta, Metadata, Name, Nothing, Wire, reply
from heliograph.messaging import apps, integrations, shapes

router = APIRouter(prefix="/apps", tags=["Apps"], route_class=Operation)


_Days = Annotated[int, Field(ge=0, le=36_500)]


class Retention(Wire):
    """How many days an app keeps what; an extension. 0, or nothing: for ever, or as the installation has it."""

    messages_days: _Days | None = None
    events_days: _Days | None = None
    media_days: _Days | None = None


class AppSettings(Wire):
    """Settings of an app (2.1). ``retention`` is an extension; it is set as a whole."""

    conversation_retention_seconds: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None
    mask_credit_card_numbers: bool | None = None
    use_animal_names: bool | None = None
    echo_postback: bool | None = None
    ignore_auto_conversation_start: bool | None = None
    multi_convo_enabled: bool | None = None
    app_localization_enabled: bool | None = None
    end_session_enabled: bool | None = None
    disable_conversation_reopen: bool | None = None
    retention: Retention | None = None


class App(Wire):
    """App (2.1)."""

    id: str
    display_name: str
    settings: AppSettings
    metadata: dict[str, Any]


class AppCreate(Wire):
    """Body of CreateApp."""

    display_name: Name
    settings: AppSettings | None = None
    metadata: Metadata | None = None


class AppUpdate(Wire):
    """Body of UpdateApp."""

    display_name: Name = ""
    settings: AppSettings | None = None
    metadata: Metadata | None = None


class AppResponse(Wire):
    """One app."""

    app: App


class AppListResponse(Wire):
    """A page of apps."""

    apps: list[App]
    meta: Meta
    links: Links


@router.post("", operation_id="CreateApp", status_code=201, response_model=AppResponse)
async def create_app(call: CurrentCall, body: AppCreate) -> Response:
    """Create an app."""
    with _translated():
        return reply({"app": await apps.create(call.connection, body.display_name, body.given())}, 201)


@router.get("", operation_id="ListApps", response_model=AppListResponse)
async def list_apps(call: CurrentCall) -> Response:
    """List all apps, a page at a time."""
    cut = cut_of(call.query)
    page = await apps.list_apps(call.connection, cut)
    return reply(page_of(call, "apps", [shapes.app(row) for row in page.rows], cut, page))


@router.get("/{appId}", operation_id="GetApp", response_model=AppResponse)
async def get_app(call: CurrentCall, app_id: AppId) -> Response:
    """Get one app."""
    return _found(await apps.get(call.connection, app_id))


@router.patch("/{appId}", operation_id="UpdateApp", response_model=AppResponse)
async def update_app(call: CurrentCall, app_id: AppId, body: AppUpdate) -> Response:
    """Change an app."""
    with _translated():
        return _found(await apps.update(call.connection, app_id, body.given()))


@router.delete("/{appId}", operation_id="DeleteApp", response_model=Nothing)
async def delete_app(call: CurrentCall, app_id: AppId) -> Response:
    """Delete an app with everything in it, and unsubscribe its integrations at their channels.

    What is in it cannot be reached after the answer; its rows go in the background.
    """
    await take_down(call.services, app_id)
    return reply({})


async def take_down(services: Services, app_id: str) -> None:
    """Disconnect an app's integrations at their channels, one after the other, then delete the app."""
    async with services.database.pool.acquire() as connection:
        connected = await integrations.all_of(connection, app_id)
    for integration_id, kind in connected:
        if kind in services.channels:
            await services.channels[kind].disconnect(app_id, integration_id)
            # Gone before the next one disconnects: a channel unsubscribes only what no other integration needs.
            async with services.database.transaction() as connection:
                await integrations.drop(connection, app_id, integration_id)

    async def delete() -> None:
        async with services.database.transaction() as connection:
            await apps.delete(connection, app_id)

    await retried(delete)


@contextmanager
def _translated() -> Iterator[None]:
    """What the settings refuse, as the wire says it."""
    try:
        yield
    except apps.OneWayError:
        raise bad_request("settings.multiConvoEnabled cannot be turned off again") from None
    except apps.NeedsSeveralConversationsError as error:
        raise bad_request(f"settings.{error} needs settings.multiConvoEnabled to be true") from None


def _found(app: dict[str, Any] | None) -> Response:
    if app is None:
        raise not_found("app")
    return reply({"app": app})
