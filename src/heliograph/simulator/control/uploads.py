"""Reading an uploaded file, without a form library: the standard library's mail parser knows multipart."""

from email.parser import BytesParser
from email.policy import HTTP

from fastapi import Request

from heliograph.simulator.control.lookup import ControlError

_LIMIT = 26_000_000


async def read_upload(request: Request) -> tuple[str, str, bytes]:
    """Content type, name and bytes of the one file in a request. Raises a ``ControlError`` that names the trouble."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LIMIT:
            raise ControlError("file", f"The file is larger than {_LIMIT:,} bytes.", 413)
    if not body:
        raise ControlError("file", "The request has no file.")
    declared = request.headers.get("content-type", "")
    if not declared.startswith("multipart/form-data"):
        return declared.split(";")[0].strip().lower(), "upload", bytes(body)
    parsed = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + declared.encode("latin-1") + b"\r\n\r\n" + body)
    for part in parsed.walk():
        if part.get_filename():
            content = part.get_payload(decode=True)
            if isinstance(content, bytes) and content:
                return part.get_content_type(), part.get_filename() or "upload", content
    raise ControlError("file", "The form has no file.")
