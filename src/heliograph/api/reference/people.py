"""Users, their clients and devices (Sunshine reference 1.13, 1.14, 2.4, 2.5)."""

from collections.abc import Mapping

from heliograph.api.reference.samples import (
    CLIENT,
    CONVERSATION_ID,
    DEVICE,
    USER,
    WEBHOOK_ID,
    page,
)
from heliograph.api.reference.terms import (
    ANYTHING,
    FLAG,
    ID,
    TEXT,
    TIME,
    URI,
    Entry,
    Schema,
    listed,
    many,
    maybe,
    obj,
    one_of,
    paged,
    ref,
    wrapped,
)

CLIENT_TYPES = (
    "apple", "gbm", "googlercs", "instagram", "kakao", "line", "mailgun", "messagebird", "messenger", "sdk",
    "slackconnect", "telegram", "twilio", "twitter", "viber", "wechat", "whatsapp",
)  # fmt: skip

BRIEF: Mapping[str, Schema] = {
    "id": ID,
    "authenticated": FLAG,
    "externalId?": maybe(TEXT),
    "zendeskId?": maybe(TEXT),
    "brandId?": maybe(TEXT),
}

SCHEMAS: Mapping[str, Schema] = {
    "Profile": obj(
        "What is known of a person.",
        {
            "givenName?": maybe(TEXT),
            "surname?": maybe(TEXT),
            "email?": maybe(TEXT),
            "avatarUrl?": maybe(URI),
            "locale?": maybe(TEXT),
        },
    ),
    "Identity": obj("A verified or claimed address of a user.", {"type": TEXT, "value": TEXT, "verification?": TEXT}),
    "User": obj(
        "A person who writes to the business.",
        {
            **BRIEF,
            "signedUpAt?": TIME,
            "toBeRetained?": FLAG,
            "profile": ref("Profile"),
            "metadata": ref("Metadata"),
            "identities": many(ref("Identity")),
        },
    ),
    "UserResponse": wrapped("One user.", "user", "User"),
    "UserListResponse": listed("The users that were found.", "users", "User"),
    "Client": obj(
        "A way to reach a user: their account on a channel.",
        {
            "id": ID,
            "type": one_of(*CLIENT_TYPES),
            "status": one_of("active", "blocked", "inactive", "pending"),
            "integrationId?": maybe(TEXT),
            "externalId?": maybe(TEXT),
            "lastSeen?": maybe(TIME),
            "linkedAt?": maybe(TIME),
            "displayName?": maybe(TEXT),
            "avatarUrl?": maybe(URI),
            "info?": maybe(ANYTHING),
            "raw?": maybe(ANYTHING),
        },
    ),
    "ClientResponse": wrapped("One client.", "client", "Client"),
    "ClientListResponse": paged("A page of clients.", "clients", "Client"),
    "Device": obj(
        "A device of an SDK user.",
        {
            "id": TEXT,
            "type": one_of("android", "ios", "web"),
            "guid": TEXT,
            "clientId": TEXT,
            "status": one_of("active", "inactive"),
            "integrationId": TEXT,
            "lastSeen": TIME,
            "pushNotificationToken?": maybe(TEXT),
            "info?": maybe(ANYTHING),
            "appVersion?": maybe(TEXT),
        },
    ),
    "DeviceResponse": wrapped("One device.", "device", "Device"),
    "DeviceListResponse": listed("The devices of a user, the one seen last first.", "devices", "Device"),
}

_USER = ["user_not_found"]
_LINK = {
    "matchCriteria": {"type": "whatsapp", "integrationId": WEBHOOK_ID, "phoneNumber": "+15145550113"},
    "confirmation": {"type": "immediate"},
    "target": {"conversationId": CONVERSATION_ID},
}

OPERATIONS: Mapping[str, Entry] = {
    "CreateUser": Entry(
        "Create a user",
        "UserResponse",
        {"user": USER},
        status=201,
        request={"externalId": "customer-1001", "profile": {"givenName": "Noa"}},
        errors={409: "A user with this `externalId` exists already."},
    ),
    "ListUsers": Entry("Find users by email", "UserListResponse", {"users": [USER]}),
    "GetUser": Entry("Get a user", "UserResponse", {"user": USER}, missing=_USER),
    "UpdateUser": Entry(
        "Change a user", "UserResponse", {"user": USER}, request={"metadata": {"vip": True}}, missing=_USER
    ),
    "DeleteUser": Entry("Delete a user", "Nothing", {}, missing=_USER),
    "DeleteUserPersonalInformation": Entry(
        "Delete a user's personal information",
        "UserResponse",
        {"user": {**USER, "profile": {}, "metadata": {}}},
        missing=_USER,
    ),
    "SyncUser": Entry(
        "Synchronise a user",
        "UserResponse",
        {"user": USER},
        request={},
        missing=_USER,
        body=("application/json", obj("Which of two users stays.", {"survivingZendeskId?": TEXT})),
        body_required=False,
    ),
    "CreateClient": Entry(
        "Create a client",
        "ClientResponse",
        {"client": {**CLIENT, "type": "whatsapp", "status": "pending"}},
        status=201,
        request=_LINK,
        missing=["user_not_found", "conversation_not_found", "integration_not_found"],
    ),
    "ListClients": Entry("List clients", "ClientListResponse", page("clients", CLIENT), missing=_USER),
    "RemoveClient": Entry("Remove a client", "Nothing", {}, missing=["user_not_found", "client_not_found"]),
    "ListDevices": Entry("List devices", "DeviceListResponse", {"devices": [DEVICE]}, missing=_USER),
    "GetDevice": Entry(
        "Get a device", "DeviceResponse", {"device": DEVICE}, missing=["user_not_found", "device_not_found"]
    ),
}

# Not CreateClient: no channel that could be linked into is live, so its client is never there to be found.
CREATES = {"CreateUser": ("userIdOrExternalId", "/user/id")}
