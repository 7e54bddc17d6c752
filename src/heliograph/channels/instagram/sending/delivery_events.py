"""The three delivery events (Sunshine reference 3.3, 5.5), from rows of `ledger.about` beside this."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from heliograph.channels.instagram.accounts.records import TYPE
from heliograph.events import Event
from heliograph.messaging import shapes

CHANNEL = "conversation:message:delivery:channel"
USER = "conversation:message:delivery:user"
FAILURE = "conversation:message:delivery:failure"


def delivery_event(kind: str, about: Mapping[str, Any], now: datetime, *, error: dict[str, Any] | None = None) -> Event:
    """What became of a message. ``delivery:channel`` may be followed by ``delivery:user``; the others are final."""
    user = shapes.user(about)
    payload: dict[str, Any] = {
        "user": shapes.user_brief(user),
        "conversation": shapes.conversation_brief(about["conversation"]),
        "message": {"id": about["message_id"]},
        "destination": {"type": TYPE, "integrationId": about["integration_id"]},
        "isFinalEvent": kind != CHANNEL,
    }
    mids = [mid for mid in about["mids"] or () if mid]
    if mids:
        payload["externalMessages"] = [{"id": mid} for mid in mids]
    if error is not None:
        payload["error"] = error
    return Event(about["app_id"], kind, payload, now, about["conversation_id"], user)
