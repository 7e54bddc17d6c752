"""What a refusal of Meta's tells beside that something was refused: of the thread, or of the whole account."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from heliograph.channels.base import SendOutcome
from heliograph.channels.instagram.meta.answers import Answer
from heliograph.messaging import threads
from heliograph.storage import Connection

# Another app owns, or controls, the thread (Meta reference 3.2).
_OWNED_ELSEWHERE = frozenset({(100, 2534037), (10, 2018300)})

# The app is not live, or lacks Advanced Access: who has a role on it is reached all the same (3.2).
ABOUT_MODE = frozenset({(3, None), (200, 2018027), (200, 2018028)})

# Integrations before accounts, as everywhere. What is held is read anew: somebody may just have given a new token.
_HOLD = "select id from integrations where id = $1 for no key update"
_REFUSE = """
with refused as (
    update instagram_accounts set refusal = $3, refused_at = now(), ailment = null
    where integration_id = $1 and page_token = $2 returning integration_id
)
update integrations i set status = 'error' from refused r where i.id = r.integration_id
"""

# Served by instagram_accounts_pkey, as all that follow; locked in order, once.
_HOLD_ACCOUNTS = """
select integration_id from instagram_accounts where integration_id = any ($1::text[])
   or (integration_id = any ($2::text[]) and (tag_refused_at is not null or objected_at is not null))
order by integration_id for no key update
"""
_TAGS = """
update instagram_accounts a set tag_refused_at = case when a.integration_id = any ($1::text[]) then now() end
where a.integration_id = any ($1::text[]) or (a.integration_id = any ($2::text[]) and a.tag_refused_at is not null)
"""
_OBJECT = "update instagram_accounts set objection = $2, objected_at = now() where integration_id = $1"
# What concerns some people only is over when Meta takes a message for the one whom it was about.
_ACCEPT = """
update instagram_accounts a set objection = null, objected_at = null
from unnest($1::text[], $2::text[]) as t (integration_id, client_id)
where a.integration_id = t.integration_id and a.objection is not null
  and (not (a.objection -> 'some')::bool or a.objection ->> 'client' = t.client_id)
"""


@dataclass(slots=True)
class Said:
    """What Meta said to sends, beside whether it took them.

    ``tag_refused`` and ``tag_taken``: integrations of messages with the human agent tag. ``objections``: the last of each
    integration. ``accepted``: integration and client of messages that were taken where there was an objection.
    """

    tag_refused: set[str] = field(default_factory=set)
    tag_taken: set[str] = field(default_factory=set)
    objections: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    accepted: set[tuple[str, str]] = field(default_factory=set)

    def hear(self, row: Any, answer: Answer, *, tagged: bool, failed: bool) -> None:
        """One answer. ``row``: integration and client of the message, and whether there is an objection."""
        integration_id, client_id = row["integration_id"], row["client_id"]
        if answer.outcome is SendOutcome.SENT:
            if tagged:
                self.tag_taken.add(integration_id)
            if row["objected_at"] is not None:
                self.accepted.add((integration_id, client_id))
        elif answer.outcome is SendOutcome.WINDOW_CLOSED and tagged:
            self.tag_refused.add(integration_id)
        elif answer.outcome is SendOutcome.CONFIGURATION and failed and not _is_of_thread(answer):
            self.objections[integration_id] = {
                "code": answer.code,
                "subcode": answer.subcode,
                "message": answer.text,
                "some": (answer.code, answer.subcode) in ABOUT_MODE,
                "client": client_id,
            }


def _is_of_thread(answer: Answer) -> bool:
    return (answer.code, answer.subcode) in _OWNED_ELSEWHERE


async def access_refused(
    connection: Connection, integration_id: str, page_token: bytes, refusal: Mapping[str, Any]
) -> None:
    """Meta does not accept the integration's access any more: what its messages are told until it is updated.

    ``page_token`` is the sealed one that was refused. Another that stands in its place by now is not.
    """
    await connection.execute(_HOLD, integration_id)
    await connection.execute(_REFUSE, integration_id, page_token, refusal)


async def note(connection: Connection, said: Said) -> None:
    """Write down what Meta said to sends just now."""
    accepted = sorted(said.accepted)
    refused = said.tag_refused | said.objections.keys()
    taken = said.tag_taken | {integration_id for integration_id, _ in accepted}
    if not refused and not taken:
        return
    await connection.execute(_HOLD_ACCOUNTS, list(refused), list(taken))
    if said.tag_refused or said.tag_taken:
        await connection.execute(_TAGS, list(said.tag_refused), list(said.tag_taken))
    if accepted:
        await connection.execute(_ACCEPT, *map(list, zip(*accepted, strict=True)))
    for integration_id, objection in said.objections.items():
        await connection.execute(_OBJECT, integration_id, objection)


async def owned_elsewhere(connection: Connection, client_id: str, answer: Answer) -> None:
    """Note that another app owns the thread, if that is why Meta refused. The caller holds the conversation."""
    if _is_of_thread(answer):
        await threads.refused(connection, client_id, datetime.now(UTC))
