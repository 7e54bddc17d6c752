"""What every operation goes through before its own code runs.

    read body ──▶ header ──▶ authenticate, limits ──▶ scope, app ──▶ query ──▶ parse body ──▶ transaction { the operation }

Nothing is held while the client is still sending, and nobody who names no key gets a connection. Everything an
operation writes, it writes in the one transaction that is opened here; an error of any kind rolls it back. Operations
that wait for a channel open their own, so that no connection is held meanwhile. Operations that take a file read their
body themselves, as it comes, after everything else was checked.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar
from urllib.parse import unquote

from asyncpg.exceptions import DeadlockDetectedError, ForeignKeyViolationError
from fastapi import Depends, Path, Request
from fastapi.routing import APIRoute
from starlette.datastructures import Headers
from starlette.responses import Response

from heliograph.api import body as bodies
from heliograph.api import query as queries
from heliograph.api.auth import Caller, authenticate, authorize, read_header
from heliograph.api.errors import ApiError, not_found
from heliograph.api.query import ALLOWED, Query
from heliograph.api.services import Services
from heliograph.storage import Connection

# These read a body of any size themselves.
STREAMED = frozenset({"UploadAttachment"})

# These ask a channel, which may talk over the network, or wait for the client.
OUTSIDE_TRANSACTION = STREAMED | {
    "CreateIntegration", "UpdateIntegration", "DeleteIntegration", "DeleteApp", "PostConversionEvents",
    "GetIntegrationHealth", "CheckIntegrationHealth", "CreateInvitation",
}  # fmt: skip

T = TypeVar("T")

_TRIES = 3


@dataclass(frozen=True, slots=True)
class Call:
    """One authenticated request. ``connection`` is inside the operation's transaction, where it has one from here.

    ``url`` is the request's own address without query, its prefix kept. ``raw`` is the body as it came, except for
    operations in STREAMED: these read ``stream``, and know it by ``headers``.
    """

    services: Services
    caller: Caller
    query: Query
    url: str
    raw: bytes
    connection: Connection
    stream: AsyncIterator[bytes]
    headers: Headers


class _ReadRequest(Request):
    """A request whose body was read and parsed."""

    raw: bytes
    parsed: Any

    async def body(self) -> bytes:
        return self.raw

    async def json(self) -> Any:
        return self.parsed


class Operation(APIRoute):
    """A route that is an operation of the wire; its ``operation_id`` names its row in the tables."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        names = [
            {"name": name, "in": "query", "required": False, "schema": {"type": "object" if members else "string"}}
            | ({"style": "deepObject", "explode": True} if members else {})
            for name, members in ALLOWED.get(options.get("operation_id") or "", {}).items()
        ]
        if names:
            options["openapi_extra"] = {"parameters": names, **(options.get("openapi_extra") or {})}
        super().__init__(path, endpoint, **options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The framework's handler, with everything above before it."""
        answer = super().get_route_handler()
        operation = self.operation_id or ""
        takes_body = self.body_field is not None
        needs_body = self.body_field is not None and self.body_field.field_info.is_required()
        reads = self.methods == {"GET"}
        streams = operation in STREAMED

        async def handle(request: Request) -> Response:
            stream = request.stream()
            try:
                return await take(request, stream)
            except ForeignKeyViolationError:  # what it would hang on was deleted meanwhile
                refusal = not_found("resource")
            except ApiError as error:
                refusal = error
            if streams:
                await bodies.drain(stream)
            raise refusal

        async def take(request: Request, stream: AsyncIterator[bytes]) -> Response:
            services: Services = request.app.state.services
            path = {name: unquote(value) for name, value in request.path_params.items()}
            app_id = path.get("appId")
            raw = await bodies.read(stream) if takes_body else b""
            if any("\0" in value for value in path.values()):
                raise not_found("resource")
            claim, address = read_header(request.headers.get("authorization")), address_of(request)
            services.limits.admit(address, claim.key_id, claim.proof)
            async with services.database.pool.acquire() as connection:
                identity = await authenticate(claim, connection, services, address, app_id)
                authorize(identity, operation, app_id)
                query = queries.parse(operation, request.scope["query_string"])
                read = _ReadRequest({**request.scope, "path_params": path})
                read.raw = raw
                parses = needs_body or (takes_body and raw)
                read.parsed = bodies.parse(request.headers.get("content-type"), raw) if parses else None
                inside = None if operation in OUTSIDE_TRANSACTION else connection
                caller, headers = identity.caller, request.headers
                read.state.call = Call(services, caller, query, _url(request), raw, inside, stream, headers)
                if inside is not None:
                    return await (answer(read) if reads else _in_transaction(connection, answer, read))
            return await answer(read)

        return handle


async def retried(work: Callable[[], Awaitable[T]]) -> T:
    """Do a transaction's work; a deadlock with a worker is settled by doing it again."""
    for _ in range(_TRIES - 1):
        try:
            return await work()
        except DeadlockDetectedError:
            continue
    return await work()


def _in_transaction(
    connection: Connection, answer: Callable[[Request], Awaitable[Response]], request: Request
) -> Awaitable[Response]:
    async def once() -> Response:
        async with connection.transaction():
            return await answer(request)

    return retried(once)


def address_of(request: Request) -> str:
    """Whom we are connected to: the caller, or a proxy. What a proxy says of the caller, any caller could say."""
    return request.client.host if request.client else ""


def scheme_of(request: Request) -> str:
    """http or https, as far as a proxy in front of us tells."""
    scheme = request.headers.get("x-forwarded-proto", request.scope["scheme"]).partition(",")[0].strip()
    return scheme if scheme in ("http", "https") else "http"


def _url(request: Request) -> str:
    host = request.headers.get("host") or "localhost"
    return f"{scheme_of(request)}://{host}{request.scope['path']}"


async def _current(request: Request) -> Call:  # plain functions would cost a hop to a thread
    call: Call = request.state.call
    return call


CurrentCall = Annotated[Call, Depends(_current)]
AppId = Annotated[str, Path(alias="appId")]
IntegrationId = Annotated[str, Path(alias="integrationId")]
ConversationId = Annotated[str, Path(alias="conversationId")]
UserId = Annotated[str, Path(alias="userIdOrExternalId")]
KeyId = Annotated[str, Path(alias="keyId")]
