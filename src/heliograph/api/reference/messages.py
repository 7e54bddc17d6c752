"""Messages and attachments (Sunshine reference 1.3, 1.6, 2.7)."""

from collections.abc import Mapping

from heliograph.api.reference.samples import CLIENT, MESSAGE, MOMENT, SOURCE, USER_ID, page, sample_id
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
    union,
    wrapped,
)

SHOWN_SOURCE: Mapping[str, Schema] = {
    "type": TEXT,
    "integrationId?": maybe(TEXT),
    "originalMessageId?": maybe(TEXT),
    "originalMessageTimestamp?": maybe(TIME),
    "client?": maybe(ref("Client")),
    "device?": maybe(ref("Device")),
}
SHOWN_MESSAGE: Mapping[str, Schema] = {
    "id": ID,
    "received": TIME,
    "author": ref("ShownAuthor"),
    "content": ref("ShownContent"),
    "source": ref("Source"),
    "activity?": ref("MessageActivity"),
    "quotedMessage?": maybe(ref("QuotedMessage")),
    "metadata?": maybe(ref("Metadata")),
    "deleted?": maybe(FLAG),
    "references?": maybe(many(ref("Reference"))),
    "reactions?": many(ref("MessageReaction")),
    "edited?": ref("MessageEdit"),
}

SCHEMAS: Mapping[str, Schema] = {
    "ShownAuthor": obj(
        "Who wrote.",
        {
            "type": one_of("business", "user"),
            "subtypes?": many(one_of("AI", "activity", "agent", "bot")),
            "userId?": TEXT,
            "displayName?": TEXT,
            "avatarUrl?": TEXT,
        },
    ),
    "Source": obj("Where a message comes from.", SHOWN_SOURCE),
    "Message": obj("One message of a conversation.", SHOWN_MESSAGE),
    "MessageReaction": obj(
        "A reaction to the message.", {"emoji?": TEXT, "reaction?": TEXT, "author": ref("ReactionAuthor")}
    ),
    "ReactionAuthor": obj("Who reacted.", {"type": one_of("business", "user"), "userId?": TEXT}),
    "MessageEdit": obj("The newest edit of the message.", {"count": COUNT, "at": TIME}),
    "MessageActivity": obj(
        "What the message stands for, when it tells of an activity.",
        {
            "type": one_of("ticket:closed", "ticket:transfer:email", "conversation:endedByUser"),
            "data?": ANYTHING,
        },
    ),
    "QuotedMessage": union(
        "The message that this one answers.", {"message": "QuotedHere", "externalMessageId": "QuotedOnChannel"}
    ),
    "QuotedHere": obj(
        "A message that the server has.",
        {"type": {"type": "string", "const": "message"}, "message?": ref("Message")},
    ),
    "QuotedOnChannel": obj(
        "A message that only the channel knows.",
        {"type": {"type": "string", "const": "externalMessageId"}, "externalMessageId?": TEXT},
    ),
    "Reference": obj("Where an answer was found.", {"uri": URI, "title?": TEXT, "description?": TEXT}),
    "MessagePostResponse": obj("The messages that were made.", {"messages": many(ref("Message"))}),
    "MessageListResponse": paged("A page of messages, the oldest first.", "messages", "Message"),
    "Attachment": obj("A stored file.", {"mediaUrl": URI, "mediaType": TEXT}),
    "AttachmentResponse": wrapped("The stored file.", "attachment", "Attachment"),
}

_FROM_USER = {
    "id": sample_id(0x02),
    "received": MOMENT,
    "author": {"type": "user", "userId": USER_ID, "displayName": CLIENT["displayName"]},
    "content": {"type": "text", "text": "Is this lamp in stock?"},
    "source": {**SOURCE, "originalMessageId": "aWdfZAG1faXRlbToxOklHTWVzc2FnZA", "originalMessageTimestamp": MOMENT},
}
_STORED = "https://chat.example.org/attachments/01J8Z0/lamp.jpg"
_UPLOAD = obj("A file in one part.", {"source": {"type": "string", "contentMediaType": "application/octet-stream"}})
_CONVERSATION = ["conversation_not_found"]

OPERATIONS: Mapping[str, Entry] = {
    "PostMessage": Entry(
        "Post a message",
        "MessagePostResponse",
        {"messages": [MESSAGE]},
        status=201,
        request={"author": MESSAGE["author"], "content": MESSAGE["content"]},
        missing=[*_CONVERSATION, "user_not_found"],
        errors={
            409: "The `Idempotency-Key` was used before with another request.",
            423: "The conversation holds 30,000 messages.",
        },
    ),
    "ListMessages": Entry(
        "List messages", "MessageListResponse", page("messages", _FROM_USER, MESSAGE), missing=["not_found"]
    ),
    "DeleteAllMessages": Entry("Delete all messages", "Nothing", {}, missing=_CONVERSATION),
    "DeleteMessage": Entry("Delete a message", "Nothing", {}, missing=[*_CONVERSATION, "not_found"]),
    "UploadAttachment": Entry(
        "Upload an attachment",
        "AttachmentResponse",
        {"attachment": {"mediaUrl": _STORED, "mediaType": "image/jpeg"}},
        status=201,
        missing=_CONVERSATION,
        body=("multipart/form-data", _UPLOAD),
        query=["access", "for", "conversationId"],
    ),
    "DeleteAttachment": Entry(
        "Delete an attachment",
        "Nothing",
        {},
        request={"mediaUrl": _STORED},
        missing=["not_found"],
        body=("application/json", obj("Which file.", {"mediaUrl": TEXT})),
    ),
}

CREATES = {"PostMessage": ("messageId", "/messages/0/id")}
