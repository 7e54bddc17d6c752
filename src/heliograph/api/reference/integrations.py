"""Integrations, whatever their type (Sunshine reference 1.9, 2.3). Fields that are written only are not shown."""

from collections.abc import Mapping
from typing import Any

from heliograph.api.reference.samples import CUSTOM, INSTAGRAM, NEW_WEBHOOK, page
from heliograph.api.reference.terms import (
    FLAG,
    ID,
    NUMBER,
    TEXT,
    Entry,
    Schema,
    many,
    maybe,
    obj,
    one_of,
    paged,
    ref,
    union,
    wrapped,
)

_SDK = {"canUserSeeConversationList?": FLAG, "canUserCreateMoreConversations?": FLAG, "attachmentsEnabled?": FLAG}

# What each type shows beside the fields of all.
SHOWN: Mapping[str, Mapping[str, Schema]] = {
    "android": {"senderId?": maybe(TEXT), **_SDK},
    "apple": {"businessId?": TEXT, "mspId?": TEXT, "authenticationMessageSecret?": TEXT},
    "custom": {"webhooks": many(ref("Webhook"))},
    "instagram": {
        "appId": TEXT,
        "businessName?": TEXT,
        "businessUsername?": TEXT,
        "pageId?": TEXT,
        "businessId?": TEXT,
        "username?": TEXT,
        "userId?": TEXT,
        "login?": one_of("facebook", "instagram"),
        "tokenExpiresAt?": TEXT,
        "tokenError?": TEXT,
        "storyRepliesEnabled?": FLAG,
        "storyMentionsEnabled?": FLAG,
        "humanAgentTag?": one_of("afterWindow", "always", "never"),
        "carouselMode?": one_of("native", "text"),
        "mediaMode?": one_of("proxy", "store", "link"),
    },
    "ios": {"production?": FLAG, "autoUpdateBadge?": FLAG, **_SDK},
    "line": {
        "channelId?": TEXT,
        "channelSecret?": TEXT,
        "channelAccessToken?": TEXT,
        "serviceCode?": TEXT,
        "switcherSecret?": TEXT,
        "qrCodeUrl?": TEXT,
        "lineId?": TEXT,
    },
    "mailgun": {
        "signingKey?": TEXT,
        "domain?": TEXT,
        "incomingAddress?": TEXT,
        "hideUnsubscribeLink?": FLAG,
        "fromAddress?": maybe(TEXT),
    },
    "messagebird": {"originator?": TEXT, "webhookSecret?": TEXT},
    "messenger": {"pageAccessToken?": maybe(TEXT), "appId?": TEXT, "pageId?": NUMBER, "pageName?": TEXT},
    "telegram": {"username?": TEXT, "botId?": TEXT},
    "twilio": {"accountSid?": TEXT, "phoneNumberSid?": TEXT, "messagingServiceSid?": TEXT},
    "twitter": {"tier?": one_of("enterprise"), "envName?": TEXT},
    "unity": _SDK,
    "viber": {"uri?": TEXT, "accountId?": TEXT},
    "web": {
        "brandColor?": TEXT,
        "fixedIntroPane?": FLAG,
        "conversationColor?": TEXT,
        "actionColor?": TEXT,
        "displayStyle?": TEXT,
        "buttonIconUrl?": maybe(TEXT),
        "buttonWidth?": TEXT,
        "buttonHeight?": TEXT,
        "integrationOrder?": maybe(many(TEXT)),
        "businessName?": TEXT,
        "businessIconUrl?": TEXT,
        "backgroundImageUrl?": TEXT,
        "originWhitelist?": maybe(many(TEXT)),
        "prechatCapture?": ref("PrechatCapture"),
        **_SDK,
    },
    "whatsapp": {
        "hsmFallbackLanguage?": maybe(TEXT),
        "accountId?": maybe(TEXT),
        "accountManagementAccessToken?": maybe(TEXT),
        "phoneNumber?": maybe(TEXT),
    },
}

_RESPONDS: Mapping[str, Schema] = {
    "defaultResponder?": maybe(ref("DefaultResponder")),
    "showAIDisclaimer?": FLAG,
    "automaticAnswer?": maybe(ref("AutomaticAnswer")),
}


def component(kind: str) -> str:
    """The name of a type's component."""
    return kind[0].upper() + kind[1:] + "Integration"


def _integration(kind: str) -> Schema:
    fields: dict[str, Any] = {
        "id": ID,
        "type": {"type": "string", "const": kind},
        "status": one_of("active", "inactive", "error"),
        "displayName?": maybe(TEXT),
        **SHOWN[kind],
        **({} if kind == "custom" else _RESPONDS),
    }
    return obj(f"An integration of the type `{kind}`.", fields)


