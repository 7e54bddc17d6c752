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
_GROUP = _CONVERSATIONS + "/{groupId}"
_USER = _APP + "/users/{userId}"
_SWITCHBOARDS = _APP + "/switchboards"
_SWITCHBOARD = _SWITCHBOARDS + "/{switchboardId}"
_PLACES = _SWITCHBOARD + "/switchboardIntegrations"
LINK = {
    "matchCriteria": {"type": "whatsapp", "integrationId": "{whatsappId}", "phoneNumber": "+1 212-555-2368"},
    "confirmation": {"type": "immediate"},
    "target": {"conversationId": "{conversationId}"},
}
REF = {"url": "https://p61.example/M", "bid": "com.example", "key": "00c0", "signature": "81a6", "owner": "M5"}

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
    "GetIntegrationHealth": Request("GET", _CUSTOM + "/health"),
    "CheckIntegrationHealth": Request("POST", _CUSTOM + "/health"),
    "CreateCustomIntegrationKey": Request("POST", _CUSTOM + "/keys", {"displayName": "Key"}),
    "ListCustomIntegrationKeys": Request("GET", _CUSTOM + "/keys"),
    "GetCustomIntegrationKey": Request("GET", _CUSTOM + "/keys/{integrationKeyId}"),
    "DeleteCustomIntegrationKey": Request("DELETE", _CUSTOM + "/keys/{integrationKeyId}"),
    "CreateWebhook": Request("POST", _CUSTOM + "/webhooks", HOOK),
    "ListWebhooks": Request("GET", _CUSTOM + "/webhooks"),
    "GetWebhook": Request("GET", _CUSTOM + "/webhooks/{webhookId}"),
    "UpdateWebhook": Request("PATCH", _CUSTOM + "/webhooks/{webhookId}", {"includeFullUser": True}),
    "DeleteWebhook": Request("DELETE", _CUSTOM + "/webhooks/{webhookId}"),
    "CreateSwitchboard": Request("POST", _SWITCHBOARDS),
    "ListSwitchboards": Request("GET", _SWITCHBOARDS),
    "UpdateSwitchboard": Request(
        "PATCH",
        _SWITCHBOARD,
        {"enabled": True, "defaultSwitchboardIntegrationId": "{switchboardIntegrationId}"},
    ),
    "DeleteSwitchboard": Request("DELETE", _SWITCHBOARD),
    "CreateSwitchboardIntegration": Request("POST", _PLACES, {"name": "spare", "integrationId": "{spareId}"}),
    "ListSwitchboardIntegrations": Request("GET", _PLACES),
    "UpdateSwitchboardIntegration": Request(
        "PATCH",
        _PLACES + "/{switchboardIntegrationId}",
        {"deliverStandbyEvents": True, "messageHistoryCount": 3, "nextSwitchboardIntegrationId": None},
    ),
    "DeleteSwitchboardIntegration": Request("DELETE", _PLACES + "/{freePlaceId}"),
    "CreateUser": Request("POST", _APP + "/users", {"profile": {"givenName": "Ama"}, "metadata": {"vip": True}}),
    "ListUsers": Request("GET", _APP + "/users?filter[identities.email]=ama@example.org"),
    "GetUser": Request("GET", _USER),
    "UpdateUser": Request("PATCH", _USER, {"metadata": {"lang": "en"}}),
    "DeleteUser": Request("DELETE", _USER),
    "DeleteUserPersonalInformation": Request("DELETE", _USER + "/personalinformation"),
    "SyncUser": Request("POST", _USER + "/sync"),
    "CreateClient": Request("POST", _USER + "/clients", LINK),
    "ListClients": Request("GET", _USER + "/clients"),
    "RemoveClient": Request("DELETE", _USER + "/clients/{clientId}"),
    "ListDevices": Request("GET", _USER + "/devices"),
    "GetDevice": Request("GET", _USER + "/devices/{deviceId}"),
    "CreateConversation": Request(
        "POST", _CONVERSATIONS, {"type": "personal", "participants": [{"userId": "{userId}"}]}
    ),
    "ListConversations": Request("GET", _CONVERSATIONS + "?filter[userId]={userId}"),
    "GetConversation": Request("GET", _CONVERSATION),
    "UpdateConversation": Request("PATCH", _CONVERSATION, {"displayName": "Order"}),
    "DeleteConversation": Request("DELETE", _GROUP),
    "DownloadMessageRef": Request(
        "POST", _CONVERSATION + "/download", {"userId": "{userId}", "apple": {"interactiveDataRef": REF}}
    ),
    "JoinConversation": Request("POST", _GROUP + "/join", {"userId": "{userId}", "subscribeSDKClient": True}),
    "ListParticipants": Request("GET", _CONVERSATION + "/participants"),
    "LeaveConversation": Request("POST", _GROUP + "/leave", {"userId": "{userId}"}),
    "PostMessage": Request("POST", _CONVERSATION + "/messages", TEXT),
    "ListMessages": Request("GET", _CONVERSATION + "/messages"),
    "DeleteAllMessages": Request("DELETE", _CONVERSATION + "/messages"),
    "DeleteMessage": Request("DELETE", _CONVERSATION + "/messages/{messageId}"),
    "GetTokenInfo": Request("GET", "/v2/tokenInfo"),
    "RevokeAccess": Request("DELETE", "/oauth/authorization"),
    "PostActivity": Request("POST", _CONVERSATION + "/activity", {"author": BUSINESS, "type": "typing:start"}),
    "PassControl": Request(
        "POST",
        _CONVERSATION + "/passControl",
        {"switchboardIntegration": "bot", "reason": "ticketClosed", "metadata": {"lang": "en"}},
    ),
    "OfferControl": Request(
        "POST", _CONVERSATION + "/offerControl", {"switchboardIntegration": "bot", "metadata": {"lang": "en"}}
    ),
    "AcceptControl": Request("POST", _CONVERSATION + "/acceptControl", {"metadata": {"lang": "en"}}),
    "ReleaseControl": Request("POST", _CONVERSATION + "/releaseControl", {"reason": "ticketClosed"}),
    "UploadAttachment": Request("POST", _APP + "/attachments?access=public&for=message", form=FORM),
    "DeleteAttachment": Request("POST", _APP + "/attachments/remove", {"mediaUrl": "{mediaUrl}"}),
    "PostConversionEvents": Request("POST", _CONVERSATION + "/conversionEvents", CONVERSIONS),
    "CreateInvitation": Request("POST", _APP + "/invitations", {"returnUrl": "https://desk.example.org/back"}),
    "ListInvitations": Request("GET", _APP + "/invitations"),
    "GetInvitation": Request("GET", _APP + "/invitations/{invitationId}"),
    "DeleteInvitation": Request("DELETE", _APP + "/invitations/{invitationId}"),
    "ListCommitments": Request("GET", _APP + "/commitments?filter[state]=late"),
}

# What no caller can have here, whatever they ask: there are neither SDKs, nor Zendesk Support, nor Apple.
REFUSED = {
    "SyncUser": 404,
    "GetDevice": 404,
    "DownloadMessageRef": 400,
    **dict.fromkeys(("GetIntegrationHealth", "CheckIntegrationHealth"), 400),  # of an integration without a channel
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
