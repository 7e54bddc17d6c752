"""The records of the simulated world, with the indexes by which they are found."""

import bisect
import secrets
from collections.abc import Callable, Iterable
from typing import Any, TypeVar, cast

from heliograph.simulator.models import (
    Account,
    App,
    Asset,
    Comment,
    Consent,
    Dataset,
    Message,
    Owner,
    Page,
    Pending,
    Person,
    Post,
    Story,
    Thread,
    Token,
)
from heliograph.simulator.store import Store

Record = (
    App
    | Owner
    | Page
    | Account
    | Person
    | Token
    | Consent
    | Thread
    | Message
    | Story
    | Asset
    | Post
    | Comment
    | Dataset
    | Pending
)
R = TypeVar("R")

_KINDS: dict[type[Any], tuple[str, Callable[[Any], str]]] = {
    App: ("app", lambda one: cast(str, one.id)),
    Owner: ("owner", lambda one: cast(str, one.id)),
    Page: ("page", lambda one: cast(str, one.id)),
    Account: ("account", lambda one: cast(str, one.id)),
    Person: ("person", lambda one: cast(str, one.id)),
    Token: ("token", lambda one: cast(str, one.value)),
    Consent: ("consent", lambda one: cast(str, one.key)),
    Thread: ("thread", lambda one: cast(str, one.key)),
    Message: ("message", lambda one: cast(str, one.mid)),
    Story: ("story", lambda one: cast(str, one.id)),
    Asset: ("asset", lambda one: cast(str, one.id)),
    Post: ("post", lambda one: cast(str, one.id)),
    Comment: ("comment", lambda one: cast(str, one.id)),
    Dataset: ("dataset", lambda one: cast(str, one.id)),
    Pending: ("pending", lambda one: cast(str, one.id)),
}
"""Each kind of record: the name under which it is stored, and its id."""

_CLASSES = {name: record for record, (name, _) in _KINDS.items()}


class State:
    """Everything that survives a restart, except the clock's offset, which is kept as a setting.

    Dicts keep the order of creation. Change a record in place, then :meth:`save` it.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self.settings: dict[str, Any] = {}
        self._empty()
        for kind, body in store.records():
            if kind == "settings":
                self.settings = body
            else:
                self._index(_CLASSES[kind](**body))
        self.blobs.update(store.blobs())
        for listed in self.listed.values():
            listed.sort(key=_timestamp)
        if "cdn_secret" not in self.settings:
            self.settings["cdn_secret"] = secrets.token_hex(32)
            self.save_settings()

    def _empty(self) -> None:
        self.apps: dict[str, App] = {}
        self.owners: dict[str, Owner] = {}
        self.pages: dict[str, Page] = {}
        self.accounts: dict[str, Account] = {}
        self.people: dict[str, Person] = {}
        self.tokens: dict[str, Token] = {}
        self.consents: dict[str, Consent] = {}
        self.threads: dict[str, Thread] = {}
        self.messages: dict[str, Message] = {}
        self.stories: dict[str, Story] = {}
        self.assets: dict[str, Asset] = {}
        self.posts: dict[str, Post] = {}
        self.comments: dict[str, Comment] = {}
        self.datasets: dict[str, Dataset] = {}
        self.pending: dict[str, Pending] = {}
        self.blobs: dict[str, bytes] = {}
        self.by_igsid: dict[str, Thread] = {}
        self.by_conversation: dict[str, Thread] = {}
        self.listed: dict[str, list[Message]] = {}
        """The messages of each thread, by its key, oldest first."""
        self._tables: dict[str, dict[str, Any]] = {
            "app": self.apps,
            "owner": self.owners,
            "page": self.pages,
            "account": self.accounts,
            "person": self.people,
            "token": self.tokens,
            "consent": self.consents,
            "thread": self.threads,
            "message": self.messages,
            "story": self.stories,
            "asset": self.assets,
            "post": self.posts,
            "comment": self.comments,
            "dataset": self.datasets,
            "pending": self.pending,
        }

    def _index(self, record: Any) -> None:
        kind, key = _KINDS[type(record)]
        self._tables[kind][key(record)] = record
        if isinstance(record, Thread):
            self.by_igsid[record.igsid] = record
            self.by_conversation[record.conversation_id] = record
            self.listed.setdefault(record.key, [])
        elif isinstance(record, Message):
            self.listed.setdefault(record.thread, []).append(record)

    def add(self, record: R) -> R:
        """Take in a new record and store it."""
        if isinstance(record, Message):
            kind, key = _KINDS[Message]
            self.messages[record.mid] = record
            # Almost always the youngest; a back-dated message finds its place in time.
            bisect.insort(self.listed[record.thread], cast(Message, record), key=_timestamp)
            self.store.put(kind, key(record), record)
        else:
            self._index(record)
            self.save(record)
        return record

    def save(self, record: object) -> None:
        """Store a record that was changed."""
        kind, key = _KINDS[type(record)]
        self.store.put(kind, key(record), record)

    def drop_consent(self, consent: Consent) -> None:
        """Forget what a person let an app do."""
        if self.consents.pop(consent.key, None):
            self.store.delete("consent", consent.key)

    def drop_pending(self, events: Iterable[Pending]) -> None:
        """Forget webhook events that have been delivered or given up."""
        for event in events:
            if self.pending.pop(event.id, None):
                self.store.delete("pending", event.id)

    def add_blob(self, key: str, body: bytes) -> None:
        """Take in the bytes of a media file."""
        self.blobs[key] = body
        self.store.put_blob(key, body)

    def drop_blob(self, key: str) -> None:
        """Forget the bytes of a media file."""
        if self.blobs.pop(key, None) is not None:
            self.store.put_blob(key, b"")

    def save_settings(self) -> None:
        """Store the settings after a change."""
        self.store.put("settings", "settings", self.settings)

    def clear(self) -> None:
        """Forget everything but the key of the CDN's signatures."""
        self._empty()
        self.store.clear()
        self.settings = {"cdn_secret": self.settings["cdn_secret"]}
        self.save_settings()

    def fresh(self, make: Callable[[], str]) -> str:
        """An id from ``make`` that nothing has yet, neither as a Graph object nor as a person."""
        while True:
            candidate = make()
            if not self.taken(candidate):
                return candidate

    def taken(self, key: str) -> bool:
        """Whether a Graph object, a person or an IGSID already has this id."""
        return key in self.by_igsid or any(key in table for table in self._tables.values())

    def secrets(self) -> list[str]:
        """Texts that must not be shown in the wire log."""
        return [app.secret for app in self.apps.values()]


def _timestamp(message: Message) -> int:
    return message.timestamp_ms
