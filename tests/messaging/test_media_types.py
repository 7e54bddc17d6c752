"""What kind of file some bytes are, and as what they are served."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heliograph.messaging.media_types import HEAD_BYTES, UNKNOWN, extension_of, media_type_of, served_as, shown_inline

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize(
    ("head", "declared", "name", "expected"),
    [
        (PNG, "text/html", "a.html", "image/png"),
        (PNG, "image/apng", "", "image/apng"),
        (b"\xff\xd8\xff\xe0", "", "", "image/jpeg"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "", "", "image/webp"),
        (b"RIFF\0\0\0\0WAVEfmt ", "audio/x-wav", "", "audio/x-wav"),
        (b"JUNK\0\0\0\0WEBP", "", "", UNKNOWN),
        (b"\0\0\0\x20ftypisom", "", "", "video/mp4"),
        (b"\0\0\0\x20ftypisom", "audio/mp4", "", "audio/mp4"),
        (b"\0\0\0\x20ftypM4A ", "audio/x-m4a", "", "audio/x-m4a"),
        (b"\0\0\0\x14ftypqt  ", "", "", "video/quicktime"),
        (b"\0\0\0\x14ftypheic", "", "", "image/heic"),
        (b"OggS\0", "video/ogg", "", "video/ogg"),
        (b"OggS\0", "text/html", "", "audio/ogg"),
        (b"ID3\x04", "", "", "audio/mpeg"),
        (b"%PDF-1.7", UNKNOWN, "", "application/pdf"),
        (b"PK\x03\x04", "application/vnd.ms-excel", "", "application/vnd.ms-excel"),
        (b"PK\x03\x04", "text/html", "", "application/zip"),
        (b"PK\x03\x04", "", "a.doc", "application/msword"),
        (b"Hello", "Text/Plain; charset=utf-8", "", "text/plain"),
        (b"Hello", "", "a.txt", "text/plain"),
        (b"Hello", "image/png", "", UNKNOWN),
        (b"Hello", "image/png", "a.txt", "text/plain"),
        (b"Hello", "nonsense", "a.png", UNKNOWN),
        (b"Hello", "a/b\r\nX: y", "", UNKNOWN),
        (b"<html>", "text/html", "", "text/html"),
        (b"", "", "", UNKNOWN),
    ],
)
def test_the_bytes_decide_then_the_sender_then_the_name(head: bytes, declared: str, name: str, expected: str) -> None:
    assert media_type_of(head, declared, name) == expected


@given(st.binary(max_size=HEAD_BYTES), st.text(max_size=40), st.text(max_size=40))
def test_whatever_comes_in_goes_out_as_a_header_that_no_browser_runs(head: bytes, declared: str, name: str) -> None:
    kind = media_type_of(head, declared, name)
    served = served_as(kind)
    assert served.isascii()
    assert served.isprintable()
    assert not any(word in served for word in ("html", "xml", "script", "svg", "shockwave"))
    assert extension_of(kind)[:1] in ("", ".")


@pytest.mark.parametrize("kind", ["text/html", "image/svg+xml", "text/xml", "application/xhtml+xml", "text/css",
                                  "text/javascript", "multipart/x-mixed-replace", "message/rfc822"])  # fmt: skip
def test_active_types_are_bytes_to_download(kind: str) -> None:
    assert (served_as(kind), shown_inline(kind)) == (UNKNOWN, False)


@pytest.mark.parametrize("kind", ["image/jpeg", "video/mp4", "audio/ogg"])
def test_pictures_sound_and_films_are_shown_in_place(kind: str) -> None:
    assert (served_as(kind), shown_inline(kind)) == (kind, True)
