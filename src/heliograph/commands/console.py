"""How the terminal speaks: the one amber, plain words, the next step at the end. Obeys NO_COLOR and pipes."""

import sys
from types import TracebackType
from typing import NoReturn, Self

from rich.console import Console
from rich.markup import escape
from rich.status import Status
from rich.theme import Theme

_THEME = Theme({"sun": "rgb(245,158,11)", "soft": "dim", "bad": "red", "good": "green"})

console = Console(theme=_THEME, highlight=False, soft_wrap=True)
errors = Console(theme=_THEME, highlight=False, soft_wrap=True, stderr=True)


class StatusLine:
    """A line on a terminal's standard error that tells how far something is. Nothing elsewhere."""

    def __init__(self) -> None:
        self._status: Status | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        if self._status is not None:
            self._status.stop()

    def show(self, text: str) -> None:
        """Have it say ``text``."""
        if not errors.is_terminal:
            return
        if self._status is None:
            self._status = errors.status(text)
            self._status.start()
        self._status.update(text)


class CommandError(Exception):
    """What a command cannot do, with what to do: told to who typed it."""


def fail(what: str, next_step: str = "") -> NoReturn:
    """Say what went wrong and what to do, and end with status 1."""
    errors.print(f"[bad]{escape(what)}[/bad]")
    if next_step:
        errors.print(next_step, markup=False)
    sys.exit(1)
