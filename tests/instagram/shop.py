"""An app with an Instagram account, as tests drive it: Meta's side, the business's side, and what it led to."""

from __future__ import annotations

import itertools
import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from heliograph.channels.instagram.accounts.records import token_place
from tests.instagram.cases import meta_bytes
from tests.simulator.support import eventually

if TYPE_CHECKING:
    from tests.instagram.house import House

DEADLINE = 15.0

_numbers = itertools.count(1)


def unique(prefix: str = "") -> str:
    """Digits that nothing else in this run has."""
    return f"{prefix}{secrets.randbelow(10**6):06d}{next(_numbers):05d}"


def new_mid() -> str:
    """A message id that nothing else has."""
    return f"aWdfZAG1f{unique()}ZDZD"


def now_ms(**ago: float) -> int:
    """Meta's time of an event, now or some time ago."""
    return int((datetime.now(UTC) - timedelta(**ago)).timestamp() * 1000)


@dataclass(frozen=True)
class Shop:
    """An app with an Instagram account, and what Meta and its customers do to it."""

    house: House
    app_id: str
    integration_id: str
    facebook_app: str
    secret: str
    account: str
    page: str
    token: str

    def connect(self, **columns: Any) -> None:
        """Write what connecting writes, without asking Meta. Media keep Meta's links, unless said otherwise."""
        columns = {"media_mode": "link", **columns}
        self.house.execute(
            "insert into integrations (id, app_id, type) values ($1, $2, 'instagram')", self.integration_id, self.app_id
        )
        names = "".join(f", {name}" for name in columns)
        self.house.execute(
            "insert into instagram_accounts (integration_id, app_id, facebook_app_id, page_id, account_id, page_token"
            f"{names}) values ($1, $2, $3, $4, $5, $6{''.join(f', ${n}' for n in range(7, 7 + len(columns)))})",
            self.integration_id,
            self.app_id,
            self.facebook_app,
            self.page,
            self.account,
            self.house.box.seal(self.token, token_place(self.integration_id)),
            *columns.values(),
        )

    # Meta's side ----------------------------------------------------------------------------------------------

    def item(self, person: str, at: int | None = None, **event: Any) -> dict[str, Any]:
        """A ``messaging`` item of a person."""
        sides = {"sender": {"id": person}, "recipient": {"id": self.account}}
        return {**sides, "timestamp": at or now_ms(), **event}

    def text(self, person: str, said: str = "hello", mid: str = "", at: int | None = None, **more: Any) -> Any:
        """The item of a text."""
        return self.item(person, at, message={"mid": mid or new_mid(), "text": said, **more})

    def echo(self, person: str, mid: str, at: int | None = None, **message: Any) -> dict[str, Any]:
        """The item of an echo."""
        sides = {"sender": {"id": self.account}, "recipient": {"id": person}}
        return {**sides, "timestamp": at or now_ms(), "message": {"mid": mid, **message, "is_echo": True}}

    def body(self, *items: Any, name: str = "messaging") -> bytes:
        """The bytes of a webhook with these items."""
        return meta_bytes({"object": "instagram", "entry": [{"time": now_ms(), "id": self.account, name: list(items)}]})

    def deliver(self, *items: Any, name: str = "messaging", house: House | None = None) -> None:
        """A webhook of Meta's with these items; it gets a 200."""
        body = self.body(*items, name=name)
        answer = (house or self.house).webhook(self.facebook_app, body, secret=self.secret)
        assert answer.status == 200, answer

    def given(self, *items: Any, name: str = "messaging") -> None:
        """Deliver, and wait until it is applied."""
        self.deliver(*items, name=name)
        self.received()

    def filed(self, seconds: float = DEADLINE) -> None:
        """Wait until all that came for this Facebook app is in its lanes."""
        waiting = "select count(*) from lanes where kind = 'filing' and key = $1"
        eventually(lambda: not self.house.value(waiting, self.facebook_app), seconds)

    def received(self, seconds: float = DEADLINE) -> None:
        """Wait until all that came for this Facebook app has been dealt with."""
        self.filed(seconds)
        waiting = "select count(*) from lanes where kind = 'inbound' and key like $1 || '/%'"
        eventually(lambda: not self.house.value(waiting, self.facebook_app), seconds)

    def quiet(self, seconds: float = DEADLINE) -> None:
        """Wait until nothing of this shop waits, neither inbound nor to be sent."""
        self.received(seconds)
        sending = (
            "select count(*) from lanes l join conversations v on v.id = l.key where l.kind = 'send' and v.app_id = $1"
        )
        eventually(lambda: not self.house.value(sending, self.app_id), seconds)

    # What it led to -------------------------------------------------------------------------------------------

    def events(self, *types: str) -> list[dict[str, Any]]:
        """The events of this app, in order; of these types only, when given (without ``conversation:``)."""
        wanted = {f"conversation:{name}" for name in types}
        rows = self.house.rows("select body from events where app_id = $1 order by seq", self.app_id)
        bodies = [json.loads(row["body"]) for row in rows]
        return [body for body in bodies if not wanted or body["type"] in wanted]

    def told(self) -> list[str]:
        """The types of this app's events, in order, without ``conversation:``."""
        return [event["type"].removeprefix("conversation:") for event in self.events()]

    def messages(self, person: str | None = None) -> list[dict[str, Any]]:
        """The stored messages, in order."""
        rows = self.house.rows(
            "select m.body from messages m join participants p using (conversation_id)"
            " join clients c on c.user_id = p.user_id where m.app_id = $1 and ($2::text is null or c.external_id = $2)"
            " order by m.seq",
            self.app_id,
            person,
        )
        return [row["body"] for row in rows]

    def texts(self, person: str | None = None) -> list[str]:
        """The texts of the stored messages, in order."""
        return [message["content"].get("text", "") for message in self.messages(person)]

    def leftovers(self) -> list[str]:
        """Why items of this account's webhooks were left, in the order of their arrival."""
        rows = self.house.rows(
            "select l.reason from journal_leftovers l join journal j on j.id = l.journal_id"
            " where j.facebook_app_id = $1 order by l.journal_id, length(l.path), l.path",
            self.facebook_app,
        )
        return [row["reason"] for row in rows]

    # The business's side --------------------------------------------------------------------------------------

    def person(self, **ago: float) -> str:
        """Somebody who wrote once, now or some time ago; their IGSID."""
        person = unique("5846")
        self.given(self.text(person, at=now_ms(**ago)))
        return person

    def conversation(self, person: str) -> str:
        """The conversation of somebody who wrote."""
        found = self.house.value(
            "select p.conversation_id from clients c join participants p using (user_id)"
            " where c.integration_id = $1 and c.external_id = $2",
            self.integration_id,
            person,
        )
        assert found, f"{person} has no conversation"
        return str(found)

    def post(self, person: str, said: str | Mapping[str, Any] = "Hi", *, subtypes: Iterable[str] = ()) -> str:
        """A message of the business by the API; its id."""
        content = {"type": "text", "text": said} if isinstance(said, str) else dict(said)
        author: dict[str, Any] = {"type": "business"}
        if subtypes:
            author["subtypes"] = list(subtypes)
        path = f"/v2/apps/{self.app_id}/conversations/{self.conversation(person)}/messages"
        answer = self.house.api("POST", path, {"author": author, "content": content}, 201)
        return str(answer["messages"][0]["id"])

    def deliveries(self, message_id: str) -> list[dict[str, Any]]:
        """The delivery events of a message, in order."""
        found = self.events("message:delivery:channel", "message:delivery:user", "message:delivery:failure")
        return [event for event in found if event["payload"]["message"]["id"] == message_id]

    def outcome(self, message_id: str, seconds: float = DEADLINE) -> list[str]:
        """Wait until a message is sent or failed; what was told of it, without ``conversation:message:delivery:``."""
        eventually(lambda: self.deliveries(message_id), seconds)
        return [event["type"].rpartition(":")[2] for event in self.deliveries(message_id)]

    def failure(self, message_id: str, seconds: float = DEADLINE) -> dict[str, Any]:
        """Wait until a message has failed; why."""
        assert self.outcome(message_id, seconds) == ["failure"]
        (event,) = self.deliveries(message_id)
        assert event["payload"]["isFinalEvent"] is True
        return dict(event["payload"]["error"])

    def parts(self, message_id: str) -> list[dict[str, Any]]:
        """The send ledger's rows of a message, in order."""
        return self.house.rows("select * from send_parts where message_id = $1 order by part", message_id)
