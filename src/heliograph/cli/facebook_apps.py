"""The apps at Meta that people log in with."""

import asyncio
import json
from typing import Annotated

import typer
from rich.markup import escape

from heliograph.cli.base import AsJson, guarded, read_settings
from heliograph.commands.console import console

app = typer.Typer(no_args_is_help=True, help="Add, list, change and remove the apps at Meta that people log in with.")

_ASK = "-"


@app.command("add")
def add(
    facebook_app_id: Annotated[str, typer.Argument(help="The app's id in Meta's App Dashboard.")],
    secret: Annotated[
        str, typer.Option(prompt=True, hide_input=True, help="Its secret. Without: it is asked for, and not shown.")
    ],
    name: Annotated[str, typer.Option(help="What it is called here.")] = "",
    login: Annotated[str, typer.Option(help="facebook or instagram.")] = "facebook",
    config_id: Annotated[
        str | None, typer.Option(help="A configuration of Facebook Login for Business, instead of permissions.")
    ] = None,
    app: Annotated[str | None, typer.Option(help="An app's id: for that one alone. Without: for everybody.")] = None,
    default: Annotated[bool, typer.Option("--default", help="The one to use where there are several.")] = False,
    as_json: AsJson = False,
) -> None:
    """Try an app at Meta, and keep it for the built-in login. Its secret is stored encrypted."""
    from heliograph.commands import facebook_apps as work_on

    def work() -> None:
        how = {"name": name, "login": login, "config_id": config_id, "app_id": app, "default": default}
        made = asyncio.run(work_on.add(read_settings(), facebook_app_id, secret, **how))
        if as_json:
            print(json.dumps(made, indent=2))
            return
        console.print(f"[good]Added[/good] {escape(made['name'])}. Enter at Meta:")
        for one in made["enter"]:
            console.print(f"  {one['what']:<26} [sun]{one['value']}[/sun]\n  {'':<26} [soft]{one['where']}[/soft]")

    guarded(work)


@app.command("change")
def change(
    facebook_app_id: Annotated[str, typer.Argument(help="The app's id in Meta's App Dashboard.")],
    name: Annotated[str | None, typer.Option(help="What it is called here.")] = None,
    secret: Annotated[
        str | None, typer.Option(help="Its new secret. With - instead: it is asked for, and not shown.")
    ] = None,
    config_id: Annotated[
        str | None, typer.Option(help="A configuration of Facebook Login for Business. Empty takes it away.")
    ] = None,
    default: Annotated[bool, typer.Option("--default", help="The one to use where there are several.")] = False,
    as_json: AsJson = False,
) -> None:
    """Change what is given. A new secret is tried at Meta first; until it is taken, the old one is used."""
    from heliograph.commands import facebook_apps as work_on

    if secret == _ASK:
        secret = typer.prompt("New secret", hide_input=True)

    def work() -> None:
        how = {"name": name, "secret": secret, "config_id": config_id, "default": default}
        made = asyncio.run(work_on.change(read_settings(), facebook_app_id, **how))
        if as_json:
            print(json.dumps(made, indent=2))
            return
        console.print(f"[good]Saved[/good] {escape(made['name'])}.")
        if secret and made["checked_at"]:
            console.print("Meta took the new secret.")
        elif secret:
            console.print("Whether Meta takes the new secret, the first login tells.")

    guarded(work)


@app.command("list")
def list_all(as_json: AsJson = False) -> None:
    """All of them, for whom they are, and how many accounts came by each."""
    from heliograph.commands import facebook_apps as work_on

    def work() -> None:
        rows = asyncio.run(work_on.list_all(read_settings()))
        if as_json:
            print(json.dumps(rows, indent=2))
        for row in rows if not as_json else ():
            whom = "everybody" if row["shared"] else row["app_id"] or "those connected by it"
            accounts = f"{row['accounts']} account(s)"
            console.print(
                f"{row['id']:<18}  [soft]{row['login']:<9}  {whom:<24}  {accounts:<14}[/soft]  {escape(row['name'])}"
            )
        if not rows and not as_json:
            console.print("No Facebook apps yet. `heliograph facebook-apps add` keeps the first.")

    guarded(work)


@app.command("remove")
def remove(facebook_app_id: str) -> None:
    """Remove one by which no account is connected."""
    from heliograph.commands import facebook_apps as work_on

    def work() -> None:
        asyncio.run(work_on.remove(read_settings(), facebook_app_id))
        console.print("[good]Removed.[/good]")

    guarded(work)
