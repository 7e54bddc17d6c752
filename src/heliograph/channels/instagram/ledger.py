"""The send ledger: what happened to each part of a business message. SQL only; `outbound` decides.

              claim                    answer
    pending ─────────▶ sending ───────────────────▶ sent
       ▲                 │ │   not taken, may pass
       └─────────────────┼─┘
                         │ no answer, or the process died
                         ▼          echo, or found in the thread
                      unknown ──────────────────────────────▶ sent
                         │ not in the thread after the grace
                         ▼
                       failed  ◀── refused for good

Invariant: a part is handed to Meta only by whoever moved it from pending to sending, and nothing moves it back unless
Meta said that it did not take it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from heliograph.messaging.switchboard.state import CONVERSATION
from heliograph.storage import Connection

# One row with all that a send needs; primary keys, participants_of_conversation and clients_of_user serve it. When the
# integration was deleted or the client removed, none stands with the participant any more; $3 names the one that was
# meant.
_LOAD = f"""
select m.body as message, m.override, {CONVERSATION} as conversation, v.app_id,
       i.settings -> 'showAIDisclaimer' as ai_disclaimer,
       u.id, u.external_id, u.brand_id, u.signed_up_at, u.to_be_retained, u.profile, u.metadata, u.identities,
       c.id as client_id, c.external_id as person, c.last_action_at, c.integration_id, c.type as client_type,
       c.removed_at,
       a.page_id, a.account_id, a.page_token, a.human_agent_tag, a.carousel_mode, a.facebook_app_id, f.secret as app_secret,
       s.state as send_state
from conversations v
join participants p on p.conversation_id = v.id
join users u on u.id = p.user_id
join clients c on c.user_id = p.user_id and (c.id = p.client_id or p.client_id is null and c.integration_id = $3)
left join integrations i on i.id = c.integration_id
left join instagram_accounts a on a.integration_id = c.integration_id
left join facebook_apps f on f.id = a.facebook_app_id
left join messages m on m.id = $2 and m.conversation_id = v.id
left join sends s on s.message_id = $2
where v.id = $1 order by p.id limit 1
"""  # noqa: S608

_OPEN = """
insert into sends (message_id, app_id, conversation_id, integration_id, client_id, state, parts)
values ($1, $2, $3, $4, $5, 'pending', $6) on conflict do nothing
"""

_OPEN_PARTS = """
insert into send_parts (message_id, part, app_id, integration_id, client_id, request, state)
select $1, part, $2, $3, $4, request, 'pending'
from unnest($5::json[]) with ordinality as p (request, part) on conflict do nothing
"""

_CLAIM = """
update send_parts set state = 'sending', started_at = now(), attempts = attempts + 1, tag = $3
where message_id = $1 and part = $2 and state = 'pending' returning part
"""

_SENT = """
update send_parts set state = 'sent', mid = $3, settled_at = now()
where message_id = $1 and part = $2 and state in ('sending', 'unknown')
"""

# The mid is ours from now on: its echo is an echo, whenever it comes.
_OWN_MID = """
insert into mids (integration_id, mid, app_id, message_id) values ($1, $2, $3, $4) on conflict do nothing
"""

_MOVE = """
update send_parts set state = $3, code = $4, subcode = $5, error = $6,
    settled_at = case when $3 = 'failed' then now() end
where message_id = $1 and part = $2 and state = any ($7::text[])
"""

# Who finishes a message holds its conversation too: so either they see the echo, or we see them finished.
_LOCK_ECHOED = """
select v.id from mids k join unnest($1::text[], $2::text[]) as e (integration_id, mid) using (integration_id, mid)
join sends s on s.message_id = k.message_id join conversations v on v.id = s.conversation_id
order by v.id for update of v
"""

_MARK_ECHOED = """
update send_parts p set echoed = true
from mids k join unnest($1::text[], $2::text[]) as e (integration_id, mid) using (integration_id, mid)
where p.message_id = k.message_id and p.mid = k.mid returning p.message_id
"""

# Whole messages whose every part came back as an echo. Served by sends_pkey and send_parts_pkey.
_CONFIRM_ECHOED = """
update sends s set user_at = $2
where s.message_id = any ($1::text[]) and s.state = 'sent' and s.user_at is null
  and not exists (select 1 from send_parts p where p.message_id = s.message_id and not p.echoed)
returning s.message_id
"""

# Messages up to the one that was seen. Served by sends_unseen, mids_pkey, messages_pkey.
_CONFIRM_SEEN = """
update sends s set user_at = $4
from unnest($1::text[], $2::text[], $3::text[]) as r (client_id, integration_id, mid)
left join mids k on k.integration_id = r.integration_id and k.mid = r.mid and k.part = 0
left join messages seen on seen.id = k.message_id
join messages m on true
where s.client_id = r.client_id and s.state = 'sent' and s.user_at is null and m.id = s.message_id
  and (r.mid = '' or m.seq <= seen.seq)
