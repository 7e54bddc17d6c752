"""On to Meta's login dialog, and the pages about what goes wrong on the way there or back."""

from starlette.exceptions import HTTPException
from starlette.responses import Response

from heliograph.channels.instagram import InstagramChannel
from heliograph.channels.instagram.onboarding import LoginError, Purpose
from heliograph.channels.instagram.onboarding.browser import cookie, nonce_of
from heliograph.dashboard import forms
from heliograph.dashboard.frame import ROOT, Visit
from heliograph.dashboard.integrations.standing import LIVE


def channel(visit: Visit) -> InstagramChannel:
    """Instagram's channel."""
    found = visit.services.channels.get(LIVE)
    if not isinstance(found, InstagramChannel):
        raise HTTPException(404)
    return found


def base(visit: Visit) -> str:
    """Where the app's integrations are, without ``/dashboard``."""
    return f"/apps/{visit.app.id}/integrations"


def nonce(visit: Visit) -> str:
    """What binds this browser to its logins."""
    return nonce_of(visit.services.public_url, visit.request.cookies)


def purpose(visit: Visit, again_at: str, integration_id: str | None = None) -> Purpose:
    """What a login from here is for. ``again_at``: the page it began on."""
    return Purpose(
        visit.app.id,
        f"{ROOT}{base(visit)}/choose",
        f"{ROOT}{again_at}",
        integration_id=integration_id,
        member_id=visit.member.id,
    )


async def go(visit: Visit, wanted: Purpose, facebook_app_id: str | None = None, *, rerequest: bool = False) -> Response:
    """Begin a login, and send the browser to Meta.

    Not by a redirect: what a form leads to must be of this server (the policy's ``form-action``), all the way, and Meta
    leads on to other hosts of its own. htmx is told where to go; without scripts a page goes on by itself.

    Meta leads back to the public address, and a cookie of this one is not there: who is at another is sent there first.
    """
    if origin := forms.other_origin(visit.request, visit.services.public_url):
        return visit.page(
            "integrations/elsewhere.html",
            title="Go on at the public address",
            status=422 if visit.by_htmx else 409,
            origin=origin,
            public=visit.services.public_url,
            url=visit.services.public_url + (wanted.again_at or f"{ROOT}{base(visit)}/new"),
        )
    try:
        begun = await channel(visit).onboarding.begin(wanted, facebook_app_id, rerequest=rerequest, nonce=nonce(visit))
    except LoginError as error:
        return trouble(visit, error)
    if visit.by_htmx:
        response = Response(status_code=204, headers={"HX-Redirect": begun.url})
    else:
        response = visit.page("integrations/onward.html", title="On to Meta", url=begun.url)
    response.set_cookie(**cookie(visit.services.public_url, begun.nonce))
    return response


def trouble(visit: Visit, error: LoginError) -> Response:
    """The page about a login that does not go on."""
    said = error.trouble
    status = 422 if visit.by_htmx else said.status
    again_at = (error.again_at or f"{ROOT}{base(visit)}/new") if said.again else ""
    return visit.page(
        "integrations/trouble.html",
        title=said.title,
        status=status,
        trouble=said,
        again_at=again_at,
    )
