"""Clients: the channel identities of a user."""

from heliograph.messaging import paging, shapes
from heliograph.messaging.paging import Cut, Slice
from heliograph.storage import Connection

# Served by clients_of_user.
_LIST = "select * from clients where app_id = $1 and user_id = $2"


async def list_clients(connection: Connection, app_id: str, user_id: str, cut: Cut) -> Slice:
    """A page of a user's clients, as the wire shows them."""
    page = await paging.cut_by_id(connection, _LIST, (app_id, user_id), cut)
    return Slice([shapes.client(row) for row in page.rows], page.more)
