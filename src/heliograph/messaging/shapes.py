"""Rows to the wire's objects (Sunshine reference 2). Pure; both the API and the events use them.

``…_brief`` is the truncated form that webhooks carry. Absent optional fields are left out, as the original does.
"""

from collections.abc import Mapping
from typing import Any

from heliograph.events.wire_time import wire_time
from heliograph.messaging.commitment import due_at

# Integration types that reach people; the others are `custom` ones and those of OAuth clients (2.3).
CHANNELS = frozenset(
    {
        *("android", "apple", "instagram", "ios", "line", "mailgun", "messagebird", "messenger", "telegram", "twilio"),
        *("twitter", "unity", "viber", "web", "whatsapp"),
    }
)

Row = Mapping[str, Any]
Wire = dict[str, Any]


def app(row: Row) -> Wire:
    """App (2.1)."""
    return {
        "id": row["id"],
        "displayName": row["display_name"],
        "settings": row["settings"],
        "metadata": row["metadata"],
    }


def integration(row: Row, responder: Wire | None = None) -> Wire:
    """Integration (2.3), without a custom integration's webhooks. Secrets are not in ``settings``.

    ``responder`` is the wire's ``defaultResponder``, which ``defaultResponderId`` in the settings names.
    """
    wire = {"id": row["id"], "type": row["type"], "status": row["status"], **row["settings"]}
    wire.pop("defaultResponderId", None)
    if row["type"] in CHANNELS:
        wire.setdefault("showAIDisclaimer", True)
        if responder is not None:
            wire["defaultResponder"] = responder
    if row["display_name"] is not None:
        wire["displayName"] = row["display_name"]
    return wire


def webhook(row: Row, secret: str) -> Wire:
    """Webhook (2.8)."""
    return {
        "id": row["id"],
        "version": "v2",
        "target": row["target"],
        "triggers": list(row["triggers"]),
        "secret": secret,
        "includeFullUser": row["include_full_user"],
        "includeFullSource": row["include_full_source"],
    }


def user(row: Row) -> Wire:
    """User (2.4) from a row of ``users``."""
    return _without_none(
        {
            "id": row["id"],
            "authenticated": False,
            "externalId": row["external_id"],
            "brandId": row["brand_id"],
            "signedUpAt": wire_time(row["signed_up_at"]) if row["signed_up_at"] else None,
            "toBeRetained": row["to_be_retained"],
            "profile": row["profile"],
            "metadata": row["metadata"],
            "identities": row["identities"],
        }
    )


def user_brief(wire: Wire) -> Wire:
    """The truncated user, from the full one."""
    return {name: wire[name] for name in ("id", "authenticated", "externalId", "brandId") if name in wire}


def client(row: Row) -> Wire:
    """Client (2.5) from a row of ``clients``."""
    return _without_none(
        {
            "id": row["id"],
            "type": row["type"],
            "status": row["status"],
            "integrationId": row["integration_id"],
            "externalId": row["external_id"],
            "lastSeen": wire_time(row["last_seen"]) if row["last_seen"] else None,
            "linkedAt": wire_time(row["linked_at"]) if row["linked_at"] else None,
            "displayName": row["display_name"],
            "avatarUrl": row["avatar_url"],
            "raw": _raw(row),
        }
    )


def _raw(row: Row) -> Wire:
    """What the channel tells of a client; also which other app of its owns the thread, as far as it told."""
    if row.get("thread_owner") is None:
        return dict(row["raw"])
    return {**row["raw"], "threadOwner": {"appId": row["thread_owner"], "since": wire_time(row["thread_owner_at"])}}


def conversation(row: Row) -> Wire:
    """Conversation (2.6) from a row of ``conversations`` with its ``switchboard``."""
    return _without_none(
        {
            "id": row["id"],
            "type": row["type"],
            "metadata": row["metadata"],
            **_control(row),
            "isDefault": row["is_default"],
            "displayName": row["display_name"],
            "description": row["description"],
            "iconUrl": row["icon_url"],
            "businessLastRead": wire_time(row["business_last_read"]) if row["business_last_read"] else None,
            "responseDueAt": wire_time(due_at(row["waiting_since"])) if row.get("waiting_since") else None,
            "lastUpdatedAt": wire_time(row["last_updated_at"]),
            "createdAt": wire_time(row["created_at"]),
        }
    )


def conversation_brief(row: Row) -> Wire:
    """The truncated conversation."""
    return {"id": row["id"], "type": row["type"], "metadata": row["metadata"], **_control(row)}


def _control(row: Row) -> Wire:
    """Who is in control of a conversation, and who has been offered it; nothing where there is nobody.

    The row's ``switchboard`` is the app's, when there is one (`switchboard/state.py`).
    """
    switchboard = row.get("switchboard")
    known = switchboard["integrations"] if switchboard else {}
    return {
        f"{role}SwitchboardIntegration": known[row[f"{role}_switchboard_integration_id"]]
        for role in ("active", "pending")
        if known and row[f"{role}_switchboard_integration_id"] in known
    }


def switchboard(row: Row) -> Wire:
    """Switchboard from a row of ``switchboards``."""
    return _without_none(
        {"id": row["id"], "enabled": row["enabled"], "defaultSwitchboardIntegrationId": row["default_id"]}
    )


def on_switchboard(row: Row) -> Wire:
    """The short form of a switchboard integration, as conversations carry it; `switchboard/state.py` makes it in SQL."""
    return {
        "id": row["id"],
        "name": row["name"],
        "integrationId": row["integration_id"],
        "integrationType": row["integration_type"],
    }


def switchboard_integration(row: Row) -> Wire:
    """SwitchboardIntegration from a row of ``switchboard_integrations``."""
    return _without_none(
        {
            **on_switchboard(row),
            "deliverStandbyEvents": row["deliver_standby_events"],
            "nextSwitchboardIntegrationId": row["next_id"],
            "messageHistoryCount": row["message_history_count"],
        }
    )


def participant(row: Row) -> Wire:
    """Participant (2.6) from a row of ``participants`` joined with its user's ``external_id`` and client's ``type``."""
    associations = [{"type": row["client_type"], "clientId": row["client_id"]}] if row["client_id"] else []
    return _without_none(
        {
            "id": row["id"],
            "userId": row["user_id"],
            "userExternalId": row["external_id"],
            "unreadCount": row["unread_count"],
            "clientAssociations": associations,
            "lastRead": wire_time(row["last_read"]) if row["last_read"] else None,
        }
    )


def _without_none(wire: Wire) -> Wire:
    return {name: value for name, value in wire.items() if value is not None}
