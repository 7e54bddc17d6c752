"""What happens to messages that are there: reactions, edits, and being taken back.

    change ──▶ message here ──▶ body changed, event told
           └─▶ not here yet ──▶ early_changes ──▶ [message comes] ──▶ the same
           └─▶ taken back, or deleted: nothing more happens to it

Invariant: of each person's reactions to a message, and of its edits, the newest by the channel's reckoning stands,
whatever the order in which they come and however often. Statements are issued only for batches that have changes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from heliograph.events import Event
from heliograph.events.wire_time import wire_time
from heliograph.messaging import attachments, shapes
from heliograph.messaging.apps import masks_cards
from heliograph.messaging.arrivals import EditArrival, ReactionArrival, Route, UnsendArrival
from heliograph.messaging.card_numbers import masked
from heliograph.messaging.contacts import Contact, Key
from heliograph.storage import Connection

Change = ReactionArrival | EditArrival
Numbered = tuple[int, Change]  # with the index of the arrival that it is told behind

# Served by mids_pkey, messages_pkey, sends_pkey.
_TARGETS = """
select k.integration_id, k.mid, m.id, m.body, m.channel, m.deleted, coalesce(s.parts, 1) as parts
from unnest($1::text[], $2::text[]) as e (integration_id, mid)
join mids k on k.integration_id = e.integration_id and k.mid = e.mid and k.part = 0
left join messages m on m.id = k.message_id
left join sends s on s.message_id = k.message_id
"""
_UPDATE = """
update messages m set body = t.body, channel = t.channel
from unnest($1::text[], $2::json[], $3::json[]) as t (id, body, channel) where m.id = t.id
"""

# An integration that is being deleted keeps nothing. Served by its primary key.
_KEEP = """
insert into early_changes (app_id, integration_id, person, mid, kind, author, at, change)
select e.app_id, e.integration_id, person, mid, kind, author, at, change
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::json[])
    as e (app_id, integration_id, person, mid, kind, author, at, change)
join integrations i on i.id = e.integration_id
on conflict do nothing
"""
# Both served by the unique key.
_TAKE = """
delete from early_changes e using unnest($1::text[], $2::text[]) as k (integration_id, mid)
where e.integration_id = k.integration_id and e.mid = k.mid
returning e.integration_id, e.mid, e.id, e.person, e.kind, e.author, e.at, e.change
"""

# Served by mids_pkey and messages_pkey; quotes by messages_quoting.
_BLANK = """
update messages m set deleted = true, channel = null, quoted_id = null,
    body = ((m.body::jsonb - '{metadata,quotedMessage,reactions,edited}'::text[])
            || '{"deleted": true, "content": {"type": "text", "text": ""}}'::jsonb)::json
from mids k join unnest($1::text[], $2::text[]) as u (integration_id, mid) using (integration_id, mid)
where m.id = k.message_id and not m.deleted returning m.id, k.integration_id, k.mid, m.seq
"""
# After the messages, as whoever copies a file has it; copies go along. Served by media_of_mid.
_UNSHOW = """
delete from media m using unnest($1::text[], $2::text[]) as u (integration_id, mid)
where m.integration_id = u.integration_id and m.mid = u.mid
"""
_UNQUOTE = """
update messages m set quoted_id = null,
    body = (m.body::jsonb || jsonb_build_object('quotedMessage', jsonb_build_object(
        'type', 'externalMessageId', 'externalMessageId', t.mid)))::json
from unnest($1::text[], $2::text[]) as t (id, mid) where m.quoted_id = t.id
"""


@dataclass(slots=True)
class Changed:
    """What became of a batch of changes. Numbers are indexes of arrivals."""

    events: list[tuple[int, Event]] = field(default_factory=list)
    repeated: set[int] = field(default_factory=set)  # older than what stands, or the same
    early: set[int] = field(default_factory=set)  # kept until the message comes
    gone: set[int] = field(default_factory=set)  # of messages that are no more


async def apply(
    connection: Connection, changes: Sequence[Numbered], contacts: Mapping[Key, Contact], now: datetime
) -> Changed:
    """Apply reactions and edits, in order, in the caller's transaction, which holds the contacts' conversations."""
    result = Changed()
    if not changes:
        return result
    targets = await _targets(connection, [change for _, change in changes])
    touched: dict[str, dict[str, Any]] = {}
    for index, change in changes:
        target = targets.get((change.route.integration_id, change.mid))
        contact = contacts.get((change.route.integration_id, change.person))
        if target is None:
            result.early.add(index)
        elif target["id"] is None or target["deleted"] or contact is None:
            result.gone.add(index)
        elif not _change(target, change, contact):
            result.repeated.add(index)
        else:
            touched[target["id"]] = target
            result.events.append((index, _told(change, target["body"], contact, now)))
    if touched:
        rows = touched.values()
        await connection.execute(
            _UPDATE, list(touched), [row["body"] for row in rows], [row["channel"] for row in rows]
        )
    await _keep_early(connection, [change for index, change in changes if index in result.early])
    return result


async def take_early(connection: Connection, keys: Mapping[tuple[str, str], tuple[int, Route]]) -> list[Numbered]:
    """The changes that came before these messages, the oldest first, by (integration, mid)."""
    rows = await connection.fetch(_TAKE, [key[0] for key in keys], [key[1] for key in keys])
    taken: list[Numbered] = []
    for row in sorted(rows, key=lambda row: (row["at"], row["id"])):
        index, route = keys[row["integration_id"], row["mid"]]
        made = ReactionArrival if row["kind"] == "reaction" else EditArrival
        taken.append((index, made(route, row["person"], row["at"], row["mid"], **row["change"])))
    return taken


async def take_back(
    connection: Connection,
    unsends: Sequence[tuple[int, UnsendArrival]],
    contacts: Mapping[Key, Contact],
    now: datetime,
) -> list[tuple[int, Event]]:
    """Blank messages that were taken back, and wherever they are quoted; what was told of each, with its index.

    Their mids were claimed before: one that has not come yet finds its mid taken.
    """
    if not unsends:
        return []
    by_key = {(unsend.route.integration_id, unsend.mid): (index, unsend) for index, unsend in reversed(unsends)}
    columns = [key[0] for key in by_key], [key[1] for key in by_key]
    blanked = await connection.fetch(_BLANK, *columns)
    await connection.execute(_TAKE, *columns)
    await connection.execute(_UNSHOW, *columns)
    if not blanked:
        return []
    ids = [row["id"] for row in blanked]
    await connection.execute(_UNQUOTE, ids, [row["mid"] for row in blanked])
    await attachments.let_go_of_messages(connection, ids)
    events = []
    for row in sorted(blanked, key=lambda row: row["seq"]):
        index, unsend = by_key[row["integration_id"], row["mid"]]
        contact = contacts.get((unsend.route.integration_id, unsend.person))
        if contact is not None:
            events.append((index, _event("conversation:message:deleted", contact, {"id": row["id"]}, now)))
    return events


def _change(target: dict[str, Any], change: Change, contact: Contact) -> bool:
    """Change a message's body. False: what stands is newer, or the same."""
    if isinstance(change, ReactionArrival):
        return _react(target, change, contact)
    return target["parts"] == 1 and _edit(target, change)


