"""Participants (Sunshine reference 1.5)."""

from fastapi import APIRouter
from starlette.responses import Response

from heliograph.api.errors import not_found
from heliograph.api.operation import AppId, ConversationId, CurrentCall, Operation
from heliograph.api.pagination import cut_of, page_of
from heliograph.api.wire import Links, Meta, Wire, reply
from heliograph.messaging import conversations, participants

router = APIRouter(
    prefix="/apps/{appId}/conversations/{conversationId}/participants", tags=["Participants"], route_class=Operation
)


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


class ParticipantListResponse(Wire):
    """A page of participants."""

    participants: list[Participant]
    meta: Meta
    links: Links


@router.get("", operation_id="ListParticipants", response_model=ParticipantListResponse)
async def list_participants(call: CurrentCall, app_id: AppId, conversation_id: ConversationId) -> Response:
    """List the participants of a conversation."""
    cut = cut_of(call.query)
    if await conversations.get(call.connection, app_id, conversation_id) is None:
        raise not_found("conversation")
    page = await participants.list_participants(call.connection, app_id, conversation_id, cut)
    return reply(page_of(call, "participants", page.rows, cut, page))
