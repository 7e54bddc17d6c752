"""What a file is, by its first bytes. Pure.

Meta looks at the file as well as at its Content-Type (Meta reference 2.1 and gotcha 9), so a page of HTML that is called
a picture is refused.
"""

_HEADS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (0, b"%PDF-", "application/pdf"),
    (8, b"WAVE", "audio/wav"),
    (8, b"AVI ", "video/x-msvideo"),
    (0, b"OggS", "video/ogg"),
    (0, b"\x1a\x45\xdf\xa3", "video/webm"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xf1", "audio/aac"),
    (0, b"\xff\xf9", "audio/aac"),
    (4, b"ftypM4A", "audio/mp4"),
    (4, b"ftypqt", "video/quicktime"),
    (4, b"ftyp", "video/mp4"),
    (0, b"PK\x03\x04", "application/zip"),
)
_MARKUP = (b"<!doctype", b"<html", b"<?xml", b"<svg", b"{", b"[")
_CONTAINERS = {
    "video/mp4": "mp4",
    "audio/mp4": "mp4",
    "video/quicktime": "mp4",
    "audio/m4a": "mp4",
    "audio/x-m4a": "mp4",
}


def sniff(body: bytes) -> str | None:
    """The content type that the first bytes show, None for bytes that show nothing."""
    for at, head, content_type in _HEADS:
        if body[at : at + len(head)] == head:
            return content_type
    if body[:64].lstrip().lower().startswith(_MARKUP):
        return "text/html"
    return None


def fits(content_type: str, allowed: frozenset[str]) -> bool:
    """Whether a sniffed type is among those allowed. Sound and pictures share the containers mp4 and ogg."""
    container = _CONTAINERS.get(content_type)
    return content_type in allowed or (
        container is not None and any(_CONTAINERS.get(one) == container for one in allowed)
    )
