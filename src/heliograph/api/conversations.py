"""Conversations (Sunshine reference 1.4)."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import Field, model_validator
from starlette.responses import Response

from heliograph.api.errors import bad_request, not_found
from heliograph.api.operation import AppId, Call, ConversationId, CurrentCall, Operation
from heliograph.api.pagination import cut_of, page_of
from heliograph.api.validation import wrong_together
from heliograph.api.wire import Links, Meta, Metadata, Name, Nothing, Uri, Wire, reply
from heliograph.messaging import conversations, groups, participants, users

router = APIRouter(prefix="/apps/{appId}/conversations", tags=["Conversations"], route_class=Operation)


class Conversation(Wire):
    """Conversation (2.6)."""

    id: str
    type: str
    metadata: dict[str, Any]
    is_default: bool
    display_name: str | None = None
    description: str | None = None
    icon_url: str | None = None
    business_last_read: str | None = None
    response_due_at: str | None = None
    last_updated_at: str
    created_at: str


class ParticipantRef(Wire):
    """A user who shall take part."""

    user_id: str | None = None
    user_external_id: str | None = None
    subscribe_sdk_client: Annotated[bool | None, Field(alias="subscribeSDKClient")] = None

    @model_validator(mode="after")
    def _one(self) -> "ParticipantRef":
        if (self.user_id is None) == (self.user_external_id is None):
            raise wrong_together("exactly one of userId, userExternalId must be given")
        return self

    def named(self) -> tuple[str, str]:
        """Which of the two was given, and what."""
        if self.user_id is not None:
            return "userId", self.user_id
        return "userExternalId", self.user_external_id or ""

    def member(self) -> groups.Member:
        """As the domain has it."""
        return groups.Member(*self.named(), sdk=bool(self.subscribe_sdk_client))


class _Fields(Wire):
    display_name: Name | None = None
    description: Name | None = None
    icon_url: Uri | None = None
    metadata: Metadata | None = None


class ConversationCreate(_Fields):
    """Body of CreateConversation."""

    type: Literal["personal", "sdkGroup"]
    participants: Annotated[list[ParticipantRef], Field(max_length=10)] | None = None


class ConversationUpdate(_Fields):
    """Body of UpdateConversation; null clears."""


class InteractiveDataRef(Wire):
    """Where Apple keeps what the user answered."""

    url: str
    bid: str
    key: str
    signature: str
    owner: str


class AppleRef(Wire):
    """What Apple's passthrough event told."""

    interactive_data_ref: InteractiveDataRef


class MessageRef(Wire):
    """Body of DownloadMessageRef."""

    user_id: str
    apple: AppleRef


class ConversationResponse(Wire):
    """One conversation."""

    conversation: Conversation


class ConversationListResponse(Wire):
    """A page of conversations."""

    conversations: list[Conversation]
    meta: Meta
    links: Links


@router.post("", operation_id="CreateConversation", status_code=201, response_model=ConversationResponse)
async def create_conversation(call: CurrentCall, app_id: AppId, body: ConversationCreate) -> Response:
    """Start a conversation with a user, or a group. What a user writes keeps going to their default conversation."""
    now = call.services.clock()
    try:
        made = await (_group if body.type == "sdkGroup" else _personal)(call, app_id, body, now)
    except conversations.UserNotFoundError:
        raise not_found("user") from None
    except groups.AppNotFoundError:
        raise not_found("app") from None
    except groups.TwiceError:
        raise bad_request("participants must name each user once") from None
    except conversations.OnlyOneConversationError:
        raise bad_request(
            "participants has a user with a conversation already; the app setting multiConvoEnabled allows several"
        ) from None
    return reply({"conversation": made}, 201)


async def _personal(call: Call, app_id: str, body: ConversationCreate, now: datetime) -> dict[str, Any]:
    people = body.participants or []
    if len(people) != 1:
        raise bad_request("participants must have exactly 1 element in a personal conversation")
    sdk = bool(people[0].subscribe_sdk_client)
    return await conversations.create_personal(call.connection, app_id, people[0].named(), body.given(), now, sdk=sdk)


async def _group(call: Call, app_id: str, body: ConversationCreate, now: datetime) -> dict[str, Any]:
    people = body.participants or []
    for index, person in enumerate(people):
        if person.subscribe_sdk_client is None:
            raise bad_request(f"participants[{index}].subscribeSDKClient is required when type is sdkGroup")
    return await groups.create(call.connection, app_id, [person.member() for person in people], body.given(), now)


@router.get("", operation_id="ListConversations", response_model=ConversationListResponse)
async def list_conversations(call: CurrentCall, app_id: AppId) -> Response:
    """List the conversations of one user."""
    cut = cut_of(call.query)
    given = call.query.get("filter", {})
    if len(given) != 1:
        raise bad_request("exactly one of filter[userId], filter[userExternalId] must be given")
    (name, value), *_ = given.items()
    if not isinstance(value, str) or not value:
        raise bad_request(f"filter[{name}] must be a non-empty string")
    user = await users.find_by(call.connection, app_id, name, value)
    if user is None:
        raise not_found("user")
    page = await conversations.list_of_user(call.connection, app_id, user["id"], cut)
    return reply(page_of(call, "conversations", page.rows, cut, page))


@router.get("/{conversationId}", operation_id="GetConversation", response_model=ConversationResponse)
async def get_conversation(call: CurrentCall, app_id: AppId, conversation_id: ConversationId) -> Response:
    """Get one conversation."""
    return _found(await conversations.get(call.connection, app_id, conversation_id))


@router.patch("/{conversationId}", operation_id="UpdateConversation", response_model=ConversationResponse)
async def update_conversation(
    call: CurrentCall, app_id: AppId, conversation_id: ConversationId, body: ConversationUpdate
) -> Response:
    """Change a conversation."""
    return _found(await conversations.update(call.connection, app_id, conversation_id, body.given()))


@router.delete("/{conversationId}", operation_id="DeleteConversation", response_model=Nothing)
async def delete_conversation(call: CurrentCall, app_id: AppId, conversation_id: ConversationId) -> Response:
    """Delete a conversation with its messages. What waits to be sent in it is not sent any more."""
    try:
        there = await conversations.delete(call.connection, app_id, conversation_id, call.services.clock())
    except conversations.IsDefaultError:
        raise bad_request(f"Conversation {conversation_id} cannot be deleted because it is the default.") from None
    if not there:
        raise not_found("conversation")
    return reply({})


@router.post("/{conversationId}/download", operation_id="DownloadMessageRef", response_model=dict[str, Any])
async def download_message_ref(
    call: CurrentCall, app_id: AppId, conversation_id: ConversationId, body: MessageRef
) -> Response:
    """Download what an Apple user answered. There is no Apple channel here: always refused."""
    if await conversations.get(call.connection, app_id, conversation_id) is None:
        raise not_found("conversation")
    if not await participants.takes_part(call.connection, app_id, conversation_id, body.user_id):
        raise not_found("user")
    raise bad_request("apple is not available: the user has no client of type apple")


def _found(conversation: dict[str, Any] | None) -> Response:
    if conversation is None:
        raise not_found("conversation")
    return reply({"conversation": conversation})
