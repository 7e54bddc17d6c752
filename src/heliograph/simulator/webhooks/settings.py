"""How webhooks are delivered. Meta's own numbers conflict, so each is a setting."""

from dataclasses import dataclass


@dataclass(slots=True)
class DeliverySettings:
    """Delivery of webhooks, times in seconds of real time.

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
    give_up_seconds: float = 36 * 3600.0
    echo_before_answer: bool = False
    """Deliver the echo of a send before the send is answered, as Meta sometimes does."""

    def retry_delay(self, failures: int) -> float:
        """The pause after that many failed tries in a row, 1 or more."""
        return self.retry_delays[min(failures, len(self.retry_delays)) - 1]
