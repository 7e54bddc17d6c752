"""The names of all events: the triggers a webhook can ask for (Sunshine reference 3.2), and those that are ours."""

# Beside the wire: only a webhook that asks for them by name is told. There is no wildcard.
EXTENSIONS: frozenset[str] = frozenset(
    {
        "conversation:message:deleted",
        "conversation:message:edited",
        "conversation:message:reaction",
        "conversation:thread:control",
        "integration:health",
    }
)

SUNSHINE: frozenset[str] = frozenset(
    {
        "client:add",
        "client:remove",
        "client:update",
        "conversation:create",
        "conversation:join",
        "conversation:leave",
        "conversation:message",
        "conversation:message:delivery:channel",
        "conversation:message:delivery:failure",
        "conversation:message:delivery:user",
        "conversation:postback",
        "conversation:read",
        "conversation:referral",
        "conversation:remove",
        "conversation:typing",
        "passthrough:messaging",
        "switchboard:acceptControl",
        "switchboard:acceptControl:failure",
        "switchboard:offerControl",
        "switchboard:offerControl:failure",
        "switchboard:passControl",
        "switchboard:passControl:failure",
        "switchboard:releaseControl",
        "user:merge",
        "user:remove",
        "user:update",
    }
)

TRIGGERS: frozenset[str] = SUNSHINE | EXTENSIONS
