"""What webhooks carry: one schema for each event (Sunshine reference 3)."""

from collections.abc import Mapping

from heliograph.api.reference.conversations import BRIEF as CONVERSATION
from heliograph.api.reference.integration_health import HEALTH
from heliograph.api.reference.messages import SHOWN_MESSAGE, SHOWN_SOURCE
from heliograph.api.reference.people import BRIEF as USER
from heliograph.api.reference.terms import ANYTHING, FLAG, ID, TEXT, TIME, Schema, many, maybe, obj, one_of, ref

_ABOUT: Mapping[str, Schema] = {"conversation": ref("EventConversation"), "user": ref("EventUser")}
_FROM: Mapping[str, Schema] = {"source": ref("EventSource")}
_ACTIVITY: Mapping[str, Schema] = {"conversation": ref("EventConversation"), "activity": ref("EventActivity")}
_DELIVERY: Mapping[str, Schema] = {
    "user?": ref("EventUser"),
    "conversation": ref("EventConversation"),
    "message": ref("EventMessageId"),
    "destination": ref("EventDestination"),
    "externalMessages?": maybe(many(ref("EventMessageId"))),
    "isFinalEvent": FLAG,
}
_CONTROL: Mapping[str, Schema] = {"conversation": ref("EventConversation"), "metadata?": maybe(ref("Metadata"))}
_WHY: Mapping[str, Schema] = {"reason?": one_of("ticketClosed", "transferToEmail")}
_FAILED: Mapping[str, Schema] = {**_CONTROL, "error": ref("EventError")}


def _client(*reasons: str, **more: Schema) -> Mapping[str, Schema]:
    about = {"conversation?": maybe(ref("EventConversation")), "user": ref("EventUser"), "client": ref("Client")}
    return {**about, "reason": one_of(*reasons), **{name + "?": schema for name, schema in more.items()}}


# Event type: when it is sent, and the payload's fields.
EVENTS: Mapping[str, tuple[str, Mapping[str, Schema]]] = {
    "client:add": (
        "A user can be reached on one more channel.",
        _client("channelLinking", "sdkLogin", "authCode", source=ref("EventSource")),
    ),
    "client:remove": (
        "A user lost a client.",
        _client("api", "linkCancelled", "linkFailed", "sdk", "theft", error=maybe(ANYTHING), source=ref("EventSource")),
    ),
    "client:update": (
        "A client was confirmed, matched, blocked or unblocked.",
        _client("confirmed", "blocked", "unblocked", "matched", source=ref("EventSource")),
    ),
    "conversation:create": (
        "A conversation began.",
        {
            "conversation": ref("EventConversation"),
            "user?": maybe(ref("EventUser")),
            "creationReason": one_of(
                "linkRequest",
                "message",
                "none",
                "notification",
                "prechatCapture",
                "startConversation",
                "proactiveMessaging",
            ),
            "source?": ref("EventSource"),
            "referral?": maybe(ref("Referral")),
        },
    ),
    "conversation:join": ("A user joined a group conversation.", _ABOUT),
    "conversation:leave": ("A user left a group conversation.", _ABOUT),
    "conversation:remove": ("A conversation was deleted.", {"conversation": ref("EventConversation")}),
    "conversation:message": (
        "A message was written, by the person or by the business.",
        {
            "conversation": ref("EventConversation"),
            "message": ref("EventMessage"),
            "recentNotifications?": many(ref("EventMessage")),
        },
    ),
    "conversation:message:delivery:channel": ("The channel took a message.", _DELIVERY),
    "conversation:message:delivery:failure": (
        "A message will not be delivered.",
        {**_DELIVERY, "error": ref("EventError")},
    ),
    "conversation:message:delivery:user": ("A message reached the person.", _DELIVERY),
    "conversation:postback": (
        "A postback button was tapped.",
        {"postback": ref("EventPostback"), **_ABOUT, **_FROM},
    ),
    "conversation:read": ("A conversation was read.", _ACTIVITY),
    "conversation:referral": (
        "A person came back to their conversation by a link or a mention.",
        {**_ABOUT, **_FROM, "referral": ref("Referral")},
    ),
    "conversation:message:deleted": (
        "The person, or the business in the channel's app, took a message back. An addition of ours.",
        {**_ABOUT, **_FROM, "message": ref("EventMessageId")},
    ),
    "conversation:message:edited": (
        "A message has another text now. An addition of ours.",
        {**_ABOUT, **_FROM, "message": ref("EventMessage")},
    ),
    "conversation:message:reaction": (
        "Somebody reacted to a message, or does so no more. An addition of ours.",
        {**_ABOUT, **_FROM, "message": ref("EventMessageId"), "reaction": ref("EventReaction")},
    ),
    "conversation:thread:control": (
        "Another app of the channel got control of the thread, gave it back, or asks for it. An addition of ours.",
        {**_ABOUT, **_FROM, "thread": ref("EventThread")},
    ),
    "integration:health": (
        "An integration does better, or worse, than before. An addition of ours.",
        {
            "integration": obj(
                "The integration.", {"id": ID, "type": TEXT, "status": one_of("active", "inactive", "error")}
            ),
            "health": ref("EventHealth"),
        },
    ),
    "conversation:typing": ("Somebody types, or stopped.", _ACTIVITY),
    "switchboard:acceptControl": ("An integration took control that it was offered.", _CONTROL),
    "switchboard:acceptControl:failure": ("Control could not be accepted.", _FAILED),
    "switchboard:offerControl": ("Control was offered to an integration.", _CONTROL),
    "switchboard:offerControl:failure": ("Control could not be offered.", _FAILED),
    "switchboard:passControl": ("Control went to another integration.", {**_CONTROL, **_WHY}),
    "switchboard:passControl:failure": ("Control could not be passed.", _FAILED),
    "switchboard:releaseControl": ("Control was given back.", {**_CONTROL, **_WHY}),
    "user:merge": (
        "Two users became one.",
        {
            "mergedUsers": ref("MergedUsers"),
            "mergedConversations?": maybe(ref("MergedConversations")),
            "mergedClients?": maybe(ref("MergedClients")),
            "discardedMetadata?": maybe(ref("Metadata")),
            "reason": one_of("api", "channelLinking", "sdkLogin"),
        },
    ),
    "user:update": (
        "Something about a user changed by itself.",
        {
            "user": ref("EventUser"),
            "reason": one_of("authentication", "localeDetection"),
            "source?": ref("EventSource"),
        },
    ),
    "user:remove": ("A user was deleted with all that was theirs.", {"user": ref("EventUser")}),
}


