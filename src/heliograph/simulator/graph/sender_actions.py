"""What a send can be instead of a message: typing, seen, and reactions (``sender_action``)."""

from typing import Any

from heliograph.simulator.errors import refuse
from heliograph.simulator.graph.call import Call
from heliograph.simulator.models import Message, Thread
from heliograph.simulator.webhooks.events import EMOJI

_SIGNALS = frozenset({"typing_on", "typing_off", "mark_seen"})
_REACTIONS = frozenset({"react", "unreact"})


def answer(call: Call, thread: Thread) -> dict[str, Any]:
    """Answer a send with a ``sender_action``."""
    action = call.note = call.required("sender_action")
    if "message" in call.params:
        raise refuse("state_and_message")
    if action in _SIGNALS:
        if "payload" in call.params:
            raise refuse("parameter", reason=f"Param payload must not be sent with the sender action {action}")
        call.world.threads.business_signals(thread, action)
    elif action in _REACTIONS:
        _react(call, thread, action)
    else:
        names = ", ".join(sorted(_SIGNALS | _REACTIONS))
        raise refuse("parameter", reason=f'Param sender_action must be one of {{{names}}} - got "{action}"')
    return {"recipient_id": thread.igsid}


def message_of(call: Call, thread: Thread, mid: Any, name: str) -> Message:
    """The message of the thread that a parameter names."""
    said = call.world.state.messages.get(str(mid))
    if said is None or said.thread != thread.key or said.deleted:
        raise refuse("parameter", reason=f"Param {name} must be a message of this conversation")
    return said


def _react(call: Call, thread: Thread, action: str) -> None:
    payload = call.params.get("payload")
    if not isinstance(payload, dict):
        raise refuse("parameter_missing", name="payload")
    said = message_of(call, thread, payload.get("message_id"), "payload[message_id]")
    reaction = str(payload.get("reaction") or "")
    if action == "react" and not reaction:
        raise refuse("parameter_missing", name="payload[reaction]")
    # Facebook Login documents names, Instagram Login any emoji as well.
    if action == "react" and reaction not in EMOJI and (reaction.isascii() or not call.world.rules.emoji_reactions):
        names = ", ".join(EMOJI)
        raise refuse("parameter", reason=f'Param payload[reaction] must be one of {{{names}}} - got "{reaction}"')
    call.world.threads.business_reacts(said, EMOJI.get(reaction, reaction) if action == "react" else None)
