"""Request bodies: read up to the limit, parsed once, refused when PostgreSQL could not hold them."""

from collections.abc import AsyncIterator
from typing import Any

import orjson

from heliograph.api.errors import ApiError, bad_request

# Sunshine reference, conventions: 100 kB of JSON.
LARGEST_BODY = 100 * 1024

# A refused body is still read, up to this: closing on a client that is writing would hide the answer from it.
_DRAINED = 8 * 1024 * 1024

# Deeper than anything the wire nests; well below what the JSON writer can take.
DEEPEST = 32


async def read(stream: AsyncIterator[bytes]) -> bytes:
    """The body as it came. Raises a 413."""
    chunks, size = [], 0
    async for chunk in stream:
        size += len(chunk)
        if size <= LARGEST_BODY:
            chunks.append(chunk)
        elif size > _DRAINED:
            break
    if size > LARGEST_BODY:
        raise ApiError(413, f"The request body is larger than {LARGEST_BODY} bytes")
    return b"".join(chunks)


async def drain(stream: AsyncIterator[bytes], most: int = _DRAINED) -> None:
    """Read what is left of a refused body, up to ``most`` bytes."""
    size = 0
    async for chunk in stream:
        size += len(chunk)
        if size > most:
            break


def parse(content_type: str | None, raw: bytes) -> dict[str, Any]:
    """The JSON object in a body. Raises a 415 or a 400."""
    media_type = (content_type or "application/json").partition(";")[0].strip().lower()
    if media_type != "application/json" and not media_type.endswith("+json"):
        raise ApiError(415, "The content type must be application/json")
    if not raw:
        raise bad_request("The request body must be a JSON object; it is empty")
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise bad_request(f"The request body is not valid JSON: {error}") from None
    if not isinstance(value, dict):
        raise bad_request("The request body must be a JSON object")
    _check(value)
    return value


# Where a value stands: the place of what holds it, and its name or index there. Spelled out only for an error: the
# names of a body that is allowed can add up to gigabytes of paths.
_Place = tuple[Any, str | int] | None

_LONGEST_PATH = 200


def _check(root: dict[str, Any]) -> None:
    """No NUL anywhere (PostgreSQL's text cannot hold it; lone surrogates did not parse), and no bottomless nesting."""
    waiting: list[tuple[Any, int, _Place]] = [(root, 0, None)]
    while waiting:
        value, depth, place = waiting.pop()
        if isinstance(value, str):
            if "\0" in value:
                raise bad_request(f"{_path(place)} must not contain a NUL character")
            continue
        if depth == DEEPEST:
            raise bad_request(f"{_path(place)} is nested more than {DEEPEST} levels deep")
        if isinstance(value, dict) and any("\0" in name for name in value):
            raise bad_request(f"{_path(place) or 'the request body'} has a name that contains a NUL character")
        items = value.items() if isinstance(value, dict) else enumerate(value)
        waiting += [(item, depth + 1, (place, key)) for key, item in items if isinstance(item, str | dict | list)]


def _path(place: _Place) -> str:
    """``content.items[3].title``, cut to a length that can be shown."""
    keys: list[str | int] = []
    while place is not None:
        place, key = place
        keys.append(key)
    steps = (f"[{key}]" if isinstance(key, int) else f".{key}" for key in reversed(keys))
    return "".join(steps).removeprefix(".")[:_LONGEST_PATH]
