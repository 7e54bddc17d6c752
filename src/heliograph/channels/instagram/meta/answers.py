"""What Meta's answer to a call means: of a part that was handed over, or of an error."""

from dataclasses import dataclass
from typing import Any

from heliograph.channels.base import SendOutcome
from heliograph.channels.instagram.meta.errors import Hold, meaning
from heliograph.channels.instagram.meta.graph import GraphError


@dataclass(frozen=True, slots=True)
class Answer:
    """The outcome of a send. ``mid`` when it was sent; ``code``, ``subcode`` and ``text`` are Meta's own.

    ``once_more``: Meta did not take it, and one more try is worth it before the outcome counts.
    ``hold``: who is to be left alone now. ``in_doubt``: for good, and yet it may have been sent.
    """

    outcome: SendOutcome
    mid: str = ""
    code: int | None = None
    subcode: int | None = None
    text: str = ""
    sunshine_code: str = "uncategorized_error"
    advice: str = ""
    once_more: bool = False
    hold: Hold | None = None
    in_doubt: bool = False

    def underlying(self) -> dict[str, Any] | None:
        """Meta's error as customers get it beside ours; None when Meta said nothing."""
        if self.code is None:
            return None
        said = {"code": self.code, "subcode": self.subcode, "message": self.text}
        return {name: value for name, value in said.items() if value is not None}


def refusal(error: GraphError, *, alike: bool = False) -> Answer:
    """What Meta's error means, in words that say what to do. ``alike``: every call with the token gets this error."""
    meant = meaning(error.code, error.subcode, transient=error.transient, status=error.status, alike=alike)
    text = f"{meant.advice} Meta said: {error}"
    return Answer(
        meant.outcome,
        code=error.code,
        subcode=error.subcode,
        text=error.message[:500],
        sunshine_code=meant.code,
        advice=text,
        once_more=meant.once_more,
        hold=meant.hold,
    )
