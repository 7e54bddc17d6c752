"""The server's own document in the hands of tests: schemas to check real bodies with."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import jsonschema_rs

from heliograph.api.reference.walk import every

Document = dict[str, Any]


def operations(document: Document) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Path, method and operation of everything that is served."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def resolved(document: Document, node: dict[str, Any]) -> dict[str, Any]:
    """A part of the document, or what it refers to."""
    if "$ref" not in node:
        return node
    found: Any = document
    for step in node["$ref"].removeprefix("#/").split("/"):
        found = found[step.replace("~1", "/")]
    return dict(found)


def closed(document: Document) -> Document:
    """The document with every object closed: a field that is not told of is then an error."""
    strict = deepcopy(document)
    for schema in strict["components"]["schemas"].values():
        for part in every(schema):
            if "properties" in part:
                part.setdefault("additionalProperties", False)
    return strict


class Shapes:
    """Validators for the parts of a document."""

    def __init__(self, document: Document) -> None:
        self._document = document

    def faults(self, schema: dict[str, Any], body: Any) -> list[str]:
        """What is wrong with a body, by place."""
        whole = {**schema, "components": self._document["components"]}
        checker = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
        return [
            f"{'/'.join(map(str, error.instance_path))}: {error.message[:300]}" for error in checker.iter_errors(body)
        ]

    def answer(self, operation: dict[str, Any], status: int) -> dict[str, Any] | None:
        """The schema of an operation's answer with this status; None when it is not told of."""
        answer = operation["responses"].get(str(status))
        if answer is None:
            return None
        return dict(resolved(self._document, answer)["content"]["application/json"]["schema"])