def _react(target: dict[str, Any], reaction: ReactionArrival, contact: Contact) -> bool:
    body, at = target["body"], wire_time(reaction.at)
    author = _author(reaction, contact)
    key = author.get("userId", "business")
    times: dict[str, str] = target["channel"].setdefault("reactions", {})
    if times.get(key, "") >= at:
        return False
    times[key] = at
    before = body.get("reactions", [])
    others = [one for one in before if one["author"].get("userId", "business") != key]
    if reaction.emoji or reaction.reaction:
        others.append({**_shown(reaction), "author": author})
    body.pop("reactions", None)
    if others:
        body["reactions"] = others
    return True


def _edit(target: dict[str, Any], edit: EditArrival) -> bool:
    body, at = target["body"], wire_time(edit.at)
    last = target["channel"].get("edit", {})
    if (edit.number <= last.get("number", 0)) if edit.number else (at <= last.get("at", "")):
        return False
    target["channel"]["edit"] = {"number": max(edit.number, last.get("number", 0)), "at": at}
    body["content"] = {**body["content"], "text": _text(edit)}
    body["edited"] = {"count": target["channel"]["edit"]["number"] or 1, "at": at}
    return True


def _text(edit: EditArrival) -> str:
    return masked(edit.text) if masks_cards(edit.route.settings) else edit.text


def _author(reaction: ReactionArrival, contact: Contact) -> dict[str, Any]:
    return {"type": "user", "userId": contact.user["id"]} if reaction.author == "user" else {"type": "business"}


def _shown(reaction: ReactionArrival) -> dict[str, str]:
    fields = {"emoji": reaction.emoji, "reaction": reaction.reaction}
    return {name: value for name, value in fields.items() if value}


def _told(change: Change, body: Mapping[str, Any], contact: Contact, now: datetime) -> Event:
    if isinstance(change, ReactionArrival):
        shown = _shown(change)
        reaction = {"action": "react" if shown else "unreact", **shown, "author": _author(change, contact)}
        return _event("conversation:message:reaction", contact, {"id": body["id"]}, now, reaction=reaction)
    message = dict(body)
    if message["author"]["type"] == "user":
        message["author"] = {**message["author"], "user": shapes.user_brief(contact.user)}
    return _event("conversation:message:edited", contact, message, now)


def _event(kind: str, contact: Contact, message: Mapping[str, Any], now: datetime, **more: Any) -> Event:
    return contact.event(kind, contact.about(message=message, **more), now)


async def _targets(connection: Connection, changes: Iterable[Change]) -> dict[tuple[str, str], dict[str, Any]]:
    """The messages by (integration, mid); the parts of one message share what is changed."""
    keys = list({(change.route.integration_id, change.mid) for change in changes})
    shared: dict[str, dict[str, Any]] = {}
    found = {}
    for row in await connection.fetch(_TARGETS, [key[0] for key in keys], [key[1] for key in keys]):
        target = shared.setdefault(row["id"] or row["mid"], dict(row) | {"channel": row["channel"] or {}})
        found[row["integration_id"], row["mid"]] = target
    return found


async def _keep_early(connection: Connection, changes: Sequence[Change]) -> None:
    rows = [
        (
            change.route.app_id,
            change.route.integration_id,
            change.person,
            change.mid,
            *(
                ("reaction", change.author, change.at, {**_shown(change), "author": change.author})
                if isinstance(change, ReactionArrival)
                else ("edit", "", change.at, {"text": _text(change), "number": change.number})
            ),
        )
        for change in changes
    ]
    if rows:
        await connection.execute(_KEEP, *(list(column) for column in zip(*rows, strict=True)))
