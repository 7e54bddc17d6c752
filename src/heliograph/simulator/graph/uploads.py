"""``POST /me/message_attachments``: give Meta a file once, to send it by its id (Meta reference 2.5)."""

from typing import Any

from heliograph.simulator.errors import refuse
from heliograph.simulator.graph import draft, media, recipients
from heliograph.simulator.graph.call import Call
from heliograph.simulator.models import Page


async def upload(call: Call, page: Page | None = None) -> dict[str, Any]:
    """Take a file by its URL, or from the part ``filedata`` of a form. It belongs to the Page."""
    _, own, _ = recipients.sender(call, page)
    attachment = _attachment(call)
    if given := call.files.get("filedata"):
        content_type, name, body = given
        kind = attachment.get("type")
        if kind not in draft.MEDIA_TYPES:
            raise refuse("parameter", reason=f'Param message[attachment][type] has the unknown value "{kind}"')
        asset = media.keep(call.world, kind, content_type, name, body)
    else:
        wanted = draft.media(attachment)
        if not wanted.url:
            raise refuse("parameter_missing", name="message[attachment][payload][url]")
        asset = await media.fetch(call.world, wanted.type, wanted.url)
    asset.page_id = own.id
    call.world.state.save(asset)
    call.note = asset.content_type
    return {"attachment_id": asset.id}


def _attachment(call: Call) -> dict[str, Any]:
    message = call.params.get("message")
    attachment = message.get("attachment") if isinstance(message, dict) else None
    if not isinstance(attachment, dict):
        raise refuse("parameter_missing", name="message[attachment]")
    return attachment
