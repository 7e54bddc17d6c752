"""How `heliograph doctor` speaks: a shape and a colour for each state, what follows, and what to do, step by step."""

from collections.abc import Iterable

from rich.markup import escape
from rich.padding import Padding

from heliograph.channels.health import Finding, Report, State
from heliograph.commands.console import console
from heliograph.commands.doctor import Examined

# Told apart without colour, too.
_SIGNS = {
    State.OK: "[good]✓[/good]",
    State.WARNING: "[sun]![/sun]",
    State.BROKEN: "[bad]✗[/bad]",
    State.UNKNOWN: "[soft]?[/soft]",
    State.NOT_APPLICABLE: "[soft]–[/soft]",
}
_INDENT = 4


def show(examined: Examined) -> None:
    """All that was found; what is well in one line each."""
    console.print("Installation")
    _show_all(examined.installation)
    for name, report in examined.integrations:
        console.print(f"\n{escape(name)}  [soft]{report.integration_id}, {report.status}[/soft]")
        if report.integration_id in examined.paused:
            seconds = examined.paused[report.integration_id]
            console.print(f"  [soft]Meta wants it left alone for {seconds:.0f} s: this is the last report.[/soft]")
        _show_all(report.findings)
    if not examined.integrations:
        console.print("\nNo Instagram account is connected.")
    _sum_up([*examined.installation, *_findings(examined.integrations)])


def _findings(reports: Iterable[tuple[str, Report]]) -> Iterable[Finding]:
    return (one for _, report in reports for one in report.findings)


def _show_all(findings: Iterable[Finding]) -> None:
    for one in findings:
        if one.state is State.NOT_APPLICABLE:
            continue
        told = f"  {_SIGNS[one.state]} {escape(one.title):<40} {escape(one.finding)}"
        console.print(f"[soft]{told}[/soft]" if one.state is State.UNKNOWN else told)
        if one.is_well or one.state is State.UNKNOWN:
            continue
        console.print(Padding(f"[soft]What follows:[/soft] {escape(one.consequence)}", (0, 0, 0, _INDENT)))
        for number, step in enumerate(one.repair, 1):
            console.print(Padding(f"[sun]{number}.[/sun] {escape(step)}", (0, 0, 0, _INDENT)))
        if one.link:
            console.print(Padding(f"[soft]{escape(one.link)}[/soft]", (0, 0, 0, _INDENT)))


def _sum_up(findings: list[Finding]) -> None:
    broken = sum(one.state is State.BROKEN for one in findings)
    warnings = sum(one.state is State.WARNING for one in findings)
    repaired = sum(one.repaired for one in findings)
    if repaired:
        console.print(f"\n[good]{repaired} repaired.[/good]")
    if broken or warnings:
        console.print(f"\n[{'bad' if broken else 'sun'}]{broken} broken, {warnings} to look at.[/]")
    else:
        console.print("\n[good]All is well.[/good]")
