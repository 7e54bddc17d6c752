"""Activities (Sunshine reference 1.7), and reactions of the business, which are ours (Meta reference 2.2)."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import Field, model_validator
from starlette.responses import Response

from heliograph.api.messages.models import Author
from heliograph.api.messages.posting import translated
from heliograph.api.operation import AppId, ConversationId, CurrentCall, Operation
from heliograph.api.validation import wrong_together
from heliograph.api.wire import Nothing, Wire, reply
from heliograph.messaging import activities

router = APIRouter(
    prefix="/apps/{appId}/conversations/{conversationId}/activity", tags=["Activities"], route_class=Operation
)


class ActivityPost(Wire):
    """Body of PostActivity. ``react`` and ``unreact`` with ``message_id`` and ``reaction`` are ours."""

    author: Author
    type: Literal["conversation:read", "typing:start", "typing:stop", "react", "unreact"]
    message_id: Annotated[str, Field(min_length=1, max_length=1024)] | None = None
    reaction: Annotated[str, Field(min_length=1, max_length=64)] | None = None

    @model_validator(mode="after")
    def _allowed(self) -> "ActivityPost":
        if self.author.type == "user" and self.type != "conversation:read":
            raise wrong_together("type must be conversation:read when author.type is user")
        if self.is_reaction and self.message_id is None:
            raise wrong_together(f"messageId is required when type is {self.type}")
        return self

    @property
    def is_reaction(self) -> bool:
        """Whether this is a reaction to a message, or the end of one."""
        return self.type in ("react", "unreact")

    def wanted(self) -> dict[str, Any]:
        """A reaction as it is put in line; a heart unless another one is named."""
        reaction = {"reaction": self.reaction or "love"} if self.type == "react" else {}
        return {"activity": self.type, "message": self.message_id, **reaction}


@router.post("", operation_id="PostActivity", response_model=Nothing)
async def post_activity(
    call: CurrentCall, app_id: AppId, conversation_id: ConversationId, body: ActivityPost
) -> Response:
    """Tell that somebody types, has read or reacts; the channel is told too, where it can be."""
    now = call.services.clock()
    with translated():
        if body.is_reaction:
            await activities.post_reaction(call.connection, app_id, conversation_id, body.wanted(), now)
        else:
            await activities.post_activity(call.connection, app_id, conversation_id, body.type, body.author.lean(), now)
    return reply({})
