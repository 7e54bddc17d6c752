"""Query strings in the three encodings that real clients send (Sunshine reference 2.9, 6).

``page[after]=…&page[size]=…`` (OpenAPI's deepObject), ``page={"after":"…","size":10}`` (the Python client), and
deepObject with the first key only (the JavaScript client). The same for ``filter``.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import orjson

from heliograph.api.errors import bad_request

PAGE = frozenset({"after", "before", "size"})
_PAGED: Mapping[str, frozenset[str]] = {"page": PAGE}
_USER: Mapping[str, frozenset[str]] = {"brandId": frozenset()}

# The query keys of each operation that has any; every other key is refused. An empty set: a plain value.
ALLOWED: Mapping[str, Mapping[str, frozenset[str]]] = {
    "ListApps": {**_PAGED, "filter": frozenset({"serviceAccountId"})},
    "ListConversations": {**_PAGED, "filter": frozenset({"userId", "userExternalId"})},
    "ListParticipants": _PAGED,
    "ListCommitments": {"page": frozenset({"after", "size"}), "filter": frozenset({"state"})},
    "ListMessages": _PAGED,
    "ListIntegrations": {**_PAGED, "filter": frozenset({"types"})},
    "ListInvitations": _PAGED,
    "ListUsers": {"filter": frozenset({"identities.email"}), **_USER},
    "GetUser": _USER,
    "UpdateUser": _USER,
    "DeleteUser": _USER,
    "DeleteUserPersonalInformation": _USER,
    "CreateClient": _USER,
    "ListClients": {**_PAGED, **_USER},
    "RemoveClient": _USER,
    "ListDevices": _USER,
    "GetDevice": _USER,
    "UploadAttachment": {"access": frozenset(), "for": frozenset(), "conversationId": frozenset()},
}

_NAME = re.compile(r"([^\[\]]*)(?:\[([^\[\]]*)\])?")
_MOST_FIELDS = 50

Query = dict[str, dict[str, Any]]


def parse(operation: str, raw: bytes) -> Query:
    """The query of a request, by group: ``{"page": {"after": …}, "filter": {"userId": …}}``; null members are absent.

    Raises a 400 that names a key that the operation does not know, or a value that is not what it should be.
    """
    allowed = ALLOWED.get(operation, {})
    query: Query = {}
    try:
        pairs = parse_qsl(raw.decode("latin-1"), keep_blank_values=True, errors="replace", max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise bad_request(f"The query string has more than {_MOST_FIELDS} parameters") from None
    for name, text in pairs:
        match = _NAME.fullmatch(name)
        group, member = match.groups() if match else (name, None)
        if group not in allowed:
            raise bad_request(f"Unknown query parameter: {_shown(name)}")
        if "\0" in text:
            raise bad_request(f"{_shown(name)} must not contain a NUL character")
        members = {"": text} if not allowed[group] else {member: text} if member is not None else _object(group, text)
        for key, value in members.items():
            if key and key not in allowed[group]:
                raise bad_request(f"Unknown query parameter: {_shown(f'{group}[{key}]')}")
            if key in query.get(group, {}):
                raise bad_request(f"{_shown(name)} must be given once")
            if value is not None:
                query.setdefault(group, {})[key] = value
    return query


def _object(group: str, text: str) -> dict[str, Any]:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        value = None
    if not isinstance(value, dict):
        raise bad_request(f"{group} must be given as {group}[name]=value or as a JSON object")
    return value


def _shown(name: str) -> str:
    return name[:100].replace("\0", "\\0")
