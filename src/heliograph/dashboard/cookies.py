"""The dashboard's cookies. Over https each has the prefix that keeps neighbouring hosts from setting it."""

import re

from starlette.requests import Request
from starlette.responses import Response

from heliograph.api.operation import scheme_of
from heliograph.messaging import way_back

SESSION = "heliograph_session"
# Whose forms these are, before there is a session.
DOOR = "heliograph_door"
# That a member signed in here before; it lets nobody in.
KNOWN = "heliograph_known"

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


def token(request: Request, name: str) -> str | None:
    """A token in a cookie, or None when there is none of the right shape."""
    value = request.cookies.get(_full(request, name), "")
    return value if _TOKEN.fullmatch(value) else None


def text(request: Request, name: str) -> str:
    """A cookie's text."""
    return request.cookies.get(_full(request, name), "")


def put(request: Request, response: Response, name: str, value: str, seconds: int | None = None) -> None:
    """Set a cookie; without ``seconds`` until the browser is closed."""
    secure = _is_https(request)
    # Lax: a link from elsewhere finds the person signed in, a form from elsewhere does not.
    response.set_cookie(_full(request, name), value, seconds, path="/", secure=secure, httponly=True, samesite="lax")


def drop(request: Request, response: Response, name: str) -> None:
    """Take a cookie away."""
    secure = _is_https(request)
    response.delete_cookie(_full(request, name), path="/", secure=secure, httponly=True, samesite="lax")


def _full(request: Request, name: str) -> str:
    return f"__Host-{name}" if _is_https(request) else name


def _is_https(request: Request) -> bool:
    """Whether the browser's connection is safe: a proxy says so, or the public address is https, and it is at that. A
    proxy that says nothing must not cost a session its ``Secure``."""
    public = request.app.state.house.services.public_url
    at_it = public.startswith("https://") and request.headers.get("host", "").lower() == way_back.host_of(public)
    return at_it or scheme_of(request) == "https"
