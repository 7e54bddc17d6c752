"""How long an app keeps messages, events and stored files: the setting ``retention``, an extension.

    setting ──▶ app_retention [due] ──▶ some conversations: old messages, old events ──┐
                    ▲      ▲                                                           │
                    │      └───────────── more to look at, or to delete: due at once ──┤
                    └── all seen ──▶ stored files, events of no conversation ──────────┘ due in a day

As with conversations that fell silent (see :mod:`retention`) nothing is told, users with ``toBeRetained`` keep their
messages and files, and what is still to be sent, or told to a webhook, stays until it is.

Each step is one short transaction that holds its app's row, so any number of processes share the work and a step that dies
leaves no trace. It looks at the oldest rows of a conversation only, however many there are.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from heliograph.messaging import messages
from heliograph.storage import Connection

SETTING = "retention"

CONVERSATIONS_AT_ONCE = 100
# Of each conversation in one step.
ROWS_AT_ONCE = 50
FILES_AT_ONCE = 20
EVERY = timedelta(days=1)

_PUT = """
insert into app_retention (app_id, messages_days, events_days, media_days) values ($1, $2, $3, $4)
on conflict (app_id) do update set messages_days = excluded.messages_days, events_days = excluded.events_days,
    media_days = excluded.media_days, due_at = now(), after = ''
"""
_REMOVE = "delete from app_retention where app_id = $1"
_NOTE = "update app_retention set due_at = $2, after = $3 where app_id = $1"

# Served by app_retention_due.
_TAKE = "select * from app_retention where due_at <= $1 order by due_at limit 1 for update skip locked"

# Served by conversations_of_app.
_SOME = "select id from conversations where app_id = $1 and id > $2 order by id limit $3"

# Whoever writes a message holds its conversation: one that is held is left for next time.
# Served by conversations_pkey, participants_of_conversation, users_pkey and lanes_pkey.
_LOCK = """
select v.id from conversations v where v.id = any ($1::text[]) and v.message_count > 0 and not exists (
    select from participants p join users u on u.id = p.user_id where p.conversation_id = v.id and u.to_be_retained
) and not exists (select from lanes l where l.kind = 'send' and l.key = v.id)
order by v.id for update of v skip locked
"""
# seq and received grow together. Served by messages_of_conversation.
_OLD_MESSAGES = """
select o.id, o.conversation_id from unnest($1::text[]) as v (id) cross join lateral (
    select m.id, m.conversation_id, m.received from messages m where m.conversation_id = v.id order by m.seq limit $3
) o where o.received < $2
"""
_COUNT_OFF = """
update conversations v set message_count = greatest(message_count - t.n, 0)
from (select id, count(*) as n from unnest($1::text[]) as g (id) group by id) t where v.id = t.id
"""

_TOLD = """
not exists (select from webhooks w join jobs j on j.kind = 'webhook' and j.key = w.id || '/' || {about} and j.payload = e.id
    where w.app_id = e.app_id)
"""
# Ids grow with time. Served by events_of_conversation, webhooks_of_app, jobs_pkey.
_OLD_EVENTS = f"""
with gone as (
    delete from events where id = any (array(
        select o.id from unnest($1::text[]) as v (id) cross join lateral (
            select e.id from events e where e.conversation_id = v.id and e.id < $2
                and {_TOLD.format(about="e.conversation_id")} order by e.id limit $3
        ) o)) returning conversation_id
)
select max(n) as most, coalesce(sum(n), 0)::int as gone from (select count(*) as n from gone group by conversation_id) t
"""  # noqa: S608  the only things put in are constants of this program
# Few: users who go, clients that are removed. Served by events_of_user.
_OLD_EVENTS_OF_USERS = f"""
delete from events where id = any (array(
    select e.id from events e where e.app_id = $1 and e.user_id is not null and e.conversation_id is null and e.id < $2
        and {_TOLD.format(about="e.app_id")} limit $3))
