"""What a person grants to an app in the login dialog, until the app fetches it with the code."""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass

from heliograph.simulator.clock import Clock

CODE_LIFE_MS = 10 * 60_000
"""A code is good for about ten minutes, once."""
INSTAGRAM_CODE_LIFE_MS = 60 * 60_000
"""One of Instagram Login for an hour."""


@dataclass(frozen=True, slots=True)
class Grant:
    """One consent. ``targets`` narrows scopes to the chosen Pages and accounts."""

    app_id: str
    owner_id: str
    scopes: tuple[str, ...]
    targets: dict[str, list[str]]
    redirect_uri: str
    expires_ms: int
    account_id: str | None = None
    """The professional account that logged in, by Instagram Login."""
    challenge: tuple[str, str] | None = None
    """PKCE's method and value; the exchange must then bring the ``code_verifier``."""
    system: bool = False
    """Whether the token is a business integration's system user's."""

    def proved_by(self, verifier: str | None) -> bool:
        """Whether a ``code_verifier`` is the one of the challenge (RFC 7636, 4.6). Without a challenge nothing is asked."""
        if self.challenge is None:
            return True
        method, value = self.challenge
        told = (verifier or "").encode()
        if method == "S256":
            told = base64.urlsafe_b64encode(hashlib.sha256(told).digest()).rstrip(b"=")
        return hmac.compare_digest(told, value.encode())


class Grants:
    """The codes that were given out. They are not kept over a restart; a login is then begun anew."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._open: dict[str, Grant] = {}
        self._used: set[str] = set()

    def give(
        self,
        app_id: str,
        owner_id: str,
        scopes: list[str],
        targets: dict[str, list[str]],
        uri: str,
        account_id: str | None = None,
        challenge: tuple[str, str] | None = None,
        system: bool = False,
    ) -> str:
        """A code for a consent that was just given; ``account_id`` by Instagram Login."""
        code = "AQ" + secrets.token_urlsafe(120)
        expires = self._clock.now_ms() + (INSTAGRAM_CODE_LIFE_MS if account_id else CODE_LIFE_MS)
        self._open[code] = Grant(app_id, owner_id, tuple(scopes), targets, uri, expires, account_id, challenge, system)
        return code

    def used(self, code: str) -> bool:
        """Whether a code was already exchanged."""
        return code in self._used

    def take(self, code: str, app_id: str, redirect_uri: str) -> Grant | None:
        """The consent behind a code, once; None for a code that is unknown, late, or another app's or address's."""
        grant = self._open.get(code)
        if grant is None or (grant.app_id, grant.redirect_uri) != (app_id, redirect_uri):
            return None
        del self._open[code]
        self._used.add(code)
        return grant if self._clock.now_ms() <= grant.expires_ms else None

    def clear(self) -> None:
        """Forget every code."""
        self._open.clear()
        self._used.clear()
