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
    """One way back. ``message`` is JSON, for a window at ``origin`` and nobody else; only a ``popup`` tells it."""

    url: str
    message: str
    origin: str
    host: str
    popup: bool = False


def connected(invitation: Invitation, integration_id: str, *, popup: bool) -> Back:
    """An account is connected."""
    return _back(invitation, "connected", popup, integrationId=integration_id)


def cancelled(invitation: Invitation, *, popup: bool) -> Back:
    """The person does not want to."""
    return _back(invitation, "cancelled", popup)


def failed(invitation: Invitation, error: str, *, popup: bool) -> Back:
    """It did not work. ``error``: a kind of trouble, or ``invitation_`` and a status."""
    if error == Kind.CANCELLED:
        return cancelled(invitation, popup=popup)
    return _back(invitation, "failed", popup, error=error)


def _back(invitation: Invitation, status: str, popup: bool, **more: str) -> Back:
    words = {"integrationId": more.get("integrationId"), "state": invitation.state, "status": status}
    message = {"type": f"heliograph:{status}", "state": invitation.state, **more}
    return Back(
        way_back.address(invitation.return_url, **words, error=more.get("error")),
        orjson.dumps(message).decode(),
        way_back.origin_of(invitation.return_url),
        way_back.host_of(invitation.return_url),
        popup,
    )
