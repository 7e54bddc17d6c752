"""The control API as one FastAPI application. Its errors always name the field that is to blame."""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from heliograph.simulator.control import (
    comment_routes,
    connection_routes,
    fault_routes,
    instagram_routes,
    login_routes,
    meta_routes,
    routing_routes,
    rules_routes,
    system_routes,
    thread_routes,
    world_routes,
)
from heliograph.simulator.control.lookup import ControlError
from heliograph.simulator.world import World

_DESCRIPTION = (
    "Play Meta's side: make apps, accounts and people, write as them, move the clock, order faults, read the wire. "
    "Ids are strings. Wherever a person is named, their id or their IGSID is accepted."
)


def create_control(world: World) -> FastAPI:
    """The application under ``/_simulator``."""
    api = FastAPI(
        title="Heliograph simulator",
        version="1",
        description=_DESCRIPTION,
        servers=[{"url": "/_simulator"}],
        docs_url=None,
        redoc_url=None,
    )
    api.state.world = world
    # Routes are tried in order: the busy ones, a message first of all, come first.
    for rooms in (
        thread_routes,
        world_routes,
        system_routes,
        meta_routes,
        comment_routes,
        routing_routes,
        rules_routes,
        instagram_routes,
        login_routes,
        fault_routes,
        connection_routes,
    ):
        api.include_router(rooms.router)

    @api.exception_handler(ControlError)
    async def refused(request: Request, problem: Exception) -> JSONResponse:
        assert isinstance(problem, ControlError)
        return _error(problem.status, problem.field, problem.message)

    @api.exception_handler(RequestValidationError)
    async def invalid(request: Request, problem: Exception) -> JSONResponse:
        assert isinstance(problem, RequestValidationError)
        first = problem.errors()[0]
        # The first part of the place says only whether it was the body or the query.
        field = ".".join(str(part) for part in first["loc"][1:]) or "body"
        return _error(422, field, str(first["msg"]))

    @api.exception_handler(HTTPException)
    async def failed(request: Request, problem: Exception) -> JSONResponse:
        assert isinstance(problem, HTTPException)
        return _error(problem.status_code, "path", f"{problem.detail}. GET /_simulator/docs lists what there is.")

    return api


def _error(status: int, field: str, message: str) -> JSONResponse:
    return JSONResponse({"error": {"field": field, "message": message}}, status)
