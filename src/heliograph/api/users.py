"""Users (Sunshine reference 1.13)."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import AfterValidator, Field
from starlette.responses import Response

from heliograph.api.errors import ApiError, bad_request, not_found
from heliograph.api.operation import AppId, Call, CurrentCall, Operation, UserId
from heliograph.api.validation import wrong
from heliograph.api.wire import Metadata, Nothing, Short, Uri, Wire, reply
from heliograph.messaging import forget, shapes, users

router = APIRouter(prefix="/apps/{appId}/users", tags=["Users"], route_class=Operation)


def _email(value: str) -> str:
    name, at, host = value.rpartition("@")
    if not (name and at and host) or any(char.isspace() for char in value):
        raise wrong("must be an email address")
    return value


def parse_time(value: str) -> datetime:
    """An aware time from ISO 8601; one without a zone is UTC. Raises ValueError."""
    moment = datetime.fromisoformat(value)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def _time(value: str) -> str:
    try:
        parse_time(value)
    except (ValueError, OverflowError):
        raise wrong("must be an ISO 8601 time like 2026-02-03T18:33:47.466Z") from None
    return value


class Profile(Wire):
    """Profile of a user (2.4); null clears a field."""

    given_name: Annotated[Short, Field(min_length=1)] | None = None
    surname: Annotated[Short, Field(min_length=1)] | None = None
    email: (
        Annotated[
            str, Field(min_length=1, max_length=128, json_schema_extra={"format": "email"}), AfterValidator(_email)
        ]
        | None
    ) = None
    avatar_url: Uri | None = None
    locale: Annotated[str, Field(min_length=1, max_length=64)] | None = None


class User(Wire):
    """User (2.4)."""

    id: str
    authenticated: bool
    external_id: str | None = None
    brand_id: str | None = None
    signed_up_at: str | None = None
    to_be_retained: bool | None = None
    profile: Profile
    metadata: dict[str, Any]
    identities: list[dict[str, Any]]


class _Fields(Wire):
    signed_up_at: Annotated[str, AfterValidator(_time)] | None = None
    to_be_retained: bool | None = None
    profile: Profile | None = None
    metadata: Metadata | None = None

    def signed_up(self) -> datetime | None:
        """``signedUpAt`` as a time."""
        return parse_time(self.signed_up_at) if self.signed_up_at else None


class UserCreate(_Fields):
    """Body of CreateUser."""

    external_id: Annotated[str, Field(min_length=1, max_length=1024)] | None = None
    brand_id: Annotated[str, Field(min_length=1, max_length=24)] | None = None


class UserUpdate(_Fields):
    """Body of UpdateUser. ``externalId`` cannot be changed and is passed over."""


class UserResponse(Wire):
    """One user."""

    user: User


class UserListResponse(Wire):
    """Users with an identity."""

    users: list[User]


@router.post("", operation_id="CreateUser", status_code=201, response_model=UserResponse)
async def create_user(call: CurrentCall, app_id: AppId, body: UserCreate) -> Response:
    """Create a user."""
    now = call.services.clock()
    try:
        made = await users.create(call.connection, app_id, body.given(), body.signed_up(), now)
    except users.UserExistsError:
        raise ApiError(409, "User already exists") from None
    if made is None:
        raise not_found("app")
    return reply({"user": made}, 201)


@router.get("", operation_id="ListUsers", response_model=UserListResponse)
async def list_users(call: CurrentCall, app_id: AppId) -> Response:
    """List the users who have an email among their identities."""
    email = call.query.get("filter", {}).get("identities.email")
    if not isinstance(email, str) or not email:
        raise bad_request("filter[identities.email] must be given as a non-empty string")
    return reply({"users": await users.list_by_email(call.connection, app_id, email, brand_of(call))})


@router.get("/{userIdOrExternalId}", operation_id="GetUser", response_model=UserResponse)
async def get_user(call: CurrentCall, app_id: AppId, user_id: UserId) -> Response:
    """Get a user by id or external id."""
    return reply({"user": shapes.user(await find_user(call, app_id, user_id))})


@router.patch("/{userIdOrExternalId}", operation_id="UpdateUser", response_model=UserResponse)
async def update_user(call: CurrentCall, app_id: AppId, user_id: UserId, body: UserUpdate) -> Response:
    """Change a user."""
    user = await find_user(call, app_id, user_id)
    return _found(await users.update(call.connection, app_id, user["id"], body.given(), body.signed_up()))


@router.delete("/{userIdOrExternalId}", operation_id="DeleteUser", response_model=Nothing)
async def delete_user(call: CurrentCall, app_id: AppId, user_id: UserId) -> Response:
    """Delete a user with clients and conversations. All is gone when ``user:remove`` is told."""
    user = await find_user(call, app_id, user_id)
    if not await forget.take_user(call.connection, app_id, user["id"]):
        raise not_found("user")
    return reply({})


@router.delete(
    "/{userIdOrExternalId}/personalinformation",
    operation_id="DeleteUserPersonalInformation",
    response_model=UserResponse,
)
async def delete_personal_information(call: CurrentCall, app_id: AppId, user_id: UserId) -> Response:
    """Clear name, email, avatar and metadata of a user, and what the channels told of them. Messages stay."""
    user = await find_user(call, app_id, user_id)
    return _found(await users.forget_personal(call.connection, app_id, user["id"]))


@router.post("/{zendeskId}/sync", operation_id="SyncUser", response_model=UserResponse)
async def sync_user(zendesk_id: Annotated[str, Path(alias="zendeskId")]) -> Response:
    """Copy a user of Zendesk Support. There is none here: always 404."""
    raise ApiError(404, f"No user has the zendeskId {zendesk_id[:100]}", code="user_not_found")


def brand_of(call: Call) -> str | None:
    """The query's ``brandId``."""
    brand = call.query.get("brandId", {}).get("")
    return str(brand) if brand else None


async def find_user(call: Call, app_id: str, id_or_external_id: str) -> Any:
    """The row of the user that the path and ``brandId`` name. Raises a 404."""
    user = await users.find(call.connection, app_id, id_or_external_id, brand_of(call))
    if user is None:
        raise not_found("user")
    return user


def _found(user: dict[str, Any] | None) -> Response:
    if user is None:
        raise not_found("user")
    return reply({"user": user})
