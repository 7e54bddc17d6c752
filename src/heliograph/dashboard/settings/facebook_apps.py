"""Facebook apps: by which accounts are connected. Listed, added, changed, removed; and what Meta must have entered of each.

A secret is typed here and never shown. It is tried at Meta before it is kept.
"""

from starlette.exceptions import HTTPException
from starlette.responses import Response

from heliograph.channels.instagram import InstagramChannel
from heliograph.channels.instagram.accounts.facebook_apps import (
    LONGEST_NAME,
    FacebookAppError,
    FacebookAppRegister,
    Listed,
)
from heliograph.channels.instagram.meta.flavours import FACEBOOK, INSTAGRAM
from heliograph.dashboard import access, wording
from heliograph.dashboard.frame import Visit

wording.say(
    {
        "facebook-app-added": "Meta took its id and secret. Now enter at Meta what stands below.",
        "facebook-app-kept": "It is kept. Whether Meta takes its id and secret, the first login tells.",
        "facebook-app-saved": "Saved.",
        "facebook-app-secret": "The secret is changed.",
        "facebook-app-removed": "The Facebook app is removed.",
    }
)

PATH = "/settings/facebook-apps"
_LOGINS = ((FACEBOOK, "Facebook Login"), (INSTAGRAM, "Instagram Login"))
_MOST_APPS = 1000


async def show_all(visit: Visit) -> Response:
    """The list."""
    return visit.page(
        "settings/facebook_apps.html",
        title="Facebook apps",
        listed=await _register(visit).all(),
        names=await _names(visit),
        logins=dict(_LOGINS),
    )


async def ask(visit: Visit) -> Response:
    """The page to add one on."""
    return await _ask_page(visit)


async def add(visit: Visit) -> Response:
    """Its form: tried at Meta at once."""
    form = visit.form
    names = await _names(visit)
    if form["for"] and form["for"] not in names:
        return await _ask_page(visit, "There is no such app. Choose one of the list.")
    try:
        made = await _register(visit).add(
            form["id"],
            form["secret"],
            name=form["name"],
            login=form["login"],
            config_id=form["config_id"] if form["login"] == FACEBOOK else None,
            app_id=form["for"] or None,
        )
    except FacebookAppError as error:
        return await _ask_page(visit, str(error))
    word = "facebook-app-added" if made.checked_at else "facebook-app-kept"
    return visit.redirect(f"{PATH}/{made.id}", done=word)


async def show(visit: Visit) -> Response:
    """One of them."""
    return await _page(visit, await _found(visit))


async def change(visit: Visit) -> Response:
    """Name, configuration, default."""
    found, form = await _found(visit), visit.form
    config_id = form["config_id"] if found.login == FACEBOOK else None
    try:
        await _register(visit).change(
            found.id, name=form["name"], config_id=config_id, default=bool(form["default"]) and found.shared
        )
    except FacebookAppError as error:
        return await _page(visit, found, {"change": str(error)})
    return visit.redirect(f"{PATH}/{found.id}", done="facebook-app-saved")


async def rotate(visit: Visit) -> Response:
    """Another secret; tried first."""
    found, secret = await _found(visit), visit.form["secret"]
    if not secret:
        return await _page(visit, found, {"secret": "Enter the new secret, as it stands in the App Dashboard."})
    try:
        await _register(visit).change(found.id, secret=secret)
    except FacebookAppError as error:
        return await _page(visit, found, {"secret": str(error)})
    return visit.redirect(f"{PATH}/{found.id}", done="facebook-app-secret")


async def remove(visit: Visit) -> Response:
    """Remove one by which no account is connected."""
    found = await _found(visit)
    try:
        await _register(visit).remove(found.id)
    except FacebookAppError as error:
        return await _page(visit, found, {"remove": str(error)})
    return visit.redirect(PATH, done="facebook-app-removed")


def _register(visit: Visit) -> FacebookAppRegister:
    channel = visit.services.channels.get(InstagramChannel.type)
    if not isinstance(channel, InstagramChannel):
        raise HTTPException(404)
    return channel.facebook_apps


async def _found(visit: Visit) -> Listed:
    found = await _register(visit).get(visit.request.path_params["facebookAppId"])
    if found is None:
        raise HTTPException(404)
    return found


async def _names(visit: Visit) -> dict[str, str]:
    """The names of the installation's apps, by id."""
    async with visit.services.database.pool.acquire() as connection:
        return {one.id: one.name for one in await access.apps_of(connection, visit.member, _MOST_APPS)}


async def _ask_page(visit: Visit, problem: str = "") -> Response:
    register = _register(visit)
    shown = ("id", "name", "config_id", "login", "for")
    return visit.page(
        "settings/new_facebook_app.html",
        title="Add Facebook app",
        status=422 if problem else 200,
        problem=problem,
        given={name: visit.form[name] for name in shown},
        logins=_LOGINS,
        names=await _names(visit),
        redirect_uri=register.redirect_uri,
        longest_name=LONGEST_NAME,
    )


async def _page(visit: Visit, found: Listed, problems: dict[str, str] | None = None) -> Response:
    names, form = await _names(visit), visit.form
    typed = "change" in (problems or {})
    return visit.page(
        "settings/facebook_app.html",
        title=found.name or f"App {found.id}",
        status=422 if problems else 200,
        one=found,
        whose=names.get(found.app_id or "", found.app_id),
        login=dict(_LOGINS)[found.login],
        entries=await _register(visit).entries(found.id),
        given={
            "name": form["name"] if typed else found.name,
            "config_id": form["config_id"] if typed else found.config_id or "",
            "default": bool(form["default"]) if typed else found.is_default,
        },
        problems=problems or {},
        longest_name=LONGEST_NAME,
    )
