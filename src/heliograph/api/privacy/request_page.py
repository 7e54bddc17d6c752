"""How far a data deletion is that somebody asked for at Meta (Meta reference 4.5): the address in the callback's answer.

Whoever knows the confirmation code sees it. It tells what is done, what is left, what is kept and why; it is the same for
somebody of whom nothing was ever kept.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from heliograph.look import Sheets
from heliograph.messaging import owner_requests
from heliograph.storage import Database

_SHEETS = Sheets("heliograph.api.privacy", form_action="'none'", **{"X-Robots-Tag": "noindex"})

# The steps of a request in their order, by scope, and what each of them takes away.
_ACCESS = ("received", "Access to your accounts: nothing is sent or read in your name any more")
_CONVERSATIONS = ("conversations", "Conversations of your accounts, with the people in them and their files")
_CONNECTION = ("connection", "Access tokens, your id, names and ids of your Pages and accounts, and the connection")
STEPS = {"connection": (_ACCESS, _CONNECTION), "everything": (_ACCESS, _CONVERSATIONS, _CONNECTION)}


@dataclass(frozen=True, slots=True)
class Part:
    """A thing that goes. ``state``: ``done``, ``now`` or ``left``."""

    text: str
    state: str


def parts_of(scope: str, step: str) -> list[Part]:
    """What is done and what is left of a request that has come to ``step``."""
    steps = STEPS[scope]
    names = [name for name, _ in steps]
    reached = len(names) if step == "done" else names.index(step)
    return [
        Part(text, "done" if place < reached else "now" if place == reached else "left")
        for place, (_, text) in enumerate(steps)
    ]


def page_of(database: Database) -> Callable[[Request], Awaitable[Response]]:
    """The page, as a route whose path ends in the confirmation code."""

    async def answer(request: Request) -> Response:
        row = await owner_requests.by_code(database, request.path_params["code"])
        if row is None or row["kind"] != "data_deletion":
            return _SHEETS.page("unknown.html", 404)
        return _SHEETS.page("request.html", 200, request=row, parts=parts_of(row["scope"], row["step"]))

    return answer
