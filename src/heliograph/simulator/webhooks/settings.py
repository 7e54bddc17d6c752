"""How webhooks are delivered. Meta's own numbers conflict, so each is a setting, and each of Meta's pages a profile."""

from dataclasses import dataclass
from typing import Any, Final, Literal

HOUR = 3600.0


@dataclass(slots=True)
class DeliverySettings:
    """Delivery of webhooks, times in seconds of real time unless ``clock`` says otherwise.

    Meta retries at once, then with falling frequency for 36 hours. The simulator's steps are short, because the person
    who restarts a server in development waits for the next try.
    """

    concurrency: int = 32
    """POSTs under way per app; further events wait and are then sent together."""
    batch_max: int = 50
    """Events in one POST at most. Meta's own limit is 1000."""
    timeout_seconds: float = 5.0
    """Meta expects an answer within five seconds."""
    retry_delays: tuple[float, ...] = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0)
    """Pause before each further try; the last one repeats."""
    give_up_seconds: float = 36 * HOUR
    clock: Literal["real", "simulated"] = "real"
    """Whose time retries and giving up go by. By the simulator's, moving its clock makes them due."""
    after_giving_up: Literal["drop", "unsubscribe"] = "drop"
    """What becomes of an app whose callback failed for so long: it loses these events, or its Page subscription too."""
    echo_before_answer: bool = False
    """Deliver the echo of a send before the send is answered, as Meta sometimes does."""

    def retry_delay(self, failures: int) -> float:
        """The pause after that many failed tries in a row, 1 or more."""
        return self.retry_delays[min(failures, len(self.retry_delays)) - 1]


PROFILES: Final[dict[str, dict[str, Any]]] = {
    "development": {
        "retry_delays": (0.0, 0.5, 1.0, 2.0, 5.0, 10.0),
        "give_up_seconds": 36 * HOUR,
        "clock": "real",
        "after_giving_up": "drop",
    },
    "36h": {
        "retry_delays": (0.0, 1.0, 5.0, 30.0, 120.0, 600.0, 1800.0, HOUR, 3 * HOUR),
        "give_up_seconds": 36 * HOUR,
        "clock": "simulated",
        "after_giving_up": "drop",
    },
    "1h": {
        "retry_delays": (0.0, 0.0, 1.0, 15.0, 60.0, 300.0, 900.0),
        "give_up_seconds": HOUR,
        "clock": "simulated",
        "after_giving_up": "unsubscribe",
    },
}
"""Retry schedules. *36h* is what the Graph and Instagram pages say, *1h* what the Messenger page says: after an hour of
failures the app is unsubscribed from the Page. Meta publishes no steps; these fall as described. Source: Meta reference
1.4 and 8."""
