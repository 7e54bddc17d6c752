"""How the terminal speaks: the one amber, plain words, the next step at the end. Obeys NO_COLOR and pipes."""

import sys
from typing import NoReturn

from rich.console import Console
from rich.markup import escape
from rich.theme import Theme

_THEME = Theme({"sun": "rgb(245,158,11)", "soft": "dim", "bad": "red", "good": "green"})

console = Console(theme=_THEME, highlight=False, soft_wrap=True)
errors = Console(theme=_THEME, highlight=False, soft_wrap=True, stderr=True)


class CommandError(Exception):
    """What a command cannot do, with what to do: told to who typed it."""


def fail(what: str, next_step: str = "") -> NoReturn:
    """Say what went wrong and what to do, and end with status 1."""
    errors.print(f"[bad]{escape(what)}[/bad]")
    if next_step:
        errors.print(next_step, markup=False)
    sys.exit(1)
