"""Invitations (ours): links by which a customer of the app's owner connects an account, without a key or session here."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path
from pydantic import AfterValidator, Field, model_validator
from starlette.responses import Response

from heliograph.api.errors import bad_request, not_found
from heliograph.api.integration_types import CarouselMode, HumanAgentTag, InstagramLogin, MediaMode
from heliograph.api.operation import AppId, CurrentCall, Operation
from heliograph.api.pagination import cut_of, page_of
from heliograph.api.services import Services
from heliograph.api.validation import wrong, wrong_together
from heliograph.api.wire import Links, Meta, Name, Nothing, Wire, reply
from heliograph.channels.base import ConnectError
from heliograph.messaging import invitations, way_back

router = APIRouter(prefix="/apps/{appId}/invitations", tags=["Invitations"], route_class=Operation)

InvitationId = Annotated[str, Path(alias="invitationId")]

LONGEST_STATE = 512
_SHORTEST_LIFE = timedelta(minutes=1)


def _printable(value: str) -> str:
    """A name on a page for strangers: nothing in it that is not seen, or that turns the text around."""
    if not value.strip() or not value.isprintable():
        raise wrong("must have printable characters only")
    return value


def _url(objection: Callable[[str], str | None]) -> AfterValidator:
    def check(value: str) -> str:
        if said := objection(value):
            raise wrong(said)
        return value

    return AfterValidator(check)


def _moment(value: str) -> str:
    try:
        zoned = datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        zoned = False
    if not zoned:
        raise wrong("must be a time with its zone, like 2026-03-02T08:15:00Z")
    return value


_ADDRESS = Field(min_length=1, max_length=way_back.LONGEST, json_schema_extra={"format": "uri"})
# Plain http is judged by the server's own address, below.
ReturnUrl = Annotated[str, _ADDRESS, _url(lambda url: way_back.return_objection(url, ""))]
LogoUrl = Annotated[str, _ADDRESS, _url(way_back.logo_objection)]
Shown = Annotated[Name, AfterValidator(_printable)]
Moment = Annotated[str, Field(max_length=40, json_schema_extra={"format": "date-time"}), AfterValidator(_moment)]
Seconds = Annotated[
    int,
    Field(ge=int(_SHORTEST_LIFE.total_seconds()), le=int(invitations.LONGEST_LIFE.total_seconds())),
]
FacebookAppId = Annotated[str, Field(min_length=1, max_length=32, pattern=r"^[0-9]+$")]


class InvitationSettings(Wire):
    """Fields of the integration that comes of it, as CreateIntegration takes them."""

    story_replies_enabled: bool | None = None
    story_mentions_enabled: bool | None = None
    human_agent_tag: HumanAgentTag | None = None
    carousel_mode: CarouselMode | None = None
    media_mode: MediaMode | None = None


class InvitationCreate(Wire):
    """Body of CreateInvitation. ``expiresIn`` is in seconds; without it and ``expiresAt`` it is seven days."""

    return_url: ReturnUrl
    state: Annotated[str, Field(min_length=1, max_length=LONGEST_STATE)] | None = None
    expires_at: Moment | None = None
    expires_in: Seconds | None = None
    facebook_app_id: FacebookAppId | None = None
    login: InstagramLogin | None = None
    display_name: Name | None = None
    brand_name: Shown | None = None
    logo_url: LogoUrl | None = None
    settings: InvitationSettings | None = None

    @model_validator(mode="after")
    def _one_end(self) -> "InvitationCreate":
        if self.expires_at is not None and self.expires_in is not None:
            raise wrong_together("expiresAt and expiresIn exclude each other")
        return self


class Invitation(Wire):
    """An invitation. ``url`` is there in the answer that makes it, and never again."""

    id: str
    status: Literal["open", "opened", "used", "cancelled", "expired"]
    url: str | None = None
    return_url: str
    created_at: str
    expires_at: str
    state: str | None = None
    facebook_app_id: str | None = None
    login: InstagramLogin | None = None
    display_name: str | None = None
    brand_name: str | None = None
    logo_url: str | None = None
    settings: InvitationSettings | None = None
    opened_at: str | None = None
    used_at: str | None = None
    cancelled_at: str | None = None
    integration_id: str | None = None


class InvitationResponse(Wire):
    """One invitation."""

    invitation: Invitation


class InvitationListResponse(Wire):
    """A page of invitations."""

    invitations: list[Invitation]
    meta: Meta
    links: Links


@router.post("", operation_id="CreateInvitation", status_code=201, response_model=InvitationResponse)
async def create_invitation(call: CurrentCall, app_id: AppId, body: InvitationCreate) -> Response:
    """Make a link by which somebody connects an Instagram account to the app. The link is shown this once."""
    try:
        return reply({"invitation": await invite(call.services, app_id, body)}, 201)
    except RefusedError as refused:
        raise bad_request(str(refused)) from None


@router.get("", operation_id="ListInvitations", response_model=InvitationListResponse)
async def list_invitations(call: CurrentCall, app_id: AppId) -> Response:
    """List the invitations of an app, without their links."""
    cut, now = cut_of(call.query), call.services.clock()
    page = await invitations.list_invitations(call.connection, app_id, cut)
    return reply(page_of(call, "invitations", [invitations.wire(row, now) for row in page.rows], cut, page))


@router.get("/{invitationId}", operation_id="GetInvitation", response_model=InvitationResponse)
async def get_invitation(call: CurrentCall, app_id: AppId, invitation_id: InvitationId) -> Response:
    """Get one invitation, without its link: how it stands, and which integration came of it."""
    found = await invitations.get(call.connection, app_id, invitation_id, call.services.clock())
    if found is None:
        raise not_found("resource")
    return reply({"invitation": found})


@router.delete("/{invitationId}", operation_id="DeleteInvitation", response_model=Nothing)
async def delete_invitation(call: CurrentCall, app_id: AppId, invitation_id: InvitationId) -> Response:
    """Cancel an invitation: its link stops working at once. What was connected by it stays; one that is used or expired
    stays as it is."""
    if not await invitations.cancel(call.connection, app_id, invitation_id, call.services.clock()):
        raise not_found("resource")
    return reply({})


class RefusedError(Exception):
    """What a checked body asks for and cannot have here, as a sentence. ``field`` is the wire's name for what is wrong."""

    def __init__(self, field: str, said: str) -> None:
        super().__init__(said)
        self.field = field


