"""``python -m tests.soak [--minutes N] [--seed N] [--messages N]``: the long run of `make soak`."""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

from heliograph.storage.embedded import EmbeddedServer
from tests.soak.ground import Ground, ground
from tests.soak.rounds import Tally, run_rounds
from tests.soak.storm import run_storm
from tests.support import open_directory

console = Console(stderr=True, highlight=False)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="soak", description="Drive server and simulator with mishaps, and compare them."
    )
    parser.add_argument("--minutes", type=float, default=30.0, help="how long (30)")
    parser.add_argument("--seed", type=int, default=time.time_ns() % 10**6, help="to repeat the moves of a run")
    parser.add_argument("--messages", type=int, default=0, help="instead: so many messages through a Meta that errs")
    parser.add_argument("--json", action="store_true", help="the result as JSON on standard output")
    return parser.parse_args()


@contextmanager
def _ground() -> Iterator[Ground]:
    """On an embedded PostgreSQL of the run's own, which outlives the servers that are killed."""
    with open_directory() as directory:
        embedded = EmbeddedServer(directory / "data")
        url = asyncio.run(embedded.start())
        try:
            with ground(url, directory) as made:
                yield made
        finally:
            asyncio.run(embedded.stop())


def _tell(tally: Tally) -> None:
    console.print(
        f"[dim]{tally.seconds / 60:5.1f} min[/dim]  round {tally.rounds}: {tally.moves.total()} moves,"
        f" {tally.arrived} messages in, {tally.posted} out, {len(tally.differences)} differences"
    )


def main() -> int:
    """Run it; 0 when the two sides are equal."""
    options = _options()
    if options.messages:
        with _ground() as made:
            result = run_storm(made, options.messages, options.seed, console.print)
    else:
        console.print(f"[bold]soak[/bold] for {options.minutes:g} minutes, seed {options.seed}")
        with _ground() as made:
            tally = run_rounds(made, options.seed, options.minutes * 60, _tell)
        result = {
            "seed": options.seed,
            "minutes": round(tally.seconds / 60, 1),
            "rounds": tally.rounds,
            "messages_in": tally.arrived,
            "messages_out": tally.posted,
            "moves": dict(tally.moves.most_common()),
            "differences": tally.differences,
        }
    if options.json:
        print(json.dumps(result, indent=2))
    for difference in result["differences"][:50]:
        console.print(f"[red]{difference}[/red]")
    verdict = (
        "[bold red]the two sides differ[/bold red]"
        if result["differences"]
        else "[bold green]the two sides are equal[/bold green]"
    )
    console.print(f"{verdict}: {result['messages_in']} messages in, {result['messages_out']} out")
    return 1 if result["differences"] else 0


if __name__ == "__main__":
    sys.exit(main())
