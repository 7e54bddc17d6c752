"""The notation of the tables: JSON Schema in few words, and what an operation's row says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Schema = dict[str, Any]

COMPONENTS = "#/components/schemas/"

TEXT: Schema = {"type": "string"}
FLAG: Schema = {"type": "boolean"}
COUNT: Schema = {"type": "integer"}
NUMBER: Schema = {"type": "number"}
ID: Schema = {"type": "string", "pattern": "^[0-9a-f]{24}$"}
TIME: Schema = {"type": "string", "format": "date-time"}
URI: Schema = {"type": "string", "format": "uri"}
ANYTHING: Schema = {"type": "object", "additionalProperties": True}


def ref(name: str) -> Schema:
    """A component by its name."""
    return {"$ref": COMPONENTS + name}


def obj(description: str, fields: Mapping[str, Schema]) -> Schema:
    """An object. A field whose name ends in ``?`` may be absent."""
    required = [name for name in fields if not name.endswith("?")]
    properties = {name.removesuffix("?"): dict(schema) for name, schema in fields.items()}
    made: Schema = {"type": "object", "description": description, "properties": properties}
    return made | ({"required": required} if required else {})


def many(schema: Schema) -> Schema:
    """An array of these."""
    return {"type": "array", "items": schema}


def maybe(schema: Schema) -> Schema:
    """One of these, or null."""
    return {"anyOf": [schema, {"type": "null"}]}


def one_of(*values: str) -> Schema:
    """One of these words."""
    return {"type": "string", "enum": list(values)}


def union(description: str, members: Mapping[str, str]) -> Schema:
    """One of several components, told apart by ``type``: value of ``type`` to component."""
    mapping = {value: COMPONENTS + name for value, name in members.items()}
    return {
        "description": description,
        "oneOf": [ref(name) for name in members.values()],
        "discriminator": {"propertyName": "type", "mapping": mapping},
    }


def wrapped(description: str, name: str, component: str) -> Schema:
    """The body of an answer: one object under its name."""
    return obj(description, {name: ref(component)})


def listed(description: str, name: str, component: str) -> Schema:
    """The body of a whole list."""
    return obj(description, {name: many(ref(component))})


def paged(description: str, name: str, component: str) -> Schema:
    """The body of one page of a list."""
    return obj(description, {name: many(ref(component)), "meta": ref("Meta"), "links": ref("Links")})


@dataclass(frozen=True, slots=True)
class Entry:
    """What the document says of an operation beyond what its route says.

    ``answer`` is the component of the success body, None where there is none. ``missing`` are the codes of its 404,
    besides the app's. ``errors`` are further statuses, with when they come. ``body`` stands in for a request body that
    the route reads by itself: media type and schema. ``query`` are parameters that it reads by itself, ``pages`` are
    answers for people, and ``refusal`` is the component of its errors. ``also`` are fields of a body that its model lets
    through and the route checks by itself.
    """

    summary: str
    answer: str | None
    response: Any
    status: int = 200
    request: Any = None
    missing: Sequence[str] = ()
    errors: Mapping[int, str] = field(default_factory=dict)
    body: tuple[str, Schema] | None = None
    body_required: bool = True
    also: Mapping[str, Schema] = field(default_factory=dict)
    query: Sequence[str] = ()
    pages: Mapping[int, str] = field(default_factory=dict)
    refusal: str = "Errors"
