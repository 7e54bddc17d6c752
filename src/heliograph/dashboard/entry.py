"""The door that every page stands behind. A route is made by one of the three functions here, or it is not served.

    opened     anybody: signing in, links
    signed_in  a member; ``owner=True``: an owner
    of_app     a member who sees the app in the path (``{appId}``), else 404: whether there is such an app is not told

What changes something (POST) needs the form's token, as a field or a header, and must not come from another site.
"""

from collections.abc import Awaitable, Callable
from urllib.parse import urlencode, urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from heliograph.dashboard import access, cookies, forms, once, sessions, wording
from heliograph.dashboard.frame import ROOT, Guest, House, Visit
from heliograph.dashboard.tokens import is_form_token

GET, POST = "GET", "POST"
SIGN_IN = f"{ROOT}/sign-in"

GuestPage = Callable[[Guest], Awaitable[Response]]
Page = Callable[[Visit], Awaitable[Response]]


def opened(path: str, page: GuestPage, method: str = GET) -> Route:
    """A page for anybody."""

    async def answer(request: Request) -> Response:
        guest = Guest(request, _house(request))
        try:
            _check_path(request)
            if method == POST:
                await _check_form(guest)
            return await page(guest)
        except HTTPException as refused:
            return guest.problem(refused.status_code, _detail(refused))

    return Route(ROOT + path, answer, methods=[method])


def signed_in(path: str, page: Page, method: str = GET, *, owner: bool = False) -> Route:
    """A page for members, or for owners."""

    async def answer(request: Request) -> Response:
        return await _enter(request, page, method, owner=owner)

    return Route(ROOT + path, answer, methods=[method])


def of_app(path: str, page: Page, method: str = GET, *, owner: bool = False) -> Route:
    """A page about an app: ``path`` begins with ``/apps/{appId}``."""
    assert path.startswith("/apps/{appId}"), path
    return signed_in(path, page, method, owner=owner)


async def _enter(request: Request, page: Page, method: str, *, owner: bool) -> Response:
    house = _house(request)
    visit = await _visit(request, house)
    if visit is None:
        return _lapsed(request)
    try:
        _check_path(request)
        _check_right(visit, owner=owner)
        if method == POST:
            await _check_form(visit)
        return await page(visit)
    except HTTPException as refused:
        return visit.problem(refused.status_code, _detail(refused))


async def _visit(request: Request, house: House) -> Visit | None:
    """Who asks, with what the frame around the page needs: four statements at most, on one connection."""
    cookie = cookies.token(request, cookies.SESSION)
    if cookie is None:
        return None
    now = house.services.clock()
    async with house.services.database.pool.acquire() as connection:
        session = await sessions.find(connection, cookie, now)
        if session is None:
            return None
        await sessions.seen(connection, session, now)
        visit = Visit(request, house, session=session, cookie=cookie)
        named = request.path_params.get("appId")
        if named is not None:
            visit.chosen = await access.app_of(connection, session.member, named) if "\0" not in named else None
            if visit.chosen is not None and request.method == GET:
                await access.remember(connection, session.member, named)
        if not visit.by_htmx:
            visit.apps = await access.apps_of(connection, session.member)
        if named is None and visit.apps:
            last = session.member.last_app_id
            known = await access.app_of(connection, session.member, last) if last else None
            visit.chosen = known or visit.apps[0]
    return visit


async def _check_form(guest: Guest) -> None:
    if not forms.is_from_here(guest.request, guest.services.public_url):
        raise HTTPException(403, wording.FOREIGN)
    guest.form = await forms.read(guest.request)
    given = guest.request.headers.get(forms.TOKEN_HEADER) or guest.form[forms.TOKEN_FIELD]
    if guest.seed is None or not is_form_token(given, guest.seed):
        raise HTTPException(403, wording.STALE)
    once_only = guest.form[once.FIELD]
    if once_only and not await once.use(guest.services.database, guest.seed, guest.request.url.path, once_only):
        raise HTTPException(409, wording.TWICE)


def _check_right(visit: Visit, *, owner: bool) -> None:
    """The app first: what is not theirs to see is not there, whatever they would do with it."""
    if "appId" in visit.request.path_params and visit.chosen is None:
        raise HTTPException(404)
    if owner and not visit.member.is_owner:
        raise HTTPException(403)


def _check_path(request: Request) -> None:
    """PostgreSQL holds no NUL: whatever a path with one names, it is not there."""
    if any("\0" in str(value) for value in request.path_params.values()):
        raise HTTPException(404)


def _lapsed(request: Request) -> Response:
    """Nobody is signed in: sign in first, and come back here; of what was sent, say that it was not done."""
    by_htmx = request.headers.get("hx-request") == "true"
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if by_htmx or request.method != GET:
        here = _came_from(request)
    query = {name: text for name, text in (("to", here), ("done", "" if request.method == GET else "lapsed")) if text}
    address = f"{SIGN_IN}?{urlencode(query)}" if query else SIGN_IN
    if by_htmx:
        return Response(status_code=401, headers={"HX-Redirect": address})
    if "text/event-stream" in request.headers.get("accept", ""):
        return Response(status_code=401)
    return RedirectResponse(address, 303)


def _came_from(request: Request) -> str:
    """The page of ours that something was sent from, as far as the browser tells; it is judged before anybody goes there."""
    page = urlsplit(request.headers.get("hx-current-url") or request.headers.get("referer", ""))
    if page.netloc.lower() != request.headers.get("host", "").lower():
        return ""
    return page.path + (f"?{page.query}" if page.query else "")


def _house(request: Request) -> House:
    house: House = request.app.state.house
    return house


def _detail(refused: HTTPException) -> str:
    """What was said beyond the status's own phrase."""
    return "" if refused.detail == HTTPException(refused.status_code).detail else refused.detail
