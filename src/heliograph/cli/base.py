"""What all commands share: the settings, the word for `--json`, and trouble told as a sentence."""

from typing import Annotated

import typer
from pydantic import ValidationError

from heliograph.commands.console import fail
from heliograph.settings import Settings

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]


def read_settings(**given: object) -> Settings:
    """The settings in force; ``given`` options go first. One that is not usable ends the command with a sentence."""
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        name = f"HELIOGRAPH_{str(first['loc'][0]).upper()}" if first["loc"] else "A setting"
        fail(f"{name} is not usable: {first['msg']}.", "`heliograph settings` lists what every setting means.")


def guarded(work: "object") -> None:
    """Run a command; known trouble becomes a sentence instead of a traceback."""
    from heliograph.storage.database import DatabaseUnavailableError
    from heliograph.storage.migrate import MigrationError
    from heliograph.storage.secrets import SecretError

    try:
        work()  # type: ignore[operator]
    except (DatabaseUnavailableError, MigrationError, SecretError, LookupError) as error:
        fail(f"{type(error).__name__.removesuffix('Error')}: {error}")
    except OSError as error:
        fail(f"{error.strerror or error}.", "Is another program using the port? --port chooses another.")
    except KeyboardInterrupt:
        pass
