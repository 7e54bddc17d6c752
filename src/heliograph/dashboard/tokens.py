"""Tokens that only a browser or a link holds: the database has their hashes."""

import base64
import hashlib
import hmac
import secrets


def new_token() -> str:
    """256 random bits, as text for a cookie or an address."""
    return secrets.token_urlsafe(32)


def digest_of(token: str) -> bytes:
    """What is kept of a token. It is random enough that a plain hash cannot be turned round."""
    return hashlib.sha256(token.encode()).digest()


def form_token(cookie: str) -> str:
    """The token of a browser's forms, made of its cookie: who can neither read nor set that can make none (CSRF)."""
    return base64.urlsafe_b64encode(hmac.digest(cookie.encode(), b"form", "sha256")[:18]).decode()


def is_form_token(text: str, cookie: str) -> bool:
    """Whether :func:`form_token` made this of the cookie."""
    return hmac.compare_digest(text.encode("utf-8", "replace"), form_token(cookie).encode())
