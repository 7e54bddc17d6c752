"""What all commands share: the settings, the word for `--json`, and trouble told as a sentence."""

import errno
import os
from collections.abc import Callable
from typing import Annotated

import typer
from pydantic import ValidationError

from heliograph.commands.console import CommandError, fail
from heliograph.settings import Settings

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]

# What to do about what the system says.
_ADVICE = {errno.EADDRINUSE: "Is another program using the port? --port chooses another."}


def read_settings(**given: object) -> Settings:
    """The settings in force; ``given`` options go first. One that is not usable ends the command with a sentence."""
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        name = f"HELIOGRAPH_{str(first['loc'][0]).upper()}" if first["loc"] else "A setting"
        fail(f"{name} is not usable: {first['msg']}.", "`heliograph settings` lists what every setting means.")


def guarded(work: Callable[[], object]) -> None:
    """Run a command; known trouble becomes a sentence, and anything else is a bug, with its traceback."""
    from heliograph.storage.database import DatabaseUnavailableError
    from heliograph.storage.migrate import MigrationError
    from heliograph.storage.secrets import SecretError

    try:
        work()
    except (CommandError, DatabaseUnavailableError, MigrationError, SecretError) as error:
        fail(_sentence(str(error)))
    except OSError as error:
        where = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else ""
        said = _sentence(": ".join(filter(None, (error.strerror or str(error), where))))
        fail(said, _ADVICE.get(error.errno or 0, ""))
    except KeyboardInterrupt:
        pass


def _sentence(text: str) -> str:
    """As it is told to people: a capital first, a full stop at the end."""
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('.', '?')) else '.'}"
