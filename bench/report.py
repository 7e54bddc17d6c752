"""What a run found: the table on the terminal and the JSON file."""

from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table

console = Console(highlight=False)
if not console.is_terminal:
    console = Console(highlight=False, width=120)


@dataclass(frozen=True, slots=True)
class Mark:
    """A figure that has to be reached."""

    text: str
    passed: bool


@dataclass(slots=True)
class Section:
    """One of the measurements: rows for people, marks, and ``data`` for programs."""

    key: str
    title: str
    rows: list[tuple[str, str]] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)

    def mark(self, text: str, passed: bool) -> None:
        """Add a mark."""
        self.marks.append(Mark(text, passed))


def step(text: str) -> None:
    """Tell what is being done."""
    console.print(f"[dim]{text}[/dim]")


def show(sections: list[Section], facts: dict[str, Any]) -> None:
    """Print the table."""
    table = Table(title="Heliograph bench", title_justify="left", expand=False)
    table.add_column("measured")
    table.add_column("result")
    for section in sections:
        table.add_section()
        table.add_row(f"[bold]({section.key}) {section.title}[/bold]", "")
        for name, value in section.rows:
            table.add_row(f"  {name}", value)
        for mark in section.marks:
            verdict = "[green]pass[/green]" if mark.passed else "[red]FAIL[/red]"
            table.add_row(f"  [italic]mark: {mark.text}[/italic]", verdict)
    console.print(table)
    console.print(
        f"[dim]{facts['cores']} cores {facts['cpu']}, {facts['memory_gb']} GB, load {facts['load_before']} before, "
        f"{facts['stolen']:.1%} of the CPU taken by the host for others; "
        f"Python {facts['python']}, PostgreSQL {facts['postgresql']}, granian {facts['granian']}, "
        f"asyncpg {facts['asyncpg']}, aiohttp {facts['aiohttp']}; {facts['date']}, commit {facts['commit']}[/dim]"
    )


def as_json(sections: list[Section], facts: dict[str, Any]) -> dict[str, Any]:
    """The run for programs."""
    return {
        "machine": facts,
        "sections": {
            section.key: {
                "title": section.title,
                **section.data,
                "marks": [{"mark": mark.text, "passed": mark.passed} for mark in section.marks],
            }
            for section in sections
        },
    }