async def invite(services: Services, app_id: str, body: InvitationCreate) -> dict[str, Any]:
    """Make an invitation by a checked body: as the wire shows it, with its link. Raises :class:`RefusedError`."""
    now = services.clock()
    if said := way_back.return_objection(body.return_url, services.public_url):
        raise RefusedError("returnUrl", f"returnUrl {said}")
    expires_at = _end(body, now)
    try:
        await services.channels["instagram"].check_login(app_id, body.facebook_app_id, body.login)
    except ConnectError as error:
        raise RefusedError("facebookAppId", str(error)) from None
    async with services.database.transaction() as connection:
        made, code = await invitations.create(connection, app_id, body.lean(), expires_at, now)
    return {**made, "url": f"{services.public_url}{invitations.PATH}{code}"}


def _end(body: InvitationCreate, now: datetime) -> datetime:
    """When it expires. Raises :class:`RefusedError`."""
    if body.expires_at is None:
        return now + (timedelta(seconds=body.expires_in) if body.expires_in else invitations.DEFAULT_LIFE)
    try:
        end = datetime.fromisoformat(body.expires_at).astimezone(UTC)
    except OverflowError:
        end = datetime.max.replace(tzinfo=UTC)
    if not now + _SHORTEST_LIFE <= end <= now + invitations.LONGEST_LIFE:
        raise RefusedError("expiresAt", "expiresAt must be at least a minute and at most 90 days from now")
    return end
