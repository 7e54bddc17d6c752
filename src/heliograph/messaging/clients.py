"""Clients: the channel identities of a user."""

from collections.abc import Mapping
from typing import Any

from heliograph.messaging import paging, shapes
from heliograph.messaging.paging import Cut, Slice
from heliograph.storage import Connection

# Served by clients_of_user.
_LIST = "select * from clients where app_id = $1 and user_id = $2"

# The client that messages of the conversation go to. Served by participants_of_conversation and clients_pkey.
_LIVE = """
select c.integration_id, c.external_id from participants p join clients c on c.id = p.client_id
where p.app_id = $1 and p.conversation_id = $2 and c.type = $3 and c.status = 'active' order by p.id limit 1
"""


async def list_clients(connection: Connection, app_id: str, user_id: str, cut: Cut) -> Slice:
    """A page of a user's clients, as the wire shows them."""
    page = await paging.cut_by_id(connection, _LIST, (app_id, user_id), cut)
    return Slice([shapes.client(row) for row in page.rows], page.more)


async def live_of(connection: Connection, app_id: str, conversation_id: str, kind: str) -> Mapping[str, Any] | None:
    """The integration and the person's id there of a conversation's active client of this type, or None."""
    row: Mapping[str, Any] | None = await connection.fetchrow(_LIVE, app_id, conversation_id, kind)
    return row