# What can be changed beside the fields of all, by type (2.3): some of what is shown, and secrets, which are not.
_CHANGED = {
    "apple": ("authenticationMessageSecret",),
    "instagram": ("storyRepliesEnabled", "storyMentionsEnabled"),
    "ios": ("production", "autoUpdateBadge"),
    "mailgun": ("hideUnsubscribeLink", "fromAddress"),
    "web": tuple(name.removesuffix("?") for name in SHOWN["web"] if name != "attachmentsEnabled?"),
    "whatsapp": ("hsmFallbackLanguage", "accountId", "accountManagementAccessToken"),
}
_SECRETS = (
    "pageAccessToken",
    "projectId",
    "clientEmail",
    "privateKey",
    "serverKey",
    "senderId",
    "certificate",
    "password",
)
CHANGES: Mapping[str, Schema] = {
    "automaticAnswer": maybe(ref("AutomaticAnswer")),
    **{name: SHOWN[kind].get(name + "?", TEXT) for kind, names in _CHANGED.items() for name in names},
    **{name: maybe(TEXT) for name in _SECRETS},
}

SCHEMAS: Mapping[str, Schema] = {
    **{component(kind): _integration(kind) for kind in SHOWN},
    "DefaultResponder": obj(
        "Who answers first in the conversations of an integration.",
        {
            "name?": TEXT,
            "integrationId?": TEXT,
            "integrationType?": TEXT,
            "deliverStandbyEvents?": FLAG,
            "nextSwitchboardIntegrationId?": maybe(TEXT),
            "messageHistoryCount?": NUMBER,
            "inherited?": FLAG,
        },
    ),
    "AutomaticAnswer": obj(
        "What is answered when nobody does. Ours, beside the original's API.",
        {
            "text": {"type": "string", "minLength": 1, "maxLength": 1000},
            "afterMinutes?": {"type": "integer", "minimum": 0, "maximum": 1380},
            "hours?": maybe(many(ref("AnswerHours"))),
            "timezone?": TEXT,
        },
    ),
    "AnswerHours": obj(
        "A span of the day.",
        {
            "days?": maybe(many(one_of("mon", "tue", "wed", "thu", "fri", "sat", "sun"))),
            "from": {"type": "string", "pattern": "^([01]\\d|2[0-3]):[0-5]\\d$"},
            "to": {"type": "string", "pattern": "^([01]\\d|2[0-3]):[0-5]\\d$"},
        },
    ),
    "PrechatCapture": obj(
        "What the web widget asks before a conversation begins.",
        {
            "avatarUrl?": TEXT,
            "enabled?": FLAG,
            "enableEmailLinking?": FLAG,
            "fields?": many(ref("PrechatField")),
        },
    ),
    "PrechatField": obj(
        "A question of the prechat form.",
        {
            "type?": one_of("email", "select", "text"),
            "name?": TEXT,
            "label?": TEXT,
            "text?": TEXT,
            "email?": TEXT,
            "select?": many(ref("Choice")),
            "format?": one_of("integer", "decimal"),
        },
    ),
    "Integration": union(
        "A connection of an app: to a channel, or to a program of yours.", {kind: component(kind) for kind in SHOWN}
    ),
    "IntegrationResponse": wrapped("One integration.", "integration", "Integration"),
    "IntegrationListResponse": paged("A page of integrations.", "integrations", "Integration"),
}

OPERATIONS: Mapping[str, Entry] = {
    "CreateIntegration": Entry(
        "Create an integration",
        "IntegrationResponse",
        {"integration": CUSTOM},
        status=201,
        request={"type": "custom", "displayName": "Desk", "webhooks": [NEW_WEBHOOK]},
    ),
    "ListIntegrations": Entry("List integrations", "IntegrationListResponse", page("integrations", INSTAGRAM, CUSTOM)),
    "GetIntegration": Entry(
        "Get an integration", "IntegrationResponse", {"integration": INSTAGRAM}, missing=["integration_not_found"]
    ),
    "UpdateIntegration": Entry(
        "Change an integration",
        "IntegrationResponse",
        {"integration": INSTAGRAM},
        request={"displayName": "Instagram"},
        also=CHANGES,
        missing=["integration_not_found"],
    ),
    "DeleteIntegration": Entry("Delete an integration", "Nothing", {}, missing=["integration_not_found"]),
}

CREATES = {"CreateIntegration": ("integrationId", "/integration/id")}
