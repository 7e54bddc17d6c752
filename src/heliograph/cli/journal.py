"""What webhooks could not be applied."""

import asyncio
import json
from typing import Annotated

import typer

from heliograph.cli.base import AsJson, guarded, read_settings
from heliograph.commands.console import console

app = typer.Typer(no_args_is_help=True, help="What webhooks could not be applied, and trying them again.")


@app.command("show")
def show(as_json: AsJson = False) -> None:
    """How many items of webhooks were not applied, by reason."""
    from heliograph.channels.instagram.journal.leftovers import summary
    from heliograph.opening.storage import open_database

    async def read() -> list[dict[str, object]]:
        async with open_database(read_settings()) as database:
            return [
                {**dict(row), "first": row["first"].isoformat(), "last": row["last"].isoformat()}
                for row in await summary(database)
            ]

    def work() -> None:
        rows = asyncio.run(read())
        if as_json:
            print(json.dumps(rows, indent=2))
            return
        for row in rows:
            console.print(f"[sun]{row['items']:>8}[/sun]  {row['reason']:<32} [soft]last {row['last']}[/soft]")
        if not rows:
            console.print("Everything that came was applied.")

    guarded(work)


@app.command("replay")
def replay(
    reason: Annotated[
        str | None, typer.Argument(help="Only leftovers of this reason, as `journal show` names it.")
    ] = None,
) -> None:
    """Try leftovers again, after an update or a repair. What was applied before is not applied twice."""
    from heliograph.channels.instagram.journal.leftovers import replay
    from heliograph.opening.storage import open_database

    async def work() -> None:
        async with open_database(read_settings()) as database:
            count = await replay(database, reason)
        console.print(f"[good]{count}[/good] items are in line again; the server takes them from here.")

    guarded(lambda: asyncio.run(work()))
