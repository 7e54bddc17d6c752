"""Switchboards, their seats, and who has control (Sunshine reference 1.8, 1.12)."""

from collections.abc import Mapping
from typing import Any

from heliograph.api.reference.samples import CUSTOM_ID, SEAT, SWITCHBOARD
from heliograph.api.reference.terms import COUNT, FLAG, ID, TEXT, Entry, Schema, listed, maybe, obj, ref, wrapped

SCHEMAS: Mapping[str, Schema] = {
    "Switchboard": obj(
        "Decides which integration answers in a conversation.",
        {"id": ID, "enabled": FLAG, "defaultSwitchboardIntegrationId?": maybe(TEXT)},
    ),
    "SwitchboardResponse": wrapped("One switchboard.", "switchboard", "Switchboard"),
    "SwitchboardListResponse": obj(
        "The switchboards of an app; at most one.",
        {"switchboards": {"type": "array", "items": ref("Switchboard")}},
    ),
    "SwitchboardIntegration": obj(
        "An integration's seat at the switchboard.",
        {
            "id": ID,
            "name": TEXT,
            "integrationId": TEXT,
            "integrationType": TEXT,
            "deliverStandbyEvents": FLAG,
            "nextSwitchboardIntegrationId?": maybe(TEXT),
            "messageHistoryCount?": maybe(COUNT),
        },
    ),
    "SwitchboardIntegrationResponse": wrapped("One seat.", "switchboardIntegration", "SwitchboardIntegration"),
    "SwitchboardIntegrationListResponse": listed(
        "All seats; at most ten.", "switchboardIntegrations", "SwitchboardIntegration"
    ),
    "Seat": obj(
        "An integration at the switchboard, in short.",
        {"id": TEXT, "name": TEXT, "integrationId?": TEXT, "integrationType?": TEXT},
    ),
}

_BOARD = ["switchboard_not_found"]
_SEAT = ["switchboard_not_found", "switchboard_integration_not_found"]
_CONVERSATION = ["conversation_not_found", "switchboard_integration_not_found"]
_ONLY_METADATA = ("application/json", obj("What to tell with it.", {"metadata?": maybe(ref("Metadata"))}))
_GIVEN: dict[str, Any] = {"switchboardIntegration": "next", "metadata": {"reason": "wants a person"}}

OPERATIONS: Mapping[str, Entry] = {
    "CreateSwitchboard": Entry(
        "Create a switchboard", "SwitchboardResponse", {"switchboard": SWITCHBOARD | {"enabled": False}}, status=201
    ),
    "ListSwitchboards": Entry("List switchboards", "SwitchboardListResponse", {"switchboards": [SWITCHBOARD]}),
    "UpdateSwitchboard": Entry(
        "Change a switchboard",
        "SwitchboardResponse",
        {"switchboard": SWITCHBOARD},
        request={"enabled": True},
        missing=_SEAT,
    ),
    "DeleteSwitchboard": Entry("Delete a switchboard", "Nothing", {}, missing=_BOARD),
    "CreateSwitchboardIntegration": Entry(
        "Create a seat",
        "SwitchboardIntegrationResponse",
        {"switchboardIntegration": SEAT},
        status=201,
        request={"name": "bot", "integrationId": CUSTOM_ID, "deliverStandbyEvents": False},
        missing=[*_SEAT, "integration_not_found"],
    ),
    "ListSwitchboardIntegrations": Entry(
        "List seats", "SwitchboardIntegrationListResponse", {"switchboardIntegrations": [SEAT]}, missing=_BOARD
    ),
    "UpdateSwitchboardIntegration": Entry(
        "Change a seat",
        "SwitchboardIntegrationResponse",
        {"switchboardIntegration": SEAT},
        request={"messageHistoryCount": 5},
        missing=[*_SEAT, "integration_not_found"],
    ),
    "DeleteSwitchboardIntegration": Entry("Delete a seat", "Nothing", {}, missing=_SEAT),
    "PassControl": Entry("Pass control", "Nothing", {}, request=_GIVEN, missing=_CONVERSATION),
    "OfferControl": Entry("Offer control", "Nothing", {}, request=_GIVEN, missing=_CONVERSATION),
    "AcceptControl": Entry(
        "Accept control",
        "Nothing",
        {},
        request={"metadata": {"ticket": "7"}},
        missing=_CONVERSATION,
        errors={403: "Control was not offered to the key's integration."},
        body=_ONLY_METADATA,
    ),
    "ReleaseControl": Entry(
        "Release control",
        "Nothing",
        {},
        request={"metadata": {"solved": True}},
        missing=_CONVERSATION,
        errors={403: "The key's integration does not have control."},
        body=_ONLY_METADATA,
        body_required=False,
    ),
}

CREATES = {
    "CreateSwitchboard": ("switchboardId", "/switchboard/id"),
    "CreateSwitchboardIntegration": ("switchboardIntegrationId", "/switchboardIntegration/id"),
}
