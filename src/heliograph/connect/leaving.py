"""The way back to whoever invited: by address, and as a message to the window that opened ours. Pure.

status=connected   integrationId, state
status=cancelled   state
status=failed      state, error: what went wrong, in one word
"""

from dataclasses import dataclass

import orjson

from heliograph.channels.instagram.onboarding import Kind
from heliograph.messaging import way_back
from heliograph.messaging.invitations import Invitation


@dataclass(frozen=True, slots=True)
class Back:
    """One way back. ``message`` is JSON, for a window at ``origin`` and nobody else."""

    url: str
    message: str
    origin: str
    host: str


def connected(invitation: Invitation, integration_id: str) -> Back:
    """An account is connected."""
    return _back(invitation, "connected", integrationId=integration_id)


def cancelled(invitation: Invitation) -> Back:
    """The person does not want to."""
    return _back(invitation, "cancelled")


def failed(invitation: Invitation, error: str) -> Back:
    """It did not work. ``error``: a kind of trouble, or ``invitation_`` and a status."""
    return cancelled(invitation) if error == Kind.CANCELLED else _back(invitation, "failed", error=error)


def _back(invitation: Invitation, status: str, **more: str) -> Back:
    words = {"integrationId": more.get("integrationId"), "state": invitation.state, "status": status}
    message = {"type": f"heliograph:{status}", "state": invitation.state, **more}
    return Back(
        way_back.address(invitation.return_url, **words, error=more.get("error")),
        orjson.dumps(message).decode(),
        way_back.origin_of(invitation.return_url),
        way_back.host_of(invitation.return_url),
    )
