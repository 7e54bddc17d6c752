"""What sending knows: a message with its person, account and conversation, and the parts as they stand. SQL only.

Nothing is changed here, and nothing locked; what moves a part is in `ledger`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from heliograph.channels.instagram.accounts.records import REFUSED
from heliograph.channels.instagram.meta.pauses import STANDING
from heliograph.storage import Connection

# One row per message with all that a send needs; primary keys, participants_of_conversation and clients_of_user serve
# it. When the integration was deleted or the client removed, none stands with the participant any more; the third column
# names the one that was meant.
_LOAD = f"""
select w.conversation_id, w.message_id, m.body as message, m.override, v.app_id,
       jsonb_build_object('id', v.id) as conversation,
       i.settings -> 'showAIDisclaimer' as ai_disclaimer, a.refusal,
       {REFUSED} as refused,
       t.client_id, t.person, t.last_action_at, t.integration_id, t.removed_at,
       a.page_id, a.account_id, a.page_token, a.login, a.human_agent_tag, a.carousel_mode, a.facebook_app_id,
       a.objected_at,
       f.secret as app_secret,
       s.state as send_state, h.until_at, coalesce(h.slow_until > clock_timestamp(), false) as slow,
       clock_timestamp() as now
from unnest($1::text[], $2::text[], $3::text[]) as w (conversation_id, message_id, integration_id)
join conversations v on v.id = w.conversation_id
join lateral (
    select c.id as client_id, c.external_id as person, c.last_action_at, c.integration_id, c.removed_at
    from participants p
    join clients c on c.user_id = p.user_id
        and (c.id = p.client_id or p.client_id is null and c.integration_id = w.integration_id)
    where p.conversation_id = v.id order by p.id limit 1
) t on true
left join integrations i on i.id = t.integration_id
left join instagram_accounts a on a.integration_id = t.integration_id
left join facebook_apps f on f.id = a.facebook_app_id
left join messages m on m.id = w.message_id and m.conversation_id = v.id
left join sends s on s.message_id = w.message_id
left join lateral {STANDING} h on true
"""  # noqa: S608

# Served by send_parts_pkey.
_PARTS = "select * from send_parts where message_id = any ($1::text[]) order by message_id, part"

_OPEN_PARTS_OF = """
select p.message_id, p.part, p.app_id, p.integration_id, c.external_id, p.state, p.request, p.started_at,
       s.state = 'failed' as given_up
from unnest($1::text[], $2::text[]) as k (integration_id, external_id)
join clients c on c.integration_id = k.integration_id and c.external_id = k.external_id
join send_parts p on p.client_id = c.id and p.state in ('sending', 'unknown') and p.started_at > now() - interval '2 h'
join sends s on s.message_id = p.message_id
order by s.state = 'failed', p.started_at, p.message_id, p.part
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A message to load. ``integration_id``: the one that it was meant for; it may be gone."""

    conversation_id: str
    message_id: str
    integration_id: str = ""


async def load_all(connection: Connection, wanted: Sequence[Wanted]) -> dict[tuple[str, str], Any]:
    """All that sending each message needs, by (conversation, message).

    A conversation that has no one to send to is missing. ``page_token`` is None when the integration is gone,
    ``message`` when the message is.
    """
    rows = await connection.fetch(
        _LOAD,
        [one.conversation_id for one in wanted],
        [one.message_id for one in wanted],
        [one.integration_id for one in wanted],
    )
    return {(row["conversation_id"], row["message_id"]): row for row in rows}


async def load(connection: Connection, conversation_id: str, message_id: str, integration_id: str = "") -> Any:
    """As :func:`load_all`, of one message; None when the conversation has no one to send to."""
    found = await load_all(connection, [Wanted(conversation_id, message_id, integration_id)])
    return found.get((conversation_id, message_id))


async def parts_of(connection: Connection, message_ids: Sequence[str]) -> dict[str, list[Any]]:
    """The parts of messages as they stand, in order."""
    found: dict[str, list[Any]] = {message_id: [] for message_id in message_ids}
    for row in await connection.fetch(_PARTS, list(message_ids)):
        found[row["message_id"]].append(row)
    return found


async def open_parts_of(connection: Connection, people: Sequence[tuple[str, str]]) -> dict[tuple[str, str], list[Any]]:
    """Parts that are with Meta, or whose outcome is unknown, by (integration, person). Served by send_parts_open.

    ``given_up``: nobody waits for it any more, but its echo may come.
    """
    found: dict[tuple[str, str], list[Any]] = {}
    for row in await connection.fetch(_OPEN_PARTS_OF, [p[0] for p in people], [p[1] for p in people]):
        found.setdefault((row["integration_id"], row["external_id"]), []).append(row)
    return found
