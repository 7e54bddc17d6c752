"""The page where a person lets a client into an app (Sunshine reference 1.15, RFC 6749 4.1).

The dashboard's sessions are not used here: who holds a key of the app, or an account key, may let somebody in.

    ask ──▶ identify: key id, secret ──▶ decide: which app, allow or deny ──▶ 302 to the client
              └── wrong: again, with a word about it
"""

from typing import Any

from asyncpg.exceptions import ForeignKeyViolationError
from fastapi import APIRouter, Request
from starlette.responses import Response

from heliograph.api import body as bodies
from heliograph.api.auth import authenticate, shown_key
from heliograph.api.errors import ApiError
from heliograph.api.oauth import asked as requests
from heliograph.api.oauth import pages, tickets
from heliograph.api.oauth.asked import Asked, NowhereError, RefusedError
from heliograph.api.oauth.tickets import Ticket
from heliograph.api.operation import address_of, retried, scheme_of
from heliograph.api.services import Services
from heliograph.messaging import apps, keys
from heliograph.messaging.oauth import clients, grants
from heliograph.messaging.oauth.clients import Client
from heliograph.storage import is_id

router = APIRouter(prefix="/oauth", tags=["OAuth Endpoints"])

# Over https with the prefix that keeps neighbouring hosts from setting it.
COOKIES = {"https": "__Host-heliograph_oauth", "http": "heliograph_oauth"}

# An app can be chosen from so many; beyond, its id is typed.
MOST_LISTED = 200

_PROBLEMS = {
    401: "There is no key with this id and secret.",
    429: "Too many attempts. Wait a minute, then try again.",
}
_INTEGRATION_KEY = "An integration's key cannot let others in. Use a key of the app."
_LAPSED = "This page is too old, or was opened in another browser."
_QUERY = [
    {"name": name, "in": "query", "required": required, "schema": {"type": "string"}}
    for name, required in (("client_id", True), ("response_type", True), ("state", False), ("redirect_uri", False))
]


@router.get(
    "/authorize",
    operation_id="Authorize",
    status_code=302,
    response_class=Response,
    responses={
        200: {"description": "The page that asks the person", "content": {"text/html": {}}},
        400: {"description": "A page: there is no address to return to", "content": {"text/html": {}}},
    },
    openapi_extra={"parameters": _QUERY},
)
async def authorize(request: Request) -> Response:
    """Ask a person to let a client into an app. Opened in a browser; it comes back to the client with a code."""
    services: Services = request.app.state.services
    try:
        query = requests.fields_of(request.scope["query_string"])
        client = await _client(services, query.get("client_id", ""))
        if client is None:
            return pages.dead_end("No application is registered with this client_id.")
        asked = requests.read(query, client)
    except NowhereError as problem:
        return pages.dead_end(str(problem))
    except RefusedError as refused:
        return pages.redirect(refused.address)
    return _identify(request, client, asked)


@router.post("/authorize", include_in_schema=False)
async def answer(request: Request) -> Response:
    """The page's forms."""
    services: Services = request.app.state.services
    try:
        form = requests.fields_of(await bodies.read(request.stream()), bodies.LARGEST_BODY)
    except (NowhereError, ApiError) as problem:
        return pages.dead_end(str(problem))
    nonce = request.cookies.get(COOKIES[scheme_of(request)], "")
    ticket = tickets.unseal(services.box, form.get("ticket", ""), nonce, services.clock())
    client = await _client(services, ticket.asked.client_id) if ticket else None
    if ticket is None or client is None or ticket.asked.redirect_uri not in client.redirect_uris:
        return pages.dead_end(_LAPSED)
    if form.get("decision") == "deny":
        return pages.redirect(ticket.asked.refusal("access_denied", "The person refused"))
    if ticket.key_id is None:
        return await _identified(request, client, ticket.asked, form)
    return await _decided(request, client, ticket, form)


