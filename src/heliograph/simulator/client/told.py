"""What :class:`heliograph.simulator.Meta` tells: the simulator's answers as typed values. Times are milliseconds since
1970 on the simulator's clock.
"""

import json
from dataclasses import dataclass, fields
from typing import Any, Self


class _Told:
    @classmethod
    def read(cls, answer: dict[str, Any], **more: Any) -> Self:
        """The value in an answer; what else the answer says is left aside."""
        known = {one.name for one in fields(cls)}  # type: ignore[arg-type]  # every subclass is a dataclass
        return cls(**{name: value for name, value in answer.items() if name in known}, **more)


@dataclass(frozen=True, slots=True)
class App(_Told):
    """A Facebook app. ``secret`` signs its webhooks."""

    id: str
    secret: str
    name: str
    callback_url: str | None
    fields: list[str]
    deauthorize_url: str | None
    data_deletion_url: str | None


@dataclass(frozen=True, slots=True)
class Account(_Told):
    """An Instagram professional account with its Page, if it has one. ``owner_user_id`` is the Facebook user who runs it."""

    id: str
    page_id: str | None
    page_name: str | None
    username: str
    name: str
    owner_user_id: str
    subscribed_app_ids: list[str]
    allow_messages: bool
    linked: bool

    @classmethod
    def of(cls, answer: dict[str, Any]) -> Self:
        """The account in the control API's answer about a Page."""
        return cls.read(answer, id=answer["instagram_account_id"])


@dataclass(frozen=True, slots=True)
class Person(_Told):
    """Somebody who writes to accounts. Their IGSID is another towards each account: :meth:`Meta.igsid`."""

    id: str
    name: str
    username: str
    profile_available: bool
    reachable: bool


@dataclass(frozen=True, slots=True)
class Owner(_Told):
    """Somebody with a Facebook login."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Story(_Told):
    """A story that is alive, of an account or of a person."""

    id: str
    owner_id: str
    url: str
    timestamp: int


@dataclass(frozen=True, slots=True)
class Post(_Told):
    """A post of an account; ``live``: a broadcast that goes on."""

    id: str
    product_type: str
    caption: str
    timestamp: int
    live: bool


@dataclass(frozen=True, slots=True)
class Comment(_Told):
    """A comment, and its author towards the account."""

    id: str
    post_id: str
    igsid: str


@dataclass(frozen=True, slots=True)
class Routing(_Told):
    """Which app is the default of an account, and which may take a thread from it."""

    default_app_id: str | None
    may_take: list[str]
    connected_app_ids: list[str]
    inboxes: dict[str, str]


@dataclass(frozen=True, slots=True)
class Seed:
    """A small world: one app, one account, a token of its Page, and a person with their IGSID."""

    app: App
    account: Account
    person: Person
    igsid: str
    page_access_token: str


@dataclass(frozen=True, slots=True)
class Message(_Told):
    """A message as it stands. ``sender`` is ``person`` or ``business``, ``source`` ``person``, ``api`` or ``app``."""

    mid: str
    sender: str
    source: str
    timestamp: int
    text: str | None
    attachments: list[dict[str, Any]]
    quick_replies: list[dict[str, Any]]
    quick_reply_payload: str | None
    template: dict[str, Any] | None
    postback: dict[str, str] | None
    reply_to: dict[str, str] | None
    tag: str | None
    deleted: bool
    edited: bool
    seen: bool
    reactions: list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Thread(_Told):
    """A thread as it stands. ``window`` is ``standard``, ``human_agent``, ``closed`` or ``never``."""

    account_id: str
    person: str
    igsid: str
    conversation_id: str
    typing: bool
    window: str
    messages: list[Message]

    @property
    def texts(self) -> list[str]:
        """The texts of the messages, oldest first."""
        return [one.text for one in self.messages if one.text is not None]

    @property
    def answers(self) -> list[Message]:
        """What the business wrote, oldest first."""
        return [one for one in self.messages if one.sender == "business"]


@dataclass(frozen=True, slots=True)
class Exchange(_Told):
    """One request that went over the wire, tokens and secrets masked. ``status`` is None when no answer came."""

    seq: int
    kind: str
    method: str
    path: str
    query: str
    body: str
    status: int | None
    response: str
    app_id: str | None
    summary: str
    attempts: list[dict[str, Any]]
    headers: dict[str, str]

    @property
    def items(self) -> list[dict[str, Any]]:
        """The items of a webhook: of ``messaging``, and of ``standby`` and ``changes`` when it has these."""
        forms = ("messaging", "standby", "changes")
        return [item for entry in json.loads(self.body)["entry"] for form in forms for item in entry.get(form, ())]

    @property
    def delivered(self) -> bool:
        """Whether a webhook was taken at last."""
        return bool(self.attempts) and self.attempts[-1]["status"] == 200


@dataclass(frozen=True, slots=True)
class Called(_Told):
    """A callback to an app and its answer; ``problems`` is empty when Meta would be content with it."""

    kind: str
    app_id: str
    user_id: str
    url: str
    time: int
    status: int | None
    status_url: str | None
    confirmation_code: str | None
    problems: list[str]


@dataclass(frozen=True, slots=True)
class Fault(_Told):
    """A fault on order. The same ``seed`` strikes the same calls again. ``count`` None means for ever."""

    id: str
    rate: float
    seed: int
    count: int | None
    struck: int


@dataclass(frozen=True, slots=True)
class Faults:
    """What is on order, and how often each kind has struck: ``{"webhook duplicate": 3, "graph 190/460": 1}``."""

    graph: list[Fault]
    webhooks: list[Fault]
    struck: dict[str, int]
