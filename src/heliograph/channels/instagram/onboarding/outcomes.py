"""What the service answers, and what it needs of the channel. No token, secret or code is in any of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from heliograph.channels.instagram.onboarding.attempts import Purpose
from heliograph.channels.instagram.onboarding.choosing import Row
from heliograph.channels.instagram.onboarding.troubles import Trouble


@dataclass(frozen=True, slots=True)
class Begun:
    """A login that was begun: send the browser to ``url``, and let it keep ``nonce`` (see :mod:`browser`)."""

    url: str = field(repr=False)
    nonce: str = field(repr=False)
    attempt_id: str


@dataclass(frozen=True, slots=True)
class Returned:
    """A person is back and Meta has given access. ``next_path`` is where the browser goes on: the chooser's path."""

    attempt_id: str
    purpose: Purpose
    next_path: str
    chooser_needed: bool
    """False by Instagram Login: there is exactly one account."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A permission that was not granted. ``needed``: nothing works without it; else something works less well."""

    scope: str
    needed: bool


@dataclass(frozen=True, slots=True)
class Choices:
    """What the chooser shows: those that can be chosen first. ``cut``: there are more Pages than are listed.

    ``trouble`` says what stands in the way of all of them, when something does: DENIED_SCOPES or NO_PAGES.
    """

    purpose: Purpose
    login: str
    facebook_app_id: str
    user_name: str
    rows: tuple[Row, ...]
    missing: tuple[Missing, ...]
    trouble: Trouble | None = None
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Connected:
    """It is connected. ``created`` is False when an integration was reconnected."""

    integration_id: str
    app_id: str
    created: bool
    purpose: Purpose


class Connector(Protocol):
    """The channel, as far as choosing needs it. Both raise :class:`ConnectError`."""

    async def connect(self, app_id: str, request: Mapping[str, Any]) -> str:
        """Connect a new account; the integration's id."""
        ...

    async def update(self, app_id: str, integration_id: str, changes: Mapping[str, Any]) -> None:
        """Give an integration another token."""
        ...
