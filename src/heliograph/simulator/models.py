"""What the simulator remembers. Each record is plain data, stored as JSON under its kind and id."""

from dataclasses import dataclass, field
from typing import Any, Literal

Sender = Literal["person", "business"]
Source = Literal["api", "app", "person"]
Form = Literal["messaging", "standby", "changes"]


@dataclass(slots=True)
class App:
    """A Facebook app, with its one webhook subscription for the object *instagram*.

    ``deauthorize_url`` and ``data_deletion_url`` are called when a person removes it or wants their data deleted.
    """

    id: str
    secret: str
    name: str
    human_agent: bool = True
    require_proof: bool = False
    callback_url: str | None = None
    fields: list[str] = field(default_factory=list)
    created_ms: int = 0
    deauthorize_url: str | None = None
    data_deletion_url: str | None = None
    live: bool = True
    """False is Development mode: the app works for people and accounts with a role only."""
    advanced: list[str] | None = None
    """The permissions with Advanced Access, None for all; the others have Standard Access."""
    roles: list[str] = field(default_factory=list)
    """Ids of the users, accounts and people with a role on the app."""
    instagram: bool = False
    """An *Instagram app*: id and secret of Instagram Login, which signs its webhooks with this secret."""
    redirect_uris: list[str] = field(default_factory=list)
    """The *valid OAuth redirect URIs*. Empty: any address, which Meta does not allow."""
    configurations: list[dict[str, Any]] = field(default_factory=list)
    """Those of Facebook Login for Business: ``{"id", "name", "scopes", "kind": "user" | "system_user"}``."""


@dataclass(slots=True)
class Owner:
    """The Facebook user who runs one or more Pages. ``locale`` is the language of the errors they get."""

    id: str
    name: str
    locale: str | None = None


@dataclass(slots=True)
class Page:
    """A Facebook Page. ``subscribed`` holds, per app id, the Page fields that app listens to.

    ``tasks`` are what the owner may do on the Page, None for everything. ``default_app_id`` turns conversation routing
    on; ``may_take`` are the apps that may then take control. ``profiles`` is the messenger profile per platform.
    """

    id: str
    name: str
    owner_id: str
    account_id: str | None = None
    subscribed: dict[str, list[str]] = field(default_factory=dict)
    tasks: list[str] | None = None
    default_app_id: str | None = None
    may_take: list[str] = field(default_factory=list)
    blocked_apps: list[str] = field(default_factory=list)
    profiles: dict[str, dict[str, Any]] = field(default_factory=dict)
    hidden: bool = False
    """No Page at all: what hangs on a Page elsewhere, of an account that has none. Facebook Login does not see it."""
    portfolio: bool = False
    """Owned by a business portfolio: ``/me/accounts`` leaves it out without ``business_management``."""


@dataclass(slots=True)
class Account:
    """An Instagram professional account. ``allow_messages`` is the owner's "Allow access to messages" switch.

    ``restriction`` names the error that every send of the account gets. ``catalog`` are the products it may show.
    ``unread`` is a creator account that gets no webhooks before it was read through the Conversations API.
    """

    id: str
    page_id: str
    username: str
    name: str
    allow_messages: bool = True
    subscribed: dict[str, list[str]] = field(default_factory=dict)
    restriction: str | None = None
    catalog: list[str] = field(default_factory=list)
    unread: bool = False
    self_person_id: str | None = None
    professional: bool = True
    """False is a personal account: it can be linked to a Page, but nothing can be done with it."""


@dataclass(slots=True)
class Person:
    """Somebody who writes to accounts. ``refusal`` names the error of a send to them; ``private`` hides their stories
    from accounts that do not follow them."""

    id: str
    name: str
    username: str
    profile_available: bool = True
    reachable: bool = True
    refusal: str | None = None
    private: bool = False
    follows: list[str] = field(default_factory=list)
    followed_by: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Token:
    """An access token. Times are seconds since 1970; ``expires_at`` 0 means never.

    ``targets`` narrows a scope to some assets (``granular_scopes`` of ``debug_token``); a scope that is not in it
    covers every asset. ``invalid_subcode`` is set once the token is dead, 0 for a death without a subcode. An
    ``instagram`` token is an Instagram user's (Instagram Login); ``page_id`` is then that of the account's record.
    """

    value: str
    app_id: str
    type: Literal["page", "user", "system_user", "instagram"]
    owner_id: str
    page_id: str | None
    scopes: list[str]
    targets: dict[str, list[str]]
    issued_at: int
    expires_at: int = 0
    invalid_subcode: int | None = None


