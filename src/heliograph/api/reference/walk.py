"""Walking over schemas: the one place that knows where a schema can hold another."""

from collections.abc import Iterator
from typing import Any

from heliograph.api.reference.terms import COMPONENTS, Schema

_BRANCHES = ("allOf", "anyOf", "oneOf")
_SINGLE = ("items", "additionalProperties", "contains", "not")


def children(schema: Schema) -> Iterator[Schema]:
    """The schemas right inside a schema."""
    yield from schema.get("properties", {}).values()
    for name in _BRANCHES:
        yield from schema.get(name, ())
    for name in _SINGLE:
        if isinstance(schema.get(name), dict):
            yield schema[name]


def every(schema: Schema) -> Iterator[Schema]:
    """A schema and all that are in it; references are not followed."""
    yield schema
    for child in children(schema):
        yield from every(child)


def references(node: Any) -> Iterator[str]:
    """The names of the components that any part of a document refers to; examples are passed over."""
    if isinstance(node, dict):
        target = node.get("$ref")
        if isinstance(target, str) and target.startswith(COMPONENTS):
            yield target.removeprefix(COMPONENTS)
        for name, value in node.items():
            if name not in ("example", "examples"):
                yield from references(value)
    elif isinstance(node, list):
        for item in node:
            yield from references(item)


def reachable(roots: Any, components: dict[str, Schema]) -> set[str]:
    """The names of the components that something needs, through as many others as it takes."""
    found: set[str] = set()
    waiting = list(references(roots))
    while waiting:
        name = waiting.pop()
        if name not in found and name in components:
            found.add(name)
            waiting += references(components[name])
    return found


def renamed(node: Any, names: dict[str, str]) -> Any:
    """A copy of a part of a document with components called otherwise."""
    if isinstance(node, dict):
        made = {name: renamed(value, names) for name, value in node.items()}
        target = made.get("$ref")
        if isinstance(target, str) and target.removeprefix(COMPONENTS) in names:
            made["$ref"] = COMPONENTS + names[target.removeprefix(COMPONENTS)]
        return made
    if isinstance(node, list):
        return [renamed(item, names) for item in node]
    return node