"""  # noqa: S608

# A ULID begins with its time. Served by attachments_of_app, media_pkey, messages_pkey, attachment_uses_pkey.
_OLD_FILES = """
delete from attachments where id = any (array(
    select a.id from attachments a where a.app_id = $1 and a.id < $2 and (a.for_message or a.media_id is not null)
        and not exists (
            select from participants p join users u on u.id = p.user_id and u.to_be_retained
            where p.conversation_id in (
                select conversation_id from attachment_uses where attachment_id = a.id
                union all select a.conversation_id
                union all select coalesce(d.conversation_id, m.conversation_id)
                    from media d left join messages m on m.id = d.message_id where d.id = a.media_id))
    order by a.id limit $3))
"""

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


async def schedule(connection: Connection, app_id: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Begin, change or end the search in an app, after its settings went from ``before`` to ``after``."""
    terms = _terms(after)
    if terms == _terms(before):
        return
    await (connection.execute(_PUT, app_id, *terms) if any(terms) else connection.execute(_REMOVE, app_id))


async def step(connection: Connection, now: datetime) -> int | None:
    """Do a little of what is due, in the caller's transaction; returns how many rows went. None: nothing is due."""
    app = await connection.fetchrow(_TAKE, now)
    if app is None:
        return None
    app_id = app["app_id"]
    seen = [row["id"] for row in await connection.fetch(_SOME, app_id, app["after"], CONVERSATIONS_AT_ONCE)]
    gone, more = await _age(connection, app, seen, now)
    if more:  # the same conversations once more
        await connection.execute(_NOTE, app_id, now, app["after"])
    elif len(seen) == CONVERSATIONS_AT_ONCE:
        await connection.execute(_NOTE, app_id, now, seen[-1])
    else:
        rest = await _of_no_conversation(connection, app, now)
        gone += rest
        await connection.execute(_NOTE, app_id, now if rest else now + EVERY, app["after"] if rest else "")
    return gone


async def _age(connection: Connection, app: Any, conversation_ids: list[str], now: datetime) -> tuple[int, bool]:
    """Delete what is old in these conversations: how much, and whether there may be more of it."""
    gone, more = 0, False
    if app["messages_days"]:
        locked = [row["id"] for row in await connection.fetch(_LOCK, conversation_ids)]
        old = await connection.fetch(_OLD_MESSAGES, locked, _before(now, app["messages_days"]), ROWS_AT_ONCE)
        await messages.delete_these(connection, [row["id"] for row in old])
        of = [row["conversation_id"] for row in old]
        await connection.execute(_COUNT_OFF, of)
        gone, more = len(old), any(of.count(one) == ROWS_AT_ONCE for one in set(of))
    if app["events_days"]:
        before = f"{_milliseconds(_before(now, app['events_days'])):012x}"
        events = await connection.fetchrow(_OLD_EVENTS, conversation_ids, before, ROWS_AT_ONCE)
        gone, more = gone + events["gone"], more or events["most"] == ROWS_AT_ONCE
    return gone, more


async def _of_no_conversation(connection: Connection, app: Any, now: datetime) -> int:
    gone = 0
    if app["events_days"]:
        before = f"{_milliseconds(_before(now, app['events_days'])):012x}"
        gone += _count(await connection.execute(_OLD_EVENTS_OF_USERS, app["app_id"], before, ROWS_AT_ONCE))
    if app["media_days"]:
        before = _ulid(_before(now, app["media_days"]))
        gone += _count(await connection.execute(_OLD_FILES, app["app_id"], before, FILES_AT_ONCE))
    return gone


def _terms(settings: Mapping[str, Any]) -> tuple[int | None, ...]:
    terms = settings.get(SETTING) or {}
    return tuple(terms.get(name) or None for name in ("messagesDays", "eventsDays", "mediaDays"))


def _before(now: datetime, days: int) -> datetime:
    return now - timedelta(days=days)


def _milliseconds(moment: datetime) -> int:
    return max(0, int(moment.timestamp() * 1000))


def _ulid(moment: datetime) -> str:
    """What every ULID of an earlier time is less than."""
    number = _milliseconds(moment)
    return "".join(_CROCKFORD[number >> shift & 31] for shift in range(45, -1, -5))


def _count(tag: str) -> int:
    return int(tag.rpartition(" ")[2])
