"""Answers that are owed (ours; the commitment to answer within 24 hours, Meta reference 6)."""

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from heliograph.api.errors import bad_request
from heliograph.api.operation import AppId, CurrentCall, Operation
from heliograph.api.pagination import DEFAULT_SIZE, size_of
from heliograph.api.wire import Wire, reply
from heliograph.messaging import commitment
from heliograph.messaging.commitment import State

router = APIRouter(prefix="/apps/{appId}/commitments", tags=["Commitments"], route_class=Operation)


class Commitment(Wire):
    """A conversation that is owed an answer."""

    conversation_id: str
    integration_id: str
    waiting_since: str
    response_due_at: str
    state: State


class Meta(Wire):
    """Whether there are more, and how to ask for them."""

    has_more: bool
    after_cursor: str | None = None


class CommitmentListResponse(Wire):
    """A page of commitments, the most urgent first."""

    commitments: list[Commitment]
    meta: Meta


@router.get("", operation_id="ListCommitments", response_model=CommitmentListResponse)
async def list_commitments(call: CurrentCall, app_id: AppId) -> Response:
    """List the conversations that are owed an answer; ``filter[state]`` is late, soon or open."""
    asked = call.query.get("page", {})
    size, after = size_of(asked.get("size", DEFAULT_SIZE)), _place(asked.get("after"))
    now = call.services.channel_clock()
    page = await commitment.list_due(call.connection, app_id, _state(call.query), now, after, size)
    meta: dict[str, Any] = {"hasMore": page.more}
    if page.more:
        since, conversation_id = page.rows[-1]["since"], page.rows[-1]["conversation_id"]
        meta["afterCursor"] = f"{since.isoformat()}|{conversation_id}"
    return reply({"commitments": [commitment.wire(row, now) for row in page.rows], "meta": meta})


def _state(query: Any) -> State | None:
    given = query.get("filter", {}).get("state")
    if given is None:
        return None
    try:
        return State(given)
    except ValueError:
        raise bad_request(f"filter[state] must be one of {', '.join(State)}") from None


def _place(cursor: Any) -> tuple[datetime, str] | None:
    if cursor is None:
        return None
    since, _, conversation_id = str(cursor).partition("|")
    try:
        at = datetime.fromisoformat(since)
        if at.tzinfo is not None and conversation_id:
            return at.astimezone(UTC), conversation_id
    except (ValueError, OverflowError):  # the latter at either end of the calendar
        pass
    raise bad_request("page[after] must be the afterCursor of a page")
