"""Settings, schema, backup, backfill, doctor, App Review."""

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer

from heliograph import __version__
from heliograph.cli.base import AsJson, guarded, read_settings
from heliograph.commands.console import console

app = typer.Typer()


@app.command()
def settings(as_json: AsJson = False) -> None:
    """Every setting, what it is for, and the value in force."""
    from heliograph.commands.table import print_settings, settings_rows

    if as_json:
        print(json.dumps(settings_rows(read_settings()), indent=2))
    else:
        print_settings(read_settings())


@app.command()
def migrate() -> None:
    """Bring the database up to date. `serve` does it too; this is for those who deploy in steps."""
    from heliograph.opening.storage import open_database

    async def work() -> None:
        async with open_database(read_settings()):
            console.print("[good]The database is up to date.[/good]")

    guarded(lambda: asyncio.run(work()))


File = Annotated[Path, typer.Argument(help="The file, for example backup.dump.")]


@app.command()
def backup(file: File, as_json: AsJson = False) -> None:
    """Save the database, embedded or not, in one file, while servers run. The secret key is not in it."""
    from heliograph.commands import backup as backups
    from heliograph.commands.show_backup import Writing, show_backup

    def work() -> None:
        with Writing() as progress:
            done = backups.backup(read_settings(), file, progress)
        if as_json:
            print(json.dumps(done.shown(), indent=2))
        else:
            show_backup(done)

    guarded(work)


@app.command()
def restore(file: File, as_json: AsJson = False) -> None:
    """Fill an empty database with what `backup` saved, all or nothing. Stop all servers first."""
    from heliograph.commands import backup as backups
    from heliograph.commands.show_backup import show_restore

    def work() -> None:
        done = backups.restore(read_settings(), file)
        if as_json:
            print(json.dumps(done.shown(), indent=2))
        else:
            show_restore(done)

    guarded(work)


@app.command()
def backfill(
    integrations: Annotated[
        list[str] | None, typer.Argument(help="Ids of Instagram integrations. Without: all of them.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            help="Go back at least so far: 2026-11-20, 2026-11-20T08:00, 3d, 12h. Without: since the last run."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Bring in what Meta's webhooks missed. Twice does no harm: what is here is not taken twice."""
    from datetime import UTC, datetime

    from heliograph.commands import backfill as backfills
    from heliograph.commands.show_backfill import Progress, show

    def work() -> None:
        start = backfills.parse_since(since, datetime.now(UTC)) if since else None
        with Progress() as progress:
            rows = asyncio.run(backfills.backfill(read_settings(), integrations or [], start, progress))
        if as_json:
            print(json.dumps(rows, indent=2))
        else:
            show(rows)
        if any(row["state"] == "failed" for row in rows):
            raise typer.Exit(1)

    guarded(work)


@app.command()
def doctor(
    integration: Annotated[
        str | None, typer.Argument(help="Id of an Instagram integration. Without: all of them.")
    ] = None,
    app: Annotated[str | None, typer.Option(help="Only the integrations of this app.")] = None,
    as_json: AsJson = False,
) -> None:
    """Examine the installation and its integrations now, repair what can be repaired, and say what to do about the rest."""
    from heliograph.commands import doctor as doctors
    from heliograph.commands.show_doctor import show

    def work() -> None:
        examined = asyncio.run(doctors.examine(read_settings(), integration, app))
        if as_json:
            print(json.dumps(examined.shown(), indent=2))
        else:
            show(examined)
        if not examined.is_well:
            raise typer.Exit(1)

    guarded(work)


@app.command("app-review")
def app_review(
    facebook_app_id: Annotated[str, typer.Argument(help="The id of the app at Meta.")],
    make_calls: Annotated[
        bool, typer.Option("--make-calls", help="Make the test calls that Meta wants first.")
    ] = False,
    company: Annotated[str, typer.Option(help="Your company's name, for the texts.")] = "",
    product: Annotated[str, typer.Option(help="Your product's name, for the texts.")] = "",
    as_json: AsJson = False,
) -> None:
    """What App Review at Meta needs: what is missing, texts to adapt, addresses to enter, the screencast."""
    from heliograph.commands import app_review as reviews
    from heliograph.commands.show_app_review import show

    def work() -> None:
        report, made = asyncio.run(reviews.app_review(read_settings(), facebook_app_id, make_calls=make_calls))
        if as_json:
            print(json.dumps(reviews.as_json(report, made, company=company, product=product), indent=2))
        else:
            show(report, made, asked=make_calls, company=company, product=product)
        if not all(one.succeeded for one in made):
            raise typer.Exit(1)

    guarded(work)


@app.command()
def version() -> None:
    """The version."""
    print(__version__)
