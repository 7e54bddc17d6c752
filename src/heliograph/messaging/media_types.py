"""What kind of file some bytes are. Pure.

The file's own first bytes decide; then what its sender declared; then its name. So a page that calls itself a picture
is never served as one, nor the other way round.
"""

import mimetypes
import re
from collections.abc import Mapping

UNKNOWN = "application/octet-stream"

# As many bytes as `media_type_of` looks at.
HEAD_BYTES = 64

# Offset, bytes, type; and the declared types that these bytes fit as well (containers hold many things).
_OFFICE = ("application/vnd.", "application/msword", "application/epub+zip", "application/java-archive")
_SIGNATURES: tuple[tuple[int, bytes, str, tuple[str, ...]], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png", ("image/apng",)),
    (0, b"\xff\xd8\xff", "image/jpeg", ()),
    (0, b"GIF87a", "image/gif", ()),
    (0, b"GIF89a", "image/gif", ()),
    (8, b"WEBP", "image/webp", ()),
    (8, b"WAVE", "audio/wav", ("audio/x-wav",)),
    (8, b"AVI ", "video/x-msvideo", ("video/avi",)),
    (0, b"BM", "image/bmp", ()),
    (0, b"II*\0", "image/tiff", ()),
    (0, b"MM\0*", "image/tiff", ()),
    (0, b"%PDF-", "application/pdf", ()),
    (4, b"ftypM4A", "audio/mp4", ("audio/",)),
    (4, b"ftypqt", "video/quicktime", ()),
    (4, b"ftyphei", "image/heic", ("image/heif",)),
    (4, b"ftypmif1", "image/heic", ("image/heif", "image/avif")),
    (4, b"ftypavif", "image/avif", ()),
    (4, b"ftyp3gp", "video/3gpp", ("audio/3gpp",)),
    (4, b"ftyp", "video/mp4", ("video/", "audio/")),
    (0, b"OggS", "audio/ogg", ("video/ogg", "audio/opus", "application/ogg")),
    (0, b"\x1aE\xdf\xa3", "video/webm", ("audio/webm", "video/x-matroska", "audio/x-matroska")),
    (0, b"ID3", "audio/mpeg", ("audio/mp3",)),
    (0, b"\xff\xfb", "audio/mpeg", ("audio/mp3",)),
    (0, b"\xff\xfa", "audio/mpeg", ("audio/mp3",)),
    (0, b"\xff\xf3", "audio/mpeg", ("audio/mp3",)),
    (0, b"\xff\xf2", "audio/mpeg", ("audio/mp3",)),
    (0, b"\xff\xf1", "audio/aac", ()),
    (0, b"\xff\xf9", "audio/aac", ()),
    (0, b"fLaC", "audio/flac", ()),
    (0, b"#!AMR", "audio/amr", ()),
    (0, b"PK\x03\x04", "application/zip", _OFFICE),
)
_RIFF = frozenset({b"WEBP", b"WAVE", b"AVI "})

_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,62}/[a-z0-9][a-z0-9!#$&^_.+-]{0,62}")

# The types that are served as what they are; every other one as bytes without meaning. None of them runs in a browser.
_MOVING = ("audio/", "video/")
_PICTURES = frozenset({
    "image/png", "image/apng", "image/jpeg", "image/gif", "image/webp", "image/bmp", "image/tiff", "image/heic",
    "image/heif", "image/avif",
})  # fmt: skip
# These have a signature, and cannot be had by declaring them.
_SIGNED = _PICTURES | {"application/pdf", "application/zip"}
_PASSIVE = _SIGNED | {"text/plain", "text/csv"}

_EXTENSIONS: Mapping[str, str] = {"image/jpeg": ".jpg", "audio/mp4": ".m4a", "image/webp": ".webp", "audio/ogg": ".ogg"}
# Our own tables: the module's functions read the machine's, and every machine would find something else.
_NAMES = mimetypes.MimeTypes()


def media_type_of(head: bytes, declared: str, name: str) -> str:
    """The type of a file that begins with ``head``, which its sender called ``declared`` and ``name``."""
    declared = declared.partition(";")[0].strip().lower()
    if not _TYPE.fullmatch(declared):
        declared = UNKNOWN
    guessed = _NAMES.guess_type(name)[0] or UNKNOWN
    found = _signature(head)
    if found is None:
        return next((kind for kind in (declared, guessed) if kind not in _SIGNED and kind != UNKNOWN), UNKNOWN)
    kind, also = found
    return next((one for one in (declared, guessed) if one == kind or (also and one.startswith(also))), kind)


def served_as(media_type: str) -> str:
    """The type to serve a file as, so that no browser runs what a stranger wrote."""
    if media_type == "text/plain":
        return "text/plain; charset=utf-8"
    return media_type if media_type in _PASSIVE or media_type.startswith(_MOVING) else UNKNOWN


def shown_inline(media_type: str) -> bool:
    """Whether a browser may show it in place: pictures, sound and films; everything else is a download."""
    return media_type in _PICTURES or media_type.startswith(_MOVING)


def extension_of(media_type: str) -> str:
    """The usual extension with its dot; empty when there is none."""
    return _EXTENSIONS.get(media_type) or _NAMES.guess_extension(media_type) or ""


def _signature(head: bytes) -> tuple[str, tuple[str, ...]] | None:
    for offset, magic, kind, also in _SIGNATURES:
        if head[offset : offset + len(magic)] == magic and (magic not in _RIFF or head.startswith(b"RIFF")):
            return kind, also
    return None
