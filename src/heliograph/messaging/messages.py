"""Messages that are stored: reading and deleting them. Posting one is `posting`'s work."""

from collections.abc import Mapping, Sequence
from typing import Any

from heliograph.messaging import attachments
from heliograph.messaging.paging import Cut, Slice, sliced
from heliograph.storage import Connection

# Sunshine reference 1.6: the page size of ListMessages is fixed.
PAGE_SIZE = 100

# Served by conversations_pkey. The lock is the one that posting takes, so that counts stay right.
_LOCK = "select id from conversations where app_id = $1 and id = $2 for update"

# A cursor is a message's id, the order is seq. When the message of the cursor was deleted meanwhile, the gap it left is
# the cursor, so that paging goes on. Served by messages_of_conversation and messages_pkey.
_LAST = "select body from messages where conversation_id = $1 order by seq desc limit $2"
_AFTER = """
select body from messages where conversation_id = $1 and seq > coalesce(
    (select seq from messages where id = $3 and conversation_id = $1),
    (select max(seq) from messages where id < $3 and conversation_id = $1), 0)
order by seq limit $2
"""
_BEFORE = """
select body from messages where conversation_id = $1 and seq < coalesce(
    (select seq from messages where id = $3 and conversation_id = $1),
    (select max(seq) + 1 from messages where id < $3 and conversation_id = $1), 0)
order by seq desc limit $2
"""


# Its mids stay: a message that was here once never comes again. What the send ledger holds of its content goes too, once
# it is settled: until then it is what an echo is known by. Served by messages_of_conversation and primary keys.
def _deletion(chosen: str) -> str:
    return f"""
with gone as (
    delete from messages where {chosen} returning id
), sent as (
    delete from sends s using gone where s.message_id = gone.id and s.state in ('sent', 'failed') returning s.message_id
), parts as (
    delete from send_parts p using sent where p.message_id = sent.message_id and p.state in ('sent', 'failed')
)
select coalesce(array_agg(id), '{{}}') from gone
"""  # noqa: S608  the only thing put in is a constant below


_DELETE = _deletion("id = $2 and conversation_id = $1")
_DELETE_ALL = _deletion("conversation_id = $1")
_DELETE_SOME = _deletion("id = any (array(select id from messages where conversation_id = any ($1::text[]) limit $2))")
_DELETE_THESE = _deletion("id = any ($1::text[])")
_RECOUNT = "update conversations set message_count = greatest(message_count - $2, 0) where id = $1"

# Served by conversations_pkey, participants_of_conversation and clients_pkey.
_REACHES = """
select v.type, exists (
    select from participants p join clients c on c.id = p.client_id
    where p.conversation_id = v.id and c.integration_id = coalesce($3, c.integration_id)
      and c.type = coalesce($4, c.type)
) as reached
from conversations v where v.app_id = $1 and v.id = $2
"""


async def list_messages(connection: Connection, conversation_id: str, cut: Cut) -> Slice:
    """A page of a conversation's messages as they were stored, oldest first; without a cursor the last page."""
    if cut.after:
        rows = await connection.fetch(_AFTER, conversation_id, cut.size + 1, cut.after)
    elif cut.before:
        rows = await connection.fetch(_BEFORE, conversation_id, cut.size + 1, cut.before)
    else:
        rows = await connection.fetch(_LAST, conversation_id, cut.size + 1)
    page = sliced(list(rows), cut)
    return Slice([row["body"] for row in page.rows], page.more)


async def lock_conversation(connection: Connection, app_id: str, conversation_id: str) -> bool:
    """Lock a conversation until the transaction ends; whether there is one."""
    return await connection.fetchval(_LOCK, app_id, conversation_id) is not None


async def delete(connection: Connection, conversation_id: str, message_id: str) -> bool:
    """Delete one message of a locked conversation; whether there was one."""
    gone = await connection.fetchval(_DELETE, conversation_id, message_id)
    if not gone:
        return False
    await attachments.let_go_of_messages(connection, gone)
    await connection.execute(_RECOUNT, conversation_id, 1)
    return True


async def delete_all(connection: Connection, conversation_id: str) -> None:
    """Delete every message of a locked conversation."""
    gone = await connection.fetchval(_DELETE_ALL, conversation_id)
    await attachments.let_go_of_history(connection, [conversation_id])
    await connection.execute(_RECOUNT, conversation_id, len(gone))


async def delete_some(connection: Connection, conversation_ids: Sequence[str], most: int) -> int:
    """Delete up to ``most`` messages of locked conversations, without counting them off; returns how many went."""
    if not conversation_ids:
        return 0
    gone = await connection.fetchval(_DELETE_SOME, conversation_ids, most)
    await attachments.let_go_of_messages(connection, gone)
    return len(gone)


async def delete_these(connection: Connection, message_ids: Sequence[str]) -> None:
    """Delete these messages of locked conversations, without counting them off."""
    if message_ids:
        gone = await connection.fetchval(_DELETE_THESE, message_ids)
        await attachments.let_go_of_messages(connection, gone)


async def reach(connection: Connection, app_id: str, conversation_id: str, destination: Mapping[str, Any]) -> Any:
    """The conversation's ``type``, and whether a message with this ``destination`` is ``reached`` by a client in it.

    None: no such conversation.
    """
    return await connection.fetchrow(
        _REACHES, app_id, conversation_id, destination.get("integrationId"), destination.get("integrationType")
    )
