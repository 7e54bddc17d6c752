"""Which Facebook app a login goes by, of those that an app may use. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from heliograph.channels.instagram.accounts.app_trial import FacebookAppError
from heliograph.channels.instagram.meta.flavours import FACEBOOK, INSTAGRAM

_SEVERAL = "There are several Facebook apps to log in with, and none is the default. Choose one."
_NONE = (
    "No Facebook app is known here yet. Whoever runs this server adds one: heliograph facebook-apps add, or on the page"
    " Settings."
)
TITLES = {FACEBOOK: "Facebook Login", INSTAGRAM: "Instagram Login"}


@dataclass(frozen=True, slots=True)
class Listed:
    """One of them, without its secrets. ``accounts``: how many are connected by it, of the app that asks or of all.

    ``app_id``: whose own it is. ``checked_at``: when Meta last accepted its id and secret; None: Meta was never asked in a
    way that tells, as for Instagram Login, where the first login does.
    """

    id: str
    name: str
    login: str
    config_id: str | None
    app_id: str | None
    shared: bool
    is_default: bool
    created_at: datetime
    checked_at: datetime | None
    accounts: int


def pick(usable: Sequence[Listed], app_id: str, facebook_app_id: str | None = None) -> Listed:
    """The one to log in with: the given one, else the app's own, else the default or only shared one, else the only one
    that the app's accounts came by. Raises :class:`FacebookAppError`.
    """
    if facebook_app_id is not None:
        named = next((one for one in usable if one.id == facebook_app_id), None)
        if named is None:
            raise FacebookAppError(f"There is no Facebook app {facebook_app_id[:40]} here that this app may use.")
        return named
    found = _first(usable, app_id)
    if found is not None:
        return found
    raise FacebookAppError(_SEVERAL if usable else _NONE)


def offers(
    usable: Sequence[Listed], app_id: str, facebook_app_id: str | None = None, login: str | None = None
) -> dict[str, Listed]:
    """The ways to log in that a page can offer, by login: for each the one that :func:`pick` would take of its kind.

    ``facebook_app_id`` and ``login`` narrow it. Raises :class:`FacebookAppError` when nothing is left.
    """
    if facebook_app_id is not None:
        one = pick(usable, app_id, facebook_app_id)
        if login not in (None, one.login):
            raise FacebookAppError(f"The app {one.id} is one of {TITLES[one.login]}.")
        return {one.login: one}
    wanted = [one for one in usable if login in (None, one.login)]
    kinds = {name: [one for one in wanted if one.login == name] for name in (FACEBOOK, INSTAGRAM)}
    firsts = {name: _first(some, app_id) for name, some in kinds.items()}
    found = {name: first for name, first in firsts.items() if first is not None}
    if found:
        return found
    raise FacebookAppError(_SEVERAL if wanted else _NONE)


def _first(usable: Sequence[Listed], app_id: str) -> Listed | None:
    """The one to log in with, when it can be told: the app's own first, then the default, the only shared, the only used."""
    own = [one for one in usable if one.app_id == app_id]
    shared = [one for one in usable if one.shared]
    by_default = [one for one in shared if one.is_default]
    for some in (own[:1], by_default, shared, [one for one in usable if one.accounts]):
        if len(some) == 1:
            return some[0]
    return None
