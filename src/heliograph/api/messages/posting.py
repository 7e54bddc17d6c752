"""From a checked body to the domain's posting, and from its refusals to the wire's errors."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from heliograph.api.attachments import fill_in
from heliograph.api.errors import ApiError, bad_request, not_found
from heliograph.api.messages.completion import complete
from heliograph.api.messages.models import MessagePost
from heliograph.api.operation import Call
from heliograph.messaging import attachments, messages, posting

LONGEST_KEY = 255


@contextmanager
def translated() -> Iterator[None]:
    """What posting refuses, as the wire says it."""
    try:
        yield
    except posting.ConversationNotFoundError:
        raise not_found("conversation") from None
    except posting.ConversationFullError:
        raise ApiError(423, f"Message limit of {posting.MOST_MESSAGES} per conversation reached.") from None
    except posting.AuthorNotFoundError:
        raise ApiError(404, "author names no participant of the conversation", code="user_not_found") from None
    except posting.KeyReusedError:
        raise ApiError(409, "Idempotency-Key was used before with another request") from None


async def post(call: Call, app_id: str, conversation_id: str, body: MessagePost, key: str | None) -> dict[str, Any]:
    """Store a message and put it in line for its channel; once, when there is an idempotency key."""
    if body.payload_schema is not None:
        raise bad_request("schema whatsapp is not available on this server")
    if key is not None and not 1 <= len(key) <= LONGEST_KEY:
        raise bad_request(f"Idempotency-Key must have 1 to {LONGEST_KEY} characters")
    destination = body.destination.lean() if body.destination else {}
    silent = body.destination is not None and body.destination.silent
    if destination and not silent and not await messages.reaches(call.connection, app_id, conversation_id, destination):
        raise await _unreachable(call, app_id, conversation_id)
    content = body.content.lean()
    shown = await fill_in(call, app_id, content)
    draft = posting.Draft(
        author=body.author.lean(),
        content=complete(content),
        metadata=body.metadata,
        silent=silent,
    )
    now = call.services.clock()
    with translated():
        if key is None:
            message = await posting.post_message(call.connection, app_id, conversation_id, draft, now)
        else:
            message = await posting.post_once(
                call.connection, app_id, conversation_id, draft, now, key=key, request=call.raw
            )
    if shown:
        await attachments.link(call.connection, app_id, conversation_id, message["id"], shown)
    return message


async def _unreachable(call: Call, app_id: str, conversation_id: str) -> ApiError:
    if not await messages.lock_conversation(call.connection, app_id, conversation_id):
        return not_found("conversation")
    return bad_request("destination is not possible: the user has no client on that integration")
