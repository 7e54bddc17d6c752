"""What the API works with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from heliograph.channels.base import Channel
from heliograph.storage import Database, SecretBox


@dataclass(frozen=True, slots=True)
class Services:
    """``channels`` are the live ones, by integration type. ``clock`` gives aware UTC."""

    database: Database
    box: SecretBox
    channels: Mapping[str, Channel]
    clock: Callable[[], datetime]
