"""A file in a multipart form, read as it comes: at no time is more than a piece of it in memory.

The part is known by its name alone: clients send it with a file name or without (Sunshine reference 6).
"""

from collections.abc import AsyncIterator

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header

from heliograph.api import body as bodies
from heliograph.api.errors import ApiError, bad_request
from heliograph.messaging.attachments import PIECE_BYTES
from heliograph.messaging.media_types import HEAD_BYTES

# Sunshine reference, conventions: 50 MB a file.
LARGEST_FILE = 50 * 1024 * 1024

PART = "source"

# A client that sends too much mostly sends little more: it gets to the end, and so to our answer.
_DRAINED = 4 * LARGEST_FILE


class FormFile:
    """The file in the part ``source`` of a form. Name, declared type, head and size are known after :meth:`pieces`."""

    def __init__(self, content_type: str | None, stream: AsyncIterator[bytes]) -> None:
        self.name = ""
        self.declared = ""
        self.head = b""
        self.size = 0
        self._stream = stream
        self._buffer = bytearray()
        self._parts = 0
        self._ended = False
        self._header = bytearray(), bytearray()
        self._headers: dict[str, str] = {}
        try:
            self._parser = MultipartParser(_boundary(content_type), {
                "on_part_begin": self._part_begins,
                "on_header_field": lambda data, start, end: self._header[0].extend(data[start:end]),
                "on_header_value": lambda data, start, end: self._header[1].extend(data[start:end]),
                "on_header_end": self._header_ends,
                "on_headers_finished": self._headers_end,
                "on_part_data": self._data,
                "on_end": self._end,
            })  # fmt: skip
        except FormParserError as error:
            raise bad_request(f"The content type's boundary is not valid: {error}") from None

    async def pieces(self) -> AsyncIterator[bytes]:
        """The file, all pieces but the last of the same size. Raises a 400 or 413, also after the last piece."""
        async for chunk in self._stream:
            for start in range(0, len(chunk), PIECE_BYTES):
                self._parse(chunk[start : start + PIECE_BYTES])
                if self.size > LARGEST_FILE:
                    await bodies.drain(self._stream, _DRAINED)
                    raise ApiError(413, f"{PART} is larger than {LARGEST_FILE} bytes")
                while len(self._buffer) >= PIECE_BYTES:
                    yield bytes(self._buffer[:PIECE_BYTES])
                    del self._buffer[:PIECE_BYTES]
        if not self._ended:
            raise bad_request("The form is not complete: its last boundary is missing")
        if not self._parts:
            raise bad_request(f"The form has no part named {PART}")
        if not self.size:
            raise bad_request(f"{PART} must not be empty")
        if self._buffer:
            yield bytes(self._buffer)

    def _parse(self, data: bytes) -> None:
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise bad_request(f"The form is not valid multipart/form-data: {error}") from None

    def _part_begins(self) -> None:
        self._parts += 1
        if self._parts > 1:
            raise bad_request(f"The form must have one part only, named {PART}")

    def _header_ends(self) -> None:
        name, value = self._header
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")
        self._header = bytearray(), bytearray()

    def _headers_end(self) -> None:
        kind, options = parse_options_header(self._headers.get("content-disposition"))
        name = _text(options.get(b"name", b""))
        if kind != b"form-data" or name != PART:
            raise bad_request(f"The form must have one part, named {PART}; it has one named '{name[:100]}'")
        self.name = _text(options.get(b"filename", b""))
        self.declared = self._headers.get("content-type", "")

    def _data(self, data: bytes, start: int, end: int) -> None:
        if len(self.head) < HEAD_BYTES:
            self.head += data[start : min(end, start + HEAD_BYTES - len(self.head))]
        self.size += end - start
        self._buffer += memoryview(data)[start:end]

    def _end(self) -> None:
        self._ended = True


def _boundary(content_type: str | None) -> bytes:
    kind, options = parse_options_header(content_type)
    if kind != b"multipart/form-data":
        raise ApiError(415, "The content type must be multipart/form-data")
    boundary = options.get(b"boundary")
    if not boundary:
        raise bad_request("The content type multipart/form-data must name its boundary")
    return boundary


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace").replace("\0", "")
