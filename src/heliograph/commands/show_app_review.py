"""How `heliograph app-review` shows what it found: the missing first, then what to copy."""

from collections.abc import Sequence
from datetime import datetime

from rich.markup import escape

from heliograph.channels.instagram.review import Report
from heliograph.channels.instagram.review.permission import Permission
from heliograph.channels.instagram.review.readiness import Item, State
from heliograph.channels.instagram.review.test_calls import Made
from heliograph.commands.console import console

_MARKS = {
    State.DONE: "[good]done    [/good]",
    State.MISSING: "[bad]missing [/bad]",
    State.OPTIONAL: "[soft]optional[/soft]",
    State.LOOK: "[sun]at Meta [/sun]",
}
# The missing first; then what a person must look at.
_ORDER = (State.MISSING, State.OPTIONAL, State.LOOK, State.DONE)


def show(report: Report, made: Sequence[Made], *, asked: bool, company: str, product: str) -> None:
    """Checklist, addresses, texts and storyboard; before them what became of test calls, when they were asked for."""
    if asked:
        _calls(made)
    _heading(f"Before you submit the app {report.app.id} ({report.app.login} login)")
    for item in sorted(report.checklist, key=lambda one: _ORDER.index(one.state)):
        console.print(f"{_MARKS[item.state]}  {escape(item.title)}  [soft]{escape(_detail(item))}[/soft]")
    _heading("Enter at Meta")
    for one in report.addresses:
        value = escape(one.value) if one.value else "not set"
        console.print(f"{one.name}  [sun]{value}[/sun]\n  [soft]{escape(one.where)}[/soft]")
    _heading("Permissions, and texts to adapt")
    for permission in report.permissions:
        _permission(permission, company, product)
    _heading(f"Screencast, about {_minutes(report.seconds)}")
    for number, step in enumerate(report.steps, 1):
        console.print(f"{number:>2}. {escape(step.title)}  [soft]{step.seconds} s[/soft]\n    {escape(step.show)}")
    console.print()
    if report.missing:
        console.print(
            f"[bad]{report.missing}[/bad] missing. `heliograph app-review {report.app.id} --make-calls` makes the"
        )
        console.print("test calls. docs/app-review.md explains the rest.")
    else:
        console.print("[good]Nothing is missing that we can see.[/good] Look at Meta for the rest.")


def _calls(made: Sequence[Made]) -> None:
    _heading("Test calls")
    for one in made:
        if one.succeeded:
            console.print(f"[good]made    [/good]  {one.permission}  [soft]counts until {_day(one.lapses)}[/soft]")
        else:
            console.print(f"[bad]refused [/bad]  {one.permission}  {escape(one.said)}")
    if not made:
        console.print("No account is connected by this app: there is no token to make them with.")


def _permission(one: Permission, company: str, product: str) -> None:
    kind = "feature, " if one.feature else ""
    console.print(f"\n[sun]{one.name}[/sun]  [soft]{kind}{one.need}[/soft]")
    console.print(escape(one.text(company, product)))
    console.print(f"[soft]To show: {escape('; '.join(one.shown))}.[/soft]")
    console.print(f"[soft]Standard Access: {escape(one.standard)}[/soft]")


def _detail(item: Item) -> str:
    if item.state is State.DONE and item.at is not None and item.lapses is not None:
        return f"made {_day(item.at)}, counts until {_day(item.lapses)}"
    return item.detail


def _heading(text: str) -> None:
    console.print(f"\n[bold]{escape(text)}[/bold]")


def _day(at: datetime) -> str:
    return at.strftime("%Y-%m-%d")


def _minutes(seconds: int) -> str:
    return f"{seconds // 60} min {seconds % 60:02d} s"
