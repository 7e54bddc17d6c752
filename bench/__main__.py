"""``python -m bench [--only a,b,c,d,e] [--seconds N] [--quick] [--json FILE] [--strict]``."""

import argparse
import contextlib
import gc
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from bench import acks, endtoend, memory, sending, store
from bench.machine import facts, stolen, stolen_share
from bench.report import Section, as_json, console, show, step
from bench.stage import build
from heliograph.commands.run import run

PERSONS = 500


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description="Measure Heliograph on this machine.")
    parser.add_argument("--only", default="a,b,c,d,e", help="which measurements, e.g. a,b (all by default)")
    parser.add_argument("--seconds", type=float, help="length of a measured stretch (10, with --quick 3)")
    parser.add_argument("--quick", action="store_true", help="a rough answer in less than a minute")
    parser.add_argument(
        "--database-url", default="", help="an empty database on this machine (the embedded PostgreSQL)"
    )
    parser.add_argument("--json", type=Path, help="where to write the JSON (bench-results/<time>.json)")
    parser.add_argument("--strict", action="store_true", help="exit with 1 when a mark is missed")
    options = parser.parse_args()
    options.only = [key.strip() for key in options.only.split(",") if key.strip()]
    if unknown := set(options.only) - set("abcde"):
        parser.error(f"--only knows a, b, c, d and e, not {', '.join(sorted(unknown))}")
    options.seconds = options.seconds or (3.0 if options.quick else 10.0)
    return options


async def bench(options: argparse.Namespace, sections: list[Section], about: dict[str, object]) -> None:
    """Measure what was asked for; ``sections`` grows with each result."""
    step("starting server, database and simulator; everybody introduces themselves ...")
    async with build(200 if options.quick else PERSONS, options.database_url) as stage:
        about["postgresql"] = str(await stage.database.fetchval("show server_version")).split(" ")[0]
        if "a" in options.only:
            turns = 2 if options.quick else 5
            sections.append(await acks.measure(stage, options.seconds * 0.3, turns))
        if "b" in options.only:
            sections.append(await endtoend.measure(stage, options.seconds))
        if "c" in options.only:
            sections.append(await sending.measure(stage, options.seconds))
        if "d" in options.only:
            sections.append(await memory.measure(stage, loaded=bool(sections)))
        if "e" in options.only:
            sections.append(await store.measure(stage, options.seconds))
        step("stopping ...")


def main() -> int:
    """Run, print, write."""
    options = _options()
    sections: list[Section] = []
    about, before = facts(), stolen()
    with contextlib.suppress(KeyboardInterrupt):
        run(bench(options, sections, about))
    if not sections:
        return 1
    about["stolen"] = stolen_share(before)
    show(sections, about)
    name = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ.json")
    file = options.json or Path("bench-results") / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(as_json(sections, about), indent=2) + "\n")
    console.print(f"[dim]written to {file}[/dim]")
    passed = len(sections) == len(options.only) and all(mark.passed for section in sections for mark in section.marks)
    return 1 if options.strict and not passed else 0


if __name__ == "__main__":
    gc.collect()
    sys.exit(main())
