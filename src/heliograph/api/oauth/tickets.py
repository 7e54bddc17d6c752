"""What the page remembers between its steps: sealed into the form itself, so that the server keeps nothing.

A ticket holds for ten minutes, in the browser it was made for: the nonce in it is also in a cookie, which no other site
can read or set here. Thus a form that somebody else prepared is refused (CSRF).
"""

import base64
import binascii
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson

from heliograph.api.oauth.asked import Asked
from heliograph.storage import SecretBox
from heliograph.storage.secrets import SecretError

LIFE = timedelta(minutes=10)
_PLACE = "oauth_ticket"
_NONCE = re.compile(r"[A-Za-z0-9_-]{32}")


@dataclass(frozen=True, slots=True)
class Ticket:
    """What was asked; and, in the second step, the key that the person proved to hold."""

    asked: Asked
    key_id: str | None = None


def nonce_of(cookie: str | None) -> str:
    """The nonce in a browser's cookie, or a new one for it."""
    return cookie if cookie and _NONCE.fullmatch(cookie) else secrets.token_urlsafe(24)


def seal(box: SecretBox, ticket: Ticket, nonce: str, now: datetime) -> str:
    """The ticket as text for a form."""
    asked = ticket.asked
    until = (now + LIFE).timestamp()
    content = [nonce, until, asked.client_id, asked.redirect_uri, asked.state, ticket.key_id]
    return base64.urlsafe_b64encode(box.seal(orjson.dumps(content).decode(), _PLACE)).decode()


def unseal(box: SecretBox, text: str, nonce: str, now: datetime) -> Ticket | None:
    """The ticket in a form; None when it is not ours, too old, or another browser's."""
    try:
        content = orjson.loads(box.open(base64.urlsafe_b64decode(text), _PLACE))
    except (SecretError, binascii.Error, ValueError):
        return None
    known, until, client_id, redirect_uri, state, key_id = content
    if not hmac.compare_digest(known.encode(), nonce.encode()) or now.timestamp() > until:
        return None
    return Ticket(Asked(client_id, redirect_uri, state), key_id)