def component(event: str) -> str:
    """The name of an event's component: ``conversation:read`` is ``ConversationReadEvent``."""
    return "".join(word[0].upper() + word[1:] for word in event.split(":")) + "Event"


def _event(name: str, when: str, payload: Mapping[str, Schema]) -> Schema:
    kind = {"type": "string", "const": name}
    return obj(when, {"id": ID, "type": kind, "createdAt": TIME, "payload": obj("What happened.", payload)})


def _merged(what: str, component: str) -> Schema:
    return obj(f"{what}: the one that stays, and the one that went.", {
        "surviving?": ref(component), "discarded?": ref(component),
    })  # fmt: skip


_FULL_USER: Mapping[str, Schema] = {
    "signedUpAt?": TIME,
    "toBeRetained?": FLAG,
    "profile?": ref("Profile"),
    "metadata?": ref("Metadata"),
    "identities?": many(ref("Identity")),
}

SCHEMAS: Mapping[str, Schema] = {
    **{component(name): _event(name, when, payload) for name, (when, payload) in EVENTS.items()},
    "EventApp": obj("The app it happened in.", {"id": ID}),
    "EventWebhook": obj("The webhook that is told.", {"id": ID, "version": TEXT}),
    "EventUser": obj("The user; in full where the webhook asks for it.", {**USER, **_FULL_USER}),
    "EventConversation": obj("The conversation, in short.", CONVERSATION),
    "EventSource": obj("Where it comes from.", {**SHOWN_SOURCE, "campaign?": maybe(ref("Campaign"))}),
    "Campaign": obj("The campaign behind it.", {"id?": TEXT}),
    "EventAuthor": obj(
        "Who did it.",
        {
            "type": one_of("business", "user"),
            "userId?": TEXT,
            "user?": ref("EventUser"),
            "subtypes?": many(TEXT),
            "displayName?": TEXT,
            "avatarUrl?": TEXT,
        },
    ),
    "EventMessage": obj("The message.", {**SHOWN_MESSAGE, "author": ref("EventAuthor"), "source": ref("EventSource")}),
    "EventActivity": obj(
        "What was done.",
        {
            "type": one_of("conversation:read", "typing:start", "typing:stop"),
            "author": ref("EventAuthor"),
            "source": ref("EventSource"),
        },
    ),
    "EventPostback": obj("The button.", {"payload": TEXT, "metadata?": maybe(ref("Metadata"))}),
    "EventReaction": obj(
        "The reaction.",
        {
            "action": one_of("react", "unreact"),
            "emoji?": TEXT,
            "reaction?": TEXT,
            "author": ref("ReactionAuthor"),
        },
    ),
    "EventThread": obj(
        "Who controls the thread at the channel.",
        {
            "change": one_of("passed", "taken", "requested", "standby", "returned"),
            "ownedElsewhere?": FLAG,
            "ownerAppId?": TEXT,
            "previousOwnerAppId?": TEXT,
            "requestedOwnerAppId?": TEXT,
            "metadata?": TEXT,
        },
    ),
    "EventHealth": obj(
        "How it did, how it does, and what was found that is not well.",
        {"before": HEALTH, "state": HEALTH, "findings": many(ref("Finding"))},
    ),
    "EventMessageId": obj("A message, by its id.", {"id": TEXT}),
    "EventDestination": obj("Where the message went.", {"type": TEXT, "integrationId?": TEXT}),
    "EventError": obj("What went wrong.", {"code": TEXT, "message?": TEXT, "underlyingError?": ANYTHING}),
    "Referral": obj(
        "How the person got here.",
        {"code?": TEXT, "details?": maybe(ref("ReferralDetails")), "url?": TEXT, "messageId?": TEXT},
    ),
    "ReferralDetails": obj(
        "More about the way.",
        {
            "source?": TEXT,
            "type?": TEXT,
            "adId?": maybe(TEXT),
            "ad?": ref("ReferralAd"),
            "productId?": TEXT,
            "storyId?": TEXT,
        },
    ),
    "ReferralAd": obj(
        "The ad, as the person saw it.",
        {
            "title?": TEXT,
            "photoUrl?": TEXT,
            "videoUrl?": TEXT,
            "postId?": TEXT,
            "productId?": TEXT,
            "flowId?": TEXT,
        },
    ),
    "MergedUsers": _merged("Users", "EventUser"),
    "MergedConversations": _merged("Conversations", "EventConversation"),
    "MergedClients": _merged("Clients", "Client"),
    "WebhookEvents": obj(
        "What a webhook posts to its target.",
        {
            "app": ref("EventApp"),
            "webhook": ref("EventWebhook"),
            "events": {
                "type": "array",
                "items": {
                    "oneOf": [ref(component(name)) for name in EVENTS],
                    "discriminator": {
                        "propertyName": "type",
                        "mapping": {name: "#/components/schemas/" + component(name) for name in EVENTS},
                    },
                },
            },
        },
    ),
}
