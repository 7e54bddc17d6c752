"""Puts the API together."""

from fastapi import APIRouter
from starlette.types import ASGIApp

from heliograph.api import (
    activities,
    apps,
    clients,
    conversations,
    errors,
    integrations,
    keys,
    messages,
    participants,
    users,
    webhooks,
)
from heliograph.api.asgi import Front
from heliograph.api.document import DocumentedApp
from heliograph.api.operation import Operation
from heliograph.api.reference import page_of
from heliograph.api.services import Services

# The busiest first: routes are tried in this order.
_RESOURCES = (
    messages, activities, conversations, participants, users, clients, webhooks, keys, integrations, apps,
)  # fmt: skip


def create_api(services: Services) -> ASGIApp:
    """The API as an ASGI app, for the paths ``/v2/…``, ``/sc/v2/…``, ``/openapi.json`` and ``/reference``."""
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
        app.include_router(router, prefix="/v2", responses={"4XX": {"model": errors.ErrorResponse}})
    app.add_route("/reference", page_of(app.openapi), include_in_schema=False)
    return Front(app)
