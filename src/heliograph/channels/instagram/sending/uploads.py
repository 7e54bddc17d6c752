"""Files that are sent again and again, sent by the id of Meta's own copy (Meta reference 2.5).

    first send ──▶ by URL      second send ──▶ upload, then by id      later ones ──▶ by id
                                   │ not taken: by URL, tried again after an hour
                                   └── Meta does not know the id any more: forgotten, by URL

For files that are stored here only: they never change, so Meta's copy is the file. What is behind another address may
change at any time, and Meta fetches it anew. A copy that Meta makes beside a first send is a call for nothing; from the
second send on it spares Meta the fetching and us the waiting.

Invariant: what Meta gets says the same with an id as with the URL, and nothing of it hinders a send: whatever goes wrong
here, the URL is sent.
"""

import re
from collections.abc import Mapping
from typing import Any

from heliograph.channels.instagram.meta.answers import Answer
from heliograph.channels.instagram.meta.graph import Graph, GraphError, NoAnswerError, NotSentError
from heliograph.channels.instagram.meta.holds import heard
from heliograph.channels.instagram.meta.limits import MEDIA_TYPES
from heliograph.channels.instagram.sending.matching import attachments
from heliograph.storage import Database
from heliograph.telemetry.logs import get_logger

log = get_logger("instagram")

# Meta's refusal of an id that it does not know, or that is not this account's.
_UNKNOWN_ID = (100, 2018074)
# Other messages of the conversation wait behind it; a file that takes longer goes by its URL.
TIMEOUT_SECONDS = 20.0
# The address of a stored file (Sunshine reference 1.3). Whether it is one of this app's, its row says.
_STORED = re.compile(r"https?://[^?#]+/attachments/v2/([0-9A-HJKMNP-TV-Z]{26})/[^/]*")

# Counts a send; whoever finds `claimed` true makes the copy. Served by attachments_pkey and instagram_uploads_pkey.
_NOTE = """
insert into instagram_uploads as u (integration_id, attachment_id, kind, app_id)
select $1, a.id, $3, a.app_id from attachments a where a.id = $2 and a.app_id = $4 and a.size is not null
on conflict (integration_id, attachment_id, kind) do update set
    sends = u.sends + 1,
    tried_at = case when u.meta_id is null and (u.tried_at is null or u.tried_at < now() - interval '1 hour')
               then now() else u.tried_at end
returning meta_id, meta_id is null and tried_at is not distinct from now() as claimed
"""
_KEEP = """
update instagram_uploads set meta_id = $4 where integration_id = $1 and attachment_id = $2 and kind = $3
"""
_FORGET = """
update instagram_uploads set meta_id = null where integration_id = $1 and attachment_id = any ($2::text[])
"""


async def prepare(
    database: Database, graph: Graph, row: Mapping[str, Any], request: dict[str, Any], token: str, secret: str
) -> dict[str, Any]:
    """A part's request as Meta shall get it: media that Meta has a copy of by their ids. Never fails a send."""

    async def by_id(attachment: dict[str, Any]) -> dict[str, Any]:
        return await _by_id(database, graph, row, attachment, token, secret)

    if "attachment" in request:
        return {**request, "attachment": await by_id(request["attachment"])}
    if "attachments" in request:
        return {**request, "attachments": [await by_id(one) for one in request["attachments"]]}
    return request


async def lost(
    database: Database, row: Mapping[str, Any], request: Mapping[str, Any], by_url: Mapping[str, Any], answer: Answer
) -> bool:
    """Whether Meta refused ids that :func:`prepare` put in: they are forgotten, and the URLs may be sent instead."""
    if request == by_url or (answer.code, answer.subcode) != _UNKNOWN_ID:
        return False
    files = [file for one in attachments(by_url) if (file := _stored(one)) is not None]
    await database.execute(_FORGET, row["integration_id"], files)
    log.info("uploaded copies are gone at Meta", integration=row["integration_id"], attachments=files)
    return True


async def _by_id(
    database: Database, graph: Graph, row: Mapping[str, Any], attachment: dict[str, Any], token: str, secret: str
) -> dict[str, Any]:
    file = _stored(attachment)
    if file is None:
        return attachment
    kind, key = attachment["type"], (row["integration_id"], file, attachment["type"])
    known = await database.fetchrow(_NOTE, *key, row["app_id"])
    if known is None:
        return attachment
    meta_id = known["meta_id"]
    if known["claimed"]:
        meta_id = await _upload(database, graph, attachment, token, secret)
        if meta_id is not None:
            await database.execute(_KEEP, *key, meta_id)
    return {"type": kind, "payload": {"attachment_id": meta_id}} if meta_id else attachment


async def _upload(
    database: Database, graph: Graph, attachment: Mapping[str, Any], token: str, secret: str
) -> str | None:
    wanted = {"type": attachment["type"], "payload": {"url": attachment["payload"]["url"], "is_reusable": True}}
    try:
        answer = await graph.call(
            "POST",
            "/me/message_attachments",
            token,
            secret=secret,
            params={"platform": "instagram"},
            body={"message": {"attachment": wanted}},
            timeout=TIMEOUT_SECONDS,
            name="upload",
        )
    except (GraphError, NotSentError, NoAnswerError) as error:
        log.info("upload not taken, the file goes by its URL", error=str(error))
        await heard(database, error)
        return None
    meta_id = answer.get("attachment_id")
    return str(meta_id) if isinstance(meta_id, str | int) and meta_id else None


def _stored(attachment: Mapping[str, Any]) -> str | None:
    """Which stored file an attachment may be, by its address."""
    url = (attachment.get("payload") or {}).get("url") if attachment.get("type") in MEDIA_TYPES else None
    found = _STORED.fullmatch(url) if isinstance(url, str) else None
    return found[1] if found else None
