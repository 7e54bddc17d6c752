"""The answers of an operation: its success, and every error that can happen to it."""

from collections.abc import Iterable, Mapping
from typing import Any

from heliograph.api.errors import CODES, NOT_FOUND
from heliograph.api.reference.tables import CREATES, TITLES
from heliograph.api.reference.terms import Entry, ref

_JSON = "application/json"
_TITLES = {**TITLES, **dict(NOT_FOUND.values())}
# OAuth's own words (RFC 6749, 5.2).
_OAUTH = {400: "invalid_request", 401: "invalid_client"}
_SUCCESS = {200: "Done.", 201: "Made.", 302: "On to the next page."}

# Statuses that mean the same wherever they come: name of the response, its description, a sample title.
_COMMON: Mapping[int, tuple[str, str, str]] = {
    400: (
        "BadRequest",
        "Something in the request is wrong; each title names its field.",
        "displayName must be a string",
    ),
    401: ("Unauthorized", "No key, or not a valid one.", "Authentication is required"),
    403: ("Forbidden", "The key's scope does not reach this.", "A key with integration scope may not call GetApp"),
    413: ("PayloadTooLarge", "The body is too large.", "The request body is larger than 102400 bytes"),
    429: ("TooManyRequests", "Too many requests, or too many wrong keys.", "Too many requests: wait, then try again"),
    415: ("UnsupportedMediaType", "The body has the wrong content type.", "The content type must be application/json"),
}


def shared() -> dict[str, Any]:
    """The document's ``components.responses``."""
    made = {name: _error(status, text, [(CODES[status], title)]) for status, (name, text, title) in _COMMON.items()}
    challenge = {"description": "How to authenticate.", "schema": {"type": "string"}}
    made["Unauthorized"]["headers"] = {"WWW-Authenticate": challenge}
    wait = {"description": "How many seconds to wait.", "schema": {"type": "integer"}}
    made["TooManyRequests"]["headers"] = {"Retry-After": wait}
    return made


def responses(entry: Entry, statuses: Iterable[int], missing: Iterable[str]) -> dict[str, Any]:
    """All responses of an operation: success, the common ``statuses``, a 404 with its codes, and its own."""
    made: dict[int, Any] = {entry.status: _success(entry)}
    for status in statuses:
        made[status] = {"$ref": f"#/components/responses/{_COMMON[status][0]}"}
    for status, text in entry.errors.items():
        common = f"{_COMMON[status][1]} " if status in made else ""
        made[status] = _error(status, common + text, [(CODES[status], text.replace("`", ""))], entry.refusal)
    for status, text in entry.pages.items():
        made[status] = {"description": text, "content": {"text/html": {"schema": {"type": "string"}}}}
    codes = list(dict.fromkeys(missing))
    if codes:
        text = "There is no such thing: " + ", ".join(f"`{code}`" for code in codes) + "."
        made[404] = _error(404, text, [(code, _TITLES[code]) for code in codes])
    return {str(status): made[status] for status in sorted(made)}


def links(operation: str, own: set[str], others: Mapping[str, set[str]]) -> dict[str, Any]:
    """What can be done with the thing that an operation made. ``own`` and ``others``: the parameters of the paths."""
    if operation not in CREATES:
        return {}
    made, pointer = CREATES[operation]
    given = {name: f"$request.path.{name}" for name in own} | {made: f"$response.body#{pointer}"}
    return {
        name: {"operationId": name, "parameters": {f"path.{each}": given[each] for each in sorted(needed)}}
        for name, needed in others.items()
        if needed == set(given)
    }


def _success(entry: Entry) -> dict[str, Any]:
    made: dict[str, Any] = {"description": _SUCCESS[entry.status]}
    if entry.answer is None:
        made["headers"] = {"Location": {"description": "Where to go on.", "schema": {"type": "string"}}}
    else:
        made["content"] = {_JSON: {"schema": ref(entry.answer), "example": entry.response}}
    return made


def _error(status: int, text: str, samples: list[tuple[str, str]], refusal: str = "Errors") -> dict[str, Any]:
    bodies: list[dict[str, Any]] = [{"errors": [{"code": code, "title": title}]} for code, title in samples]
    if refusal == "OAuthErrors":
        bodies = [{"error": _OAUTH[status], "error_description": body["errors"][0]["title"], **body} for body in bodies]
    if len(bodies) == 1:
        shown: dict[str, Any] = {"example": bodies[0]}
    else:
        shown = {"examples": {code: {"value": body} for (code, _), body in zip(samples, bodies, strict=True)}}
    return {"description": text, "content": {_JSON: {"schema": ref(refusal), **shown}}}
