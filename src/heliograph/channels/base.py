"""What a channel is, as the rest of the house sees it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from heliograph.channels.health import Doctor
from heliograph.lanes import LaneKind


class ConnectError(Exception):
    """An integration cannot be made or changed as asked. The text says what to do; it is shown to the caller."""


class GoneError(ConnectError):
    """What it would belong to was deleted meanwhile: ``what`` is ``app`` or ``integration``."""

    def __init__(self, what: str) -> None:
        super().__init__(f"The {what} was deleted while the account was being connected. Nothing was connected.")
        self.what = what


class SendOutcome(StrEnum):
    """How handing one part to a channel ended: a closed set; every error code maps to one of these."""

    SENT = "sent"
    UNKNOWN = "unknown"  # it may have been sent: never again blindly
    RETRY = "retry"
    RATE_LIMITED = "rate_limited"  # not now: the conversation waits
    WINDOW_CLOSED = "window_closed"
    UNREACHABLE = "unreachable"  # this person cannot get messages
    RECONNECT = "reconnect"  # the authorisation is gone
    CONFIGURATION = "configuration"  # a permission or setting of the app or account
    PERMANENT = "permanent"  # this message will never go


class ChannelError(Exception):
    """A channel did not do what it was asked. ``outcome`` says how it ended, the text what to do; both may be shown."""

    def __init__(self, outcome: SendOutcome, text: str) -> None:
        super().__init__(text)
        self.outcome = outcome


@dataclass(frozen=True, slots=True)
class Conversions:
    """What became of conversion events: the dataset they went to, and how many of them it took."""

    dataset_id: str
    received: int


class Channel(Protocol):
    """A live channel. ``type`` is the integration type on the wire."""

    type: str

    @property
    def doctor(self) -> Doctor:
        """Examines its integrations."""
        ...

    def lane_kinds(self) -> Sequence[LaneKind]:
        """The work this channel does in lanes."""
        ...

    async def connect(self, app_id: str, request: Mapping[str, Any]) -> str:
        """Check the credentials of a new integration with the channel, store it, subscribe. Returns its id.

        ``request`` is the wire's create body. Raises :class:`ConnectError`.
        """
        ...

    async def check_login(self, app_id: str, facebook_app_id: str | None, login: str | None) -> None:
        """Whether somebody could connect an account of an app by login, and by this one where one is named. Asks nobody
        outside. Raises :class:`ConnectError`."""
        ...

    async def update(self, app_id: str, integration_id: str, changes: Mapping[str, Any]) -> None:
        """Apply the channel's own fields of an update body. Raises :class:`ConnectError`."""
        ...

    async def disconnect(self, app_id: str, integration_id: str) -> None:
        """Unsubscribe at the channel, as far as it lets us; never fails for what the channel says."""
        ...

    async def post_conversions(
        self, app_id: str, integration_id: str, person: str, payload: Mapping[str, Any]
    ) -> Conversions:
        """Hand conversion events of a person to the channel's dataset (Sunshine reference 1.4).

        ``payload`` is the wire's, with a list ``data``; the channel adds who it was. Raises :class:`ChannelError`.
        """
        ...
