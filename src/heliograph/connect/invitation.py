"""An invitation's page: who asks, what will be possible, and the buttons that lead to Meta's dialog.

/connect/i/{code}            by the link
/connect/again/{id}          by the browser that has begun a login from it: the way back from wherever it ended
"""

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from heliograph.channels.instagram.accounts.facebook_apps import FacebookAppError, Listed
from heliograph.channels.instagram.onboarding import Kind, LoginError, Purpose
from heliograph.channels.instagram.onboarding.browser import cookie, new_nonce, nonce_of
from heliograph.channels.instagram.onboarding.troubles import trouble
from heliograph.connect import forms, leaving, pages
from heliograph.connect.pages import EndedError
from heliograph.connect.services import Services
from heliograph.connect.sheets import SHEETS
from heliograph.messaging import invitations
from heliograph.messaging.invitations import Invitation
from heliograph.storage import is_id

# The buttons, in this order: login, its name, for whom it is.
BUTTONS = (
    ("facebook", "Facebook", "for an account that is linked to a Facebook Page"),
    ("instagram", "Instagram", "for any professional account; no Page is needed"),
)
_LONGEST_CODE = 100
# In the query of who was sent on to the public address.
_MOVED = "here"


class InvitationPage:
    """The page. A visit marks the invitation as opened, and changes nothing else: links are looked at by programs, too."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def by_link(self, request: Request) -> Response:
        """By the link's code."""
        code = request.path_params["code"]
        if elsewhere := self._elsewhere(request):
            return RedirectResponse(elsewhere, 303, pages.HEADERS)
        found = await invitations.by_code(self._services.database, code) if len(code) <= _LONGEST_CODE else None
        return await self._answer(request, found, popup=request.query_params.get("popup") == "1")

    def _elsewhere(self, request: Request) -> str:
        """The page at the public address, when it is asked for at another; else empty. Meta leads back to the public one,
        and this browser's cookie has to be there. Sent once only: a proxy may tell us another host than the browser's."""
        public = urlsplit(self._services.public_url)
        asked, told = request.headers.get("host", "").lower(), request.headers.get("x-forwarded-proto", public.scheme)
        there = asked == public.netloc.lower() and told.partition(",")[0].strip() == public.scheme
        if there or request.method != "GET" or _MOVED in request.query_params:
            return ""
        query = f"{request.url.query}&" if request.url.query else ""
        return f"{self._services.public_url}{request.url.path}?{query}{_MOVED}"

    async def again(self, request: Request) -> Response:
        """By its id, in the browser that has begun a login from it."""
        invitation_id, nonce = request.path_params["id"], nonce_of(self._services.public_url, request.cookies)
        found = None
        if is_id(invitation_id) and request.path_params.get("popup", "popup") == "popup":
            found = await invitations.by_browser(self._services.database, invitation_id, nonce)
        return await self._answer(request, found, popup="popup" in request.path_params)

    async def _answer(self, request: Request, invitation: Invitation | None, *, popup: bool) -> Response:
        pages.no_head(request)
        if invitation is None:
            return pages.unknown()
        services = self._services
        now, nonce = services.clock(), nonce_of(services.public_url, request.cookies)
        status = invitation.status(now)
        if status in pages.ENDED:
            return pages.ended(invitation, status, popup=popup)
        offers = await offers_of(services, invitation, popup=popup)
        if request.method == "POST":
            return await self._begin(request, invitation, offers, nonce, popup=popup)
        await invitations.opened(services.database, invitation.id, now)
        return self._page(request, invitation, offers, nonce or new_nonce(), popup=popup)

    def _page(
        self, request: Request, invitation: Invitation, offers: dict[str, Listed], nonce: str, *, popup: bool
    ) -> Response:
        response = SHEETS.page(
            "invitation.html",
            images=pages.images_of(invitation),
            invitation=invitation,
            buttons=[button for button in BUTTONS if button[0] in offers],
            action=request.url.path,
            proof=forms.proof_of(nonce),
            popup=popup,
            back=leaving.cancelled(invitation, popup=popup),
        )
        response.set_cookie(**cookie(self._services.public_url, nonce))
        return response

    async def _begin(
        self, request: Request, invitation: Invitation, offers: dict[str, Listed], nonce: str, *, popup: bool
    ) -> Response:
        """The form: on to Meta's dialog."""
        fields = await forms.read(request)
        popup = popup or fields.get("popup") == "1"
        offer = offers.get(fields.get("login", ""))
        if offer is None or not forms.proven(fields, nonce):
            return pages.lapsed(request.url.path, leaving.cancelled(invitation, popup=popup))
        return await begin(self._services, invitation, offer.id, nonce, popup=popup)


async def offers_of(services: Services, invitation: Invitation, *, popup: bool) -> dict[str, Listed]:
    """The Facebook apps to log in with, by login. Raises :class:`EndedError` when there is none any more.

    A Facebook app that was added since does not put the one in doubt that there was when the invitation was made.
    """
    register, named = services.facebook_apps, invitation.facebook_app_id
    since = [] if named else await register.all(invitation.app_id)
    before = [one for one in since if one.created_at <= invitation.created_at and invitation.login in (None, one.login)]
    kinds = {login: [one for one in before if one.login == login] for login, _, _ in BUTTONS}
    kept = {login: some[0] for login, some in kinds.items() if len(some) == 1}
    try:
        return kept | await register.offers(invitation.app_id, named, invitation.login)
    except FacebookAppError as error:
        if kept:
            return kept
        stop = LoginError(trouble(Kind.NO_APP, said=str(error)), pages.again_path(invitation, popup=popup))
        raise EndedError(pages.failed(stop, invitation)) from error


async def begin(
    services: Services,
    invitation: Invitation,
    facebook_app_id: str,
    nonce: str,
    *,
    popup: bool,
    rerequest: bool = False,
) -> Response:
    """Begin a login for an invitation: the browser goes to Meta's dialog."""
    again_at = pages.again_path(invitation, popup=popup)
    purpose = Purpose(invitation.app_id, pages.CHOOSE_PATH, again_at, invitation_id=invitation.id, popup=popup)
    await invitations.begun(services.database, invitation.id, nonce)
    try:
        begun = await services.onboarding.begin(purpose, facebook_app_id, rerequest=rerequest, nonce=nonce)
    except LoginError as error:
        return pages.failed(error, invitation)
    response = RedirectResponse(begun.url, 303, pages.HEADERS)
    response.set_cookie(**cookie(services.public_url, begun.nonce))
    return response
