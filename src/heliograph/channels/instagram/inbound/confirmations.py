"""That messages of ours reached the person: echoes came back, or they were seen. SQL, on what `sending/ledger` writes.

Instagram tells of no delivery (Meta reference 1.1): these two signs are all there is. Each message is told once.
"""

from collections.abc import Sequence
from datetime import datetime

from heliograph.storage import Connection

# Who finishes a message holds its conversation too: so either they see the echo, or we see them finished.
_LOCK = """
select v.id from mids k join unnest($1::text[], $2::text[]) as e (integration_id, mid) using (integration_id, mid)
join sends s on s.message_id = k.message_id join conversations v on v.id = s.conversation_id
order by v.id for update of v
"""

_ECHOED = """
update send_parts p set echoed = true
from mids k join unnest($1::text[], $2::text[]) as e (integration_id, mid) using (integration_id, mid)
where p.message_id = k.message_id and p.mid = k.mid returning p.message_id
"""

# Whole messages whose every part came back as an echo. Served by sends_pkey and send_parts_pkey.
_REACHED = """
update sends s set user_at = $2
where s.message_id = any ($1::text[]) and s.state = 'sent' and s.user_at is null
  and not exists (select 1 from send_parts p where p.message_id = s.message_id and not p.echoed)
returning s.message_id
"""

# Messages up to the one that was seen. Served by sends_unseen, mids_pkey, messages_pkey.
_SEEN = """
update sends s set user_at = $4
from unnest($1::text[], $2::text[], $3::text[]) as r (client_id, integration_id, mid)
left join mids k on k.integration_id = r.integration_id and k.mid = r.mid and k.part = 0
left join messages seen on seen.id = k.message_id
join messages m on true
where s.client_id = r.client_id and s.state = 'sent' and s.user_at is null and m.id = s.message_id
  and (r.mid = '' or m.seq <= seen.seq)
returning s.message_id
"""


async def echoed(connection: Connection, keys: Sequence[tuple[str, str]]) -> list[str]:
    """Note the echoes of own parts, by (integration, mid). Returns the messages they belong to."""
    columns = [k[0] for k in keys], [k[1] for k in keys]
    await connection.execute(_LOCK, *columns)
    rows = await connection.fetch(_ECHOED, *columns)
    return [row["message_id"] for row in rows]


async def reached(connection: Connection, message_ids: Sequence[str], now: datetime) -> list[str]:
    """Of these messages, those that are now known to have reached the person, each told once."""
    rows = await connection.fetch(_REACHED, list(message_ids), now)
    return [row["message_id"] for row in rows]


async def seen(connection: Connection, reads: Sequence[tuple[str, str, str]], now: datetime) -> list[str]:
    """Messages up to a read, by (client, integration, mid seen); each told once."""
    rows = await connection.fetch(_SEEN, *(list(column) for column in zip(*reads, strict=True)), now)
    return [row["message_id"] for row in rows]
