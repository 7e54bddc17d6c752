"""Parameters of the path, the query and the headers, by name; ``Operation.name`` where one operation has its own."""

from collections.abc import Mapping

from heliograph.api.reference import samples
from heliograph.api.reference.invitations import INVITATION_ID
from heliograph.api.reference.terms import ID, TEXT, Schema, one_of
from heliograph.messaging.integrations import TYPES

_CURSOR = {**ID, "minLength": 24, "maxLength": 24}


def _deep(description: str, members: Mapping[str, tuple[Schema, str]], *required: str, **rules: object) -> Schema:
    properties = {name: {**schema, "description": text} for name, (schema, text) in members.items()}
    made: Schema = {"type": "object", "properties": properties, "additionalProperties": False, **rules}
    return {"description": description, "schema": made | ({"required": list(required)} if required else {})}


def _path(description: str, example: str) -> Schema:
    return {"description": description, "example": example}


PARAMETERS: Mapping[str, Schema] = {
    "appId": _path("The app.", samples.APP_ID),
    "integrationId": _path(
        "The integration. A key of an integration may say `me` for its own, at its webhooks.", samples.CUSTOM_ID
    ),
    "keyId": _path("The key.", samples.key("app")["id"]),
    "GetCustomIntegrationKey.keyId": _path("The key.", samples.key("int")["id"]),
    "DeleteCustomIntegrationKey.keyId": _path("The key.", samples.key("int")["id"]),
    "webhookId": _path("The webhook.", samples.WEBHOOK_ID),
    "conversationId": _path("The conversation.", samples.CONVERSATION_ID),
    "messageId": _path("The message.", samples.MESSAGE_ID),
    "userIdOrExternalId": _path("The user: our id, or the external id that you gave.", samples.USER_ID),
    "clientId": _path("The client.", samples.CLIENT_ID),
    "deviceId": _path("The device.", samples.DEVICE_ID),
    "switchboardId": _path("The switchboard.", samples.SWITCHBOARD_ID),
    "switchboardIntegrationId": _path("The seat at the switchboard.", samples.SEAT_ID),
    "invitationId": _path("The invitation.", INVITATION_ID),
    "zendeskId": _path("The id of the user in Zendesk.", "35436"),
    "page": _deep(
        "Which page of the list: one cursor at most.",
        {
            "after": (_CURSOR, "Start behind this record."),
            "before": (_CURSOR, "End before this record."),
            "size": ({"type": "integer", "minimum": 1, "maximum": 100, "default": 25}, "Records on a page."),
        },
        **{"not": {"required": ["after", "before"]}},
    ),
    "ListMessages.page": _deep(
        "Which page of the list: one cursor at most. Without one it is the last page.",
        {
            "after": (_CURSOR, "Start behind this message."),
            "before": (_CURSOR, "End before this message."),
            "size": ({"type": "integer"}, "Passed over: a page holds 100 messages."),
        },
        **{"not": {"required": ["after", "before"]}},
    ),
    "ListCommitments.page": _deep(
        "Which page of the list.",
        {
            "after": (TEXT, "The afterCursor of the page before."),
            "size": ({"type": "integer", "minimum": 1, "maximum": 100, "default": 25}, "Records on a page."),
        },
    ),
    "ListCommitments.filter": _deep(
        "Which conversations.",
        {"state": (one_of("open", "soon", "late"), "Late: over 24 hours. Soon: due within 4 hours. Open: the others.")},
    ),
    "ListApps.filter": _deep(
        "Which apps.",
        {"serviceAccountId": (TEXT, "Passed over: there are no service accounts here.")},
    ),
    "ListIntegrations.filter": _deep(
        "Which integrations.",
        {
            "types": (
                {"type": "string", "pattern": "^({0})(,({0}))*$".format("|".join(TYPES))},
                "Types with commas between them; without it all.",
            )
        },
    ),
    "ListConversations.filter": {
        "required": True,
        **_deep(
            "Whose conversations: exactly one of the two.",
            {
                "userId": ({"type": "string", "minLength": 1}, "The user's id."),
                "userExternalId": ({"type": "string", "minLength": 1}, "The user's external id."),
            },
            minProperties=1,
            maxProperties=1,
        ),
    },
    "ListUsers.filter": {
        "required": True,
        **_deep(
            "Which users.",
            {
                "identities.email": (
                    {"type": "string", "minLength": 1},
                    "The email address among the identities of the user; not the one in the profile.",
                )
            },
            "identities.email",
        ),
    },
    "brandId": {"description": "The brand, when users are kept apart by brand.", "schema": TEXT},
    "access": {"required": True, "description": "Who may read the file.", "schema": one_of("public")},
    "for": {
        "description": "What the file belongs to: with `message` it goes when its message, conversation or user goes.",
        "schema": one_of("message"),
    },
    "UploadAttachment.conversationId": {
        "description": "The conversation that the file belongs to.",
        "schema": TEXT,
        "example": samples.CONVERSATION_ID,
    },
    "client_id": {"required": True, "description": "The OAuth client.", "schema": TEXT, "example": "order-desk"},
    "response_type": {"required": True, "description": "What is asked for.", "schema": one_of("code")},
    "state": {"description": "Comes back unchanged; use it to recognise your own request.", "schema": TEXT},
    "redirect_uri": {
        "description": "Where to go afterwards: one of the registered addresses; the first when absent.",
        "schema": {"type": "string", "format": "uri"},
    },
    "Idempotency-Key": {
        "description": "A word of your own for this request. A repeat with the same word and body gets the first "
        "answer, and makes nothing new. An addition of ours.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255},
        "example": "order-1001-shipped",
    },
}
