"""One example of each event, of our own."""

from collections.abc import Mapping
from typing import Any

from heliograph.api.reference import samples
from heliograph.api.reference.integration_health import FINDING
from heliograph.api.reference.samples import CONVERSATION_BRIEF, MESSAGE_ID, SOURCE, USER_BRIEF, USER_ID

_MESSAGE = {
    "id": MESSAGE_ID,
    "received": samples.MOMENT,
    "author": {"type": "user", "userId": USER_ID, "displayName": "Noa Berg", "user": USER_BRIEF},
    "content": {"type": "text", "text": "Is this lamp in stock?"},
    "source": {
        **SOURCE,
        "originalMessageId": "aWdfZAG1faXRlbToxOklHTWVzc2FnZA",
        "originalMessageTimestamp": samples.MOMENT,
    },
}
_DELIVERED = {
    "user": USER_BRIEF,
    "conversation": CONVERSATION_BRIEF,
    "message": {"id": MESSAGE_ID},
    "destination": SOURCE,
    "externalMessages": [{"id": "aWdfZAG1faXRlbToxOklHTWVzc2FnZB"}],
}
_TOLD = {"conversation": CONVERSATION_BRIEF, "user": USER_BRIEF}
_SAMPLE_SEAT = {name: samples.SEAT[name] for name in ("id", "name", "integrationId", "integrationType")}
_CONTROLLED: Mapping[str, Any] = {
    "conversation": {**CONVERSATION_BRIEF, "activeSwitchboardIntegration": _SAMPLE_SEAT},
    "metadata": {"reason": "wants a person"},
}
_REFUSED = {
    **_CONTROLLED,
    "error": {"code": "switchboard_invalid_action", "message": "Nothing was offered to this integration."},
}
_BUSINESS_DID = {"author": {"type": "business"}, "source": {"type": "api:conversations"}}
_USER_DID = {"author": {"type": "user", "userId": USER_ID, "user": USER_BRIEF}, "source": SOURCE}

PAYLOADS: Mapping[str, Mapping[str, Any]] = {
    "client:add": {**_TOLD, "client": samples.CLIENT, "reason": "channelLinking"},
    "client:remove": {**_TOLD, "client": samples.CLIENT, "reason": "api"},
    "client:update": {**_TOLD, "client": {**samples.CLIENT, "status": "blocked"}, "reason": "blocked"},
    "conversation:create": {**_TOLD, "creationReason": "message", "source": SOURCE},
    "conversation:join": _TOLD,
    "conversation:leave": _TOLD,
    "conversation:remove": {"conversation": CONVERSATION_BRIEF},
    "conversation:message": {"conversation": CONVERSATION_BRIEF, "message": _MESSAGE},
    "conversation:message:delivery:channel": {**_DELIVERED, "isFinalEvent": False},
    "conversation:message:delivery:failure": {
        **{name: value for name, value in _DELIVERED.items() if name != "externalMessages"},
        "isFinalEvent": True,
        "error": {"code": "message_outside_window", "message": "The 7-day window has closed."},
    },
    "conversation:message:delivery:user": {**_DELIVERED, "isFinalEvent": True},
    "conversation:postback": {**_TOLD, "source": SOURCE, "postback": {"payload": "TRACK_ORDER"}},
    "conversation:read": {
        "conversation": CONVERSATION_BRIEF,
        "activity": {"type": "conversation:read", **_USER_DID},
    },
    "conversation:referral": {
        **_TOLD,
        "source": SOURCE,
        "referral": {
            "code": "spring-sale",
            "details": {"source": "ADS", "type": "OPEN_THREAD", "adId": "6045246247433"},
        },
    },
    "conversation:message:deleted": {**_TOLD, "source": SOURCE, "message": {"id": MESSAGE_ID}},
    "conversation:message:edited": {
        **_TOLD,
        "source": SOURCE,
        "message": {
            **_MESSAGE,
            "content": {"type": "text", "text": "Is this lamp still in stock?"},
            "edited": {"count": 1, "at": samples.MOMENT},
        },
    },
    "conversation:message:reaction": {
        **_TOLD,
        "source": SOURCE,
        "message": {"id": MESSAGE_ID},
        "reaction": {
            "action": "react",
            "emoji": "❤️",
            "reaction": "love",
            "author": {"type": "user", "userId": USER_ID},
        },
    },
    "conversation:thread:control": {
        **_TOLD,
        "source": SOURCE,
        "thread": {"change": "taken", "ownedElsewhere": True, "ownerAppId": "263902037430900"},
    },
    "integration:health": {
        "integration": {"id": samples.INTEGRATION_ID, "type": "instagram", "status": "error"},
        "health": {"before": "ok", "state": "broken", "findings": [FINDING]},
    },
    "conversation:typing": {"conversation": CONVERSATION_BRIEF, "activity": {"type": "typing:start", **_BUSINESS_DID}},
    "switchboard:acceptControl": _CONTROLLED,
    "switchboard:acceptControl:failure": _REFUSED,
    "switchboard:offerControl": {
        **_CONTROLLED,
        "conversation": {**CONVERSATION_BRIEF, "pendingSwitchboardIntegration": _SAMPLE_SEAT},
    },
    "switchboard:offerControl:failure": _REFUSED,
    "switchboard:passControl": _CONTROLLED,
    "switchboard:passControl:failure": _REFUSED,
    "switchboard:releaseControl": {"conversation": CONVERSATION_BRIEF, "reason": "ticketClosed"},
    "user:merge": {
        "mergedUsers": {"surviving": USER_BRIEF, "discarded": {"id": samples.sample_id(0xB2), "authenticated": False}},
        "reason": "api",
    },
    "user:update": {"user": USER_BRIEF, "reason": "localeDetection", "source": SOURCE},
    "user:remove": {"user": USER_BRIEF},
}


def example(event: str) -> dict[str, Any]:
    """A whole POST with one event of this type."""
    told = {"id": samples.EVENT_ID, "type": event, "createdAt": samples.MOMENT, "payload": dict(PAYLOADS[event])}
    webhook = {"id": samples.WEBHOOK_ID, "version": "v2"}
    return {"app": {"id": samples.APP_ID}, "webhook": webhook, "events": [told]}
