"""Switchboards for tests of the API: one in two lines, and what events told of it."""

from dataclasses import dataclass
from typing import Any

from tests.api.house import House

TRIGGERS = (
    "switchboard:passControl", "switchboard:passControl:failure", "switchboard:offerControl",
    "switchboard:offerControl:failure", "switchboard:acceptControl", "switchboard:acceptControl:failure",
    "switchboard:releaseControl",
)  # fmt: skip


@dataclass(frozen=True)
class Switchboard:
    """An app's switchboard. ``places``: ids of its switchboard integrations by name."""

    id: str
    path: str
    places: dict[str, str]
    integrations: dict[str, str]

    def shown(self, name: str) -> dict[str, str]:
        """How conversations show one that is in control, or may be."""
        return {
            "id": self.places[name],
            "name": name,
            "integrationId": self.integrations[name],
            "integrationType": "custom",
        }


def switchboard_of(
    house: House, app_id: str, *, enabled: bool = True, **integrations: str | dict[str, Any]
) -> Switchboard:
    """A switchboard with these integrations: a name and an integration's id, or a body. The first is the default."""
    path = f"/v2/apps/{app_id}/switchboards"
    made = house.post(path, {}).body["switchboard"]
    own = f"{path}/{made['id']}"
    places, ids = {}, {}
    for name, given in integrations.items():
        body = {"integrationId": given} if isinstance(given, str) else given
        answer = house.post(own + "/switchboardIntegrations", {"name": name, **body})
        assert answer.status == 201, answer.body
        places[name], ids[name] = (answer.body["switchboardIntegration"][key] for key in ("id", "integrationId"))
    if enabled:
        first = next(iter(places.values()))
        answer = house.patch(own, {"enabled": True, "defaultSwitchboardIntegrationId": first})
        assert answer.status == 200, answer.body
    return Switchboard(made["id"], own, places, ids)


def put(house: House, conversation_id: str, *, active: str | None = None, pending: str | None = None) -> None:
    """Write who is in control of a conversation, untold."""
    sql = (
        "update conversations set active_switchboard_integration_id = $2, pending_switchboard_integration_id = $3"
        " where id = $1"
    )
    house.run(house.database.execute(sql, conversation_id, active, pending))


def told(house: House, conversation_id: str, *types: str) -> list[dict[str, Any]]:
    """The switchboard's events of a conversation, in order, or those of other types."""
    rows = house.rows(
        "select body::json as body from events where conversation_id = $1 and type = any ($2::text[]) order by seq",
        conversation_id,
        list(types or TRIGGERS),
    )
    return [row["body"] for row in rows]


def control(conversation: dict[str, Any]) -> tuple[str | None, str | None]:
    """The names of who is in control of a conversation, and whom it was offered to."""
    active, pending = (conversation.get(f"{role}SwitchboardIntegration", {}) for role in ("active", "pending"))
    return active.get("name"), pending.get("name")


def heard(house: House, integration_id: str, conversation_id: str) -> list[str]:
    """The types of a conversation's events that wait for an integration's webhooks, in order."""
    rows = house.rows(
        "select e.type from webhooks w join jobs j on j.kind = 'webhook' and j.key = w.id || '/' || $2"
        " join events e on e.id = j.payload where w.integration_id = $1 order by j.id",
        integration_id,
        conversation_id,
    )
    return [row["type"] for row in rows]
