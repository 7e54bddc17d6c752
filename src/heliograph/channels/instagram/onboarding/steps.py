"""What every step of a login needs: its attempt, its Facebook app, and errors that lead on."""

from collections.abc import Callable
from datetime import datetime

from heliograph.channels.instagram.accounts.records import FacebookApp, FacebookApps
from heliograph.channels.instagram.meta.flavours import FLAVOURS
from heliograph.channels.instagram.meta.graph import GraphError
from heliograph.channels.instagram.onboarding.attempts import Attempt, Attempts, Purpose
from heliograph.channels.instagram.onboarding.troubles import Kind, LoginError, trouble


class Steps:
    """Attempts as their steps find them."""

    def __init__(self, attempts: Attempts, apps: FacebookApps, clock: Callable[[], datetime]) -> None:
        self._attempts = attempts
        self._apps = apps
        self._clock = clock

    async def attempt(self, app_id: str | None, attempt_id: str, nonce: str) -> Attempt:
        """The attempt of this browser; with ``app_id``, of that app only."""
        found = await self._attempts.get(attempt_id, nonce, app_id) if nonce else None
        if found is None:
            raise LoginError(trouble(Kind.WRONG_STATE))
        return found

    async def open(self, app_id: str, attempt_id: str, nonce: str) -> Attempt:
        """An attempt that an account can be chosen in."""
        attempt = await self.attempt(app_id, attempt_id, nonce)
        if attempt.step == "chosen":
            raise error_of(Kind.DONE, attempt.purpose)
        if attempt.expires_at <= self._clock():
            raise error_of(Kind.EXPIRED, attempt.purpose)
        if attempt.step != "granted":
            raise error_of(Kind.REPLAYED, attempt.purpose)
        if attempt.user_token is None:
            raise error_of(Kind.GRANT_GONE, attempt.purpose)
        return attempt

    async def facebook_app(self, attempt: Attempt) -> FacebookApp:
        """The Facebook app that an attempt goes by, as it is stored now."""
        app = await self._apps.reload(attempt.facebook_app_id)
        if app is None:
            raise error_of(Kind.GONE, attempt.purpose)
        return app


def from_meta(attempt: Attempt, error: Exception) -> LoginError:
    """What an error at reading with the person's token comes to."""
    kind = Kind.META_UNREACHABLE
    if isinstance(error, GraphError) and not error.passes:
        no_access = FLAVOURS[attempt.login].alike and (error.code, error.subcode) == (100, None)
        kind = {190: Kind.GRANT_GONE, 101: Kind.APP_MISCONFIGURED}.get(error.code, Kind.META_REFUSED)
        kind = Kind.NOT_REACHED if no_access else kind
    return error_of(kind, attempt.purpose, said=str(error))


def error_of(kind: Kind, purpose: Purpose, **words: str) -> LoginError:
    """An error, with the way to begin anew."""
    return LoginError(trouble(kind, **words), purpose.again_at)
