"""API keys."""

import asyncio
import json
from typing import Annotated

import typer

from heliograph.cli.base import AsJson, guarded, read_settings
from heliograph.commands.console import console, fail

app = typer.Typer(no_args_is_help=True, help="Make, list and delete API keys.")


@app.command("create")
def create(
    name: Annotated[str, typer.Option(help="What the key is called.")] = "Command line",
    app: Annotated[str | None, typer.Option(help="An app's id: a key for that app. Without: an account key.")] = None,
    as_json: AsJson = False,
) -> None:
    """A new key. An account key opens everything; an app key one app."""
    from heliograph.commands.keys import make_key

    def work() -> None:
        scope = "app" if app else "account"
        key = asyncio.run(make_key(read_settings(), scope=scope, app_id=app, name=name))
        if as_json:
            print(json.dumps(key, indent=2))
        else:
            console.print(f"id      [sun]{key['id']}[/sun]\nsecret  [sun]{key['secret']}[/sun]")

    guarded(work)


@app.command("list")
def list_all(as_json: AsJson = False) -> None:
    """All keys, without their secrets."""
    from heliograph.commands.keys import list_keys

    def work() -> None:
        rows = asyncio.run(list_keys(read_settings()))
        if as_json:
            print(json.dumps(rows, indent=2))
        for row in rows if not as_json else ():
            console.print(
                f"{row['id']}  [soft]{row['scope']:<12}[/soft] {row['app_id'] or '':<26} {row['display_name']}"
            )
        if not rows and not as_json:
            console.print("No keys yet. `heliograph keys create` makes the first.")

    guarded(work)


@app.command("delete")
def delete(key_id: str) -> None:
    """Delete a key. It stops working at once."""
    from heliograph.commands.keys import delete_key

    def work() -> None:
        if not asyncio.run(delete_key(read_settings(), key_id)):
            fail(f"There is no key {key_id}.", "`heliograph keys list` shows those there are.")
        console.print("[good]Deleted.[/good]")

    guarded(work)


@app.command("verify-token")
def verify_token(facebook_app_id: str, as_json: AsJson = False) -> None:
    """Callback URL and verify token of a Facebook app, to enter in Meta's dashboard by hand."""
    from heliograph.commands.keys import verify_token

    def work() -> None:
        found = asyncio.run(verify_token(read_settings(), facebook_app_id))
        if as_json:
            print(json.dumps(found, indent=2))
        else:
            console.print(
                f"callback URL  [sun]{found['callback_url']}[/sun]\nverify token  [sun]{found['verify_token']}[/sun]"
            )

    guarded(work)
