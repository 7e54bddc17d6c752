"""The rows of a login as lines of a chooser: words and states of each reason. Pure; for whatever page shows them."""

from collections.abc import Iterable, Mapping

from heliograph.channels.instagram.onboarding.choosing import Row, Why
from heliograph.look.chooser import Line, State

WORDS: Mapping[Why, tuple[State, str]] = {
    Why.CONNECTED: (State.HERE, "Reconnect"),
    Why.CONNECTED_OTHERWISE: (State.BLOCKED, "Connected otherwise"),
    Why.OTHER_ACCOUNT: (State.BLOCKED, "Another account"),
    Why.NO_ACCOUNT: (State.BLOCKED, "No Instagram account"),
    Why.NOT_PROFESSIONAL: (State.BLOCKED, "Not professional"),
    Why.ACCOUNT_HIDDEN: (State.BLOCKED, "No account seen"),
    Why.SCOPE_MISSING: (State.BLOCKED, "Permission missing"),
    Why.NOT_COVERED: (State.BLOCKED, "Left out"),
    Why.TASKS_MISSING: (State.BLOCKED, "Role too small"),
    Why.TOKEN_MISSING: (State.BLOCKED, "No access"),
}


def lines(rows: Iterable[Row]) -> list[Line]:
    """A line for each row. Choosing one sends the account's id."""
    return [_line(row) for row in rows]


def _line(row: Row) -> Line:
    account = f"@{row.username}" if row.username else row.name
    title, also = (row.page_name, account) if row.page_name else (account or row.page_id, row.name)
    if row.reason is None:
        return Line(row.account_id, title, also, State.FREE)
    state, word = WORDS[row.reason.why]
    return Line(row.account_id, title, also, state, word, row.reason.text, row.reason.remedies)
