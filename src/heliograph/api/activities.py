"""Activities (Sunshine reference 1.7)."""

from typing import Literal

from fastapi import APIRouter
from pydantic import model_validator
from starlette.responses import Response

from heliograph.api.messages.models import Author
from heliograph.api.messages.posting import translated
from heliograph.api.operation import AppId, ConversationId, CurrentCall, Operation
from heliograph.api.validation import wrong_together
from heliograph.api.wire import Nothing, Wire, reply
from heliograph.messaging import posting

router = APIRouter(
    prefix="/apps/{appId}/conversations/{conversationId}/activity", tags=["Activities"], route_class=Operation
)


class ActivityPost(Wire):
    """Body of PostActivity."""

    author: Author
    type: Literal["conversation:read", "typing:start", "typing:stop"]

    @model_validator(mode="after")
    def _allowed(self) -> "ActivityPost":
        if self.author.type == "user" and self.type != "conversation:read":
            raise wrong_together("type must be conversation:read when author.type is user")
        return self


@router.post("", operation_id="PostActivity", response_model=Nothing)
async def post_activity(
    call: CurrentCall, app_id: AppId, conversation_id: ConversationId, body: ActivityPost
) -> Response:
    """Tell that somebody types or has read; the channel is told too, where it can be."""
    now = call.services.clock()
    with translated():
        await posting.post_activity(call.connection, app_id, conversation_id, body.type, body.author.lean(), now)
    return reply({})
