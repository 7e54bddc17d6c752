"""Switchboard integrations: who is on a switchboard, and in what order control goes round (Sunshine reference 1.12)."""

from collections.abc import Mapping
from typing import Any

from heliograph.messaging import integrations, shapes
from heliograph.messaging.switchboard import boards
from heliograph.messaging.switchboard.boards import SwitchboardIntegrationNotFoundError
from heliograph.storage import Connection, new_id

# Sunshine reference 1.12.
MOST_ON_A_SWITCHBOARD = 10


class TooManyError(Exception):
    """There are ten on the switchboard."""


class IntegrationNotFoundError(Exception):
    """No such integration in this app. The text names the field that should have named one."""


class UnfitError(Exception):
    """This cannot be, or not be taken away. The text says why; it is shown to the caller."""


# All served by switchboard_integrations_named, switchboard_integrations_pkey and integrations_of_app.
_LIST = "select * from switchboard_integrations where switchboard_id = $1 order by id"
# Locked, so that an integration cannot be deleted under whoever is linking it.
_BY_ID = "select id, type from integrations where app_id = $1 and id = $2 for key share"
_BY_TYPE = "select id, type from integrations where app_id = $1 and type = $2 order by id limit 2 for key share"
_INSERT = """
insert into switchboard_integrations (id, app_id, switchboard_id, integration_id, integration_type, name,
                                      deliver_standby_events, next_id, message_history_count)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning *
"""
_UPDATE = """
update switchboard_integrations set integration_id = $2, integration_type = $3, name = $4, deliver_standby_events = $5,
    next_id = $6, message_history_count = $7
where id = $1 returning *
"""
_DELETE = "delete from switchboard_integrations where id = $1"


async def list_of(connection: Connection, app_id: str, switchboard_id: str) -> list[dict[str, Any]]:
    """Who is on a switchboard. Raises :class:`boards.SwitchboardNotFoundError`."""
    if not any(found["id"] == switchboard_id for found in await boards.of_app(connection, app_id)):
        raise boards.SwitchboardNotFoundError
    return [shapes.switchboard_integration(row) for row in await connection.fetch(_LIST, switchboard_id)]


async def create(connection: Connection, app_id: str, switchboard_id: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Put an integration on a switchboard, from the wire's create body.

    Raises :class:`boards.SwitchboardNotFoundError`, :class:`TooManyError`, :class:`IntegrationNotFoundError`,
    :class:`boards.SwitchboardIntegrationNotFoundError`, :class:`UnfitError`.
    """
    await boards.lock(connection, app_id, switchboard_id)
    rows = await connection.fetch(_LIST, switchboard_id)
    if len(rows) >= MOST_ON_A_SWITCHBOARD:
        raise TooManyError
    linked = await _linked(connection, app_id, fields)
    standby = fields.get("deliverStandbyEvents")
    columns = (
        linked["id"], linked["type"], fields["name"], True if standby is None else standby,
        fields.get("nextSwitchboardIntegrationId"), fields.get("messageHistoryCount"),
    )  # fmt: skip
    own_id = new_id()
    _check(own_id, columns, rows)
    return shapes.switchboard_integration(await connection.fetchrow(_INSERT, own_id, app_id, switchboard_id, *columns))


async def update(
    connection: Connection, app_id: str, switchboard_id: str, own_id: str, changes: Mapping[str, Any]
) -> dict[str, Any]:
    """Change what ``changes`` names; null clears what can be cleared, and is otherwise passed over.

    Raises what :func:`create` raises, but for :class:`TooManyError`.
    """
    await boards.lock(connection, app_id, switchboard_id)
    rows = await connection.fetch(_LIST, switchboard_id)
    row = _found(own_id, rows)
    linked = {"id": row["integration_id"], "type": row["integration_type"]}
    if changes.get("integrationId") is not None or changes.get("integrationType") is not None:
        linked = await _linked(connection, app_id, changes)
    standby = changes.get("deliverStandbyEvents")
    columns = (
        linked["id"], linked["type"], changes.get("name") or row["name"],
        row["deliver_standby_events"] if standby is None else standby,
        changes.get("nextSwitchboardIntegrationId", row["next_id"]),
        changes.get("messageHistoryCount", row["message_history_count"]),
    )  # fmt: skip
    _check(own_id, columns, rows)
    return shapes.switchboard_integration(await connection.fetchrow(_UPDATE, own_id, *columns))


async def delete(connection: Connection, app_id: str, switchboard_id: str, own_id: str) -> None:
    """Take an integration off a switchboard. Conversations it was in control of get the default when next one speaks.

    Raises :class:`boards.SwitchboardNotFoundError`, :class:`boards.SwitchboardIntegrationNotFoundError`, and
    :class:`UnfitError` while it is the default, or somebody's next.
    """
    switchboard = await boards.lock(connection, app_id, switchboard_id)
    rows = await connection.fetch(_LIST, switchboard_id)
    _found(own_id, rows)
    if switchboard["default_id"] == own_id:
        raise UnfitError("This is the default switchboard integration: choose another defaultSwitchboardIntegrationId")
    before = [row["name"] for row in rows if row["next_id"] == own_id]
    if before:
        raise UnfitError(f"This is the nextSwitchboardIntegrationId of {', '.join(before)}: choose another")
    await connection.execute(_DELETE, own_id)


async def _linked(connection: Connection, app_id: str, fields: Mapping[str, Any]) -> Any:
    """The integration that the body names, by its id or by a type of which the app has one."""
    field = "integrationId" if fields.get("integrationId") is not None else "integrationType"
    found = await connection.fetch(_BY_ID if field == "integrationId" else _BY_TYPE, app_id, fields[field])
    if not found:
        raise IntegrationNotFoundError(field)
    if len(found) > 1:
        raise UnfitError(f"{field}: there are several integrations of this type; name one by integrationId")
    if found[0]["type"] != "custom" and found[0]["type"] in integrations.TYPES:
        raise UnfitError(f"{field} must name a custom integration: channels get no events")
    return found[0]


def _found(own_id: str, rows: list[Any]) -> Any:
    for row in rows:
        if row["id"] == own_id:
            return row
    raise SwitchboardIntegrationNotFoundError("")


def _check(own_id: str, columns: tuple[Any, ...], rows: list[Any]) -> None:
    """Whether this can stand beside the others."""
    integration_id, _, name, _, next_id, _ = columns
    others = [row for row in rows if row["id"] != own_id]
    if next_id is not None and not any(row["id"] == next_id for row in rows):
        raise SwitchboardIntegrationNotFoundError("nextSwitchboardIntegrationId")
    if next_id == own_id:
        raise UnfitError("nextSwitchboardIntegrationId must name another switchboard integration")
    if any(row["name"] == name for row in others):
        raise UnfitError("name is taken by another switchboard integration")
    if any(row["integration_id"] == integration_id for row in others):
        raise UnfitError("The integration is on the switchboard already")
