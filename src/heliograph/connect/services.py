"""What the pages work with."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from heliograph.channels.instagram.accounts.facebook_apps import FacebookAppRegister
from heliograph.channels.instagram.onboarding import Onboarding
from heliograph.storage import Database


@dataclass(frozen=True, slots=True)
class Services:
    """``facebook_apps`` tells which logins can be offered. ``clock`` gives aware UTC."""

    database: Database
    onboarding: Onboarding
    facebook_apps: FacebookAppRegister
    public_url: str
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
