"""Connect an Instagram account to Heliograph with Facebook Login, by redirect.

    /  ──▶ /login ──▶ Meta's dialog ──▶ /callback ──▶ /pages: choose ──▶ POST /connect ──▶ done

The browser holds one cookie with a random id. State, proof key, tokens and Pages stay on the server, under that id.
"""

import argparse
import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import aiohttp
import jinja2
from aiohttp import web
from settings import SCOPES, Settings

from meta import Page, RefusedError, connect, missing_permissions, pages, user_token

HERE = Path(__file__).parent
COOKIE = "sample_session"
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
TEMPLATES = jinja2.Environment(loader=jinja2.FileSystemLoader(HERE / "templates"), autoescape=True)
SETTINGS = web.AppKey("settings", Settings)
HTTP = web.AppKey("http", aiohttp.ClientSession)
SESSIONS = web.AppKey("sessions", dict)


@dataclass
class Session:
    """What the server knows of one browser. A real product keeps this in its database, and lets it end."""

    form_token: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    state: str = ""
    verifier: str = ""
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


def page(request: web.Request, name: str, status: int = 200, **words: object) -> web.Response:
    """A page out of a template."""
    text = TEMPLATES.get_template(name).render(settings=request.app[SETTINGS], **words)
    return web.Response(text=text, content_type="text/html", status=status, headers=HEADERS)


def problem(request: web.Request, title: str, advice: str, status: int = 400) -> web.Response:
    """A page that says what is wrong and what to do."""
    return page(request, "problem.html", status, title=title, advice=advice)


async def home(request: web.Request) -> web.Response:
    """The button."""
    return page(request, "home.html")


async def login(request: web.Request) -> web.Response:
    """Send the person to Meta, with a state and a proof key that only this browser's session knows."""
    settings = request.app[SETTINGS]
    session = Session(state=secrets.token_urlsafe(32), verifier=secrets.token_urlsafe(64))
    challenge = base64.urlsafe_b64encode(hashlib.sha256(session.verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "client_id": settings.facebook_app_id,
        "redirect_uri": f"{settings.public_url}/callback",
        "response_type": "code",
        "state": session.state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    asked |= {"config_id": settings.facebook_config_id} if settings.facebook_config_id else {"scope": SCOPES}
    if "again" in request.query:
        asked["auth_type"] = "rerequest"
    response = web.Response(
        status=303, headers={"Location": f"{settings.dialog_url}/{settings.version}/dialog/oauth?{urlencode(asked)}"}
    )
    begin(request, response, session)
    return response


async def callback(request: web.Request) -> web.Response:
    """The person returns: check the state, exchange the code, read the Pages."""
    settings, session = request.app[SETTINGS], session_of(request)
    expected, session.state = session.state, ""  # good for one return
    if not expected or not hmac.compare_digest(expected.encode(), request.query.get("state", "").encode()):
        return problem(request, "This login was not begun here", "Begin it again from this site.")
    if "error" in request.query:
        return problem(request, "You cancelled the login", "Nothing was connected. You can begin again.", 200)
    try:
        token = await user_token(
            request.app[HTTP],
            settings,
            code=request.query.get("code", ""),
            redirect_uri=f"{settings.public_url}/callback",
            code_verifier=session.verifier,
        )
        known = Session(pages=await pages(request.app[HTTP], settings, token))
        known.missing = await missing_permissions(request.app[HTTP], settings, token)
    except RefusedError as refusal:
        return problem(request, "The login did not work", str(refusal))
    response = web.Response(status=303, headers={"Location": "/pages"})
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
    app.router.add_get("/login", login)
    app.router.add_get("/callback", callback)
    app.router.add_get("/pages", choose)
    app.router.add_post("/connect", connected)
    app.router.add_static("/static", HERE / "static")
    return app


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=8010)
    parser.add_argument("--demo", type=Path, help="the demo.json of a running demo; otherwise see README.md")
    given = parser.parse_args()
    url = f"http://127.0.0.1:{given.port}"
    settings = Settings.of_demo(given.demo, url) if given.demo else Settings.of_environment(url)
    web.run_app(create(settings), host="127.0.0.1", port=given.port, print=lambda _: print(f"Open {url}/", flush=True))


if __name__ == "__main__":
    main()
