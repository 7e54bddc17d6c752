"""Puts the API together."""

from typing import Any

from fastapi import APIRouter
from starlette.types import ASGIApp

from heliograph.api import (
    activities,
    apps,
    attachments,
    clients,
    commitments,
    conversations,
    conversion_events,
    devices,
    errors,
    integration_health,
    integrations,
    invitations,
    keys,
    messages,
    oauth,
    participants,
    switchboard_actions,
    switchboard_integrations,
    switchboards,
    users,
    webhooks,
)
from heliograph.api.asgi import Front
from heliograph.api.document import DocumentedApp
from heliograph.api.operation import Operation
from heliograph.api.privacy import page_of as requests_page_of
from heliograph.api.reference import page_of
from heliograph.api.services import Services
from heliograph.messaging.owner_requests import STATUS_PATH

# The busiest first: routes are tried in this order.
_RESOURCES = (
    messages, activities, switchboard_actions, conversations, participants, users, clients, attachments, devices,
    conversion_events, commitments, webhooks, keys, integration_health, integrations, switchboard_integrations,
    switchboards, invitations, apps,
)  # fmt: skip

_ERRORS: dict[int | str, dict[str, Any]] = {"4XX": {"model": errors.ErrorResponse}}


def create_api(services: Services) -> ASGIApp:
    """The API as an ASGI app: ``/v2/…``, ``/oauth/…``, ``/openapi.json`` and ``/reference``, all also under ``/sc``."""
    app = DocumentedApp(
        title="Heliograph",
        description="A messaging server for Instagram Direct. Wire-compatible with Sunshine Conversations API v2.",
        version="2",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        strict_content_type=False,
    )
    app.state.services = services
    errors.install(app)
    for resource in _RESOURCES:
        router: APIRouter = resource.router
        assert router.route_class is Operation
        app.include_router(router, prefix="/v2", responses=_ERRORS)
    app.include_router(oauth.info_router, prefix="/v2", responses=_ERRORS)
    for router in (oauth.authorize_router, oauth.token_router, oauth.revoke_router):
        app.include_router(router, responses=_ERRORS)
    app.add_route("/reference", page_of(app.openapi), include_in_schema=False)
    app.add_route(f"{STATUS_PATH}/{{code}}", requests_page_of(services.database), include_in_schema=False)
    return Front(app)
