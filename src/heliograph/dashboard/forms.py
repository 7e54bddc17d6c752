"""What a form sent, and whether it is from one of our pages."""

import re
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from heliograph.api.operation import scheme_of
from heliograph.messaging import way_back

LARGEST = 512 * 1024
# An agent's form has a box for each of 500 apps.
MOST_FIELDS = 600
TOKEN_FIELD = "form_token"  # noqa: S105
TOKEN_HEADER = "x-form-token"  # noqa: S105

# Browsers send the page's encoding, which is UTF-8. In another a form could say what no column holds.
_UTF_8 = re.compile(r';\s*charset="?utf-8"?\s*(?=;|$)')


class Form:
    """The fields of a form: text without surrounding space. What is missing is empty."""

    def __init__(self, data: FormData | None = None) -> None:
        self._data = data or FormData()

    def __getitem__(self, name: str) -> str:
        return self.raw(name).strip()

    def raw(self, name: str) -> str:
        """As it was typed: for passwords."""
        value = self._data.get(name, "")
        return value if isinstance(value, str) else ""

    def all(self, name: str) -> list[str]:
        """Every value of a field that may stand several times."""
        return [value.strip() for value in self._data.getlist(name) if isinstance(value, str)]

    def file(self, name: str) -> UploadFile | None:
        """An uploaded file, or None when there is none."""
        value = self._data.get(name)
        return value if isinstance(value, UploadFile) and value.filename else None

    def values(self) -> Mapping[str, str]:
        """All single fields, to show them again."""
        return {name: value for name, value in self._data.items() if isinstance(value, str)}


async def read(request: Request) -> Form:
    """The form in a request's body. Raises a 400 or a 413."""
    kind = request.headers.get("content-type", "").lower()
    if kind.count("charset") != len(_UTF_8.findall(kind)):
        raise HTTPException(400)
    size, receive = 0, request.receive

    async def counted() -> dict[str, object]:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > LARGEST:
            raise HTTPException(413)
        return dict(message)

    data = await Request(request.scope, counted).form(max_files=2, max_fields=MOST_FIELDS, max_part_size=LARGEST)
    if not all(_is_kept(value) for _, value in data.multi_items() if isinstance(value, str)):
        raise HTTPException(400)
    return Form(data)


def _is_kept(value: str) -> bool:
    """Whether PostgreSQL holds a text: no NUL, and no half of a surrogate pair."""
    return "\0" not in value and not re.search("[\ud800-\udfff]", value)


def is_from_here(request: Request, public_url: str) -> bool:
    """Whether the browser says that a page of this server sent the request. A caller that says nothing passes here:

    it is no browser of these years, and needs the form's token in any case. From pages that send no referrer, as ours,
    browsers send no origin either (``null``), but do tell the site.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("origin")
    if origin is None:
        return True
    return origin in _origins(request, public_url)


def other_origin(request: Request, public_url: str) -> str:
    """The address in the browser when it is not the public one, as far as the browser tells; else empty."""
    origin = request.headers.get("origin", "null").lower()
    return "" if origin in ("null", way_back.origin_of(public_url)) else origin


def _origins(request: Request, public_url: str) -> Sequence[str]:
    here = f"{scheme_of(request)}://{request.headers.get('host', '')}"
    public = urlsplit(public_url)
    return here, f"{public.scheme}://{public.netloc}"
