"""The ``fields`` parameter: ``id,messages.limit(5){id,from}``. Pure.

:func:`parse` reads it, :func:`select` builds an answer out of a table of resolvers, one per field.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from heliograph.simulator.errors import refuse

_NAME = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*)")
_ARGUMENT = re.compile(r"\.([a-z_]+)\(([^()]*)\)")
_DEPTH = 8


@dataclass(frozen=True, slots=True)
class Field:
    """One asked-for field, with its arguments and the fields asked for inside it."""

    name: str
    arguments: Mapping[str, str] = field(default_factory=dict)
    inner: tuple["Field", ...] = ()

    def names(self, default: str) -> tuple["Field", ...]:
        """The inner fields, or those of ``default`` when none were asked for."""
        return self.inner or parse(default)


def parse(text: str) -> tuple[Field, ...]:
    """The fields of a ``fields`` parameter. Raises the syntax error that Meta gives (code 2500)."""
    found, end = _list(text, 0, 0)
    if end != len(text):
        raise refuse("syntax", reason="Unexpected end of string or character.", at=end, text=text)
    return found


def written(fields: Iterable[Field]) -> str:
    """Fields as the parameter has them; the other way round of :func:`parse`."""

    def one(asked: Field) -> str:
        arguments = "".join(f".{name}({value})" for name, value in asked.arguments.items())
        return asked.name + arguments + (f"{{{written(asked.inner)}}}" if asked.inner else "")

    return ",".join(map(one, fields))


def _list(text: str, at: int, depth: int) -> tuple[tuple[Field, ...], int]:
    found: list[Field] = []
    while True:
        name = _NAME.match(text, at)
        if not name or depth > _DEPTH:
            raise refuse("syntax", reason="Expected a field name.", at=at, text=text)
        at = name.end()
        arguments: dict[str, str] = {}
        while argument := _ARGUMENT.match(text, at):
            arguments[argument[1]] = argument[2]
            at = argument.end()
        inner: tuple[Field, ...] = ()
        if text[at : at + 1] == "{":
            inner, at = _list(text, at + 1, depth + 1)
            if text[at : at + 1] != "}":
                raise refuse("syntax", reason="Expected a closing brace.", at=at, text=text)
            at += 1
        found.append(Field(name[1], arguments, inner))
        if text[at : at + 1] != ",":
            return tuple(found), at
        at += 1


Resolver = Callable[[Field], Any]
ABSENT = object()
"""What a resolver returns for a field that Meta leaves out of the answer."""


def select(node: str, wanted: Iterable[Field], resolvers: Mapping[str, Resolver]) -> dict[str, Any]:
    """The answer for the wanted fields. ``id`` is always part of it, last, as Meta does.

    Raises (#100) for a field that the node does not have; ``node`` is the node's type for its text.
    """
    answer: dict[str, Any] = {}
    for one in wanted:
        resolver = resolvers.get(one.name)
        if resolver is None:
            raise refuse("unknown_field", field=one.name, node=node)
        value = resolver(one)
        if value is not ABSENT:
            answer[one.name] = value
    if "id" not in answer:
        answer["id"] = resolvers["id"](Field("id"))
    return answer
