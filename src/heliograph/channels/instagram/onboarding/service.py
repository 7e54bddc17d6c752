"""Connecting by login, as pages use it: begin, returned, choices, choose; and taking the grant back, to start over.

Every call names the browser's nonce, and every call of a page of an app names that app: an attempt of another browser or
app is not found. No token, secret or code is in anything that is returned.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from heliograph.channels.instagram.onboarding.choosing import Row
from heliograph.channels.instagram.onboarding.troubles import Trouble

CALLBACK_PATH = "/connect/callback"


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a login is for, and where it goes on. Kept with the attempt; nothing of it goes through the browser.

    ``return_to``: the path of ours that the chooser stands under; the attempt's id is put after it. ``again_at``: the path of
    ours where it was begun, for Try again. ``integration_id``: the integration to reconnect. ``invitation_id`` and
    ``member_id``: by whom it was begun, for the pages that ask. ``popup``: the dialog is in a window of its own.
    """

    app_id: str
    return_to: str
    again_at: str = ""
    integration_id: str | None = None
    invitation_id: str | None = None
    member_id: str | None = None
    popup: bool = False


@dataclass(frozen=True, slots=True)
class Begun:
    """A login that was begun: send the browser to ``url``, and let it keep ``nonce`` (see :mod:`browser`)."""

    url: str
    nonce: str = field(repr=False)
    attempt_id: str = ""


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


class Onboarding:
    """The service. Every method raises :class:`LoginError` for what a person can read and do something about."""

    async def begin(
        self, purpose: Purpose, facebook_app_id: str | None = None, *, rerequest: bool = False, nonce: str = ""
    ) -> Begun:
        """Begin a login for an app. Without ``facebook_app_id``: the one of the integration to reconnect, else the app's own,
        else the installation's (see :mod:`facebook_apps`). ``rerequest`` asks again for what was declined. ``nonce``: the one
        that this browser has already, so that two logins in two tabs both work.

        Raises ValueError for paths that are not ours.
        """
        raise NotImplementedError

    async def returned(self, query: Mapping[str, str], nonce: str) -> Returned:
        """The browser is back from Meta, with this query. The state is used up, whatever comes of it."""
        raise NotImplementedError

    async def purpose_of(self, attempt_id: str, nonce: str) -> Purpose:
        """What an attempt of this browser is for: for pages that do not know the app by themselves."""
        raise NotImplementedError

    async def choices(self, app_id: str, attempt_id: str, nonce: str) -> Choices:
        """What can be connected, asked of Meta now."""
        raise NotImplementedError

    async def choose(
        self, app_id: str, attempt_id: str, nonce: str, account_id: str, switches: Mapping[str, Any] | None = None
    ) -> Connected:
        """Connect the account ``account_id`` of :class:`Row`, or reconnect the integration that has it.

        ``switches``: fields of the create body such as ``displayName``, ``humanAgentTag``; for a new integration only.
        """
        raise NotImplementedError

    async def start_over(self, app_id: str, attempt_id: str, nonce: str) -> Purpose:
        """Take back everything that the person has granted to the Facebook app; what to begin anew with. The attempt is over.

        Accounts that the same person connected by this Facebook app stop working: Meta ends their tokens as well.
        """
        raise NotImplementedError
