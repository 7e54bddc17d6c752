"""Conversion events (Sunshine reference 1.4): what a person did, passed on to the ad measurement of their channel."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import ConfigDict, Field, model_validator
from starlette.responses import Response

from heliograph.api.errors import ApiError, bad_request, not_found
from heliograph.api.operation import AppId, ConversationId, CurrentCall, Operation
from heliograph.api.validation import wrong_together
from heliograph.api.wire import Wire, reply
from heliograph.channels.base import ChannelError, SendOutcome
from heliograph.messaging import clients, conversations

router = APIRouter(
    prefix="/apps/{appId}/conversations/{conversationId}/conversionEvents",
    tags=["Conversations"],
    route_class=Operation,
)

# The channel refused for a reason: 400, and these. What we cannot know or could not reach: 502.
_STATUS = {
    SendOutcome.RECONNECT: 403,
    SendOutcome.CONFIGURATION: 403,
    SendOutcome.RATE_LIMITED: 429,
    SendOutcome.RETRY: 502,
    SendOutcome.UNKNOWN: 502,
}


class ConversionPayload(Wire):
    """A body of Meta's Conversions API. What stands beside ``data`` is passed on; it takes 1000 events at once."""

    model_config = ConfigDict(extra="allow")

    data: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=1000)]


class ConversionEvent(Wire):
    """The events of one channel."""

    payload: ConversionPayload


class ConversionEventsBody(Wire):
    """Body of PostConversionEvents: events of the one channel that the conversation is on."""

    messenger: ConversionEvent | None = None
    instagram: ConversionEvent | None = None
    whatsapp: ConversionEvent | None = None

    @model_validator(mode="after")
    def _one(self) -> "ConversionEventsBody":
        if len(self.model_dump(exclude_none=True)) != 1:
            raise wrong_together("exactly one of messenger, instagram, whatsapp must be given")
        return self


class ConversionEvents(Wire):
    """Where they went, and how many arrived."""

    dataset_id: str
    events_received: int


class ConversionEventsResponse(Wire):
    """What became of them."""

    conversion_events: ConversionEvents


@router.post("", operation_id="PostConversionEvents", response_model=ConversionEventsResponse)
async def post_conversion_events(
    call: CurrentCall, app_id: AppId, conversation_id: ConversationId, body: ConversionEventsBody
) -> Response:
    """Pass conversion events on. Who the person is, and on which channel, is filled in."""
    ((kind, events),) = body.lean().items()
    async with call.services.database.pool.acquire() as connection:
        if await conversations.get(connection, app_id, conversation_id) is None:
            raise not_found("conversation")
        client = await clients.live_of(connection, app_id, conversation_id, kind)
    channel = call.services.channels.get(kind)
    if client is None or channel is None:
        raise bad_request(f"{kind} is not possible: the conversation has no active client of this type")
    try:
        done = await channel.post_conversions(
            app_id, client["integration_id"], client["external_id"], events["payload"]
        )
    except ChannelError as error:
        raise ApiError(_STATUS.get(error.outcome, 400), str(error)) from None
    return reply({"conversionEvents": {"datasetId": done.dataset_id, "eventsReceived": done.received}})
