"""Connect an Instagram account to Heliograph with Facebook's JavaScript SDK.

    /  ──▶ FB.login: Meta's dialog in a popup ──▶ a code ──▶ POST /login ──▶ /pages: choose ──▶ POST /connect ──▶ done

The browser gets a code, which is worth nothing without the app secret. Tokens and Pages stay on the server.
"""

import argparse
import hmac
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import jinja2
from aiohttp import web
from settings import SCOPES, Settings

from meta import Page, RefusedError, connect, missing_permissions, pages, user_token

HERE = Path(__file__).parent
COOKIE = "sample_session"
TEMPLATES = jinja2.Environment(loader=jinja2.FileSystemLoader(HERE / "templates"), autoescape=True)
SETTINGS = web.AppKey("settings", Settings)
HTTP = web.AppKey("http", aiohttp.ClientSession)
SESSIONS = web.AppKey("sessions", dict)


@dataclass
class Session:
    """What the server knows of one browser. A real product keeps this in its database, and lets it end."""

    form_token: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    pages: list[Page] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


def session_of(request: web.Request) -> Session:
    """The session of the browser's cookie; an empty one when it has none, which nothing belongs to."""
    return request.app[SESSIONS].get(request.cookies.get(COOKIE, "")) or Session()


def begin(request: web.Request, response: web.StreamResponse, session: Session) -> None:
    """Keep a session under a new id. An id that somebody planted in the browser is worth nothing after a login."""
    request.app[SESSIONS].pop(request.cookies.get(COOKIE, ""), None)
    key = secrets.token_urlsafe(32)
    request.app[SESSIONS][key] = session
    response.set_cookie(
        COOKIE, key, httponly=True, samesite="Lax", secure=request.app[SETTINGS].public_url[:5] == "https"
    )


def headers(settings: Settings) -> dict[str, str]:
    """Nothing inline; scripts from here and from where the SDK is, which may also talk to its own hosts."""
    sdk = "{0.scheme}://{0.netloc}".format(urlsplit(settings.sdk_url))
    meta = sdk if settings.simulated else f"{sdk} https://*.facebook.com"
    policy = (
        f"default-src 'none'; script-src 'self' {sdk}; connect-src 'self' {meta}; frame-src {meta}; img-src {meta}; "
    )
    return {
        "Content-Security-Policy": policy
        + "style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }


def page(request: web.Request, name: str, status: int = 200, **words: object) -> web.Response:
    """A page out of a template."""
    settings = request.app[SETTINGS]
    text = TEMPLATES.get_template(name).render(settings=settings, **words)
    return web.Response(text=text, content_type="text/html", status=status, headers=headers(settings))


def problem(request: web.Request, title: str, advice: str, status: int = 400) -> web.Response:
    """A page that says what is wrong and what to do."""
    return page(request, "problem.html", status, title=title, advice=advice)


async def home(request: web.Request) -> web.Response:
    """The button, with a token that only this browser's session knows."""
    session = Session()
    response = page(request, "home.html", form_token=session.form_token, scopes=SCOPES, again="again" in request.query)
    begin(request, response, session)
    return response


async def login(request: web.Request) -> web.Response:
    """Take the code that the SDK gave the page; exchange it, read the Pages.

    A code of the SDK's popup is exchanged with an empty ``redirect_uri``.
    """
    settings, session = request.app[SETTINGS], session_of(request)
    told = request.headers.get("X-Form-Token", "")
    if not hmac.compare_digest(session.form_token.encode(), told.encode()):
        return web.json_response({"problem": "This login was not begun here. Load the page again."}, status=403)
    try:
        code = str((await request.json())["code"])
    except (ValueError, KeyError, TypeError):
        return web.json_response({"problem": "The code is missing. Log in again."}, status=400)
    try:
        token = await user_token(request.app[HTTP], settings, code=code, redirect_uri="")
        known = Session(pages=await pages(request.app[HTTP], settings, token))
        known.missing = await missing_permissions(request.app[HTTP], settings, token)
    except RefusedError as refusal:
        return web.json_response({"problem": f"The login did not work: {refusal}"}, status=400)
    response = web.json_response({"problem": None})
    begin(request, response, known)
    return response


async def choose(request: web.Request) -> web.Response:
    """The Pages, those that can be connected first."""
    session = session_of(request)
    listed = sorted(session.pages, key=lambda one: bool(one.reason))
    return page(request, "pages.html", pages=listed, missing=session.missing, form_token=session.form_token)


async def connected(request: web.Request) -> web.Response:
    """Connect the chosen Page. It must be one that this session was shown: an id from elsewhere has no token here."""
    session, form = session_of(request), await request.post()
    if not hmac.compare_digest(session.form_token.encode(), str(form.get("form_token", "")).encode()):
        return problem(request, "This form is not from here", "Open the list of Pages again.", 403)
    chosen = next((one for one in session.pages if one.id == form.get("page") and not one.reason), None)
    if chosen is None:
        return problem(request, "No Page was chosen", "Go back and choose one of those that can be connected.")
    try:
        integration = await connect(request.app[HTTP], request.app[SETTINGS], chosen)
    except RefusedError as refusal:
        return problem(request, f"{chosen.name} could not be connected", str(refusal))
    return page(request, "done.html", integration=integration, chosen=chosen)


async def client(app: web.Application):
    """One HTTP client for as long as the server runs."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as app[HTTP]:
        yield


def create(settings: Settings) -> web.Application:
    """The application."""
    app = web.Application()
    app[SETTINGS], app[SESSIONS] = settings, {}
    app.cleanup_ctx.append(client)
    app.router.add_get("/", home)
    app.router.add_post("/login", login)
    app.router.add_get("/pages", choose)
    app.router.add_post("/connect", connected)
    app.router.add_static("/static", HERE / "static")
    return app


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=8020)
    parser.add_argument("--demo", type=Path, help="the demo.json of a running demo; otherwise see README.md")
    given = parser.parse_args()
    url = f"http://127.0.0.1:{given.port}"
    settings = Settings.of_demo(given.demo, url) if given.demo else Settings.of_environment(url)
    web.run_app(create(settings), host="127.0.0.1", port=given.port, print=lambda _: print(f"Open {url}/", flush=True))


if __name__ == "__main__":
    main()
