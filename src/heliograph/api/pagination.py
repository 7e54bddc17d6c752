"""Cursor pagination (Sunshine reference 2.9): from the query to a cut, from a slice to ``meta`` and ``links``."""

from typing import Any
from urllib.parse import quote

from heliograph.api.errors import bad_request
from heliograph.api.operation import Call
from heliograph.api.query import Query
from heliograph.messaging.paging import Cut, Slice
from heliograph.storage import is_id

DEFAULT_SIZE = 25
LARGEST_SIZE = 100


def cut_of(query: Query, *, fixed_size: int | None = None, backward: bool = False) -> Cut:
    """Which page the query asks for. With ``fixed_size``, ``page[size]`` is passed over."""
    page = query.get("page", {})
    for name in ("after", "before"):
        value = page.get(name)
        if value is not None and not (isinstance(value, str) and is_id(value)):
            raise bad_request(f"page[{name}] must be a record id of 24 hexadecimal characters")
    if "after" in page and "before" in page:
        raise bad_request("page[after] and page[before] exclude each other")
    size = fixed_size or size_of(page.get("size", DEFAULT_SIZE))
    return Cut(size, page.get("after"), page.get("before"), backward)


def page_of(call: Call, name: str, items: list[dict[str, Any]], cut: Cut, piece: Slice) -> dict[str, Any]:
    """The body of a list: the items under ``name``, ``meta`` and ``links``."""
    travelled_back = cut.descending
    more_before = piece.more if travelled_back else cut.after is not None
    more_after = cut.before is not None if travelled_back else piece.more
    meta: dict[str, Any] = {"hasMore": piece.more}
    links: dict[str, str] = {}
    if items and more_after:
        meta["afterCursor"] = items[-1]["id"]
        links["next"] = _link(call, cut, "after", items[-1]["id"])
    if items and more_before:
        meta["beforeCursor"] = items[0]["id"]
        links["prev"] = _link(call, cut, "before", items[0]["id"])
    return {name: items, "meta": meta, "links": links}


def size_of(value: Any) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= LARGEST_SIZE:
        raise bad_request(f"page[size] must be an integer from 1 to {LARGEST_SIZE}")
    return value


def _link(call: Call, cut: Cut, direction: str, cursor: str) -> str:
    pairs = [(f"page[{direction}]", cursor)]
    if "size" in call.query.get("page", {}):
        pairs.append(("page[size]", str(cut.size)))
    for group, members in call.query.items():
        if group != "page":
            pairs += [(f"{group}[{key}]" if key else group, str(value)) for key, value in members.items()]
    return call.url + "?" + "&".join(f"{name}={quote(value, safe='')}" for name, value in pairs)
