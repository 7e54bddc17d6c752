"""Parts of a file, as players of video ask for them: ``Range: bytes=first-last`` (RFC 9110, section 14)."""

import re

from starlette.responses import Response

from heliograph.simulator.cdn import Media

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_HEADERS = {"Cache-Control": "private, max-age=300", "X-Content-Type-Options": "nosniff", "Accept-Ranges": "bytes"}


def serve_range(media: Media, asked: str | None) -> Response:
    """The whole file with 200, one range of it with 206, or 416 for a range that it does not have.

    A header that is no single range of bytes is ignored, as the RFC allows.
    """
    size = len(media.body)
    found = _RANGE.fullmatch(asked.strip()) if asked else None
    if found is None or found[0] == "bytes=-":
        return Response(media.body, media_type=media.content_type, headers=_HEADERS)
    first, last = _bounds(found[1], found[2], size)
    if first > last:
        return Response(status_code=416, headers={**_HEADERS, "Content-Range": f"bytes */{size}"})
    headers = {**_HEADERS, "Content-Range": f"bytes {first}-{last}/{size}"}
    return Response(media.body[first : last + 1], 206, media_type=media.content_type, headers=headers)


def _bounds(first: str, last: str, size: int) -> tuple[int, int]:
    if not first:
        return max(0, size - int(last)), size - 1
    return int(first), min(int(last), size - 1) if last else size - 1
