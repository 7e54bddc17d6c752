"""The conversation that something is posted to by the API: held until the transaction ends, with who takes part in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from heliograph.messaging.switchboard.state import CONVERSATION
from heliograph.storage import Connection


class ConversationNotFoundError(Exception):
    """No such conversation in this app."""


class AuthorNotFoundError(Exception):
    """The user who should have written is not a participant of the conversation."""


# Served by primary keys and participants_of_conversation. A personal conversation has one participant; of several, the
# first that joined.
_CONVERSATION = f"""
select {CONVERSATION} as conversation, (select a.settings from apps a where a.id = v.app_id) as settings
from conversations v where v.id = $1 and v.app_id = $2 for update
"""  # noqa: S608

_PARTICIPANTS = """
select p.user_id, p.client_id, c.integration_id, c.type as client_type, c.display_name, c.avatar_url, c.status,
       u.id, u.external_id, u.brand_id, u.signed_up_at, u.to_be_retained, u.profile, u.metadata, u.identities
from participants p join users u on u.id = p.user_id left join clients c on c.id = p.client_id
where p.conversation_id = $1 order by p.id
"""


@dataclass(frozen=True, slots=True)
class Held:
    """A locked conversation. ``people``: its participants with their users and clients; ``settings``: the app's."""

    row: dict[str, Any]
    people: list[Any]
    settings: Mapping[str, Any]

    def not_before(self, now: datetime) -> datetime:
        """``now`` was read before the wait for the conversation: what was written meanwhile must not come after it."""
        return max(now, datetime.fromisoformat(self.row["last_updated_at"]).astimezone(UTC))

    def writer(self, author: Mapping[str, Any]) -> Any:
        """The participant whom an author of the wire names. Raises :class:`AuthorNotFoundError`."""
        for person in self.people:
            if author.get("userId") == person["user_id"] or (
                "userExternalId" in author and author["userExternalId"] == person["external_id"]
            ):
                return person
        raise AuthorNotFoundError

    @property
    def first(self) -> Any:
        """Whom events of the business name: the only participant, or of several the first that joined. None: nobody."""
        return self.people[0] if self.people else None

    @property
    def reached_by(self) -> str | None:
        """The integration whose channel the conversation is on; an SDK client belongs to none."""
        return next((str(person["integration_id"]) for person in self.people if person["integration_id"]), None)


async def hold(connection: Connection, app_id: str, conversation_id: str) -> Held:
    """Lock a conversation. Raises :class:`ConversationNotFoundError`."""
    row = await connection.fetchrow(_CONVERSATION, conversation_id, app_id)
    if row is None:
        raise ConversationNotFoundError
    people = list(await connection.fetch(_PARTICIPANTS, conversation_id))
    return Held(row["conversation"], people, row["settings"] or {})
