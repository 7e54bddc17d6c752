"""What may be told of an error: its class, its SQLSTATE, where it came from. Its text only where that quotes nobody.

A database's error quotes the row or argument that it could not take, a parser's the text that it could not read: words of
people's messages, which belong into no log and no table beside the messages.
"""

import traceback
from pathlib import Path

# The text of these is the program's own, or the system's. That of other classes may quote what was worked on.
_OWN = "heliograph."
_QUOTE_NOTHING = (OSError, RuntimeError)
# Classes of SQLSTATE that are about the server and not about data: connection, authorization, no such database, rollback,
# resources, state, operator, system.
_OF_THE_SERVER = frozenset({"08", "28", "3D", "40", "53", "55", "57", "58"})
# So much of a path names the file.
_PARTS = 3
_MOST_TEXT = 1000
_BETWEEN = "\nThis led to the next:\n"


def sqlstate(error: BaseException) -> str:
    """PostgreSQL's code of an error (five characters), "" where there is none."""
    code = getattr(error, "sqlstate", None)
    return code if isinstance(code, str) else ""


def says(error: BaseException) -> str:
    """An error's text, if that quotes nothing; else ""."""
    code = sqlstate(error)
    own = type(error).__module__.startswith(_OWN) or isinstance(error, _QUOTE_NOTHING)
    return str(error)[:_MOST_TEXT] if (code[:2] in _OF_THE_SERVER if code else own) else ""


def place(error: BaseException) -> str:
    """Where an error was raised, as ``file:line``: in the program, if it was on the way. "" for one never raised."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "heliograph" in Path(frame.filename).parts] or list(frames)
    return f"{'/'.join(Path(ours[-1].filename).parts[-_PARTS:])}:{ours[-1].lineno}" if ours else ""


def plain(error: BaseException) -> str:
    """An error in one line, for logs and tables."""
    name = " ".join(filter(None, (type(error).__name__, sqlstate(error))))
    text, at = says(error), place(error)
    return f"{name}: {text}" if text else f"{name} at {at}" if at else name


def trace(error: BaseException) -> str:
    """An error's traceback, with those that led to it. Lines of code, and no values."""
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    lines = "".join(traceback.format_tb(error.__traceback__))
    told = f"Traceback (most recent call last):\n{lines}{plain(error)}"
    if isinstance(error, BaseExceptionGroup):
        told += "".join(f"\nAmong them:\n{trace(one)}" for one in error.exceptions)
    return f"{trace(before)}{_BETWEEN}{told}" if before is not None else told
