"""Control: the wire, live events, uploads, reset and health."""

from typing import Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse

from heliograph.simulator.control.held import Held
from heliograph.simulator.control.lookup import ControlError
from heliograph.simulator.control.uploads import read_upload
from heliograph.simulator.graph import media
from heliograph.simulator.wire_log import describe

router = APIRouter(tags=["system"])


@router.get("/health")
async def health(world: Held) -> dict[str, Any]:
    """Whether the simulator runs, and how much is in it."""
    return {
        "status": "ok",
        "apps": len(world.state.apps),
        "accounts": len(world.state.accounts),
        "people": len(world.state.people),
        "messages": len(world.state.messages),
        "undelivered_events": world.delivery.waiting,
    }


@router.post("/reset")
async def reset(world: Held) -> dict[str, bool]:
    """Empty the world and return to real time."""
    world.reset()
    return {"reset": True}


@router.get("/wire")
async def wire(
    world: Held,
    after: int | None = Query(None, ge=0, description="Only entries after this number; absent: the youngest."),
    limit: int = Query(100, ge=1, le=1000),
    contains: str | None = Query(None, max_length=300, description="Only entries with this text in them."),
) -> dict[str, Any]:
    """What went over the wire, oldest first, with tokens and secrets masked."""
    if contains:
        entries = world.wire.holding(contains, after or 0)[-limit:]
    else:
        entries = world.wire.latest(limit) if after is None else world.wire.after(after, limit)
    secrets = world.state.secrets()
    return {"entries": [describe(one, secrets) for one in entries], "last": world.wire.last}


@router.get("/wire/{seq}")
async def wire_entry(world: Held, seq: int) -> dict[str, Any]:
    """One entry of the wire log."""
    entry = world.wire.get(seq)
    if entry is None:
        raise ControlError("seq", f"The log holds no entry {seq} (any more).", 404)
    return describe(entry, world.state.secrets())


@router.get("/events")
async def events(world: Held) -> StreamingResponse:
    """Changes as server-sent events: thread, story, wire, clock, faults, world, reset; resync means: read all again."""
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(world.hub.stream(), media_type="text/event-stream", headers=headers)


@router.post("/media/lapse")
async def lapse(world: Held) -> dict[str, bool]:
    """Make every link to media given out so far stop working; reads of the Graph API give fresh ones."""
    world.cdn.lapse()
    return {"lapsed": True}


@router.post("/uploads", status_code=201)
async def upload(world: Held, request: Request) -> dict[str, Any]:
    """Take in a media file, as a raw body with its content type or as a multipart form with one file."""
    content_type, name, body = await read_upload(request)
    kind = media.type_of(content_type)
    if kind is None:
        raise ControlError("file", f"Instagram carries no files of type {content_type or 'unknown'}.", 415)
    if len(body) > media.KINDS[kind].limit:
        raise ControlError("file", f"A file of type {kind} may have {media.KINDS[kind].limit:,} bytes.", 413)
    asset = world.cdn.keep(body, content_type, name)
    return {"url": world.cdn.link(asset.id), "type": kind, "id": asset.id}
