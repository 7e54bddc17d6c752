"""What a channel is, as the rest of the house sees it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from heliograph.channels.health import Doctor
from heliograph.lanes import LaneKind
from heliograph.messaging.forget import Elsewhere

Asgi = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


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
    """A live channel, as the API asks it. ``type`` is the integration type on the wire."""

    type: str

    @property
    def doctor(self) -> Doctor:
        """Examines its integrations."""
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


class LiveChannel(Channel, Protocol):
    """What the server needs of a channel besides: the work that it does, and what comes to it over HTTP."""

    @property
    def called(self) -> Asgi:
        """Answers what the channel calls us with."""
        ...

    @property
    def media(self) -> Asgi:
        """Serves media of people's messages."""
        ...

    @property
    def forgetting(self) -> Elsewhere:
        """Erases what it keeps of people beside the domain."""
        ...

    def lane_kinds(self) -> Sequence[LaneKind]:
        """The work this channel does in lanes."""
        ...

    def pressed(self) -> bool:
        """Whether so much comes in just now that other work should stand back."""
        ...

    def start(self) -> None:
        """Start what has to be done from time to time, in the running event loop."""
        ...

    async def stop(self) -> None:
        """Stop that."""
        ...

    async def close(self) -> None:
        """Wait for what is not awaited anywhere else, and close what is open. Lanes have been stopped before."""
        ...

    async def count(self) -> None:
        """Bring up to date the metrics that are counted when somebody asks."""
        ...
