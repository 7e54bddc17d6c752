"""Invitations (ours)."""

from collections.abc import Mapping

from heliograph.api.reference.samples import INTEGRATION_ID, MOMENT, page, sample_id
from heliograph.api.reference.terms import FLAG, ID, TEXT, TIME, URI, Entry, Schema, obj, one_of, paged, ref, wrapped

INVITATION_ID = sample_id(0x1F)

SCHEMAS: Mapping[str, Schema] = {
    "InvitationSettings": obj(
        "Fields of the integration that comes of an invitation.",
        {
            "storyRepliesEnabled?": FLAG,
            "storyMentionsEnabled?": FLAG,
            "humanAgentTag?": one_of("afterWindow", "always", "never"),
            "carouselMode?": one_of("native", "text"),
            "mediaMode?": one_of("proxy", "store", "link"),
        },
    ),
    "Invitation": obj(
        "A link by which somebody connects an account to the app, once.",
        {
            "id": ID,
            "status": one_of("open", "opened", "used", "cancelled", "expired"),
            "url?": URI,
            "returnUrl": URI,
            "createdAt": TIME,
            "expiresAt": TIME,
            "state?": TEXT,
            "facebookAppId?": TEXT,
            "login?": one_of("facebook", "instagram"),
            "displayName?": TEXT,
            "brandName?": TEXT,
            "logoUrl?": URI,
            "settings?": ref("InvitationSettings"),
            "openedAt?": TIME,
            "usedAt?": TIME,
            "cancelledAt?": TIME,
            "integrationId?": ID,
        },
    ),
    "InvitationResponse": wrapped("One invitation.", "invitation", "Invitation"),
    "InvitationListResponse": paged("A page of invitations.", "invitations", "Invitation"),
}

_NEW = {
    "returnUrl": "https://desk.example.org/instagram/connected",
    "state": "customer-1001",
    "brandName": "Harbour Desk",
}
_MADE = {"id": INVITATION_ID, "status": "open", **_NEW, "createdAt": MOMENT, "expiresAt": "2026-03-08T09:15:02.101Z"}
_LINK = "https://chat.example.org/connect/i/3m0vXy6cQz1uK8pTnB5aLsW7dRfHgJ2eYi4oUqEwPkA"
_USED = {
    **_MADE,
    "status": "used",
    "openedAt": "2026-03-01T09:20:11.000Z",
    "usedAt": "2026-03-01T09:21:02.000Z",
    "integrationId": INTEGRATION_ID,
}

OPERATIONS: Mapping[str, Entry] = {
    "CreateInvitation": Entry(
        "Make an invitation",
        "InvitationResponse",
        {"invitation": {**_MADE, "url": _LINK}},
        status=201,
        request=_NEW,
        errors={400: "There is no Facebook app to log in with, or not this one."},
    ),
    "ListInvitations": Entry("List invitations", "InvitationListResponse", page("invitations", _USED)),
    "GetInvitation": Entry("Get an invitation", "InvitationResponse", {"invitation": _USED}, missing=["not_found"]),
    "DeleteInvitation": Entry("Cancel an invitation", "Nothing", {}, missing=["not_found"]),
}

CREATES = {"CreateInvitation": ("invitationId", "/invitation/id")}
