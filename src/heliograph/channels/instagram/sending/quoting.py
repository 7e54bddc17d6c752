"""``override.instagram.reply_to``: which message an answer quotes (Meta reference 2.1).

Callers name a message by our id or by Meta's mid. Its mid is known once it came from Instagram or was taken by it.
"""

from collections.abc import Mapping
from typing import Any

from heliograph.channels.instagram.sending.override import REPLY_TO, IllegalOverrideError
from heliograph.channels.instagram.sending.render import Part
from heliograph.storage import Connection, is_id

# Of a message that went in several parts the last one. Served by messages_pkey and mids_of_message; a mid belongs to one
# integration of this app.
_MID_OF = """
select coalesce(
    (select p.mid from send_parts p where p.message_id = m.id and p.mid is not null order by p.part desc limit 1),
    (select k.mid from mids k where k.message_id = m.id order by k.part limit 1))
from messages m where m.id = $1 and m.conversation_id = $2 and m.app_id = $3 and not m.deleted
"""


async def mid_of(connection: Connection, app_id: str, conversation_id: str, name: str) -> str | None:
    """Meta's id of a message of a conversation, named by our id or by Meta's. None: Instagram does not know it."""
    if not is_id(name):
        return name
    mid: str | None = await connection.fetchval(_MID_OF, name, conversation_id, app_id)
    return mid


async def quote(connection: Connection, row: Mapping[str, Any], parts: list[Part]) -> list[Part]:
    """The parts, of which the first answers what the message's override names. Raises :class:`IllegalOverrideError`."""
    name = ((row["override"] or {}).get("instagram") or {}).get(REPLY_TO)
    if not name:
        return parts
    mid = await mid_of(connection, row["app_id"], row["conversation"]["id"], name)
    if mid is None:
        raise IllegalOverrideError(
            f"override.instagram.reply_to names no message of this conversation that Instagram has: {name}"
        )
    return [{**parts[0], REPLY_TO: {"mid": mid}}, *parts[1:]]
