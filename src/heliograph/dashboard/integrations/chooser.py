"""Back from Meta: choose the account, and save."""

from typing import Any

from starlette.responses import Response

from heliograph.channels.instagram.meta.flavours import FACEBOOK
from heliograph.channels.instagram.onboarding import Choices, Connected, Kind, LoginError, Purpose
from heliograph.channels.instagram.onboarding.troubles import trouble
from heliograph.dashboard.frame import Visit
from heliograph.dashboard.integrations import dialog
from heliograph.dashboard.integrations.fields import LONGEST_NAME

# Of more than so many Pages one searches.
_SEARCHED_FROM = 8


async def show(visit: Visit) -> Response:
    """What can be connected, and what cannot be, and why."""
    try:
        await _check(visit)
        choices = await dialog.channel(visit).onboarding.choices(visit.app.id, _attempt(visit), dialog.nonce(visit))
    except LoginError as error:
        return dialog.trouble(visit, error)
    return _page(visit, choices)


async def save(visit: Visit) -> Response:
    """Connect the chosen account, or reconnect it; then its page, which waits for the first message."""
    onboarding = dialog.channel(visit).onboarding
    account, name = visit.form["account"], visit.form["display_name"]
    try:
        await _check(visit)
        if not account or len(name) > LONGEST_NAME:
            choices = await onboarding.choices(visit.app.id, _attempt(visit), dialog.nonce(visit))
            return _page(visit, choices, account, name)
        switches = {"displayName": name} if name else {}
        done = await onboarding.choose(visit.app.id, _attempt(visit), dialog.nonce(visit), account, switches)
    except LoginError as error:
        alive = error.kind in (Kind.NOT_LISTED, Kind.NOT_ELIGIBLE, Kind.OTHER_ACCOUNT, Kind.CONNECT_REFUSED)
        return dialog.trouble(visit, error, attempt_id=_attempt(visit) if alive else "")
    return _saved(visit, done)


async def again(visit: Visit) -> Response:
    """Log in again; ``rerequest`` asks for what was declined."""
    try:
        purpose = await _check(visit)
    except LoginError as error:
        return dialog.trouble(visit, error)
    return await dialog.go(
        visit, purpose, visit.form["facebook_app"] or None, rerequest=visit.form["how"] == "rerequest"
    )


async def start_over(visit: Visit) -> Response:
    """Take all back that was granted, and log in anew."""
    try:
        await _check(visit)
        purpose = await dialog.channel(visit).onboarding.start_over(
            visit.app.id, _attempt(visit), dialog.nonce(visit)
        )
    except LoginError as error:
        return dialog.trouble(visit, error)
    return await dialog.go(visit, purpose, visit.form["facebook_app"] or None)


def _attempt(visit: Visit) -> str:
    return str(visit.request.path_params["attemptId"])


async def _check(visit: Visit) -> Purpose:
    """What the login is for. One that another member began in this browser, or for another app, is not known here."""
    found = await dialog.channel(visit).onboarding.purpose_of(_attempt(visit), dialog.nonce(visit))
    if found.app_id != visit.app.id or found.member_id != visit.member.id:
        raise LoginError(trouble(Kind.WRONG_STATE))
    return found


def _saved(visit: Visit, done: Connected) -> Response:
    since = int(visit.now.timestamp())
    return visit.redirect(
        f"{dialog.base(visit)}/{done.integration_id}?since={since}", done="connected" if done.created else "reconnected"
    )


def _page(visit: Visit, choices: Choices, account: str = "", name: str = "") -> Response:
    ready = [row for row in choices.rows if row.eligible]
    shut = [row for row in choices.rows if not row.eligible]
    remedies = {one.name: one for row in shut if row.reason for one in row.reason.remedies}
    if choices.trouble is not None:
        remedies |= {one.name: one for one in choices.trouble.remedies}
    elif any(not one.needed for one in choices.missing):
        remedies.setdefault("rerequest", _REREQUEST)
    again = bool(choices.purpose.integration_id)
    problems: dict[str, str] = {}
    if visit.request.method == "POST":
        problems = {} if account else {"account": "Choose an account first."}
        if len(name) > LONGEST_NAME:
            problems["name"] = f"Too long. At most {LONGEST_NAME} characters."
    words: dict[str, Any] = {
        "title": "Reconnect the account" if again else "Choose an account",
        "status": 422 if problems else 200,
        "by_facebook": choices.login == FACEBOOK,
        "chosen": account or (ready[0].account_id if len(ready) == 1 else ""),
        "searched": len(choices.rows) > _SEARCHED_FROM,
        "new_ones": any(row.integration_id is None for row in ready),
    }
    return visit.page(
        "integrations/chooser.html",
        choices=choices,
        ready=ready,
        shut=shut,
        remedies=list(remedies.values()),
        attempt=_attempt(visit),
        name=name,
        problems=problems,
        **words,
    )


_REREQUEST = next(one for one in trouble(Kind.DENIED_SCOPES).remedies if one.name == "rerequest")
