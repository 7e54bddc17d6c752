"""Compares two OpenAPI documents as clients see them: what the original has, and ours has not; and what we add.

Everything becomes a set of plain names, ``PostMessage request content.actions[].uri``, with references, ``allOf`` and
the members of ``oneOf`` and ``anyOf`` laid over each other. Then two documents are two sets.

    python -m tests.api.compare_openapi ORIGINAL.yaml OURS.json
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

Document = dict[str, Any]

METHODS = frozenset({"get", "post", "patch", "put", "delete"})
# A schema may hold itself (a quoted message): deeper than this nothing new comes.
_DEEPEST = 9

# The original's name of an event's schema that does not follow from its type.
_EVENT_TYPES = {
    "switchboardAcceptControl": "switchboard:acceptControl",
    "switchboardAcceptControlFailure": "switchboard:acceptControl:failure",
    "switchboardOfferControl": "switchboard:offerControl",
    "switchboardOfferControlFailure": "switchboard:offerControl:failure",
    "switchboardPassControl": "switchboard:passControl",
    "switchboardPassControlFailure": "switchboard:passControl:failure",
    "switchboardReleaseControl": "switchboard:releaseControl",
}


class Names:
    """The names of everything in one document."""

    def __init__(self, document: Document) -> None:
        self._document = document

    def all(self) -> set[str]:
        """Operations, parameters, fields of requests, answers and events, and the values of enumerations."""
        found: set[str] = set()
        for path, item in self._document["paths"].items():
            for method in METHODS & set(item):
                operation = item[method]
                name = operation["operationId"]
                found.add(f"{name}")
                found.add(f"{name} at {method.upper()} {path}")
                found |= {f"{name} tag {tag}" for tag in operation.get("tags", ())}
                found |= set(self._parameters(name, [*item.get("parameters", ()), *operation.get("parameters", ())]))
                found |= set(self._bodies(f"{name} request", operation.get("requestBody", {}), skipped="readOnly"))
                for status, answer in operation["responses"].items():
                    found.add(f"{name} answers {status}")
                    if status < "300":
                        found |= set(self._bodies(f"{name} answer", answer, skipped="writeOnly"))
        for event, schema in self._events():
            found.add(f"{event} event")
            found |= {f"{event} event {path}" for path in self._fields(schema, "", "writeOnly", 0)}
        return found

    def _parameters(self, name: str, parameters: list[dict[str, Any]]) -> Iterator[str]:
        for given in parameters:
            parameter = self._resolved(given)
            yield f"{name} {parameter['in']} {parameter['name']}"
            if parameter["in"] == "query":
                for path in self._fields(parameter.get("schema", {}), "", "", 0):
                    yield f"{name} query {parameter['name']}[{path}]"

    def _bodies(self, where: str, holder: dict[str, Any], skipped: str) -> Iterator[str]:
        for media_type, content in self._resolved(holder).get("content", {}).items():
            if where.endswith("request"):
                yield f"{where} as {media_type}"
            for path in self._fields(content.get("schema", {}), "", skipped, 0):
                yield f"{where} {path}"

    def _events(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for name, schema in self._document["components"]["schemas"].items():
            kind = self._kind(schema)
            if kind in _TRIGGERS:
                yield kind, schema
            elif name in _EVENT_TYPES:
                yield _EVENT_TYPES[name], schema
            elif name.endswith("Event") and self._payload(schema):
                words = "".join(f":{char.lower()}" if char.isupper() else char for char in name.removesuffix("Event"))
                if words in _TRIGGERS:
                    yield words, schema

    def _kind(self, schema: dict[str, Any]) -> str | None:
        kind = schema.get("properties", {}).get("type", {}).get("const")
        return kind if isinstance(kind, str) and self._payload(schema) else None

    def _payload(self, schema: dict[str, Any]) -> bool:
        parts = [schema, *schema.get("allOf", ())]
        return any("payload" in part.get("properties", {}) for part in parts)

    def _fields(self, schema: dict[str, Any], at: str, skipped: str, depth: int) -> Iterator[str]:
        schema = self._resolved(schema)
        if depth > _DEEPEST or schema.get(skipped):
            return
        for value in schema.get("enum", ()):
            if at and value is not None:
                yield f"{at} = {value}"
        if at and "const" in schema:
            yield f"{at} = {schema['const']}"
        for part in (*schema.get("allOf", ()), *schema.get("oneOf", ()), *schema.get("anyOf", ())):
            yield from self._fields(part, at, skipped, depth)
        for target in schema.get("discriminator", {}).get("mapping", {}).values():
            if "oneOf" not in schema and "anyOf" not in schema:
                yield from self._fields(self._unlooped(target), at, skipped, depth)
        for name, field in schema.get("properties", {}).items():
            path = f"{at}.{name}" if at else name
            if not self._resolved(field).get(skipped) and not field.get(skipped):
                yield path
                yield from self._fields(field, path, skipped, depth + 1)
        if isinstance(schema.get("items"), dict):
            yield from self._fields(schema["items"], f"{at}[]", skipped, depth + 1)

    def _unlooped(self, target: str) -> dict[str, Any]:
        """A member that a base names: its ``allOf`` names the base again."""
        member = self._resolved({"$ref": target})
        parts = [part for part in member.get("allOf", ()) if "discriminator" not in self._resolved(part)]
        return {**member, "allOf": parts} if parts else member

    def _resolved(self, node: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in node:
            found: Any = self._document
            for step in node["$ref"].removeprefix("#/").split("/"):
                found = found[step]
            more = {name: value for name, value in node.items() if name != "$ref"}
            node = {**found, **more}
        return node


_TRIGGERS = frozenset(
    {
        "client:add", "client:remove", "client:update", "conversation:create", "conversation:join",
        "conversation:leave", "conversation:remove", "conversation:message", "conversation:message:delivery:channel",
        "conversation:message:delivery:failure", "conversation:message:delivery:user", "conversation:postback",
        "conversation:read", "conversation:referral", "conversation:typing", "switchboard:acceptControl",
        "switchboard:acceptControl:failure", "switchboard:offerControl", "switchboard:offerControl:failure",
        "switchboard:passControl", "switchboard:passControl:failure", "switchboard:releaseControl", "user:merge",
        "user:update", "user:remove",
    }
)  # fmt: skip


def load(path: str | Path) -> Document:
    """A document from a YAML or JSON file."""
    return dict(yaml.load(Path(path).read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))


def missing(original: Document, ours: Document) -> set[str]:
    """What the original has and ours has not. Of an operation that is missing, only its name."""
    theirs, own = Names(original).all(), Names(ours).all()
    gone = {name for name in theirs - own if " " not in name}
    return {name for name in theirs - own if name in gone or name.partition(" ")[0] not in gone}


def additions(original: Document, ours: Document) -> set[str]:
    """What ours has and the original has not; values and statuses aside."""
    found = Names(ours).all() - Names(original).all()
    return {name for name in found if " = " not in name and " answers " not in name and " tag " not in name}


def outermost(names: set[str]) -> set[str]:
    """Without what lies inside something that is in the set itself."""
    return {name for name in names if not any(name.startswith((f"{other}.", f"{other}[")) for other in names)}


if __name__ == "__main__":
    first, second = load(sys.argv[1]), load(sys.argv[2])
    print(json.dumps({"missing": sorted(missing(first, second)), "added": sorted(additions(first, second))}, indent=1))
