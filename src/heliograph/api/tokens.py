"""Signed tokens (Sunshine reference 4.2): a JWT, HS256, that a key's secret signs and whose ``kid`` is the key's id.

``scope`` must be the key's own. ``exp`` and ``nbf`` are honoured when they are there; other claims mean nothing to us.
"""

import math
from datetime import datetime
from typing import Any

import jwt

_ALGORITHMS = ["HS256"]

# Ours have some 250 characters. What is longer is not read.
LONGEST = 4096

# How far the clocks of signer and server may be apart.
LEEWAY_SECONDS = 30.0

INVALID = "Invalid token"
EXPIRED = "The token has expired"
EARLY = "The token is not valid yet"
WRONG_SCOPE = "The token's scope is not that of the key that signed it"

# What signatures are compared with when there is no such key, so that the answer takes as long.
_NOBODYS = "0" * 86

# Claims are judged below, by our clock: the library's own judgements are switched off, all but the signature's.
_OPTIONS: Any = {f"verify_{claim}": False for claim in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")}

# What the library raises for tokens that somebody made up; the last ones come from below it.
_REFUSALS = (jwt.PyJWTError, ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError)


def key_id_of(token: str) -> str | None:
    """The ``kid`` in a token's header, not yet to be believed. None: this is no token of ours."""
    if len(token) > LONGEST:
        return None
    try:
        header = jwt.get_unverified_header(token)
    except _REFUSALS:
        return None
    kid = header.get("kid")
    return kid if header.get("alg") in _ALGORITHMS and isinstance(kid, str) else None


def objection(token: str, secret: str, scope: str, now: datetime) -> str | None:
    """What is wrong with a token for the key of this secret and scope; None: nothing. An empty secret is nobody's."""
    try:
        claims = jwt.decode(token, secret or _NOBODYS, algorithms=_ALGORITHMS, options=_OPTIONS)
    except _REFUSALS:
        return INVALID
    if not secret:
        return INVALID
    if claims.get("scope") != scope:
        return WRONG_SCOPE
    seconds = now.timestamp()
    if "exp" in claims and not _later(claims["exp"], seconds - LEEWAY_SECONDS):
        return EXPIRED
    if "nbf" in claims and not _number(claims["nbf"]):
        return INVALID
    if "nbf" in claims and _later(claims["nbf"], seconds + LEEWAY_SECONDS):
        return EARLY
    return None


def sign(secret: str, key_id: str, app_id: str, client_id: str, now: datetime) -> str:
    """The token that an OAuth client gets (4.4): integration scope, for one app, without expiry."""
    claims = {"scope": "integration", "appId": app_id, "iat": int(now.timestamp())}
    return jwt.encode(claims, secret, algorithm="HS256", headers={"kid": key_id, "azp": client_id})


def _later(moment: Any, than: float) -> bool:
    return _number(moment) and moment > than


def _number(value: Any) -> bool:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and (isinstance(value, int) or math.isfinite(value))
    )
