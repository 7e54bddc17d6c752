"""When a business may write: the 24-hour window and the human agent's 7 days.

Source: Meta, *Messenger Platform for Instagram*, send-message and human-agent pages. The standard window lasts 24 hours
from the person's last action; the tag HUMAN_AGENT extends it to 7 days when the app has that feature. The other tags of
Messenger were never for Instagram and are refused with code 100.
"""

from dataclasses import dataclass
from typing import Literal

HOUR_MS = 3_600_000
STANDARD_MS = 24 * HOUR_MS
HUMAN_AGENT_MS = 7 * 24 * HOUR_MS
HUMAN_AGENT = "HUMAN_AGENT"
MESSAGING_TYPES = frozenset({"RESPONSE", "UPDATE", "MESSAGE_TAG"})

State = Literal["standard", "human_agent", "closed", "never"]


@dataclass(frozen=True, slots=True)
class Window:
    """The state of a thread's window. Times in milliseconds since 1970, None where they do not apply."""

    state: State
    standard_closes_ms: int | None
    human_agent_closes_ms: int | None


def window(last_action_ms: int, now_ms: int) -> Window:
    """The window after the person's last action; ``last_action_ms`` 0 means that there was none."""
    if not last_action_ms:
        return Window("never", None, None)
    age = now_ms - last_action_ms
    state: State = "standard" if age <= STANDARD_MS else "human_agent" if age <= HUMAN_AGENT_MS else "closed"
    return Window(state, last_action_ms + STANDARD_MS, last_action_ms + HUMAN_AGENT_MS)


def may_send(state: State, tag: str | None, human_agent_feature: bool) -> bool:
    """Whether a message may go out now. ``tag`` is known to be None or HUMAN_AGENT.

    What Meta answers to HUMAN_AGENT from an app without the feature is not documented; here the tag then has no effect.
    """
    return state == "standard" or (state == "human_agent" and tag == HUMAN_AGENT and human_agent_feature)
