"""Erasing from the event log: what it tells of a message that was taken back, of a conversation or a user that is gone.

Events are found by their conversation (events_of_conversation), or, of those that no living conversation leads to, by the
user whom they are about (events_of_user). An event that goes is told to nobody any more: a webhook's worker that finds
none takes its job as done.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from heliograph.storage import Connection, Database
from heliograph.telemetry import metrics

EVENTS_AT_ONCE = 500

_BLANK_TEXT = {"type": "text", "text": ""}

# All served by events_of_conversation; the last one by events_of_user.
_DELETE_SOME = """
delete from events where id = any (array(
    select id from events where conversation_id = $1 and user_id is null and ($2::text is null or position($2 in body) > 0)
    limit $3))
"""
_NAMING = """
select id, body, extras from events
where conversation_id = $1 and id > $2 and (position($3 in body) > 0 or position($3 in coalesce(extras, '')) > 0)
order by id limit $4 for update
"""
_OF_USER = """
select id, body, extras from events where app_id = $1 and user_id = $3 and id > $2 order by id limit $4 for update
"""
_REWRITE = """
update events e set body = t.body, extras = t.extras
from unnest($1::text[], $2::text[], $3::text[]) as t (id, body, extras) where e.id = t.id
"""

# What waiting jobs do not name, some at a time. Lanes of webhooks are keyed by webhook and conversation, or app.
# Served by events_of_user or events_of_conversation, webhooks_of_app and jobs_pkey.
_TOLD = """
with said as (
    select id, app_id, coalesce(conversation_id, app_id) as about from events e where {which} limit $1
), told as (
    select s.id from said s where not exists (
        select from webhooks w join jobs j on j.kind = 'webhook' and j.key = w.id || '/' || s.about and j.payload = s.id
        where w.app_id = s.app_id)
), gone as (
    delete from events e using told where e.id = told.id returning 1
)
select (select count(*) from said) as seen, (select count(*) from gone) as gone
"""
_TOLD_OF_USER = _TOLD.format(which="e.app_id = $2 and e.user_id = $3")
_TOLD_OF_CONVERSATION = _TOLD.format(which="e.conversation_id = $2")


async def delete_some(connection: Connection, conversation_id: str, naming: str | None) -> bool:
    """Delete some of a conversation's events (those that name a user, or all). True: there may be more."""
    tag = await connection.execute(_DELETE_SOME, conversation_id, naming, EVENTS_AT_ONCE)
    count = int(tag.rpartition(" ")[2])
    metrics.ERASED.labels("events").inc(count)
    return count == EVENTS_AT_ONCE


class Told(NamedTuple):
    """How many events were looked at, and how many went because nobody waits for them."""

    seen: int
    gone: int


async def told_of_user(connection: Connection, app_id: str, user_id: str) -> Told:
    """Delete some of the events about a user that nobody waits for."""
    return await _told(connection, _TOLD_OF_USER, app_id, user_id)


async def told_of_conversation(connection: Connection, conversation_id: str) -> Told:
    """Delete some of the events of a conversation that nobody waits for."""
    return await _told(connection, _TOLD_OF_CONVERSATION, conversation_id)


async def _told(connection: Connection, sql: str, *args: str) -> Told:
    row = await connection.fetchrow(sql, EVENTS_AT_ONCE, *args)
    metrics.ERASED.labels("events").inc(row["gone"])
    return Told(row["seen"], row["gone"])


async def blank_message(database: Database, conversation_id: str, message_id: str) -> None:
    """Take what a message said out of every event that tells it, or quotes it."""
    await _rewrite(database, _NAMING, conversation_id, message_id, lambda value: _blanked(value, message_id))


async def blank_person(database: Database, app_id: str, user_id: str, conversation_ids: list[str]) -> None:
    """Take name, picture, email and metadata of a user out of their conversations' events, and of those about them."""
    for conversation_id in conversation_ids:
        await _rewrite(database, _NAMING, conversation_id, user_id, lambda value: nameless(value, user_id))
    await _rewrite(database, _OF_USER, app_id, user_id, lambda value: nameless(value, user_id))


async def _rewrite(database: Database, sql: str, about: str, naming: str, change: Any) -> None:
    after = ""
    while True:
        async with database.transaction(relaxed=True) as connection:
            rows = await connection.fetch(sql, about, after, naming, EVENTS_AT_ONCE)
            if not rows:
                return
            after = rows[-1]["id"]
            texts = [(row["id"], *(_changed(row[name], change) for name in ("body", "extras"))) for row in rows]
            await connection.execute(_REWRITE, *(list(column) for column in zip(*texts, strict=True)))
            metrics.ERASED.labels("events").inc(len(rows))


def _changed(text: str | None, change: Any) -> str | None:
    return None if text is None else orjson.dumps(change(orjson.loads(text))).decode()


def _blanked(value: Any, message_id: str) -> Any:
    """JSON with a message blanked wherever it stands."""
    if isinstance(value, list):
        return [_blanked(one, message_id) for one in value]
    if not isinstance(value, dict):
        return value
    if value.get("id") == message_id and "content" in value:
        kept = {name: one for name, one in value.items() if name not in ("metadata", "quotedMessage", "reactions")}
        return {**kept, "deleted": True, "content": _BLANK_TEXT}
    return {name: _blanked(one, message_id) for name, one in value.items()}


_PERSONAL = ("givenName", "surname", "email", "avatarUrl")


def nameless(value: Any, user_id: str) -> Any:
    """JSON without what is personal of a user, as ``users.forget_personal`` has it: the user, their clients, authors."""
    if isinstance(value, list):
        return [nameless(one, user_id) for one in value]
    if not isinstance(value, dict):
        return value
    if value.get("userId") == user_id or _is_client(value):
        value = {name: one for name, one in value.items() if name not in ("displayName", "avatarUrl", "raw")}
    elif value.get("id") == user_id:
        profile = value.get("profile")
        value = dict(value)
        if isinstance(profile, Mapping):
            value["profile"] = {name: one for name, one in profile.items() if name not in _PERSONAL}
        if "metadata" in value:
            value["metadata"] = {}
    return {name: nameless(one, user_id) for name, one in value.items()}


def _is_client(value: Mapping[str, Any]) -> bool:
    return "integrationId" in value and "externalId" in value
