"""Who is in control of a conversation, as statements read it and rows keep it.

              first message          offer            accept
    nobody ───────────────▶ active ─────────▶ active ─────────▶ active
       ▲                      │ ▲             + pending
       └──────────────────────┘ └── pass
               release

The conversation's row holds two ids, active and pending. An id that is on the switchboard no more counts as none, so
that taking one off touches no conversation. While an app has no enabled switchboard, nothing of this is seen.
"""

from collections.abc import Sequence
from typing import Any

from heliograph.storage import Connection


def board(app_id: str) -> str:
    """An expression for the select list of whatever reads conversations: the app's enabled switchboard, or null.

    Its value is ``{"default": id, "integrations": {id: the short form that conversations carry}}``.
    ``app_id`` is the column that names the app. Names and types stand here and not in the conversation's row, where a
    change of name would have to be written a million times; and they come with the row, because intake and posting
    cannot afford a round trip for them. It is at most ten short rows, and for an app without a switchboard one look
    into an index. The whole of it and not just what the row names: the row may change while one waits for its lock.
    Served by switchboards_app_id_key and switchboard_integrations_named.
    """
    return f"""(
    select jsonb_build_object('default', s.default_id, 'integrations', jsonb_object_agg(i.id, jsonb_build_object(
        'id', i.id, 'name', i.name, 'integrationId', i.integration_id, 'integrationType', i.integration_type)))
    from switchboards s join switchboard_integrations i on i.switchboard_id = s.id
    where s.app_id = {app_id} and s.enabled group by s.id
)"""  # noqa: S608  a column's name, given by the statements of this house


# A conversation `v` with its switchboard, and since when it is owed an answer (commitments_pkey), for a select list; and,
# without the latter, as one JSON object.
SEEN = (
    f"v.*, {board('v.app_id')} as switchboard,"  # noqa: S608
    " (select since from commitments c where c.conversation_id = v.id) as waiting_since"
)
CONVERSATION = f"to_jsonb(v) || jsonb_build_object('switchboard', {board('v.app_id')})"

# Served by conversations_pkey.
_AGAIN = f"select v.id, {board('v.app_id')} as switchboard from conversations v where v.id = any ($1::text[])"  # noqa: S608
_ASSIGN = """
update conversations v set active_switchboard_integration_id = t.active
from unnest($1::text[], $2::text[]) as t (id, active) where v.id = t.id
"""


async def assign(connection: Connection, conversations: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give the default control of those of these conversations that nobody is in control of; returns these.

    For when a message comes. No event tells of it (reference 1.12). ``conversations`` are locked rows with their
    ``switchboard``; they are changed with the database. Costs nothing when there is nothing to give.
    """
    astray = [row for row in conversations if _unled(row)]
    lost = [row for row in astray if row["active_switchboard_integration_id"] is not None]
    if lost:
        # Whom the row names may have been put on the switchboard while we waited for the row: ask once more.
        boards = {row["id"]: row["switchboard"] for row in await connection.fetch(_AGAIN, [row["id"] for row in lost])}
        for row in lost:
            row["switchboard"] = boards[row["id"]]
        astray = [row for row in astray if _unled(row)]
    if astray:
        for row in astray:
            row["active_switchboard_integration_id"] = row["switchboard"]["default"]
        await connection.execute(
            _ASSIGN, [row["id"] for row in astray], [row["active_switchboard_integration_id"] for row in astray]
        )
    return astray


def _unled(row: dict[str, Any]) -> bool:
    """Whether there is a switchboard, and nobody on it in control."""
    switchboard = row["switchboard"]
    return (
        switchboard is not None
        and switchboard["default"] is not None
        and row["active_switchboard_integration_id"] not in switchboard["integrations"]
    )
