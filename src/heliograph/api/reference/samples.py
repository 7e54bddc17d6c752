"""Sample values of our own, shared by the examples: one small shop and one person who wrote to it."""

from typing import Any

Sample = dict[str, Any]


def sample_id(number: int) -> str:
    """An id that is told apart from another at a glance."""
    return f"66b1{number:020x}"


APP_ID, INTEGRATION_ID, CUSTOM_ID = sample_id(0xA0), sample_id(0xEE), sample_id(0xAA)
USER_ID, CLIENT_ID, CONVERSATION_ID, PARTICIPANT_ID = sample_id(0xB1), sample_id(0xCC), sample_id(0xC1), sample_id(0xD1)
MESSAGE_ID, WEBHOOK_ID, EVENT_ID = sample_id(0x01), sample_id(0xE2), sample_id(0xE7)
SWITCHBOARD_ID, SEAT_ID, NEXT_SEAT_ID, DEVICE_ID = sample_id(0x50), sample_id(0x5A), sample_id(0x5B), sample_id(0xDE)
MOMENT, LATER = "2026-03-01T09:15:02.101Z", "2026-03-01T09:16:40.000Z"
SECRET = "Zr4mJw0nY2V8cQ1tK7uXb5LhPs9dGfEaN3oRi6yUkMz"  # noqa: S105

APP: Sample = {
    "id": APP_ID,
    "displayName": "Café Lumen",
    "settings": {"maskCreditCardNumbers": True, "multiConvoEnabled": False, "echoPostback": False},
    "metadata": {"plan": "harbour"},
}
WEBHOOK: Sample = {
    "id": WEBHOOK_ID,
    "version": "v2",
    "target": "https://shop.example.org/hooks/heliograph",
    "triggers": ["conversation:message", "conversation:postback"],
    "secret": "5d0a1c7be94f4a0f8f6c2b1d3e7a9c42",
    "includeFullUser": False,
    "includeFullSource": False,
}
NEW_WEBHOOK: Sample = {"target": WEBHOOK["target"], "triggers": WEBHOOK["triggers"]}
INSTAGRAM: Sample = {
    "id": INTEGRATION_ID,
    "type": "instagram",
    "status": "active",
    "displayName": "Instagram",
    "appId": "318264059172",
    "pageId": "1029384756",
    "businessId": "17841400000000001",
    "businessName": "Café Lumen",
    "businessUsername": "cafe.lumen",
    "storyRepliesEnabled": True,
    "storyMentionsEnabled": True,
    "humanAgentTag": "afterWindow",
    "carouselMode": "native",
    "mediaMode": "proxy",
}
CUSTOM: Sample = {"id": CUSTOM_ID, "type": "custom", "status": "active", "displayName": "Desk", "webhooks": [WEBHOOK]}
USER: Sample = {
    "id": USER_ID,
    "authenticated": False,
    "externalId": "customer-1001",
    "profile": {"givenName": "Noa", "surname": "Berg", "locale": "en-CA"},
    "metadata": {"vip": True},
    "identities": [],
}
USER_BRIEF: Sample = {"id": USER_ID, "authenticated": False}
CLIENT: Sample = {
    "id": CLIENT_ID,
    "type": "instagram",
    "status": "active",
    "integrationId": INTEGRATION_ID,
    "externalId": "7312094418823301",
    "displayName": "Noa Berg",
    "raw": {"username": "noa"},
}
DEVICE: Sample = {
    "id": DEVICE_ID,
    "type": "web",
    "guid": "3f0c8f5e7b6d4c21",
    "clientId": CLIENT_ID,
    "status": "active",
    "integrationId": CUSTOM_ID,
    "lastSeen": MOMENT,
}
CONVERSATION_BRIEF: Sample = {"id": CONVERSATION_ID, "type": "personal", "metadata": {}}
CONVERSATION: Sample = {
    **CONVERSATION_BRIEF,
    "isDefault": True,
    "displayName": "Order 1001",
    "lastUpdatedAt": LATER,
    "createdAt": MOMENT,
}
PARTICIPANT: Sample = {
    "id": PARTICIPANT_ID,
    "userId": USER_ID,
    "unreadCount": 0,
    "clientAssociations": [{"type": "instagram", "clientId": CLIENT_ID}],
}
MESSAGE: Sample = {
    "id": MESSAGE_ID,
    "received": MOMENT,
    "author": {"type": "business"},
    "content": {"type": "text", "text": "Yes, both lamps are in stock."},
    "source": {"type": "api:conversations"},
}
SOURCE: Sample = {"type": "instagram", "integrationId": INTEGRATION_ID}
SEAT: Sample = {
    "id": SEAT_ID,
    "name": "bot",
    "integrationId": CUSTOM_ID,
    "integrationType": "custom",
    "deliverStandbyEvents": False,
    "nextSwitchboardIntegrationId": NEXT_SEAT_ID,
    "messageHistoryCount": 5,
}
SWITCHBOARD: Sample = {"id": SWITCHBOARD_ID, "enabled": True, "defaultSwitchboardIntegrationId": SEAT_ID}


def key(prefix: str) -> Sample:
    """A key; the prefix tells its scope."""
    return {"id": f"{prefix}_{sample_id(0x77)}", "displayName": "Back office", "secret": SECRET}


def page(name: str, *items: Sample) -> Sample:
    """The only page of a list."""
    return {name: list(items), "meta": {"hasMore": False}, "links": {}}