@dataclass(slots=True)
class Consent:
    """What a person let a Facebook app do, as the login dialog remembers it. ``targets`` as in :class:`Token`."""

    app_id: str
    owner_id: str
    scopes: list[str]
    declined: list[str] = field(default_factory=list)
    targets: dict[str, list[str]] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The record's own id inside the simulator."""
        return f"{self.app_id}:{self.owner_id}"


@dataclass(slots=True)
class Thread:
    """What passed between one person and one account. Times are milliseconds since 1970, 0 for never."""

    account_id: str
    person_id: str
    igsid: str
    thread_id: str
    conversation_id: str
    last_action_ms: int = 0
    updated_ms: int = 0
    person_seen: str | None = None
    business_seen: str | None = None
    typing_until_ms: int = 0
    owner_app_id: str | None = None
    """The app that was last in control; ``routing.owner`` tells whether it still is."""
    owned_ms: int = 0
    owned_until_ms: int = 0
    ref: dict[str, Any] | None = None
    """A referral that waits for the first message of a new thread."""
    archived: bool = False
    is_self: bool = False

    @property
    def key(self) -> str:
        """The thread's own id inside the simulator."""
        return f"{self.account_id}:{self.person_id}"


@dataclass(slots=True)
class Message:
    """One message of a thread.

    ``attachments`` are ``{"type", "url"?, "asset_id"?, "payload"?}``; an ``asset_id`` means that the bytes are on the
    simulator's CDN and that the link is made when it is asked for. ``reply_to`` is ``{"mid"}`` or ``{"story_id"}``.
    """

    mid: str
    thread: str
    sender: Sender
    source: Source
    timestamp_ms: int
    text: str | None = None
    attachments: list[dict[str, Any]] = field(default_factory=list)
    quick_replies: list[dict[str, Any]] = field(default_factory=list)
    template: dict[str, Any] | None = None
    quick_reply_payload: str | None = None
    postback: dict[str, Any] | None = None
    reply_to: dict[str, str] | None = None
    messaging_type: str | None = None
    tag: str | None = None
    deleted: bool = False
    num_edit: int = 0
    reactions: dict[str, dict[str, str]] = field(default_factory=dict)
    referral: dict[str, Any] | None = None
    unsupported: bool = False


@dataclass(slots=True)
class Story:
    """A story of an account, or of a person who mentions one. It lives for 24 hours."""

    id: str
    owner_id: str
    asset_id: str
    created_ms: int


@dataclass(slots=True)
class Asset:
    """A media file on the CDN. ``expires_ms`` 0 means that it stays as long as its message."""

    id: str
    content_type: str
    name: str
    size: int
    expires_ms: int = 0
    deleted: bool = False
    page_id: str | None = None
    """The Page that uploaded it and may send it by its id."""


@dataclass(slots=True)
class Post:
    """A post, reel or live broadcast of an account."""

    id: str
    account_id: str
    product_type: str
    caption: str
    created_ms: int
    live: bool = False


@dataclass(slots=True)
class Comment:
    """A comment on a post. ``reply_mid`` is the one private reply it may get."""

    id: str
    post_id: str
    account_id: str
    person_id: str
    text: str
    created_ms: int
    live: bool = False
    parent_id: str | None = None
    deleted: bool = False
    reply_mid: str | None = None


@dataclass(slots=True)
class Dataset:
    """Where the conversion events of an account go. ``received`` counts them."""

    id: str
    account_id: str
    received: int = 0


@dataclass(slots=True)
class Pending:
    """A webhook event that has not been delivered yet. ``form`` is the key of the entry under which it stands;
    ``account_id`` is the entry's id, ``0`` for a test of the dashboard."""

    id: str
    app_id: str
    account_id: str
    thread: str
    item: dict[str, Any]
    form: Form = "messaging"
