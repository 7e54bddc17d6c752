"""Whom an action means by ``switchboardIntegration`` (Sunshine reference 1.8). Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

NEXT = "next"

Place = Mapping[str, Any]  # a row of `switchboard_integrations`


class InvalidTargetError(Exception):
    """Nobody is meant, or several may be. The text says why; it is shown to the caller."""


def resolve(name: str, places: Sequence[Place], *, after: str | None) -> Place:
    """The place on the switchboard that is meant: by id, then name, then integration type; or the ``next`` one.

    ``after``: whose next is meant by ``next``, by id. Raises :class:`InvalidTargetError`.
    """
    if name == NEXT:
        return _next(places, after)
    for field in ("id", "name", "integration_type"):
        found = [place for place in places if place[field] == name]
        if len(found) > 1:
            raise InvalidTargetError(
                f"switchboardIntegration {name[:128]} is ambiguous: {len(found)} switchboard integrations have this type"
            )
        if found:
            return found[0]
    raise InvalidTargetError(f"switchboardIntegration {name[:128]} names no switchboard integration")


def _next(places: Sequence[Place], after: str | None) -> Place:
    by_id = {place["id"]: place for place in places}
    before = by_id.get(after or "")
    if before is None:
        raise InvalidTargetError("switchboardIntegration next is nobody: no switchboard integration is in control")
    following = by_id.get(before["next_id"] or "")
    if following is None:
        raise InvalidTargetError(f"switchboardIntegration next is nobody: {before['name']} has no next one")
    return following
