"""What a section is: what the rail shows of it, and its pages. The table itself is in :mod:`app`."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.routing import Route

from heliograph.dashboard.frame import ROOT


@dataclass(frozen=True)
class Section:
    """A sub-package of pages. ``name`` is the package's, the prefix of its templates, and what ``icons.html`` calls it.

    ``start`` is where the rail leads; ``{appId}`` in it stands for the app that was chosen. ``paths``: what its pages'
    paths begin with, where that is not ``start``. ``owner``: only owners see it.
    """

    name: str
    title: str
    start: str
    routes: Sequence[Route]
    paths: Sequence[str] = ()
    owner: bool = False
    in_rail: bool = True

    @property
    def package(self) -> str:
        """Where its templates and styles are."""
        return f"heliograph.dashboard.{self.name}"

    @property
    def needs_app(self) -> bool:
        """Whether its pages are about an app."""
        return "{appId}" in self.start

    def address(self, app_id: str | None) -> str:
        """Where the rail leads."""
        return ROOT + self.start.replace("{appId}", app_id or "")

    def holds(self, path: str) -> bool:
        """Whether a page of this path is one of its own."""
        parts = path.removeprefix(ROOT).split("/")
        return any(_begins(parts, wanted.split("/")) for wanted in (self.start, *self.paths))


def _begins(parts: list[str], wanted: list[str]) -> bool:
    return len(parts) >= len(wanted) and all(
        expected in (part, "{appId}") for part, expected in zip(parts, wanted, strict=False)
    )
