"""Back from Meta: choose the account, and save; or log in anew, in one of three ways."""

from dataclasses import replace

from starlette.responses import Response

from heliograph.channels.instagram.meta.flavours import FACEBOOK
from heliograph.channels.instagram.onboarding import Choices, Connected, Kind, LoginError, Purpose
from heliograph.channels.instagram.onboarding.lines import lines
from heliograph.channels.instagram.onboarding.troubles import trouble
from heliograph.dashboard.frame import Visit
from heliograph.dashboard.integrations import dialog
from heliograph.dashboard.integrations.fields import LONGEST_NAME
from heliograph.look.chooser import Listing, listing
from heliograph.messaging import integrations

# What choosing another account may help with: the list is shown again. After anything else a login is over.
_AT_THE_LIST = {Kind.NOT_ELIGIBLE, Kind.NOT_LISTED, Kind.OTHER_ACCOUNT, Kind.CONNECT_REFUSED, Kind.DENIED_SCOPES}
_LONGEST_QUERY = 100
# Ways out that a button goes, by their names: the button's value and words. To start over is asked about on a page.
_BUTTONS = {
    "rerequest": ("again", "Ask again", ""),
    "start_over": ("start_over", "Start over", ""),
    "edit_access": ("login", "Log in again", ""),
}


async def show(visit: Visit) -> Response:
    """What can be connected; and what cannot be, why, and what to do."""
    try:
        await _check(visit)
        return await _list(visit)
    except LoginError as error:
        return dialog.trouble(visit, error)


async def save(visit: Visit) -> Response:
    """Connect the chosen account, or reconnect it; then its page, which waits for the first message."""
    account, name = visit.form["account"], visit.form["display_name"]
    try:
        await _check(visit)
        if not account:
            return await _list(visit, {"account": "Choose an account first."})
        if len(name) > LONGEST_NAME:
            return await _list(visit, {"name": f"Too long. At most {LONGEST_NAME} characters."})
        try:
            done = await dialog.channel(visit).onboarding.choose(
                visit.app.id, _attempt(visit), dialog.nonce(visit), account, {"displayName": name} if name else {}
            )
        except LoginError as error:
            if error.kind not in _AT_THE_LIST:
                raise
            return await _list(visit, {"account": error.trouble.text})
    except LoginError as error:
        return dialog.trouble(visit, error)
    if name and not done.created:  # connecting names a new one only
        async with visit.services.database.transaction() as connection:
            await integrations.change(connection, visit.app.id, done.integration_id, {"displayName": name})
    return _saved(visit, done)


async def anew(visit: Visit) -> Response:
    """Log in again: as before, or asking for what was declined. To start over is asked about first."""
    how, facebook_app = visit.form["action"], visit.form["facebook_app"]
    try:
        purpose = await _check(visit)
    except LoginError as error:
        return dialog.trouble(visit, error)
    if how == "start_over":
        return visit.page(
            "integrations/start_over.html",
            title="Start over?",
            action=f"{_path(visit)}/start-over",
            back=_path(visit),
            facebook_app=facebook_app,
        )
    return await dialog.go(visit, purpose, facebook_app or None, rerequest=how == "again")


async def start_over(visit: Visit) -> Response:
    """Take all back that was granted, and log in anew."""
    try:
        await _check(visit)
        purpose = await dialog.channel(visit).onboarding.start_over(visit.app.id, _attempt(visit), dialog.nonce(visit))
    except LoginError as error:
        return dialog.trouble(visit, error)
    return await dialog.go(visit, purpose, visit.form["facebook_app"] or None)


def _attempt(visit: Visit) -> str:
    return str(visit.request.path_params["attemptId"])


def _path(visit: Visit) -> str:
    return f"{dialog.base(visit)}/choose/{_attempt(visit)}"


async def _check(visit: Visit) -> Purpose:
    """What the login is for. One that another member began in this browser, or for another app, is not known here."""
    found = await dialog.channel(visit).onboarding.purpose_of(_attempt(visit), dialog.nonce(visit))
    if found.app_id != visit.app.id or found.member_id != visit.member.id:
        raise LoginError(trouble(Kind.WRONG_STATE))
    return found


def _saved(visit: Visit, done: Connected) -> Response:
    path = f"{dialog.base(visit)}/{done.integration_id}?since={int(visit.now.timestamp())}"
    # A new one says by itself that it is connected, and what is next.
    return visit.redirect(path, done="" if done.created else "reconnected")


async def _list(visit: Visit, problems: dict[str, str] | None = None) -> Response:
    choices = await dialog.channel(visit).onboarding.choices(visit.app.id, _attempt(visit), dialog.nonce(visit))
    query = visit.request.query_params.get("q", "")[:_LONGEST_QUERY]
    listed = _with_ways(listing(lines(choices.rows), query), choices)
    title = "Choose an account"
    if not listed.free and not query:
        title = choices.trouble.title if choices.trouble else "No account can be connected yet"
    elif choices.purpose.integration_id:
        title = "Reconnect the account"
    elif choices.login != FACEBOOK:
        title = "Connect this account"
    return visit.page(
        "integrations/chooser.html",
        title=title,
        status=422 if problems else 200,
        choices=choices,
        listed=listed,
        buttons=_BUTTONS,
        action=_path(visit),
        new_ones=any(row.eligible and row.integration_id is None for row in choices.rows),
        given=visit.form["display_name"],
        longest_name=LONGEST_NAME,
        problems=problems or {},
    )


def _with_ways(listed: Listing, choices: Choices) -> Listing:
    """The ways out of what stands in the way of all lines come first; of what is missing at all, they are told, too."""
    first = choices.trouble.remedies if choices.trouble else ()
    if not first and choices.missing:
        first = tuple(way for way in trouble(Kind.DENIED_SCOPES).remedies if way.name == "rerequest")
    names = {way.name for way in first}
    return replace(listed, ways=(*first, *(way for way in listed.ways if way.name not in names)))
