"""Connect an account: by logging in at Meta, or with a token that one has already."""

from typing import Any

from pydantic import ValidationError
from starlette.responses import Response

from heliograph.api import integrations as api
from heliograph.api.integration_types import CREATE_MODELS
from heliograph.channels.base import ConnectError
from heliograph.channels.instagram.accounts.facebook_apps import FacebookAppError, Listed
from heliograph.channels.instagram.meta.flavours import FACEBOOK
from heliograph.dashboard import wording
from heliograph.dashboard.frame import Visit
from heliograph.dashboard.integrations import dialog, words
from heliograph.dashboard.integrations.fields import problems_of
from heliograph.dashboard.integrations.standing import LIVE

wording.say(
    {
        "connected": "The account is connected.",
        "reconnected": "The account is connected again. Its conversations are as they were.",
    }
)


async def show(visit: Visit) -> Response:
    """The page."""
    return await _page(visit)


async def authenticate(visit: Visit) -> Response:
    """To Meta's dialog."""
    again_at = f"{dialog.base(visit)}/new"
    return await dialog.go(visit, dialog.purpose(visit, again_at), visit.form["facebook_app"] or None)


async def with_token(visit: Visit) -> Response:
    """Connect by id, secret and token, as the API does."""
    names = ("appId", "appSecret", "pageAccessToken", "login", "displayName")
    given = {name: visit.form[name] for name in names if visit.form[name]}
    try:
        body = CREATE_MODELS[LIVE].model_validate({"type": LIVE, **given})
    except ValidationError as error:
        return await _page(visit, problems_of(error))
    try:
        integration_id = await api.connect(visit.services, visit.app.id, body.lean())
    except ConnectError as error:
        return await _page(visit, {"token": str(error)})
    return visit.redirect(f"{dialog.base(visit)}/{integration_id}", done="connected")


async def _page(visit: Visit, problems: dict[str, str] | None = None) -> Response:
    register = dialog.channel(visit).facebook_apps
    usable = await register.all(visit.app.id)
    return visit.page(
        "integrations/new.html",
        title="Connect an account",
        status=422 if problems else 200,
        apps_at_meta=usable,
        picked=await _picked(visit, usable),
        logins=[(login, words.asked_for(login)) for login in dict.fromkeys(one.login for one in usable)],
        login_names=words.LOGINS,
        login_help=words.LOGIN_HELP,
        redirect_uri=register.redirect_uri,
        problems=problems or {},
        given=_shown_again(visit),
    )


def _shown_again(visit: Visit) -> dict[str, Any]:
    """What was typed, without what is secret."""
    login = visit.form["login"] or FACEBOOK
    return {"appId": visit.form["appId"], "displayName": visit.form["displayName"], "login": login}


async def _picked(visit: Visit, usable: list[Listed]) -> str:
    """The one that is chosen beforehand."""
    try:
        return (await dialog.channel(visit).facebook_apps.pick(visit.app.id)).id
    except FacebookAppError:
        return usable[0].id if usable else ""
