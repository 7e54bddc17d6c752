"""Apps: the tenants. Deleting one makes it unreachable; the `erase` lane takes down everything that was its own."""

from collections.abc import Mapping
from typing import Any

from heliograph.delivery.removal import ANNOUNCE
from heliograph.lanes import NewJob, enqueue
from heliograph.messaging import aging, paging, retention, shapes
from heliograph.messaging.erase import ERASE_LANE
from heliograph.messaging.paging import Cut, Slice
from heliograph.storage import Connection, new_id

# Sunshine reference 2.1: what a new app starts with.
DEFAULT_SETTINGS: Mapping[str, Any] = {
    "appLocalizationEnabled": True,
    "echoPostback": False,
    "maskCreditCardNumbers": True,
    "multiConvoEnabled": False,
    "useAnimalNames": False,
}


# Sunshine reference 2.1: what makes sense only where people may have several conversations.
NEED_SEVERAL_CONVERSATIONS = ("endSessionEnabled", "disableConversationReopen")


class OneWayError(Exception):
    """``multiConvoEnabled`` cannot be turned off again."""


class NeedsSeveralConversationsError(Exception):
    """A setting that needs ``multiConvoEnabled``; the text is its name."""


def switched_on(settings: Mapping[str, Any], name: str) -> bool:
    """Whether a setting is on; one that an app does not have is as in a new app."""
    return bool(settings.get(name, DEFAULT_SETTINGS.get(name, False)))


def masks_cards(settings: Mapping[str, Any]) -> bool:
    """Whether card numbers in messages are masked (`card_numbers`)."""
    return switched_on(settings, "maskCreditCardNumbers")


# All served by apps_pkey.
_INSERT = "insert into apps (id, display_name, settings, metadata) values ($1, $2, $3, $4) returning *"
_GET = "select * from apps where id = $1"
_LIST = "select * from apps where true"
_TO_CHOOSE = """
select id, display_name from apps where $1::text is null or id = $1 order by lower(display_name), id limit $2
"""
_LOCK = "select settings from apps where id = $1 for no key update"
_LOCK_WHOLE = "select id from apps where id = $1 for update"
_UPDATE = """
update apps set
    display_name = case when $2::jsonb ? 'displayName' then $2 ->> 'displayName' else display_name end,
    settings = settings || coalesce(jsonb_strip_nulls(nullif($2 -> 'settings', 'null')), '{}'),
    metadata = case when $2 ? 'metadata' then coalesce(nullif($2 -> 'metadata', 'null'), '{}') else metadata end
where id = $1 returning *
"""


async def create(connection: Connection, display_name: str, more: Mapping[str, Any]) -> dict[str, Any]:
    """Make an app; ``more`` may hold ``settings`` and ``metadata``. Raises :class:`NeedsSeveralConversationsError`."""
    settings = {**DEFAULT_SETTINGS, **_given(more.get("settings"))}
    _check(settings)
    row = await connection.fetchrow(_INSERT, new_id(), display_name, settings, more.get("metadata") or {})
    await retention.schedule(connection, row["id"], {}, settings)
    await aging.schedule(connection, row["id"], {}, settings)
    return shapes.app(row)


async def get(connection: Connection, app_id: str) -> dict[str, Any] | None:
    """One app, or None."""
    row = await connection.fetchrow(_GET, app_id)
    return None if row is None else shapes.app(row)


async def to_choose(connection: Connection, app_id: str | None, most: int) -> list[dict[str, Any]]:
    """Id and display name of one app (or of none, when it is gone), or of up to ``most`` apps, by name."""
    return [dict(row) for row in await connection.fetch(_TO_CHOOSE, app_id, most)]


async def list_apps(connection: Connection, cut: Cut) -> Slice:
    """A page of all apps."""
    return await paging.cut_by_id(connection, _LIST, (), cut)


async def update(connection: Connection, app_id: str, changes: Mapping[str, Any]) -> dict[str, Any] | None:
    """Change what ``changes`` names: settings one by one, metadata as a whole (null clears it). None: no such app.

    Raises :class:`OneWayError`, :class:`NeedsSeveralConversationsError`.
    """
    settings = await connection.fetchval(_LOCK, app_id)
    if settings is None:
        return None
    if settings.get("multiConvoEnabled") and (changes.get("settings") or {}).get("multiConvoEnabled") is False:
        raise OneWayError
    given = _given(changes.get("settings"))
    if given:
        _check({**settings, **given})
    row = await connection.fetchrow(_UPDATE, app_id, dict(changes))
    if given:
        await retention.schedule(connection, app_id, settings, row["settings"])
        await aging.schedule(connection, app_id, settings, row["settings"])
    return shapes.app(row)


# Its keys, integrations, webhooks and Instagram accounts go with it, by their foreign keys.
_DELETE = "delete from apps where id = $1 returning id"


async def delete(connection: Connection, app_id: str) -> None:
    """Delete an app, in the caller's transaction: nothing in it can be reached any more.

    What it leaves behind goes to the `erase` lane. The raw webhooks in the journal stay: they belong to the Facebook
    app, and age out by themselves.
    """
    await connection.execute(_LOCK_WHOLE, app_id)
    await connection.execute(ANNOUNCE, app_id, None)
    if await connection.fetchval(_DELETE, app_id) is not None:
        await enqueue(connection, [NewJob(ERASE_LANE, app_id, app_id)])


def _check(settings: Mapping[str, Any]) -> None:
    for name in NEED_SEVERAL_CONVERSATIONS:
        if settings.get(name) and not settings.get("multiConvoEnabled"):
            raise NeedsSeveralConversationsError(name)


def _given(settings: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (settings or {}).items() if value is not None}
