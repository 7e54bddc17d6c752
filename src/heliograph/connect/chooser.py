"""``/connect/choose/{attempt}``: back from Meta with access, a person chooses the account to connect.

choose ──▶ claim the invitation ──▶ connect ──▶ used; on to the return address
   │                                   └── refused: released; the list again, with the reason
   └── ask again, start over, log in again ──▶ Meta's dialog
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from starlette.requests import Request
from starlette.responses import Response

from heliograph.channels.instagram.onboarding import Kind, LoginError, Purpose
from heliograph.channels.instagram.onboarding.browser import cookie, nonce_of
from heliograph.channels.instagram.onboarding.lines import lines
from heliograph.connect import forms, leaving, pages, words
from heliograph.connect.invitation import begin, offers_of
from heliograph.connect.leaving import Back
from heliograph.connect.pages import EndedError
from heliograph.connect.services import Services
from heliograph.connect.sheets import SHEETS
from heliograph.look.chooser import listing
from heliograph.messaging import invitations
from heliograph.messaging.invitations import Invitation, Status
from heliograph.storage import is_id
from heliograph.telemetry.logs import get_logger

log = get_logger("connect")

# What choosing another line may help with: the list is shown again. After anything else a login is over.
_AT_THE_LIST = {Kind.NOT_ELIGIBLE, Kind.NOT_LISTED, Kind.OTHER_ACCOUNT, Kind.CONNECT_REFUSED, Kind.DENIED_SCOPES}
_NOTHING_CHOSEN = "Choose an account first."
_LONGEST_QUERY = 100


@dataclass(frozen=True, slots=True)
class Place:
    """Where a browser stands: its login, and the invitation that it was begun from."""

    attempt_id: str
    nonce: str
    purpose: Purpose
    invitation: Invitation

    @property
    def leave(self) -> Back:
        """The way back without connecting."""
        return leaving.cancelled(self.invitation, popup=self.purpose.popup)


class Chooser:
    """The page and its form."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def answer(self, request: Request) -> Response:
        """Show the list, or do what its form says."""
        pages.no_head(request)
        place = await self._place(request)
        try:
            return await (self._act(request, place) if request.method == "POST" else self._show(request, place))
        except LoginError as error:
            return pages.failed(error, place.invitation)

    async def _place(self, request: Request) -> Place:
        attempt_id, nonce = request.path_params["attempt"], nonce_of(self._services.public_url, request.cookies)
        if not is_id(attempt_id):
            raise EndedError(pages.unknown())
        try:
            purpose = await self._services.onboarding.purpose_of(attempt_id, nonce)
        except LoginError as error:
            raise EndedError(pages.failed(error)) from error
        if purpose.invitation_id is None:
            raise EndedError(pages.unknown())
        invitation = await invitations.by_id(self._services.database, purpose.invitation_id)
        if invitation is None or invitation.app_id != purpose.app_id:
            raise EndedError(pages.unknown())
        status = invitation.status(self._services.clock())
        if status is Status.CANCELLED or (status is Status.USED and not invitation.used_by(attempt_id)):
            raise EndedError(pages.ended(invitation, status, popup=purpose.popup))
        # One that has expired since the login began may end: a login does not last long.
        return Place(attempt_id, nonce, purpose, invitation)

    async def _show(self, request: Request, place: Place) -> Response:
        if place.invitation.used_at is not None:
            return self._done_before(place)
        return await self._list(place, query=request.query_params.get("q", "")[:_LONGEST_QUERY])

    async def _list(self, place: Place, *, query: str = "", problem: str = "", status: int = 200) -> Response:
        choices = await self._services.onboarding.choices(place.purpose.app_id, place.attempt_id, place.nonce)
        listed = listing(lines(words.rows_told(choices.rows, place.invitation.asker)), query)
        if choices.trouble is not None:
            first = {way.name for way in choices.trouble.remedies}
            ways = (*choices.trouble.remedies, *(way for way in listed.ways if way.name not in first))
            listed = replace(listed, ways=ways)
        response = SHEETS.page(
            "choose.html",
            status,
            images=pages.images_of(place.invitation),
            invitation=place.invitation,
            choices=choices,
            listed=listed,
            problem=problem,
            action=f"{pages.CHOOSE_PATH}/{place.attempt_id}",
            proof=forms.proof_of(place.nonce),
            popup=place.purpose.popup,
            back=place.leave,
        )
        response.set_cookie(**cookie(self._services.public_url, place.nonce))
        return response

    async def _act(self, request: Request, place: Place) -> Response:
        fields = await forms.read(request)
        if not forms.proven(fields, place.nonce):
            return pages.lapsed(f"{pages.CHOOSE_PATH}/{place.attempt_id}", place.leave)
        action = fields.get("action", "connect")
        if action == "connect":
            return await self._connect(place, fields)
        if place.invitation.used_at is not None:
            return self._done_before(place)
        return await self._anew(place, fields, action)

    async def _anew(self, place: Place, fields: Mapping[str, str], action: str) -> Response:
        """Back to Meta's dialog, with the login that was used. An expired invitation ends with the login under way."""
        if place.invitation.status(self._services.clock()) is Status.EXPIRED:
            return pages.ended(place.invitation, Status.EXPIRED, popup=place.purpose.popup)
        offers = await offers_of(self._services, place.invitation, popup=place.purpose.popup)
        offer = offers.get(fields.get("login", ""))
        if offer is None:
            return pages.lapsed(place.purpose.again_at, place.leave)
        if action == "start_over":
            await self._services.onboarding.start_over(place.purpose.app_id, place.attempt_id, place.nonce)
        return await begin(
            self._services,
            place.invitation,
            offer.id,
            place.nonce,
            popup=place.purpose.popup,
            rerequest=action == "again",
        )

    async def _connect(self, place: Place, fields: Mapping[str, str]) -> Response:
        services, invitation, account_id = self._services, place.invitation, fields.get("account", "")
        if not account_id:
            return await self._list(place, problem=_NOTHING_CHOSEN, status=400)
        if invitation.used_at is not None and account_id == invitation.claimed_account:
            return self._done_before(place)
        claim = await invitations.claim(
            services.database, invitation.id, place.attempt_id, account_id, services.clock()
        )
        if claim is None:
            now = await invitations.by_id(services.database, invitation.id)
            status = Status.CANCELLED if now is None else now.status(services.clock())
            if status in (Status.CANCELLED, Status.USED):
                return pages.ended(invitation, status, popup=place.purpose.popup)
            again_at = f"{pages.CHOOSE_PATH}/{place.attempt_id}"
            return pages.busy(invitation, again_at, popup=place.purpose.popup)
        named = {} if invitation.display_name is None else {"displayName": invitation.display_name}
        integration_id = None
        try:
            connected = await services.onboarding.choose(
                place.purpose.app_id, place.attempt_id, place.nonce, account_id, {**invitation.settings, **named}
            )
            integration_id = connected.integration_id
        except LoginError as error:
            if error.kind not in _AT_THE_LIST:
                raise
            log.info("not connected", invitation=invitation.id, **words.details(error.trouble))
            problem = words.told(error.trouble, invitation.asker).text
        finally:
            if integration_id is None:
                await invitations.release(services.database, invitation.id, claim)
        if integration_id is None:
            return await self._list(place, problem=problem, status=400)
        await invitations.used(
            services.database, invitation.id, place.attempt_id, account_id, integration_id, services.clock()
        )
        log.info("connected by invitation", invitation=invitation.id, integration=integration_id)
        return pages.done(invitation, integration_id, popup=place.purpose.popup)

    def _done_before(self, place: Place) -> Response:
        """This login has connected: the same answer, unless the integration is deleted since."""
        if place.invitation.integration_id is None:
            return pages.ended(place.invitation, Status.USED, popup=place.purpose.popup)
        return pages.done(place.invitation, place.invitation.integration_id, popup=place.purpose.popup)
