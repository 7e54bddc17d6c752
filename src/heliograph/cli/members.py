"""Who may sign in to the dashboard."""

import asyncio
import json
from typing import Annotated

import typer
from rich.markup import escape

from heliograph.cli.base import AsJson, guarded, read_settings
from heliograph.commands.console import console

app = typer.Typer(no_args_is_help=True, help="Who may sign in to the dashboard, and links to get in by.")


@app.command("link")
def link(
    email: Annotated[str | None, typer.Option(help="Whose. Without: the first owner's, or the only owner's.")] = None,
    as_json: AsJson = False,
) -> None:
    """A link to get in by, once: to make the first account, or to choose a new password."""
    from heliograph.commands.members import make_link

    def work() -> None:
        made = asyncio.run(make_link(read_settings(), email))
        if as_json:
            print(json.dumps(made, indent=2))
        else:
            console.print(f"[sun]{made['link']}[/sun]")
            whose = f"For {escape(made['email'])}. " if made["email"] else "For the first owner. "
            console.print(f"[soft]{whose}It opens once, until {made['until']}.[/soft]")

    guarded(work)


@app.command("list")
def list_all(as_json: AsJson = False) -> None:
    """All members."""
    from heliograph.commands.members import list_members

    def work() -> None:
        rows = asyncio.run(list_members(read_settings()))
        if as_json:
            print(json.dumps(rows, indent=2))
        for row in rows if not as_json else ():
            words = f"{row['role']:<6} [soft]{row['state']:<9}[/soft]"
            console.print(f"{words} {escape(row['email']):<32} {escape(row['name'])}")
        if not rows and not as_json:
            console.print("Nobody yet. `heliograph members link` makes a link for the first owner.")

    guarded(work)
