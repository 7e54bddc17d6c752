"""Participants: who takes part in a conversation, and by which client they are reached."""

from heliograph.messaging import paging, shapes
from heliograph.messaging.paging import Cut, Slice
from heliograph.storage import Connection

# Served by participants_of_conversation and the primary keys of users and clients.
_LIST = """
select p.*, u.external_id, c.type as client_type
from participants p join users u on u.id = p.user_id left join clients c on c.id = p.client_id
where p.app_id = $1 and p.conversation_id = $2
"""


async def list_participants(connection: Connection, app_id: str, conversation_id: str, cut: Cut) -> Slice:
    """A page of a conversation's participants, as the wire shows them."""
    page = await paging.cut_by_id(connection, _LIST, (app_id, conversation_id), cut, column="p.id")
    return Slice([shapes.participant(row) for row in page.rows], page.more)


# Served by participants_of_conversation.
_TAKES_PART = """
select exists (select from participants where app_id = $1 and conversation_id = $2 and user_id = $3)
"""


async def takes_part(connection: Connection, app_id: str, conversation_id: str, user_id: str) -> bool:
    """Whether a user is a participant of a conversation of the app."""
    return bool(await connection.fetchval(_TAKES_PART, app_id, conversation_id, user_id))
