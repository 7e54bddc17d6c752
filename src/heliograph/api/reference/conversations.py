"""Conversations, participants, activities (Sunshine reference 1.4, 1.5, 1.7, 2.6)."""

from collections.abc import Mapping

from heliograph.api.reference.people import CLIENT_TYPES
from heliograph.api.reference.samples import CONVERSATION, PARTICIPANT, PARTICIPANT_ID, USER_ID, page
from heliograph.api.reference.terms import (
    ANYTHING,
    COUNT,
    FLAG,
    ID,
    TEXT,
    TIME,
    URI,
    Entry,
    Schema,
    many,
    maybe,
    obj,
    one_of,
    paged,
    ref,
    wrapped,
)

BRIEF: Mapping[str, Schema] = {
    "id": ID,
    "type": one_of("personal", "sdkGroup"),
    "metadata": ref("Metadata"),
    "activeSwitchboardIntegration?": maybe(ref("Seat")),
    "pendingSwitchboardIntegration?": maybe(ref("Seat")),
}

SCHEMAS: Mapping[str, Schema] = {
    "Conversation": obj(
        "An exchange of messages with one or more users.",
        {
            **BRIEF,
            "isDefault": FLAG,
            "displayName?": maybe(TEXT),
            "description?": maybe(TEXT),
            "iconUrl?": maybe(URI),
            "businessLastRead?": maybe(TIME),
            "responseDueAt?": TIME,
            "lastUpdatedAt": maybe(TIME),
            "createdAt": TIME,
        },
    ),
    "ConversationResponse": wrapped("One conversation.", "conversation", "Conversation"),
    "ConversationListResponse": paged("A page of conversations.", "conversations", "Conversation"),
    "ClientAssociation": obj(
        "A client that a participant is reached by.", {"type": one_of(*CLIENT_TYPES), "clientId": ID}
    ),
    "Participant": obj(
        "A user in a conversation.",
        {
            "id": ID,
            "userId": ID,
            "unreadCount": COUNT,
            "clientAssociations": many(ref("ClientAssociation")),
            "userExternalId?": maybe(TEXT),
            "lastRead?": maybe(TIME),
        },
    ),
    "ParticipantResponse": wrapped("One participant.", "participant", "Participant"),
    "ParticipantListResponse": paged("A page of participants.", "participants", "Participant"),
    "ConversionEvents": obj("What Meta took.", {"datasetId": TEXT, "eventsReceived": COUNT}),
    "ConversionEventsResponse": wrapped("The outcome.", "conversionEvents", "ConversionEvents"),
    "Download": {**ANYTHING, "description": "What the channel keeps under the reference."},
}

_CONVERSATION = ["conversation_not_found"]
_EVENTS = {
    "type": "object",
    "description": "Exactly one of the channels.",
    "properties": {
        channel: obj(
            "A body for Meta's Conversions API.",
            {"payload": obj("The body.", {"data": {**many(ANYTHING), "description": "The events."}})},
        )
        for channel in ("messenger", "instagram", "whatsapp")
    },
}
_DOWNLOAD = obj(
    "What to download, for whom.",
    {
        "userId": TEXT,
        "apple?": obj(
            "Apple Messages for Business.",
            {
                "interactiveDataRef": obj(
                    "The reference that came with the message.",
                    {"url": TEXT, "bid": TEXT, "key": TEXT, "signature": TEXT, "owner": TEXT},
                )
            },
        ),
    },
)
_SOMEBODY = {
    "type": "object",
    "description": "Exactly one of the names.",
    "properties": {"userId": TEXT, "userExternalId": TEXT, "participantId": TEXT},
}

OPERATIONS: Mapping[str, Entry] = {
    "CreateConversation": Entry(
        "Create a conversation",
        "ConversationResponse",
        {"conversation": CONVERSATION},
        status=201,
        request={"type": "personal", "participants": [{"userId": USER_ID}], "displayName": "Order 1001"},
        missing=["user_not_found"],
    ),
    "ListConversations": Entry(
        "List conversations",
        "ConversationListResponse",
        page("conversations", CONVERSATION),
        missing=["user_not_found"],
    ),
    "GetConversation": Entry(
        "Get a conversation", "ConversationResponse", {"conversation": CONVERSATION}, missing=_CONVERSATION
    ),
    "UpdateConversation": Entry(
        "Change a conversation",
        "ConversationResponse",
        {"conversation": CONVERSATION},
        request={"displayName": "Order 1001"},
        missing=_CONVERSATION,
    ),
    "DeleteConversation": Entry("Delete a conversation", "Nothing", {}, missing=_CONVERSATION),
    "DownloadMessageRef": Entry(
        "Download a message reference",
        "Download",
        {},
        request={
            "userId": USER_ID,
            "apple": {
                "interactiveDataRef": {
                    "url": "https://example.org/ref",
                    "bid": "com.example.messages",
                    "key": "0a1b2c",
                    "signature": "c2lnbg==",
                    "owner": "owner-1",
                }
            },
        },
        missing=[*_CONVERSATION, "user_not_found"],
        body=("application/json", _DOWNLOAD),
    ),
    "PostConversionEvents": Entry(
        "Report conversions to Meta",
        "ConversionEventsResponse",
        {"conversionEvents": {"datasetId": "884120017733", "eventsReceived": 1}},
        request={"instagram": {"payload": {"data": [{"event_name": "Purchase", "event_time": 1772356502}]}}},
        missing=_CONVERSATION,
        body=("application/json", _EVENTS),
    ),
    "JoinConversation": Entry(
        "Add a participant",
        "ParticipantResponse",
        {"participant": PARTICIPANT},
        status=201,
        request={"userId": USER_ID, "subscribeSDKClient": False},
        missing=[*_CONVERSATION, "user_not_found"],
    ),
    "ListParticipants": Entry(
        "List participants",
        "ParticipantListResponse",
        page("participants", PARTICIPANT),
        missing=_CONVERSATION,
    ),
    "LeaveConversation": Entry(
        "Remove a participant",
        "Nothing",
        {},
        request={"participantId": PARTICIPANT_ID},
        missing=[*_CONVERSATION, "user_not_found", "not_found"],
        body=("application/json", _SOMEBODY),
    ),
    "PostActivity": Entry(
        "Post an activity",
        "Nothing",
        {},
        request={"author": {"type": "business"}, "type": "typing:start"},
        missing=[*_CONVERSATION, "user_not_found"],
    ),
}

CREATES = {"CreateConversation": ("conversationId", "/conversation/id")}
