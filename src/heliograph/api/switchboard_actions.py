"""Switchboard actions (Sunshine reference 1.8): who is in control of a conversation."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from heliograph.api.errors import bad_request, forbidden, not_found
from heliograph.api.operation import AppId, Call, ConversationId, CurrentCall, Operation
from heliograph.api.wire import Metadata, Nothing, Wire, reply
from heliograph.messaging.posting_conversation import ConversationNotFoundError
from heliograph.messaging.switchboard import control

router = APIRouter(
    prefix="/apps/{appId}/conversations/{conversationId}", tags=["Switchboard Actions"], route_class=Operation
)

# A switchboard integration's id or name, an integration type, or `next`.
Target = Annotated[str, Field(min_length=1)]
Reason = Literal["ticketClosed", "transferToEmail"]


class AcceptControl(Wire):
    """Body of AcceptControl."""

    metadata: Metadata | None = None


class OfferControl(Wire):
    """Body of OfferControl."""

    switchboard_integration: Target
    metadata: Metadata | None = None


class PassControl(OfferControl):
    """Body of PassControl."""

    reason: Reason | None = None


class ReleaseControl(AcceptControl):
    """Body of ReleaseControl."""

    reason: Reason | None = None


@router.post("/passControl", operation_id="PassControl", response_model=Nothing)
async def pass_control(
    call: CurrentCall, app_id: AppId, conversation_id: ConversationId, body: PassControl
) -> Response:
    """Give control of a conversation to a switchboard integration; all others are on standby."""
    with _translated():
        failure = await control.pass_control(
            call.connection, _action(call, app_id, conversation_id, body), body.switchboard_integration
        )
    return _done(failure)


@router.post("/offerControl", operation_id="OfferControl", response_model=Nothing)
async def offer_control(
    call: CurrentCall, app_id: AppId, conversation_id: ConversationId, body: OfferControl
) -> Response:
    """Offer control of a conversation to a switchboard integration, which may accept it."""
    with _translated():
        failure = await control.offer_control(
            call.connection, _action(call, app_id, conversation_id, body), body.switchboard_integration
        )
    return _done(failure)


@router.post("/acceptControl", operation_id="AcceptControl", response_model=Nothing)
async def accept_control(
    call: CurrentCall, app_id: AppId, conversation_id: ConversationId, body: AcceptControl
) -> Response:
    """Take the control that was offered."""
    with _translated():
        failure = await control.accept_control(call.connection, _action(call, app_id, conversation_id, body))
    return _done(failure)


@router.post("/releaseControl", operation_id="ReleaseControl", response_model=Nothing)
async def release_control(
    call: CurrentCall, app_id: AppId, conversation_id: ConversationId, body: ReleaseControl | None = None
) -> Response:
    """Give control up; the default gets it with the next message."""
    with _translated():
        await control.release_control(call.connection, _action(call, app_id, conversation_id, body or ReleaseControl()))
    return reply({})


def _action(call: Call, app_id: str, conversation_id: str, body: OfferControl | AcceptControl) -> control.Action:
    details = {name: value for name, value in body.lean().items() if name in ("metadata", "reason")}
    return control.Action(app_id, conversation_id, call.caller.integration_id, call.services.clock(), details)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except ConversationNotFoundError:
        raise not_found("conversation") from None
    except control.NotAllowedError as error:
        raise forbidden(str(error)) from None


def _done(failure: control.Failure | None) -> Response:
    """200, also when the event alone tells what went wrong. A refusal is answered, not raised: its event is to stay."""
    if failure is not None and failure.callers_fault:
        return bad_request(failure.message).response()
    return reply({})
