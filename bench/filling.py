"""Bulk loading: the rows that a long history would have left, written by PostgreSQL itself."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Filled:
    """What was loaded, as ids. ``conversations`` have messages; ``targets``, as many in every store, are posted to."""

    conversations: list[str]
    targets: list[str]
    users: list[str]
    messages: int


_TARGETS = 200

# Ids as ours: 24 hexadecimal digits. Each kind has a first digit of its own; messages are spread over the conversations in
# turns, as in life, so that a conversation's messages lie far from one another on the disk.
_PEOPLE = """
insert into users (id, app_id, profile, metadata)
select 'a' || lpad(to_hex(n), 23, '0'), $1, '{"givenName": "Noa", "surname": "Berg"}', '{"tier": "gold"}'
from generate_series(1, $2::int) n
"""
_CONVERSATIONS = """
insert into conversations (id, app_id, is_default, message_count)
select 'b' || lpad(to_hex(n), 23, '0'), $1, true, case when n <= $3 then $4::int else 0 end
from generate_series(1, $2::int) n
"""
_PARTICIPANTS = """
insert into participants (id, app_id, conversation_id, user_id)
select 'c' || lpad(to_hex(n), 23, '0'), $1, 'b' || lpad(to_hex(n), 23, '0'), 'a' || lpad(to_hex(n), 23, '0')
from generate_series(1, $2::int) n
"""
_MESSAGES = """
insert into messages (id, app_id, conversation_id, author_type, user_id, received, body)
select m.id, $1, m.conversation, 'user', m.usr, m.at, json_build_object(
    'id', m.id, 'received', to_char(m.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    'author', json_build_object('type', 'user', 'userId', m.usr, 'displayName', 'Noa Berg'),
    'content', json_build_object('type', 'text', 'text', 'Is the walnut shelf back in stock? I asked before, number ' || n),
    'source', json_build_object('type', 'instagram', 'originalMessageId', 'aWdfZAG1f' || n))
from (
    select n, 'd' || lpad(to_hex(n), 23, '0') as id, 'b' || lpad(to_hex(n % $2 + 1), 23, '0') as conversation,
        'a' || lpad(to_hex(n % $2 + 1), 23, '0') as usr, now() - make_interval(secs => ($2::bigint * $3 - n)) as at
    from generate_series(0, $2::bigint * $3 - 1) n
) m
"""
_EVENTS = """
insert into events (id, app_id, conversation_id, type, body, created_at)
select 'e' || substr(id, 2), app_id, conversation_id, 'conversation:message', body::text, received from messages
"""


async def fill(connection: Any, app_id: str, conversations: int, each: int) -> Filled:
    """Load ``conversations`` of ``each`` messages, with their people and events, into an app; then gather statistics."""
    count = max(conversations, _TARGETS)
    for people in (_PEOPLE, _PARTICIPANTS):
        await connection.execute(people, app_id, count)
    await connection.execute(_CONVERSATIONS, app_id, count, conversations, each)
    await connection.execute(_MESSAGES, app_id, conversations, each, timeout=600)
    await connection.execute(_EVENTS, timeout=600)
    for statement in ("vacuum analyze", "checkpoint"):
        await connection.execute(statement, timeout=600)
    ids = [row["id"] for row in await connection.fetch("select id from conversations order by id")]
    users = [row["id"] for row in await connection.fetch("select id from users order by id")]
    return Filled(ids[:conversations], ids[-_TARGETS:], users, conversations * each)
