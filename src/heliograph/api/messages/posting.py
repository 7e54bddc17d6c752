"""From a checked body to the domain's posting, and from its refusals to the wire's errors."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from heliograph.api.attachments import fill_in
from heliograph.api.errors import ApiError, bad_request, not_found
from heliograph.api.messages.completion import TooLongError, complete
from heliograph.api.messages.models import NOWHERE, MessagePost
from heliograph.api.operation import Call
from heliograph.messaging import attachments, messages, posting
from heliograph.messaging.activities import MessageNotFoundError, NoChannelError
from heliograph.messaging.posting_conversation import AuthorNotFoundError, ConversationNotFoundError

LONGEST_KEY = 255


@contextmanager
def translated() -> Iterator[None]:
    """What posting refuses, as the wire says it."""
    try:
        yield
    except ConversationNotFoundError:
        raise not_found("conversation") from None
    except posting.ConversationFullError:
        raise ApiError(423, f"Message limit of {posting.MOST_MESSAGES} per conversation reached.") from None
    except AuthorNotFoundError:
        raise ApiError(404, "author names no participant of the conversation", code="user_not_found") from None
    except MessageNotFoundError:
        raise ApiError(404, "Message not found") from None
    except NoChannelError:
        raise bad_request("type is not possible: the conversation is on no channel") from None
    except posting.KeyReusedError:
        raise ApiError(409, "Idempotency-Key was used before with another request") from None


async def post(call: Call, app_id: str, conversation_id: str, body: MessagePost, key: str | None) -> dict[str, Any]:
    """Store a message and put it in line for its channel; once, when there is an idempotency key."""
    if body.payload_schema is not None:
        raise bad_request("schema whatsapp is not available on this server")
    if key is not None and not 1 <= len(key) <= LONGEST_KEY:
        raise bad_request(f"Idempotency-Key must have 1 to {LONGEST_KEY} characters")
    destination = body.destination.lean() if body.destination else {}
    if destination:
        await _check(call, app_id, conversation_id, destination)
    content = body.content.lean()
    shown = await fill_in(call, app_id, content)  # first: what is stored here is known better than by its name
    content = _complete(content)
    draft = posting.Draft(
        author=body.author.lean(),
        content=content,
        metadata=body.metadata,
        silent=body.destination is not None and body.destination.silent,
        override=body.override.raw() if body.override else None,
        references=[reference.lean() for reference in body.references] if body.references else None,
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


def _complete(content: dict[str, Any]) -> dict[str, Any]:
    try:
        return complete(content)
    except TooLongError as error:
        raise bad_request(f"content.{error}") from None


async def _check(call: Call, app_id: str, conversation_id: str, destination: dict[str, Any]) -> None:
    """A destination is for personal conversations only, and names a client that is attached (``none``: nobody)."""
    silent = destination.get("integrationType") == NOWHERE
    reach = await messages.reach(call.connection, app_id, conversation_id, {} if silent else destination)
    if reach is None:
        raise not_found("conversation")
    if reach["type"] != "personal":
        raise bad_request("destination is possible in conversations of type personal only")
    if not silent and not reach["reached"]:
        (name,) = destination
        raise bad_request(f"destination.{name} is not possible: the user has no such client in this conversation")
