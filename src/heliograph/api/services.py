"""What the API works with."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from heliograph.api.limits import Limits
from heliograph.channels.base import Channel
from heliograph.delivery.guard import Network
from heliograph.storage import Database, SecretBox


@dataclass(frozen=True, slots=True)
class Services:
    """``channels`` are the live ones, by integration type. ``clock`` gives aware UTC.

    ``public_url`` is where the outside world reaches this server: the address of attachments begins with it; whether
    somebody set it, or it is only this machine's own: ``public_url_is_set``.
    ``channel_clock`` tells the time as channels do: what people wrote is dated by it.
    ``webhook_networks`` are those that webhooks may lead into, beside public addresses.
    """

    database: Database
    box: SecretBox
    channels: Mapping[str, Channel]
    clock: Callable[[], datetime]
    limits: Limits = field(default_factory=Limits)
    public_url: str = ""
    public_url_is_set: bool = True
    channel_clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    webhook_networks: Sequence[Network] = ()
