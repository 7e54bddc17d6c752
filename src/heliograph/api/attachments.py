"""Attachments (Sunshine reference 1.3): taking files in, and deleting them. `attachment_files` serves them.

begin ──▶ piece by piece, as the client sends ──▶ finish
  └── whatever goes wrong on the way: drop
"""

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from heliograph.api.attachment_files import attachment_of, attachment_url, safe_name
from heliograph.api.errors import ApiError, bad_request, not_found
from heliograph.api.operation import AppId, Call, CurrentCall, Operation
from heliograph.api.upload import PART, FormFile
from heliograph.api.wire import Nothing, Wire, reply
from heliograph.messaging import attachments, media_types

router = APIRouter(prefix="/apps/{appId}/attachments", tags=["Attachments"], route_class=Operation)

# An upload that takes longer is given up; well below what `attachments.begin` takes for left behind.
LONGEST_UPLOAD = 1800.0

_FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {PART: {"type": "string", "format": "binary"}},
                    "required": [PART],
                }
            }
        },
    }
}


class Attachment(Wire):
    """Attachment."""

    media_url: str
    media_type: str


class AttachmentResponse(Wire):
    """One attachment."""

    attachment: Attachment


class AttachmentDelete(Wire):
    """Body of DeleteAttachment."""

    media_url: Annotated[str, Field(min_length=1, max_length=4096)]


@router.post(
    "", operation_id="UploadAttachment", status_code=201, response_model=AttachmentResponse, openapi_extra=_FORM
)
async def upload_attachment(call: CurrentCall, app_id: AppId) -> Response:
    """Take a file in. With ``for=message`` it is deleted with the last message that shows it."""
    _one_of(call, "access", "public")
    for_message = _one_of(call, "for", "message") is not None
    conversation_id = _given(call, "conversationId")
    file = FormFile(call.headers.get("content-type"), call.stream)
    database = call.services.database
    with _translated():
        async with database.transaction() as connection:
            attachment_id = await attachments.begin(connection, app_id, conversation_id, for_message)
        try:
            await _take_in(call, attachment_id, file)
            kind = media_types.media_type_of(file.head, file.declared, file.name)
            name = safe_name(file.name) or "file" + media_types.extension_of(kind)
            row = {"name": name, "media_type": kind, "size": file.size}
            async with database.transaction() as connection:
                await attachments.finish(connection, app_id, conversation_id, attachment_id, row)
        except BaseException:
            # Also when the client is gone. Should this fail too, a later upload drops it.
            with contextlib.suppress(Exception):
                await asyncio.shield(_drop(call, attachment_id))
            raise
    shown = {"mediaUrl": attachment_url(call.services.public_url, attachment_id, name), "mediaType": kind}
    return reply({"attachment": shown}, 201)


@router.post("/remove", operation_id="DeleteAttachment", response_model=Nothing)
async def delete_attachment(call: CurrentCall, app_id: AppId, body: AttachmentDelete) -> Response:
    """Delete a file by its address."""
    attachment_id = attachment_of(call.services.public_url, body.media_url)
    if attachment_id is None:
        raise bad_request(f"Unsupported media URL for attachment deletion: {body.media_url[:200]}")
    if not await attachments.remove(call.connection, app_id, attachment_id):
        raise not_found("attachment")
    return reply({})


async def fill_in(call: Call, app_id: str, content: dict[str, Any]) -> list[str]:
    """Write type and size of this app's attachments into a posted content that shows them; their ids."""
    holders = [holder for holder in (content, *content.get("items", ())) if "mediaUrl" in holder]
    shown = [(holder, attachment_of(call.services.public_url, holder["mediaUrl"])) for holder in holders]
    ids = sorted({id_ for _, id_ in shown if id_ is not None})
    if not ids:
        return []
    known = await attachments.describe(call.connection, app_id, ids)
    for holder, id_ in shown:
        if id_ in known:
            holder.setdefault("mediaType", known[id_]["media_type"])
            if holder is content:
                holder["mediaSize"] = known[id_]["size"]
    return sorted(known)


async def _take_in(call: Call, attachment_id: str, file: FormFile) -> None:
    number = 0
    limit = asyncio.timeout(LONGEST_UPLOAD)
    try:
        async with limit:
            async for piece in file.pieces():
                async with call.services.database.pool.acquire() as connection:
                    await attachments.add_piece(connection, attachment_id, number, piece)
                number += 1
    except TimeoutError:
        if not limit.expired():
            raise
        raise ApiError(408, f"The upload took longer than {LONGEST_UPLOAD:.0f} seconds") from None


async def _drop(call: Call, attachment_id: str) -> None:
    async with call.services.database.pool.acquire() as connection:
        await attachments.drop(connection, attachment_id)


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except attachments.AppGoneError:
        raise not_found("app") from None
    except attachments.ConversationGoneError:
        raise not_found("conversation") from None


def _given(call: Call, name: str) -> str | None:
    value: str | None = call.query.get(name, {}).get("")
    return value


def _one_of(call: Call, name: str, *allowed: str) -> str | None:
    value = _given(call, name)
    if value is not None and value not in allowed:
        raise bad_request(f"{name} must be one of {', '.join(allowed)}")
    return value
