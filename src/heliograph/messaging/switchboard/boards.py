"""An app's switchboard: one row (Sunshine reference 1.12)."""

from typing import Any

from heliograph.messaging import shapes
from heliograph.storage import Connection, new_id


class SwitchboardNotFoundError(Exception):
    """No such switchboard in this app."""


class SwitchboardIntegrationNotFoundError(Exception):
    """No such switchboard integration on this switchboard. The text names the field that should have named one."""


class NoDefaultError(Exception):
    """An enabled switchboard must have a default."""


# Served by switchboards_app_id_key and switchboards_pkey. The app is locked before its switchboard: its deletion comes
# the same way.
_INSERT = "insert into switchboards (id, app_id) values ($1, $2) on conflict (app_id) do nothing returning *"
_OF_APP = "select * from switchboards where app_id = $1"
_LOCK = """
select s.* from switchboards s join apps a on a.id = s.app_id where s.app_id = $1 and s.id = $2
for key share of a for update of s
"""
_KNOWN = "select true from switchboard_integrations where switchboard_id = $1 and id = $2"
_UPDATE = "update switchboards set enabled = $2, default_id = $3 where id = $1 returning *"
_DELETE = "delete from switchboards where app_id = $1 and id = $2 returning id"

# An enabled switchboard without a default would keep conversations from everybody: it is disabled, and all hear all.
# The lock comes first, as everywhere here, so that no default is chosen meanwhile. A statement of its own after it
# sees what was chosen before.
_LOCK_OF_APP = """
select s.id from switchboards s join apps a on a.id = s.app_id where s.app_id = $1 for key share of a for update of s
"""
_LEAVE = """
update switchboards set enabled = false, default_id = null
where app_id = $1 and default_id = any (array(select id from switchboard_integrations where integration_id = $2))
"""


async def create(connection: Connection, app_id: str) -> dict[str, Any] | None:
    """Make the app's switchboard, disabled. None: there is one."""
    row = await connection.fetchrow(_INSERT, new_id(), app_id)
    return None if row is None else shapes.switchboard(row)


async def of_app(connection: Connection, app_id: str) -> list[dict[str, Any]]:
    """The switchboards of an app: one or none."""
    return [shapes.switchboard(row) for row in await connection.fetch(_OF_APP, app_id)]


async def lock(connection: Connection, app_id: str, switchboard_id: str) -> Any:
    """The switchboard's row, locked. All changes of a switchboard and of who is on it begin here.

    Raises :class:`SwitchboardNotFoundError`.
    """
    row = await connection.fetchrow(_LOCK, app_id, switchboard_id)
    if row is None:
        raise SwitchboardNotFoundError
    return row


async def update(
    connection: Connection, app_id: str, switchboard_id: str, *, enabled: bool | None, default_id: str | None
) -> dict[str, Any]:
    """Change what is not None.

    Raises :class:`SwitchboardNotFoundError`, :class:`SwitchboardIntegrationNotFoundError`, :class:`NoDefaultError`.
    """
    row = await lock(connection, app_id, switchboard_id)
    if default_id is not None and not await connection.fetchval(_KNOWN, switchboard_id, default_id):
        raise SwitchboardIntegrationNotFoundError("defaultSwitchboardIntegrationId")
    default_id = default_id or row["default_id"]
    enabled = row["enabled"] if enabled is None else enabled
    if enabled and default_id is None:
        raise NoDefaultError
    return shapes.switchboard(await connection.fetchrow(_UPDATE, switchboard_id, enabled, default_id))


async def delete(connection: Connection, app_id: str, switchboard_id: str) -> None:
    """Delete a switchboard and all on it; their integrations hear everything again.

    Raises :class:`SwitchboardNotFoundError`.
    """
    if await connection.fetchval(_DELETE, app_id, switchboard_id) is None:
        raise SwitchboardNotFoundError


async def leave(connection: Connection, app_id: str, integration_id: str) -> None:
    """An integration is about to be deleted: if it was the default, the switchboard is disabled.

    Its place on the switchboard, and what points there as next, go with the integration's row.
    """
    if await connection.fetchval(_LOCK_OF_APP, app_id) is not None:
        await connection.execute(_LEAVE, app_id, integration_id)