returning s.message_id
"""

_OPEN_PARTS_OF = """
select p.message_id, p.part, p.app_id, p.integration_id, c.external_id, p.state, p.request, p.started_at
from unnest($1::text[], $2::text[]) as k (integration_id, external_id)
join clients c on c.integration_id = k.integration_id and c.external_id = k.external_id
join send_parts p on p.client_id = c.id and p.state in ('sending', 'unknown') and p.started_at > now() - interval '2 h'
order by p.started_at, p.message_id, p.part
"""

_ABOUT = f"""
select s.message_id, s.app_id, s.conversation_id, s.integration_id, s.client_id,
       {CONVERSATION} as conversation,
       u.id, u.external_id, u.brand_id, u.signed_up_at, u.to_be_retained, u.profile, u.metadata, u.identities,
       (select array_agg(p.mid order by p.part) from send_parts p where p.message_id = s.message_id) as mids
from sends s join conversations v on v.id = s.conversation_id
join clients c on c.id = s.client_id join users u on u.id = c.user_id
where s.message_id = any ($1::text[]) order by v.id, s.message_id for update of v
"""  # noqa: S608


async def load(connection: Connection, conversation_id: str, message_id: str, integration_id: str = "") -> Any:
    """All that sending a message needs, in one row; None when the conversation has no one to send to.

    ``integration_id``: the one that the message was meant for. It may be gone; then ``page_token`` is None.
    """
    return await connection.fetchrow(_LOAD, conversation_id, message_id, integration_id)


async def open_parts(
    connection: Connection, message_id: str, row: Mapping[str, Any], requests: Sequence[dict[str, Any]]
) -> list[Any]:
    """The parts of a message, written on first sight; afterwards as they stand."""
    await connection.execute(
        _OPEN,
        message_id,
        row["app_id"],
        row["conversation"]["id"],
        row["integration_id"],
        row["client_id"],
        len(requests),
    )
    await connection.execute(
        _OPEN_PARTS, message_id, row["app_id"], row["integration_id"], row["client_id"], list(requests)
    )
    return await parts(connection, message_id)


async def parts(connection: Connection, message_id: str) -> list[Any]:
    """The parts of a message as they stand, in order."""
    return list(await connection.fetch("select * from send_parts where message_id = $1 order by part", message_id))


async def claim(connection: Connection, message_id: str, part: int, tag: str | None) -> bool:
    """Move a part from pending to sending. Only who gets True may hand it to Meta."""
    return await connection.fetchval(_CLAIM, message_id, part, tag) is not None


async def sent(connection: Connection, row: Mapping[str, Any], message_id: str, part: int, mid: str) -> None:
    """Meta took the part and calls it ``mid``."""
    await connection.execute(_SENT, message_id, part, mid)
    await connection.execute(_OWN_MID, row["integration_id"], mid, row["app_id"], message_id)


async def move(
    connection: Connection,
    message_id: str,
    part: int,
    state: str,
    *,
    of: Sequence[str],
    code: int | None = None,
    subcode: int | None = None,
    error: str | None = None,
) -> None:
    """Put a part into another state, if it is in one of ``of``."""
    await connection.execute(_MOVE, message_id, part, state, code, subcode, error and error[:1000], list(of))


async def give_up(connection: Connection, message_id: str) -> None:
    """The message goes no further: none of its parts is waited for any more, and no later echo is taken for theirs."""
    await connection.execute(
        "update send_parts set state = 'failed', settled_at = now()"
        " where message_id = $1 and state in ('sending', 'unknown')",
        message_id,
    )
    await finish(connection, message_id, "failed")


async def finish(connection: Connection, message_id: str, state: str) -> None:
    """The message as a whole is sent, or failed."""
    await connection.execute("update sends set state = $2 where message_id = $1", message_id, state)


async def mark_echoed(connection: Connection, keys: Sequence[tuple[str, str]]) -> list[str]:
    """Note the echoes of own parts, by (integration, mid). Returns the messages they belong to."""
    columns = [k[0] for k in keys], [k[1] for k in keys]
    await connection.execute(_LOCK_ECHOED, *columns)
    rows = await connection.fetch(_MARK_ECHOED, *columns)
    return [row["message_id"] for row in rows]


async def confirm_echoed(connection: Connection, message_ids: Sequence[str], now: datetime) -> list[str]:
    """Of these messages, those that are now known to have reached the person, each told once."""
    rows = await connection.fetch(_CONFIRM_ECHOED, list(message_ids), now)
    return [row["message_id"] for row in rows]


async def confirm_seen(connection: Connection, reads: Sequence[tuple[str, str, str]], now: datetime) -> list[str]:
    """Messages up to a read, by (client, integration, mid seen); each told once."""
    rows = await connection.fetch(_CONFIRM_SEEN, *(list(column) for column in zip(*reads, strict=True)), now)
    return [row["message_id"] for row in rows]


async def open_parts_of(connection: Connection, people: Sequence[tuple[str, str]]) -> dict[tuple[str, str], list[Any]]:
    """Parts that are with Meta, or whose outcome is unknown, by (integration, person). Served by send_parts_open."""
    found: dict[tuple[str, str], list[Any]] = {}
    for row in await connection.fetch(_OPEN_PARTS_OF, [p[0] for p in people], [p[1] for p in people]):
        found.setdefault((row["integration_id"], row["external_id"]), []).append(row)
    return found


async def about(connection: Connection, message_ids: Sequence[str]) -> list[Any]:
    """What a delivery event tells of each message. Locks the conversations: an event is about to be published."""
    return list(await connection.fetch(_ABOUT, list(message_ids)))
