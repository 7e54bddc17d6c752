"""Sentences that several pages say, and how times and ids are shown. Pure."""

from dataclasses import dataclass
from datetime import datetime

# What the page after a form says. Sections add theirs with :func:`say`.
DONE: dict[str, str] = {"lapsed": "You were signed out. Nothing was saved: do it again once you are signed in."}


@dataclass(frozen=True, slots=True)
class Problem:
    """A page's title, and what to do."""

    title: str
    text: str


_PROBLEMS = {
    400: Problem("This cannot be read", "The form did not arrive as it was sent. Go back, and send it again."),
    403: Problem("Not yours to do", "Only owners may do this. Ask one of them; they stand under Settings, Members."),
    404: Problem(
        "There is nothing here",
        "The address is wrong, what it led to was deleted, or it is not yours to see. Go on from the menu.",
    ),
    405: Problem("This cannot be opened so", "It is not a page of its own. Go on from the menu."),
    413: Problem("Too large", "What you sent is larger than 512 kB. Make it smaller, then send it again."),
    500: Problem(
        "Something broke here",
        "It is in the server's log. Try again; if it stays, tell whoever runs this server when it happened.",
    ),
}

STALE = "The page was too old, or it was opened by another session. Go back, load it again, and repeat what you did."
TWICE = (
    "This form was sent before, and is not done a second time. Look whether what you wanted is there. A secret or a link is"
    " shown once: if you missed it, delete what came of the form, and make it anew."
)
FOREIGN = "Your browser says that another site sent this. Nothing was done."


# Of these the page says that something was not done.
WARNS = {"lapsed"}


def say(words: dict[str, str]) -> None:
    """Add what pages say when something is done, by the word in ``?done=``."""
    DONE.update(words)


def problem(status: int, detail: str = "") -> Problem:
    """What a page says about a status."""
    known = _PROBLEMS.get(status) or _PROBLEMS[500 if status >= 500 else 400]
    return Problem("This was not done", detail) if detail else known


def short(text: str, ends: int = 5) -> str:
    """An id with its middle left out: ``app_6…f3a09``."""
    return text if len(text) <= 2 * ends + 1 else f"{text[:ends]}…{text[-ends:]}"


def exact(moment: datetime) -> str:
    """``3 March 2026, 09:15 UTC``; the page's script shows it in the reader's zone."""
    return f"{moment.day} {moment:%B %Y, %H:%M} UTC"


def clock(moment: datetime, now: datetime) -> str:
    """After "since": ``14:20 UTC``, ``14:20 UTC yesterday``, ``3 March, 14:20 UTC``; the page's script knows the zone."""
    days = (now.date() - moment.date()).days
    if days in (0, 1):
        return f"{moment:%H:%M} UTC{' yesterday' if days else ''}"
    return f"{moment.day} {moment:%B, %H:%M} UTC"


_STEPS = (
    (60, "minute", 60),
    (3600, "hour", 24),
    (86_400, "day", 30),
    (2_592_000, "month", 12),
    (31_536_000, "year", 0),
)


def ago(moment: datetime, now: datetime) -> str:
    """``3 minutes ago``, ``in 2 days``, ``a moment ago``. The page's script says the same, and keeps it fresh."""
    seconds = (now - moment).total_seconds()
    size, unit = abs(seconds), ""
    number = 0
    for length, name, most in _STEPS:
        if size >= length:
            number, unit = int(size // length), name
            if number < most:
                break
    if not unit:
        return "a moment ago" if seconds >= 0 else "in a moment"
    words = f"{number} {unit}" + ("" if number == 1 else "s")
    return f"{words} ago" if seconds > 0 else f"in {words}"
