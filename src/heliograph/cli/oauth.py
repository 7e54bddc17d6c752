"""OAuth clients."""

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from heliograph.cli.base import AsJson, guarded, read_settings
from heliograph.commands.console import console, fail

app = typer.Typer(no_args_is_help=True, help="Register, list and delete OAuth clients.")


@app.command("create")
def create(
    name: Annotated[str, typer.Option(help="What people are shown when it asks for access.")],
    redirect_uri: Annotated[
        list[str], typer.Option(help="Where people return to; may be given several times. The first is the default.")
    ],
    remove_url: Annotated[str | None, typer.Option(help="Called when its integration in an app is deleted.")] = None,
    icon: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A PNG, JPEG or SVG of at most 64 kB.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """A new client: a program that may ask people for access to their apps. Its secret is shown this once."""
    from heliograph.commands.oauth import make_client

    def work() -> None:
        picture = icon.read_bytes() if icon else None
        client = asyncio.run(
            make_client(read_settings(), name=name, redirect_uris=redirect_uri, remove_url=remove_url, icon=picture)
        )
        if as_json:
            print(json.dumps(client, indent=2))
            return
        console.print(
            f"client id      [sun]{client['client_id']}[/sun]\nclient secret  [sun]{client['client_secret']}[/sun]"
        )
        address = f"{read_settings().reachable_at}/oauth/authorize?response_type=code&client_id={client['client_id']}"
        console.print(f"[soft]People let it in at {address}[/soft]")

    guarded(work)


@app.command("list")
def list_all(as_json: AsJson = False) -> None:
    """All clients, and how many apps let them in."""
    from heliograph.commands.oauth import list_clients

    def work() -> None:
        rows = asyncio.run(list_clients(read_settings()))
        if as_json:
            print(json.dumps(rows, indent=2))
        for row in rows if not as_json else ():
            console.print(f"{row['id']}  [soft]in {len(row['apps'])} app(s)[/soft]  {escape(row['display_name'])}")
        if not rows and not as_json:
            console.print("No clients yet. `heliograph oauth create` registers the first.")

    guarded(work)


@app.command("delete")
def delete(client_id: str) -> None:
    """Delete a client, with its tokens, integrations and webhooks in every app. They stop working at once."""
    from heliograph.commands.oauth import delete_client

    def work() -> None:
        if not asyncio.run(delete_client(read_settings(), client_id)):
            fail(f"There is no client {client_id}.", "`heliograph oauth list` shows those there are.")
        console.print("[good]Deleted.[/good]")

    guarded(work)
