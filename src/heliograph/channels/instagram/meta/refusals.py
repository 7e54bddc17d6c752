"""What a refusal of Meta's tells beside that something was refused: of the thread, or of the whole account."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from heliograph.channels.instagram.meta.answers import Answer
from heliograph.messaging import threads
from heliograph.storage import Connection

# Another app owns, or controls, the thread (Meta reference 3.2).
_OWNED_ELSEWHERE = frozenset({(100, 2534037), (10, 2018300)})

# Integrations before accounts, as everywhere. What is held is read anew: somebody may just have given a new token.
_HOLD = "select id from integrations where id = $1 for no key update"
_REFUSE = """
with refused as (
    update instagram_accounts set refusal = $3, refused_at = now(), ailment = null
    where integration_id = $1 and page_token = $2 returning integration_id
)
update integrations i set status = 'error' from refused r where i.id = r.integration_id
"""

# Served by instagram_accounts_pkey; locked in order.
_TAGS = """
with told as (
    select a.integration_id, a.integration_id = any ($1::text[]) as refused from instagram_accounts a
    where a.integration_id = any ($1::text[])
       or (a.integration_id = any ($2::text[]) and a.tag_refused_at is not null)
    order by a.integration_id for no key update
)
update instagram_accounts a set tag_refused_at = case when t.refused then now() end
from told t where a.integration_id = t.integration_id
"""


async def access_refused(
    connection: Connection, integration_id: str, page_token: bytes, refusal: Mapping[str, Any]
) -> None:
    """Meta does not accept the integration's access any more: what its messages are told until it is updated.

    ``page_token`` is the sealed one that was refused. Another that stands in its place by now is not.
    """
    await connection.execute(_HOLD, integration_id)
    await connection.execute(_REFUSE, integration_id, page_token, refusal)


async def note_tags(connection: Connection, refused: Iterable[str], taken: Iterable[str]) -> None:
    """Integrations of which Meta refused a message with the human agent tag, or took one, just now."""
    both = list(refused), list(taken)
    if any(both):
        await connection.execute(_TAGS, *both)


async def owned_elsewhere(connection: Connection, client_id: str, answer: Answer) -> None:
    """Note that another app owns the thread, if that is why Meta refused. The caller holds the conversation."""
    if (answer.code, answer.subcode) in _OWNED_ELSEWHERE:
        await threads.refused(connection, client_id, datetime.now(UTC))
