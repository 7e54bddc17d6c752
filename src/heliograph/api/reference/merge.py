"""The tables into the document that the framework makes. Operations that are not served are passed over."""

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from heliograph.api.reference import event_examples, events
from heliograph.api.reference.answers import links, responses, shared
from heliograph.api.reference.components import inline, plain, settle, take_in
from heliograph.api.reference.parameters import PARAMETERS
from heliograph.api.reference.tables import OPERATIONS, TAGS
from heliograph.api.reference.terms import Entry, ref

Document = dict[str, Any]

SECURITY = {
    "basicAuth": {
        "type": "http",
        "scheme": "basic",
        "description": "A key: its id (`act_…`, `app_…`, `int_…`) is the user name, its secret the password.",
    },
    "bearerAuth": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A token signed with a key's secret (HS256), with the key's id as `kid` and a `scope`.",
    },
}
_ALL_SCOPES = 3
_HOLE = re.compile(r"\{(\w+)\}")


def complete(document: Document, scopes: Mapping[str, frozenset[str]]) -> None:
    """Complete the framework's document in place. ``scopes``: which scopes reach which operation."""
    for _, operation in _known(document):
        operation["responses"] = {}
    take_in(document)
    document["components"]["responses"] = shared()
    document["components"]["securitySchemes"] = SECURITY
    document["webhooks"] = {name: _event(name) for name in events.EVENTS}
    paths = {operation["operationId"]: set(_HOLE.findall(path)) for path, operation in _known(document)}
    for path, operation in _known(document):
        name = operation["operationId"]
        entry = OPERATIONS[name]
        operation["summary"] = entry.summary
        operation["description"] = plain(operation.get("description", entry.summary))
        _parameters(path, operation, entry)
        _body(operation, entry, document)
        reach = scopes.get(name)
        operation["security"] = [{scheme: sorted(reach)} for scheme in SECURITY] if reach else []
        made = responses(entry, _statuses(operation, reach), _missing(path, entry))
        targets = links(name, paths[name], paths)
        if targets:
            made[str(entry.status)]["links"] = targets
        operation["responses"] = made
    served = {tag for _, operation in _known(document) for tag in operation.get("tags", ())}
    document["tags"] = [{"name": name, "description": text} for name, text in TAGS.items() if name in served]
    settle(document)


def _known(document: Document) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for operation in methods.values():
            if operation.get("operationId") in OPERATIONS:
                yield path, operation


def _parameters(path: str, operation: dict[str, Any], entry: Entry) -> None:
    """Describe the parameters, and add those that the route reads by itself."""
    name = operation["operationId"]
    given = operation.setdefault("parameters", [])
    here = {(each["in"], each["name"]) for each in given}
    wanted = [("path", each) for each in _HOLE.findall(path)] + [("query", each) for each in entry.query]
    for place, each in wanted:
        if (place, each) not in here:
            given.append({"name": each, "in": place, "required": place == "path", "schema": {"type": "string"}})
    for parameter in given:
        parameter.get("schema", {}).pop("title", None)
        known = PARAMETERS.get(f"{name}.{parameter['name']}") or PARAMETERS.get(parameter["name"], {})
        parameter.update(deepcopy(known))


def _body(operation: dict[str, Any], entry: Entry, document: Document) -> None:
    if "requestBody" not in operation and entry.body is not None:
        media_type, schema = entry.body
        operation["requestBody"] = {
            "required": entry.body_required,
            "content": {media_type: {"schema": deepcopy(schema)}},
        }
    for content in operation.get("requestBody", {}).get("content", {}).values():
        inline(content["schema"], document["components"]["schemas"])
        _also(content["schema"], entry, document)
        if entry.request is not None:
            content["example"] = entry.request


def _also(schema: dict[str, Any], entry: Entry, document: Document) -> None:
    """The fields that an open model lets through."""
    model = document["components"]["schemas"].get(schema.get("$ref", "").rpartition("/")[2], schema)
    if entry.also and model.get("additionalProperties") is True:
        model["properties"] = {**deepcopy(dict(entry.also)), **model.get("properties", {})}


def _statuses(operation: dict[str, Any], reach: frozenset[str] | None) -> list[int]:
    statuses = [400]
    if reach is not None:
        statuses += [401, 429]
        if len(reach) < _ALL_SCOPES:
            statuses.append(403)
    if "requestBody" in operation:
        statuses += [413, 415]
    return statuses


def _missing(path: str, entry: Entry) -> list[str]:
    """The codes of a 404: the app's where the path names one, a bare one for an id that no id can be."""
    holes = _HOLE.findall(path)
    app = ["app_not_found"] if "appId" in holes else []
    return [*app, *entry.missing, *(["not_found"] if holes else [])]


def _event(name: str) -> dict[str, Any]:
    when, _ = events.EVENTS[name]
    has_one = {"properties": {"events": {"type": "array", "contains": ref(events.component(name))}}}
    body = {"schema": {"allOf": [ref("WebhookEvents"), has_one]}, "example": event_examples.example(name)}
    return {
        "post": {
            "operationId": events.component(name),
            "summary": name,
            "description": when,
            "tags": ["Events"],
            "parameters": [
                {
                    "name": "X-API-Key",
                    "in": "header",
                    "required": True,
                    "description": "The webhook's secret.",
                    "schema": {"type": "string"},
                }
            ],
            "requestBody": {"required": True, "content": {"application/json": body}},
            "responses": {"2XX": {"description": "Taken. Anything else is tried again, but 400, 401, 403, 404, 406."}},
        }
    }
