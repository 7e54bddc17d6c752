"""Participants (Sunshine reference 1.5)."""

from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import APIRouter
from pydantic import model_validator
from starlette.responses import Response

from heliograph.api.conversations import ParticipantRef
from heliograph.api.errors import ApiError, bad_request, not_found
from heliograph.api.operation import AppId, ConversationId, CurrentCall, Operation
from heliograph.api.pagination import cut_of, page_of
from heliograph.api.validation import wrong_together
from heliograph.api.wire import Links, Meta, Nothing, Wire, reply
from heliograph.messaging import conversations, groups, participants

router = APIRouter(prefix="/apps/{appId}/conversations/{conversationId}", tags=["Participants"], route_class=Operation)


class ClientAssociation(Wire):
    """A client that a participant is reached by."""

    type: str
    client_id: str


class Participant(Wire):
    """Participant (2.6)."""

    id: str
    user_id: str
    user_external_id: str | None = None
    unread_count: int
    client_associations: list[ClientAssociation]
    last_read: str | None = None


class ParticipantLeave(Wire):
    """Body of LeaveConversation."""

    user_id: str | None = None
    user_external_id: str | None = None
    participant_id: str | None = None

    @model_validator(mode="after")
    def _one(self) -> "ParticipantLeave":
        if len(self.lean()) != 1:
            raise wrong_together("exactly one of userId, userExternalId, participantId must be given")
        return self


class ParticipantResponse(Wire):
    """One participant."""

    participant: Participant


class ParticipantListResponse(Wire):
    """A page of participants."""

    participants: list[Participant]
    meta: Meta
    links: Links


@contextmanager
def _translated() -> Iterator[None]:
    """What joining and leaving refuse, as the wire says it."""
    try:
        yield
    except groups.ConversationNotFoundError:
        raise not_found("conversation") from None
    except groups.NotAGroupError:
        raise bad_request(
            "The conversation is personal: only a conversation of type sdkGroup is joined or left"
        ) from None
    except groups.TooManyParticipantsError:
        raise bad_request("Too many participants") from None
    except groups.NotAMemberError:
        raise ApiError(404, "User is not a member of the conversation") from None
    except conversations.UserNotFoundError:
        raise not_found("user") from None
    except conversations.OnlyOneConversationError:
        raise bad_request(
            "The user has a conversation already; the app setting multiConvoEnabled allows several"
        ) from None


@router.post("/join", operation_id="JoinConversation", status_code=201, response_model=ParticipantResponse)
async def join_conversation(
    call: CurrentCall, app_id: AppId, conversation_id: ConversationId, body: ParticipantRef
) -> Response:
    """Add a user to a group."""
    now = call.services.clock()
    with _translated():
        joined = await groups.join(call.connection, app_id, conversation_id, body.member(), now)
    return reply({"participant": joined}, 201)


@router.post("/leave", operation_id="LeaveConversation", response_model=Nothing)
async def leave_conversation(
    call: CurrentCall, app_id: AppId, conversation_id: ConversationId, body: ParticipantLeave
) -> Response:
    """Take a user out of a group."""
    ((field, value),) = body.lean().items()
    with _translated():
        await groups.leave(call.connection, app_id, conversation_id, field, value, call.services.clock())
    return reply({})


@router.get("/participants", operation_id="ListParticipants", response_model=ParticipantListResponse)
async def list_participants(call: CurrentCall, app_id: AppId, conversation_id: ConversationId) -> Response:
    """List the participants of a conversation."""
    cut = cut_of(call.query)
    if await conversations.get(call.connection, app_id, conversation_id) is None:
        raise not_found("conversation")
    page = await participants.list_participants(call.connection, app_id, conversation_id, cut)
    return reply(page_of(call, "participants", page.rows, cut, page))