async def _client(services: Services, client_id: str) -> Client | None:
    if not is_id(client_id):
        return None
    async with services.database.pool.acquire() as connection:
        return await clients.find(connection, services.box, client_id)


def _identify(
    request: Request, client: Client, asked: Asked, problem: str = "", status: int = 200, key_id: str = ""
) -> Response:
    """The first step."""
    return _step(request, "identify.html", client, Ticket(asked), status, problem=problem, key_id=key_id)


async def _identified(request: Request, client: Client, asked: Asked, form: dict[str, str]) -> Response:
    """The first step's form: does this key exist, and does it reach an app?"""
    services: Services = request.app.state.services
    address, key_id = address_of(request), form.get("key_id", "").strip()
    try:
        claim = shown_key(key_id, form.get("secret", "").strip())
        services.limits.admit(address, claim.key_id, claim.proof)
        async with services.database.pool.acquire() as connection:
            identity = await authenticate(claim, connection, services, address, None)
    except ApiError as error:
        problem, status = _PROBLEMS[error.status], 429 if error.status == 429 else 400
        response = _identify(request, client, asked, problem, status, key_id[:100])
        if "Retry-After" in error.headers:
            response.headers["Retry-After"] = error.headers["Retry-After"]
        return response
    if identity.caller.scope == "integration":
        return _identify(request, client, asked, _INTEGRATION_KEY, 400)
    return await _decide(request, client, Ticket(asked, claim.key_id))


async def _decide(request: Request, client: Client, ticket: Ticket, problem: str = "", status: int = 200) -> Response:
    """The second step."""
    services: Services = request.app.state.services
    async with services.database.pool.acquire() as connection:
        key = await keys.find_key(connection, ticket.key_id or "", None)
        if key is None:
            return pages.dead_end(_LAPSED)
        choice = await apps.to_choose(connection, key["app_id"], MOST_LISTED + 1)
    more = len(choice) > MOST_LISTED
    return _step(request, "decide.html", client, ticket, status, apps=choice[:MOST_LISTED], more=more, problem=problem)


async def _decided(request: Request, client: Client, ticket: Ticket, form: dict[str, str]) -> Response:
    """The second step's form."""
    services: Services = request.app.state.services

    async def give() -> str | None:
        async with services.database.transaction() as connection:
            key = await keys.find_key(connection, ticket.key_id or "", None)
            if key is None or key["scope"] == "integration":
                return None
            app_id = str(key["app_id"] or form.get("app_id", "").strip())
            if await apps.get(connection, app_id) is None:
                return None
            uri, now = ticket.asked.redirect_uri, services.clock()
            return await grants.give_code(connection, client, app_id, ticket.key_id or "", uri, now)

    try:
        code = await retried(give)
    except ForeignKeyViolationError:  # the app, the client or the key was deleted meanwhile
        code = None
    if code is None:
        return await _decide(request, client, ticket, "Choose an app that exists.", 400)
    return pages.redirect(ticket.asked.answer(code=code))


def _step(request: Request, name: str, client: Client, ticket: Ticket, status: int, **words: Any) -> Response:
    """A page with its ticket, and the cookie that goes with it. Pages open beside each other share the cookie."""
    services: Services = request.app.state.services
    scheme = scheme_of(request)
    nonce = tickets.nonce_of(request.cookies.get(COOKIES[scheme]))
    response = pages.page(
        name,
        status,
        client=client,
        host=requests.host_of(ticket.asked.redirect_uri),
        action=request.scope["root_path"] + "/oauth/authorize",
        ticket=tickets.seal(services.box, ticket, nonce, services.clock()),
        **words,
    )
    life, secure = int(tickets.LIFE.total_seconds()), scheme == "https"
    # Lax: a client's link brings the cookie along, a foreign form does not.
    response.set_cookie(COOKIES[scheme], nonce, life, path="/", secure=secure, httponly=True, samesite="lax")
    return response
