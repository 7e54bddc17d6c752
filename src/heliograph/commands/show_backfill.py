"""How `heliograph backfill` shows what it does: progress for those who wait, one line an account, the next step."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.markup import escape

from heliograph.commands.console import StatusLine, console, errors

_NEXT_STEP = {
    "failed": "Repair what it says, then run `heliograph backfill` again.",
    "paused": "The server goes on with it by itself; `heliograph serve` must be running.",
}


class Progress(StatusLine):
    """How the runs of a backfill stand."""

    def __call__(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Show how the runs stand."""
        self.show(standing(rows))


def standing(rows: Sequence[Mapping[str, Any]]) -> str:
    """How the runs stand, and what is waited for when nothing else is left to do."""
    ended = sum(row["ended_at"] is not None for row in rows)
    threads, found = sum(row["threads"] for row in rows), sum(row["found"] for row in rows)
    text = f"{ended} of {len(rows)} accounts, {threads} threads looked at, {found} messages found"
    left = [row for row in rows if row["ended_at"] is None]
    if not left or not all(row["waits"] for row in left):
        return text
    return (
        f"{text}. Older ones are missing that Meta no longer shows: their webhooks may still come, for ten minutes."
        " A server that runs goes on without you: Ctrl-C"
    )


def show(rows: Sequence[Mapping[str, Any]]) -> None:
    """One line an account, and what to do where something is wrong."""
    for row in rows:
        name = escape(row["username"] or row["integrationId"])
        if row["state"] == "done":
            console.print(
                f"[sun]{row['added']:>6}[/sun] brought in  {name:<24} [soft]{row['threads']} threads looked at,"
                f" {row['seconds']} s[/soft]"
            )
        else:
            console.print(f"[bad]{row['state']:>6}[/bad]             {name:<24} {escape(row['error'] or '')}")
        if row["unreadable"]:
            console.print(f"       [soft]{row['unreadable']} more are too old for Meta to tell, or deleted.[/soft]")
    for state in sorted({row["state"] for row in rows} & _NEXT_STEP.keys()):
        errors.print(_NEXT_STEP[state])
    if not rows:
        console.print("No Instagram account is connected. Create an integration first.")
