"""What a channel hands to the domain: typed, in Sunshine's terms, free of the channel's wire.

All times are aware UTC. ``person`` is the channel's id of the person (a client's ``externalId``). ``mid`` is the
channel's id of the message; it makes an arrival apply once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Route:
    """Where an arrival belongs: the integration, its app with its settings, and its type (``"instagram"``)."""

    app_id: str
    integration_id: str
    type: str
    settings: Mapping[str, Any] = field(default_factory=dict, hash=False, compare=False)


@dataclass(frozen=True, slots=True)
class Profile:
    """What the channel tells of a person. ``raw`` is shown as the client's ``raw``."""

    name: str | None = None
    username: str | None = None
    avatar_url: str | None = None
    raw: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Media:
    """A file of an arrival that we have given an address: where the channel has it. ``id`` is what the address names.

    ``content``: the number of the content that shows it; None: what is told beside the contents. ``kind`` and
    ``position`` are the channel's own, to find the file there again.
    """

    id: str
    content: int | None
    kind: str
    position: int
    url: str


@dataclass(frozen=True, slots=True)
class MessageArrival:
    """A message of the person, or one that the business wrote in the channel's own app (``author="business"``).

    Each of ``contents`` (Sunshine content objects) becomes a message of its own: several pictures, several messages.
    A text is always in the first of them.
    """

    route: Route
    person: str
    at: datetime
    mid: str
    contents: tuple[dict[str, Any], ...]
    author: Literal["user", "business"] = "user"
    metadata: dict[str, Any] | None = None
    quoted_mid: str | None = None
    referral: dict[str, Any] | None = None  # by which the person came to write it
    raw: Any = None  # what the contents do not hold, as the channel told it
    standby: bool = False  # another app owns the thread
    media: tuple[Media, ...] = ()


@dataclass(frozen=True, slots=True)
class PostbackArrival:
    """A tap on a button, an ice breaker or a menu item."""

    route: Route
    person: str
    at: datetime
    mid: str
    title: str
    payload: str
    referral: dict[str, Any] | None = None
    standby: bool = False


@dataclass(frozen=True, slots=True)
class ReferralArrival:
    """The person came by a referral: a story mention, an ad, a link. ``referral`` is Sunshine's referral object.

    ``acts``: whether it opens the window.
    """

    route: Route
    person: str
    at: datetime
    mid: str
    referral: dict[str, Any]
    acts: bool = True
    media: tuple[Media, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadArrival:
    """The person has seen the conversation up to now."""

    route: Route
    person: str
    at: datetime


@dataclass(frozen=True, slots=True)
class UnsendArrival:
    """The person took a message back. It may come before the message."""

    route: Route
    person: str
    at: datetime
    mid: str


@dataclass(frozen=True, slots=True)
class ReactionArrival:
    """Somebody reacts to a message, or (without emoji and word) does so no more. It may come before the message."""

    route: Route
    person: str
    at: datetime
    mid: str
    emoji: str = ""
    reaction: str = ""  # the channel's word for it
    author: Literal["user", "business"] = "user"


@dataclass(frozen=True, slots=True)
class EditArrival:
    """A message has another text now. It may come before the message. The greatest ``number`` is the newest."""

    route: Route
    person: str
    at: datetime
    mid: str
    text: str
    number: int


@dataclass(frozen=True, slots=True)
class ControlArrival:
    """Another app got, or wants, control of the thread (``owner``); or we got it (``own``)."""

    route: Route
    person: str
    at: datetime
    mid: str  # of the channel's making, so that it applies once
    change: str  # "passed", "taken", "requested"
    owner: str
    previous: str = ""
    metadata: str = ""
    own: bool = False


Arrival = (
    MessageArrival
    | PostbackArrival
    | ReferralArrival
    | ReadArrival
    | UnsendArrival
    | ReactionArrival
    | EditArrival
    | ControlArrival
)
