"""What a check can know of a connection: told by Meta, by our tables, or by our own public address. Data alone.

Everything of Meta's is one of three: what was asked for, a :class:`Refused`, or a :class:`NotTold`. Times are Meta's
clock's, unless they are said to be ours.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from heliograph.channels.instagram.meta.flavours import FLAVOURS, Flavour


@dataclass(frozen=True, slots=True)
class Refused:
    """Meta answered with an error."""

    code: int
    subcode: int | None = None
    text: str = ""

    def named(self) -> str:
        """Meta's error in a few words."""
        return f"{self.text.rstrip('.')} (code {self.code}{f'/{self.subcode}' if self.subcode else ''})".strip()

    def underlying(self) -> dict[str, Any]:
        """As customers get it beside our own error."""
        said = {"code": self.code, "subcode": self.subcode, "message": self.text}
        return {name: value for name, value in said.items() if value not in (None, "")}


@dataclass(frozen=True, slots=True)
class NotTold:
    """Nobody knows: Meta was not asked, or gave no answer."""

    reason: str


NOBODY_ASKED = NotTold("Meta was not asked")


@dataclass(frozen=True, slots=True)
class Token:
    """What Meta says about the token. ``error`` why it is not valid. ``expires_at`` None: never.

    ``scopes`` None: Meta does not list them. ``grants``: the scopes that were narrowed, to which ids.
    """

    valid: bool
    error: Refused | None = None
    kind: str = ""
    expires_at: datetime | None = None
    data_access_until: datetime | None = None
    scopes: frozenset[str] | None = None
    grants: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Linked:
    """The Page behind the token, and the account linked to it. By Instagram Login the account itself."""

    account_id: str | None
    name: str = ""
    username: str = ""


@dataclass(frozen=True, slots=True)
class AppSubscription:
    """What Meta sends of the object `instagram`, and where to."""

    callback_url: str
    fields: frozenset[str]
    active: bool


@dataclass(frozen=True, slots=True)
class Fields:
    """What a Page, or an account, is subscribed to by our app; None: not at all."""

    names: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Threads:
    """When something was last said in any thread; None: never."""

    newest: datetime | None


@dataclass(frozen=True, slots=True)
class LastRefusal:
    """What Meta refused a send with, ``at`` by our clock. ``again``: soon after another was lifted."""

    at: datetime
    code: int | None
    subcode: int | None
    text: str = ""
    again: bool = False

    def told(self) -> Refused:
        """As Meta's answers to our own questions are kept."""
        return Refused(self.code or 0, self.subcode, self.text)


class Reached(StrEnum):
    """What came of asking our own public address."""

    WELL = "well"
    NO_ANSWER = "no_answer"
    CERTIFICATE = "certificate"
    REDIRECT = "redirect"
    SOMEBODY_ELSE = "somebody_else"


@dataclass(frozen=True, slots=True)
class PublicUrl:
    """Our public address, and what came of asking it."""

    url: str
    reached: Reached
    detail: str = ""

    @property
    def secure(self) -> bool:
        """Whether it is https."""
        return self.url.startswith("https://")


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that the checks look at. ``our_now`` and ``refusal.at`` are by our clock; so is ``last_webhook_at``.

    ``refusal`` stopped the sends, ``objection`` stopped nothing. ``simulated``: Meta is not the real one, which takes more
    than http. ``repaired`` and ``unrepaired`` name the checks whose trouble was put right just now, or could not be, and
    why. ``fought``: our callback was put back lately, and is gone again.
    """

    now: datetime
    our_now: datetime
    today: date
    login: str
    facebook_app: str
    page_id: str
    account_id: str
    callback: str
    graph_version: str
    public: PublicUrl
    simulated: bool = False
    token: Token | Refused | NotTold = NOBODY_ASKED
    linked: Linked | Refused | NotTold = NOBODY_ASKED
    tasks: frozenset[str] | None = None
    app_subscription: AppSubscription | Refused | NotTold | None = NOBODY_ASKED
    subscription: Fields | Refused | NotTold = NOBODY_ASKED
    proof_demanded: bool | None = None
    threads: Threads | Refused | NotTold = NOBODY_ASKED
    owned_elsewhere: int = 0
    refusal: LastRefusal | None = None
    objection: LastRefusal | None = None
    tag_refused_at: datetime | None = None
    heard_since: datetime | None = None
    last_webhook_at: datetime | None = None
    last_event_at: datetime | None = None
    latency: float | None = None
    refresh_error: str | None = None
    token_alarm: bool = False
    repaired: frozenset[str] = frozenset()
    unrepaired: Mapping[str, str] = field(default_factory=dict)
    fought: bool = False

    @property
    def flavour(self) -> Flavour:
        """The login's own."""
        return FLAVOURS[self.login]
