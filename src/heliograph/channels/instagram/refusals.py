"""What a refused send tells beside that it was refused."""

from datetime import UTC, datetime

from heliograph.channels.instagram.answers import Answer
from heliograph.messaging import threads
from heliograph.storage import Connection

# Another app owns, or controls, the thread (Meta reference 3.2).
_OWNED_ELSEWHERE = frozenset({(100, 2534037), (10, 2018300)})


async def owned_elsewhere(connection: Connection, client_id: str, answer: Answer) -> None:
    """Note that another app owns the thread, if that is why Meta refused. The caller holds the conversation."""
    if (answer.code, answer.subcode) in _OWNED_ELSEWHERE:
        await threads.refused(connection, client_id, datetime.now(UTC))
