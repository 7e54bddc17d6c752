"""Components: what the framework made of the request models, and the tables, in one shelf without double names."""

from copy import deepcopy
from typing import Any

from heliograph.api.reference.glossary import meaning
from heliograph.api.reference.tables import COMPONENTS
from heliograph.api.reference.terms import Schema, ref
from heliograph.api.reference.walk import every, reachable, renamed


def take_in(document: dict[str, Any]) -> None:
    """Put the tables' components beside the framework's. A model of a request with the name of a table's gets
    ``Input`` behind its own."""
    generated = document["components"]["schemas"]
    needed = reachable(document["paths"], generated)
    names = {name: name + "Input" for name in needed if name in COMPONENTS}
    document["paths"] = renamed(document["paths"], names)
    shelf = {names.get(name, name): renamed(generated[name], names) for name in needed}
    for schema in shelf.values():
        _tidy(schema)
        if "description" in schema:
            schema["description"] = plain(schema["description"])
    for schema in shelf.values():
        for part in every(schema):
            _discriminate(part, shelf)
    document["components"]["schemas"] = shelf | deepcopy(dict(COMPONENTS))


def settle(document: dict[str, Any]) -> None:
    """Describe every field, put the shelf in order, and leave out what nobody needs."""
    shelf = document["components"]["schemas"]
    needed = reachable([document["paths"], document["webhooks"], document["components"]["responses"]], shelf)
    for name in needed:
        describe(name, shelf[name])
    document["components"]["schemas"] = {name: shelf[name] for name in sorted(needed)}


def inline(schema: Schema, shelf: dict[str, Schema]) -> Schema:
    """A request's own schema, put in order like a component."""
    _tidy(schema)
    for part in every(schema):
        _discriminate(part, shelf)
    return schema


def describe(owner: str, schema: Schema) -> None:
    """Give every field that has no description its meaning."""
    for part in every(schema):
        for name, field in part.get("properties", {}).items():
            text = field.get("description") or meaning(owner.removesuffix("Input"), name)
            if text:
                field["description"] = text


def plain(text: str) -> str:
    """A docstring as Markdown, in one paragraph."""
    return " ".join(text.replace("``", "`").split())


def _tidy(schema: Schema) -> None:
    """The titles that the framework makes of names say nothing; metadata is one component."""
    for part in every(schema):
        if isinstance(part.get("title"), str):
            del part["title"]
        for name, field in part.get("properties", {}).items():
            if name == "metadata":
                part["properties"][name] = {"anyOf": [ref("Metadata"), {"type": "null"}]}
            elif isinstance(field.get("default"), str) and not field["default"]:
                del field["default"]  # a stand-in for "not given" where null is not allowed


def _discriminate(schema: Schema, shelf: dict[str, Schema]) -> None:
    """Say that ``type`` tells the members of a union apart; where it does not, that more than one may fit."""
    members = schema.get("oneOf")
    if not members or "discriminator" in schema or not all("$ref" in member for member in members):
        return
    kinds = {}
    for member in members:
        target = shelf.get(member["$ref"].rpartition("/")[2], {})
        kind = target.get("properties", {}).get("type", {}).get("const")
        if kind is not None:
            kinds[kind] = member["$ref"]
    if len(kinds) == len(members):
        schema["discriminator"] = {"propertyName": "type", "mapping": kinds}
    else:
        schema["anyOf"] = schema.pop("oneOf")
