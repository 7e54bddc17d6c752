"""Every operation of the API as a request: what the tables of scopes and errors are run over."""

from dataclasses import dataclass
from typing import Any

HOOK = {"target": "https://example.com/hook", "triggers": ["conversation:message"]}
BUSINESS = {"type": "business"}
TEXT = {"author": BUSINESS, "content": {"type": "text", "text": "Hello"}}

FORM_TYPE = "multipart/form-data; boundary=xyz"
FORM = b'--xyz\r\nContent-Disposition: form-data; name="source"; filename="a.txt"\r\n\r\nHello\r\n--xyz--\r\n'
CONVERSIONS = {"instagram": {"payload": {"data": [{"event_name": "Purchase", "event_time": 1772356502}]}}}


@dataclass(frozen=True)
class Request:
    """``path`` has holes named after the wire's ids. ``form`` is a multipart body, instead of JSON."""

    method: str
    path: str
    body: dict[str, Any] | None = None
    form: bytes | None = None


_APP = "/v2/apps/{appId}"
_CONVERSATIONS = _APP + "/conversations"
_CONVERSATION = _CONVERSATIONS + "/{conversationId}"
_INTEGRATIONS = _APP + "/integrations"
_CUSTOM = _INTEGRATIONS + "/{customId}"
_USER = _APP + "/users/{userId}"

OPERATIONS = {
    "CreateApp": Request("POST", "/v2/apps", {"displayName": "Shop"}),
    "ListApps": Request("GET", "/v2/apps"),
    "GetApp": Request("GET", _APP),
    "UpdateApp": Request("PATCH", _APP, {"displayName": "Shop"}),
    "DeleteApp": Request("DELETE", _APP),
    "CreateAppKey": Request("POST", _APP + "/keys", {"displayName": "Key"}),
    "ListAppKeys": Request("GET", _APP + "/keys"),
    "GetAppKey": Request("GET", _APP + "/keys/{keyId}"),
    "DeleteAppKey": Request("DELETE", _APP + "/keys/{keyId}"),
    "CreateIntegration": Request("POST", _INTEGRATIONS, {"type": "custom", "webhooks": [HOOK]}),
    "ListIntegrations": Request("GET", _INTEGRATIONS),
    "GetIntegration": Request("GET", _CUSTOM),
    "UpdateIntegration": Request("PATCH", _CUSTOM, {"displayName": "Hook"}),
    "DeleteIntegration": Request("DELETE", _CUSTOM),
    "CreateCustomIntegrationKey": Request("POST", _CUSTOM + "/keys", {"displayName": "Key"}),
    "ListCustomIntegrationKeys": Request("GET", _CUSTOM + "/keys"),
    "GetCustomIntegrationKey": Request("GET", _CUSTOM + "/keys/{integrationKeyId}"),
    "DeleteCustomIntegrationKey": Request("DELETE", _CUSTOM + "/keys/{integrationKeyId}"),
    "CreateWebhook": Request("POST", _CUSTOM + "/webhooks", HOOK),
    "ListWebhooks": Request("GET", _CUSTOM + "/webhooks"),
    "GetWebhook": Request("GET", _CUSTOM + "/webhooks/{webhookId}"),
    "UpdateWebhook": Request("PATCH", _CUSTOM + "/webhooks/{webhookId}", {"includeFullUser": True}),
    "DeleteWebhook": Request("DELETE", _CUSTOM + "/webhooks/{webhookId}"),
    "GetUser": Request("GET", _USER),
    "UpdateUser": Request("PATCH", _USER, {"metadata": {"lang": "en"}}),
    "ListClients": Request("GET", _USER + "/clients"),
    "CreateConversation": Request(
        "POST", _CONVERSATIONS, {"type": "personal", "participants": [{"userId": "{userId}"}]}
    ),
    "ListConversations": Request("GET", _CONVERSATIONS + "?filter[userId]={userId}"),
    "GetConversation": Request("GET", _CONVERSATION),
    "UpdateConversation": Request("PATCH", _CONVERSATION, {"displayName": "Order"}),
    "ListParticipants": Request("GET", _CONVERSATION + "/participants"),
    "PostMessage": Request("POST", _CONVERSATION + "/messages", TEXT),
    "ListMessages": Request("GET", _CONVERSATION + "/messages"),
    "DeleteAllMessages": Request("DELETE", _CONVERSATION + "/messages"),
    "DeleteMessage": Request("DELETE", _CONVERSATION + "/messages/{messageId}"),
    "PostActivity": Request("POST", _CONVERSATION + "/activity", {"author": BUSINESS, "type": "typing:start"}),
    "UploadAttachment": Request("POST", _APP + "/attachments?access=public&for=message", form=FORM),
    "DeleteAttachment": Request("POST", _APP + "/attachments/remove", {"mediaUrl": "{mediaUrl}"}),
    "PostConversionEvents": Request("POST", _CONVERSATION + "/conversionEvents", CONVERSIONS),
}


def filled(value: Any, ids: dict[str, str]) -> Any:
    """A path or body with its holes filled."""
    if isinstance(value, str):
        for name, text in ids.items():
            value = value.replace("{" + name + "}", text)
        return value
    if isinstance(value, dict):
        return {name: filled(item, ids) for name, item in value.items()}
    if isinstance(value, list):
        return [filled(item, ids) for item in value]
    return value
