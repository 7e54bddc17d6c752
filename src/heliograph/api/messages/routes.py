"""The operations on messages (Sunshine reference 1.6)."""

from typing import Annotated

from fastapi import APIRouter, Header, Path
from starlette.responses import Response

from heliograph.api.errors import not_found
from heliograph.api.messages.models import MessageListResponse, MessagePost, MessagePostResponse
from heliograph.api.messages.posting import post
from heliograph.api.operation import AppId, ConversationId, CurrentCall, Operation
from heliograph.api.pagination import cut_of, page_of
from heliograph.api.wire import Nothing, reply
from heliograph.messaging import conversations, messages

router = APIRouter(
    prefix="/apps/{appId}/conversations/{conversationId}/messages", tags=["Messages"], route_class=Operation
)

IdempotencyKey = Annotated[
    str | None,
    Header(alias="Idempotency-Key", description="Ours: a repeat with the same key gets the first answer."),
]


@router.post("", operation_id="PostMessage", status_code=201, response_model=MessagePostResponse)
async def post_message(
    call: CurrentCall,
    app_id: AppId,
    conversation_id: ConversationId,
    body: MessagePost,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Post a message. 201 means stored; what the channel makes of it comes as delivery events."""
    message = await post(call, app_id, conversation_id, body, idempotency_key)
    return reply({"messages": [message]}, 201)


@router.get("", operation_id="ListMessages", response_model=MessageListResponse)
async def list_messages(call: CurrentCall, app_id: AppId, conversation_id: ConversationId) -> Response:
    """List messages, the last page first; inside a page the oldest first."""
    cut = cut_of(call.query, fixed_size=messages.PAGE_SIZE, backward=True)
    if await conversations.get(call.connection, app_id, conversation_id) is None:
        raise not_found("resource")  # so in the original, for this operation alone
    page = await messages.list_messages(call.connection, conversation_id, cut)
    return reply(page_of(call, "messages", page.rows, cut, page))


@router.delete("", operation_id="DeleteAllMessages", response_model=Nothing)
async def delete_all_messages(call: CurrentCall, app_id: AppId, conversation_id: ConversationId) -> Response:
    """Delete every message of a conversation."""
    if not await messages.lock_conversation(call.connection, app_id, conversation_id):
        raise not_found("conversation")
    await messages.delete_all(call.connection, conversation_id)
    return reply({})


@router.delete("/{messageId}", operation_id="DeleteMessage", response_model=Nothing)
async def delete_message(
    call: CurrentCall,
    app_id: AppId,
    conversation_id: ConversationId,
    message_id: Annotated[str, Path(alias="messageId")],
) -> Response:
    """Delete one message."""
    if not await messages.lock_conversation(call.connection, app_id, conversation_id):
        raise not_found("conversation")
    if not await messages.delete(call.connection, conversation_id, message_id):
        raise not_found("resource")
    return reply({})
