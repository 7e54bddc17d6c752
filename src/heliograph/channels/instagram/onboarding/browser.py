"""The cookie that binds a login to the browser in which it was begun. Pure: for whatever page sets or reads it."""

import re
import secrets
from collections.abc import Mapping
from typing import Any

# Longer than the row of a login lives (:mod:`attempts`): who comes late hears that it took too long, and nothing else.
MAX_AGE_SECONDS = 2 * 60 * 60
_NONCE = re.compile(r"[A-Za-z0-9_-]{43}")


def cookie_name(public_url: str) -> str:
    """Its name. Over https it carries the prefix that keeps other hosts and plain http from setting it."""
    return "__Host-heliograph-login" if public_url.startswith("https://") else "heliograph-login"


def cookie(public_url: str, nonce: str) -> dict[str, Any]:
    """The arguments of Starlette's ``set_cookie``. Lax: the return from Meta is a plain navigation, and must carry it."""
    return {
        "key": cookie_name(public_url),
        "value": nonce,
        "max_age": MAX_AGE_SECONDS,
        "path": "/",
        "secure": public_url.startswith("https://"),
        "httponly": True,
        "samesite": "lax",
    }


def nonce_of(public_url: str, cookies: Mapping[str, str]) -> str:
    """The nonce that a browser brought, or an empty text."""
    found = cookies.get(cookie_name(public_url), "")
    return found if _NONCE.fullmatch(found) else ""


def new_nonce() -> str:
    """A nonce of 256 bits."""
    return secrets.token_urlsafe(32)
