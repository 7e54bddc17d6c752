"""`heliograph`: the command line. Names and options here, one file a group; the work in `commands`.

base       what all commands share              serving        server, simulator, demo, listener
operating  settings, schema, backup, and more   keys           API keys
members    of the dashboard                     facebook_apps  the apps at Meta
oauth      OAuth clients                        journal        what could not be applied
"""

from typing import Annotated

import typer

from heliograph import __version__
from heliograph.cli import facebook_apps, journal, keys, members, oauth, operating, serving
from heliograph.telemetry.logs import configure_logging

cli = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A self-hosted messaging server for Instagram Direct.",
)
cli.add_typer(serving.app)
cli.add_typer(operating.app)
cli.add_typer(keys.app, name="keys")
cli.add_typer(facebook_apps.app, name="facebook-apps")
cli.add_typer(members.app, name="members")
cli.add_typer(oauth.app, name="oauth")
cli.add_typer(journal.app, name="journal")


def _tell_version(wanted: bool) -> None:
    if wanted:
        print(__version__)
        raise typer.Exit


@cli.callback()
def quietly(
    _: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Before every command: what goes wrong is logged to standard error; its output is its own. Servers log more."""
    configure_logging(level="ERROR")


def main() -> None:
    """The entry point."""
    cli()
