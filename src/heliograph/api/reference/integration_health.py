"""How an integration does (ours)."""

from collections.abc import Mapping
from typing import Any

from heliograph.api.reference.samples import INTEGRATION_ID
from heliograph.api.reference.terms import FLAG, ID, TEXT, TIME, Entry, Schema, many, maybe, obj, one_of, ref, wrapped

HEALTH = one_of("ok", "warning", "broken", "unknown")

FINDING: Mapping[str, Any] = {
    "check": "message_access",
    "title": "Access to messages",
    "state": "broken",
    "finding": "In the Instagram app access to messages is switched off for connected tools.",
    "consequence": "Sends, profiles and threads are refused, and no webhook comes. Reconnecting does not help.",
    "repair": ["In the Instagram app open the account's Settings.", "Switch on Allow access to messages."],
    "link": "https://help.instagram.com/",
    "stops": ["sending", "receiving"],
    "repairable": False,
    "repaired": False,
}
_HEALTH = {
    "integrationId": INTEGRATION_ID,
    "status": "error",
    "state": "broken",
    "checkedAt": "2026-03-02T08:15:00.000Z",
    "lastWebhookAt": "2026-03-02T07:55:00.000Z",
    "findings": [FINDING],
}

SCHEMAS: Mapping[str, Schema] = {
    "Finding": obj(
        "What one check of a connection found.",
        {
            "check": TEXT,
            "title": TEXT,
            "state": one_of("ok", "warning", "broken", "unknown", "not_applicable"),
            "finding": TEXT,
            "consequence": TEXT,
            "repair": many(TEXT),
            "link": TEXT,
            "stops": many(one_of("sending", "receiving")),
            "repairable": FLAG,
            "repaired": FLAG,
        },
    ),
    "Health": obj(
        "The last report of an integration.",
        {
            "integrationId": ID,
            "status": one_of("active", "inactive", "error"),
            "state": HEALTH,
            "checkedAt": maybe(TIME),
            "lastWebhookAt": maybe(TIME),
            "findings": many(ref("Finding")),
        },
    ),
    "HealthResponse": wrapped("How an integration does.", "health", "Health"),
}

OPERATIONS: Mapping[str, Entry] = {
    "GetIntegrationHealth": Entry(
        "Tell how an integration does", "HealthResponse", {"health": _HEALTH}, missing=["integration_not_found"]
    ),
    "CheckIntegrationHealth": Entry(
        "Examine an integration now",
        "HealthResponse",
        {"health": _HEALTH},
        missing=["integration_not_found"],
        errors={429: "The channel wants the account left alone; `Retry-After` says for how many seconds."},
    ),
}
