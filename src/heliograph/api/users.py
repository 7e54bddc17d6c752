"""Users (Sunshine reference 1.13)."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import AfterValidator, Field
from starlette.responses import Response

from heliograph.api.errors import not_found
from heliograph.api.operation import AppId, CurrentCall, Operation, UserId
from heliograph.api.validation import wrong
from heliograph.api.wire import Metadata, Short, Uri, Wire, reply
from heliograph.messaging import users

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
    signed_up_at: str | None = None
    to_be_retained: bool | None = None
    profile: Profile
    metadata: dict[str, Any]
    identities: list[dict[str, Any]]


class UserUpdate(Wire):
    """Body of UpdateUser. ``externalId`` cannot be changed and is passed over."""

    signed_up_at: Annotated[str, AfterValidator(_time)] | None = None
    to_be_retained: bool | None = None
    profile: Profile | None = None
    metadata: Metadata | None = None


class UserResponse(Wire):
    """One user."""

    user: User


@router.get("/{userIdOrExternalId}", operation_id="GetUser", response_model=UserResponse)
async def get_user(call: CurrentCall, app_id: AppId, user_id: UserId) -> Response:
    """Get a user by id or external id."""
    return _found(await users.get(call.connection, app_id, user_id))


@router.patch("/{userIdOrExternalId}", operation_id="UpdateUser", response_model=UserResponse)
async def update_user(call: CurrentCall, app_id: AppId, user_id: UserId, body: UserUpdate) -> Response:
    """Change a user."""
    signed_up_at = parse_time(body.signed_up_at) if body.signed_up_at else None
    return _found(await users.update(call.connection, app_id, user_id, body.given(), signed_up_at))


def _found(user: dict[str, Any] | None) -> Response:
    if user is None:
        raise not_found("user")
    return reply({"user": user})
