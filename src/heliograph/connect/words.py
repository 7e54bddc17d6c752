"""What these pages say instead of the operator's texts: who came by an invitation runs nothing here. Pure.

The person learns that it is not theirs to mend, and a word to pass on; the details go to the log.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from heliograph.channels.instagram.onboarding import Kind
from heliograph.channels.instagram.onboarding.choosing import Row, Why
from heliograph.channels.instagram.onboarding.troubles import Trouble

_THEIRS = "{asker} has to set something right first. Nothing is wrong with your account. Send them this word: {word}."
_TEXTS: Mapping[Kind, str] = {
    Kind.NO_APP: _THEIRS,
    Kind.APP_MISCONFIGURED: _THEIRS,
    Kind.REDIRECT_MISMATCH: _THEIRS,
    Kind.CONNECT_REFUSED: "The account could not be connected. Try again in some minutes. If it stays so, send {asker} this"
    " word: {word}.",
    Kind.NOT_REACHED: "Meta logged you in, and does not let {asker} reach this account yet. They have to set that right:"
    " send them this word: {word}.",
    Kind.CANCELLED: "The dialog was closed without a confirmation. If you did not close it, Meta does not let you in by this"
    " way yet: send {asker} this word: {word}.",
    Kind.NOT_ELIGIBLE: "This account cannot be connected yet. Below it says why.",
}
# Of these the details are what the operator looks for in the log. Others may name people.
LOGGED = {Kind.NO_APP, Kind.APP_MISCONFIGURED, Kind.REDIRECT_MISMATCH, Kind.CONNECT_REFUSED, Kind.NOT_REACHED}
_TITLES: Mapping[Kind, str] = {
    Kind.NO_APP: "It does not work just now",
    Kind.APP_MISCONFIGURED: "It does not work just now",
    Kind.REDIRECT_MISMATCH: "It does not work just now",
}
# Steps in the operator's places, and the one that the page's own button does.
_NOT_HERE = {"check_app", "role_on_app", "open_integration", "log_in_again"}


def told(trouble: Trouble, asker: str) -> Trouble:
    """A trouble as a person reads it who was invited by ``asker``."""
    text = _TEXTS.get(trouble.kind)
    return replace(
        trouble,
        title=_TITLES.get(trouble.kind, trouble.title),
        text=text.format(asker=asker, word=trouble.kind.value) if text else trouble.text,
        remedies=tuple(way for way in trouble.remedies if way.name not in _NOT_HERE),
    )


def details(trouble: Trouble) -> dict[str, str]:
    """What the log is told of a trouble."""
    return {"kind": trouble.kind.value, **({"said": trouble.text} if trouble.kind in LOGGED else {})}


def rows_told(rows: Iterable[Row], asker: str) -> list[Row]:
    """The chooser's rows, without names of what is the operator's."""
    return [_row_told(row, asker) for row in rows]


def _row_told(row: Row, asker: str) -> Row:
    if row.reason is None or row.reason.why is not Why.CONNECTED_OTHERWISE:
        return row
    said = (
        f"@{row.username or row.account_id} is connected to {asker} in another way already. Only they can change that:"
        f" send them this word: {row.reason.why.value}."
    )
    return replace(row, reason=replace(row.reason, text=said, remedies=()))
