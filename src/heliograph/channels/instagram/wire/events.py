"""What an item of a webhook can be, typed (Meta reference 1.6). Times are aware UTC."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

# Meta's words for reactions (1.6), and the emoji that Instagram offers for each: where Meta tells the word alone.
REACTIONS = {
    "love": "\u2764\ufe0f",
    "like": "\U0001f44d",
    "laugh": "\U0001f602",
    "wow": "\U0001f62e",
    "sad": "\U0001f622",
    "angry": "\U0001f621",
}

MEDIA_TYPES = ("image", "video", "audio", "file")


@dataclass(frozen=True, slots=True)
class Button:
    """A button of a template. ``url`` or ``payload`` says what it does."""

    title: str
    url: str = ""
    payload: str = ""


@dataclass(frozen=True, slots=True)
class Element:
    """A card of a template."""

    title: str
    subtitle: str = ""
    image_url: str = ""
    id: str = ""  # of a product
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True, slots=True)
class Attachment:
    """``type`` is Meta's word, ``"?"`` for what is no word. ``url`` is Meta's CDN link, which lapses.

    ``id`` is the media id of what is shared. ``raw`` is the attachment as it came, where ``type`` is not known or says
    more than the other fields hold.
    """

    type: str
    url: str = ""
    title: str = ""
    id: str = ""
    sticker: str = ""
    elements: tuple[Element, ...] = ()
    raw: dict[str, Any] | None = field(default=None, hash=False)


@dataclass(frozen=True, slots=True)
class Story:
    """The story that a message answers. Its link dies with the story."""

    id: str
    url: str


@dataclass(frozen=True, slots=True)
class Referral:
    """By what the person came: an ig.me link, an ad, a product of the shop. ``ad`` is what the ad showed."""

    ref: str = ""
    source: str = ""
    type: str = ""
    ad_id: str = ""
    product_id: str = ""
    ad: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """A message of the person, or (``echo``) of the account, from any surface.

    ``unsupported``: Meta tells that there is a message, and not what it says.
    """

    at: datetime
    mid: str
    text: str = ""
    attachments: tuple[Attachment, ...] = ()
    echo: bool = False
    story: Story | None = None
    quoted_mid: str | None = None
    quick_reply: str | None = None
    referral: Referral | None = None
    unsupported: bool = False


@dataclass(frozen=True, slots=True)
class StoryMention:
    """The person mentioned the account in a story."""

    at: datetime
    mid: str
    url: str
    echo: bool = False
    id: str = ""


@dataclass(frozen=True, slots=True)
class Postback:
    """A tap on an ice breaker, a menu item or a template's button. Old versions send no ``mid``."""

    at: datetime
    mid: str
    title: str
    payload: str
    referral: Referral | None = None


@dataclass(frozen=True, slots=True)
class Referred:
    """The person followed an ig.me link into a thread that was there before. ``mid`` is of our making."""

    at: datetime
    mid: str
    referral: Referral


@dataclass(frozen=True, slots=True)
class Reaction:
    """A reaction to a message, or (``emoji`` and ``reaction`` empty) its end. ``sender`` is whose it is."""

    at: datetime
    mid: str
    reaction: str = ""
    emoji: str = ""
    sender: str = ""

    @property
    def ended(self) -> bool:
        return not self.emoji and not self.reaction


@dataclass(frozen=True, slots=True)
class Edit:
    """A message has another text now. ``number`` grows with every edit of it."""

    at: datetime
    mid: str
    text: str
    number: int


@dataclass(frozen=True, slots=True)
class Read:
    """Seen up to and including ``mid``; ``""``: everything up to ``at``."""

    at: datetime
    mid: str


@dataclass(frozen=True, slots=True)
class Unsend:
    """The message was taken back."""

    at: datetime
    mid: str


@dataclass(frozen=True, slots=True)
class ThreadControl:
    """Control of the thread changed apps, or (``request``) an app asks for it. Apps by their ids at Meta, or ``""``."""

    at: datetime
    change: Literal["pass", "take", "request"]
    owner: str  # the new one; of a request, the one that wants to be
    previous: str = ""
    metadata: str = ""


@dataclass(frozen=True, slots=True)
class PolicyNotice:
    """Meta blocked the app for a breach of its policy, or unblocked it."""

    action: Literal["block", "unblock"]
    reason: str


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """Kept, counted, shown. ``reason`` is from a small set: ``shape``, ``self``, ``kind:optin``, ``field:comments``…

    ``at``: when the person wrote what is not understood; None for everything that is no message of theirs.
    """

    reason: str
    at: datetime | None = None


Event = (
    Message
    | StoryMention
    | Postback
    | Referred
    | Reaction
    | Edit
    | Read
    | Unsend
    | ThreadControl
    | PolicyNotice
    | NotUnderstood
)
