"""The rows of a batch of arrivals: gathered while it is told as events (`writer`), then written set-based."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from heliograph.messaging import commitment, threads
from heliograph.messaging.arrivals import MessageArrival, ReferralArrival
from heliograph.messaging.contacts import Contact
from heliograph.storage import Connection

_MORE_PARTS = """
insert into mids (integration_id, mid, part, app_id, message_id)
select * from unnest($1::text[], $2::text[], $3::smallint[], $4::text[], $5::text[]) on conflict do nothing
"""

# One statement for what every message touches: itself, its conversation, and the client whose window starts anew.
_WRITE = """
with written as (
    insert into messages (id, app_id, conversation_id, author_type, user_id, received, body, channel, quoted_id)
    select id, app_id, conversation_id, author_type, user_id, $1, body, channel, quoted_id
    from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::json[], $8::json[], $9::text[])
        with ordinality as m (id, app_id, conversation_id, author_type, user_id, body, channel, quoted_id, ord)
    order by ord
), counted as (
    update conversations v set last_updated_at = greatest(last_updated_at, $1), message_count = message_count + t.n
    from unnest($10::text[], $11::int[]) as t (id, n) where v.id = t.id
)
update clients c set last_seen = greatest(c.last_seen, t.at), last_action_at = greatest(c.last_action_at, t.at)
from unnest($12::text[], $13::timestamptz[]) as t (id, at) where c.id = t.id
"""

# A mid is claimed once, so its files are written once.
_MEDIA = """
insert into media (id, app_id, integration_id, mid, part, message_id, conversation_id, kind, position, url, refreshed_at)
select *, $11::timestamptz from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::smallint[], $6::text[],
                                       $7::text[], $8::text[], $9::smallint[], $10::text[])
on conflict do nothing
"""

_READ = """
update participants p set last_read = t.at, unread_count = 0
from unnest($1::text[], $2::text[], $3::timestamptz[]) as t (conversation_id, user_id, at)
where p.conversation_id = t.conversation_id and p.user_id = t.user_id
"""

_Row = tuple[str, str, str, str, str | None, dict[str, Any], dict[str, Any] | None, str | None]


class Rows:
    """What a batch leaves in the tables. ``now``: when it is applied."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self._messages: list[_Row] = []
        self._parts: list[tuple[str, str, int, str, str]] = []
        self._media: list[tuple[str, str, str, str, int, str | None, str | None, str, int, str]] = []
        self._counts: dict[str, int] = {}
        self._actions: dict[str, datetime] = {}
        self._reads: dict[tuple[str, str], datetime] = {}
        self._owners: dict[str, tuple[str | None, datetime]] = {}
        self._debts: dict[str, list[commitment.Debt]] = {}

    def message(
        self, contact: Contact, arrival: MessageArrival, part: int, body: dict[str, Any], quoted_id: str | None
    ) -> None:
        """A message of the history: the ``part``-th of those that an arrival becomes."""
        conversation_id = contact.conversation["id"]
        user_id = contact.user["id"] if arrival.author == "user" else None
        channel = {"raw": arrival.raw} if part == 0 and arrival.raw is not None else None
        self._messages.append(
            (body["id"], contact.app_id, conversation_id, arrival.author, user_id, body, channel, quoted_id)
        )
        if part:
            self._parts.append((contact.integration_id, arrival.mid, part, contact.app_id, body["id"]))
        self._counts[conversation_id] = self._counts.get(conversation_id, 0) + 1

    def media(
        self, contact: Contact, arrival: MessageArrival | ReferralArrival, message_ids: Sequence[str] = ()
    ) -> None:
        """The files that addresses of ours name: each goes with the message that shows it."""
        for part, one in enumerate(arrival.media):
            message_id = message_ids[one.content or 0] if message_ids else None
            conversation_id = None if message_ids else contact.conversation["id"]
            self._media.append(
                (
                    *(one.id, contact.app_id, contact.integration_id, arrival.mid, part),
                    *(message_id, conversation_id, one.kind, one.position, one.url),
                )
            )

    def action(self, contact: Contact, at: datetime) -> None:
        """The person acted: their window starts anew."""
        client_id = contact.client["id"]
        self._actions[client_id] = max(at, self._actions.get(client_id, datetime.min.replace(tzinfo=UTC)))

    def debt(self, contact: Contact, since: datetime | None) -> None:
        """The person is owed an answer, or (None) has got one."""
        debt = commitment.Debt(contact.app_id, contact.integration_id, since)
        self._debts.setdefault(contact.conversation["id"], []).append(debt)

    def read(self, contact: Contact, at: datetime) -> None:
        """The person has seen the conversation."""
        self._reads[contact.conversation["id"], contact.user["id"]] = at

    def owner(self, contact: Contact, owner: str | None, at: datetime) -> None:
        """Whose the thread is now (see `threads`)."""
        self._owners[contact.client["id"]] = owner, at

    async def write(self, connection: Connection) -> None:
        """Write everything, one statement a table."""
        if self._messages or self._actions:
            columns = zip(*self._messages, strict=True) if self._messages else [()] * 8
            await connection.execute(
                _WRITE,
                self.now,
                *map(list, columns),
                list(self._counts),
                list(self._counts.values()),
                list(self._actions),
                list(self._actions.values()),
            )
        await commitment.note(connection, self._debts)
        if self._parts:
            await connection.execute(_MORE_PARTS, *map(list, zip(*self._parts, strict=True)))
        if self._media:
            await connection.execute(_MEDIA, *map(list, zip(*self._media, strict=True)), self.now)
        if self._reads:
            await connection.execute(
                _READ, [k[0] for k in self._reads], [k[1] for k in self._reads], list(self._reads.values())
            )
        await threads.write(connection, self._owners)
