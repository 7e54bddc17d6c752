"""The document as the reference page shows it: rows of tables, words for types, ready commands. Pure."""

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from heliograph.api.reference.terms import COMPONENTS, Schema

Document = dict[str, Any]
View = dict[str, Any]

# Stands for this server in commands; the page puts in the address it was opened at.
ORIGIN = "https://chat.example.org"

_WORDS = {"string": "text", "boolean": "true or false", "integer": "whole number", "number": "number", "null": "null"}
_FORMATS = {"date-time": "time", "uri": "address", "email": "email address"}
_LIMITS = {
    "string": ("minLength", "maxLength", "characters"),
    "array": ("minItems", "maxItems", "elements"),
    "integer": ("minimum", "maximum", ""),
    "number": ("minimum", "maximum", ""),
}


def view(document: Document) -> View:
    """Everything that the template needs."""
    shelf = document["components"]["schemas"]
    reader = _Reader(document)
    groups = []
    for tag in document["tags"]:
        operations = [
            reader.operation(path, method, operation)
            for path, methods in document["paths"].items()
            for method, operation in methods.items()
            if tag["name"] in operation.get("tags", ())
        ]
        groups.append({**tag, "id": slug(tag["name"]), "operations": operations})
    return {
        "groups": groups,
        "events": [reader.event(name, item["post"]) for name, item in document["webhooks"].items()],
        "objects": [reader.component(name, schema) for name, schema in shelf.items() if name not in _NOT_OBJECTS],
        "origin": ORIGIN,
    }


_NOT_OBJECTS = frozenset({"Nothing"})


def slug(text: str) -> str:
    """A name as part of an address."""
    return re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-")


class _Reader:
    def __init__(self, document: Document) -> None:
        self._document = document

    def operation(self, path: str, method: str, operation: Schema) -> View:
        parameters = operation.get("parameters", ())
        body = next(iter(operation.get("requestBody", {}).get("content", {}).items()), None)
        reach = operation["security"][0] if operation.get("security") else {}
        names = [row["name"] for row in self._parameters(parameters)]
        return {
            "id": operation["operationId"],
            "summary": operation["summary"],
            "description": operation["description"],
            "method": method.upper(),
            "path": path,
            "parts": re.split(r"(\{\w+\})", path),
            "scopes": next(iter(reach.values()), []),
            "parameters": list(self._parameters(parameters)),
            "body": self.body(body[1]["schema"]) if body else None,
            "body_type": body[0] if body else None,
            "body_required": operation.get("requestBody", {}).get("required", False),
            "answers": list(self._answers(operation)),
            "curl": _curl(path, method.upper(), operation, bool(reach)),
            "find": " ".join([operation["operationId"], method, path, operation["summary"], *names]).lower(),
        }

    def _parameters(self, parameters: Any) -> Iterator[View]:
        for parameter in parameters:
            schema = parameter.get("schema", {})
            about = {"place": parameter["in"], "required": parameter.get("required", False)}
            if parameter.get("style") != "deepObject" or not schema.get("properties"):
                yield {**about, **self.row(parameter["name"], schema), "text": parameter.get("description", "")}
                continue
            for name, member in schema["properties"].items():
                required = name in schema.get("required", ())
                yield {**about, **self.row(f"{parameter['name']}[{name}]", member), "required": required}

    def _answers(self, operation: Schema) -> Iterator[View]:
        for status, given in operation["responses"].items():
            answer = self._resolved(given)
            content = answer.get("content", {}).get("application/json", {})
            good = status < "400"
            yield {
                "status": status,
                "good": good,
                "text": answer["description"],
                "body": self.body(content["schema"]) if good and content else None,
                "example": pretty(content["example"]) if good and "example" in content else None,
            }

    def event(self, name: str, operation: Schema) -> View:
        component = self._document["components"]["schemas"][operation["operationId"]]
        example = operation["requestBody"]["content"]["application/json"]["example"]
        return {
            "id": operation["operationId"],
            "name": name,
            "text": operation["description"],
            "rows": self.rows(component["properties"]["payload"]),
            "example": pretty(example),
            "find": f"{name} event webhook {operation['description']}".lower(),
        }

    def component(self, name: str, schema: Schema) -> View:
        return {"id": f"object-{name}", "name": name, "text": schema.get("description", ""), **self.body(schema)}

    def body(self, schema: Schema) -> View:
        """Rows of an object, an answer's single wrapped object laid open; or the members of a union."""
        schema = self._resolved(schema)
        if "properties" not in schema:
            return {"rows": [], "members": self._members(schema)}
        rows = self.rows(schema)
        if len(rows) == 1:
            (name, only), *_ = schema["properties"].items()
            inner = self._resolved(only.get("items", only))
            step = "[]" if "items" in only else ""
            nested = [self.row(f"{name}{step}.{each}", field) | {"required": each in inner.get("required", ())}
                      for each, field in inner.get("properties", {}).items()]  # fmt: skip
            rows += nested
        return {"rows": rows, "members": []}

    def rows(self, schema: Schema) -> list[View]:
        required = schema.get("required", ())
        return [
            self.row(name, field) | {"required": name in required}
            for name, field in schema.get("properties", {}).items()
        ]

    def row(self, name: str, schema: Schema) -> View:
        resolved = self._resolved(schema)
        nulls = {"type": "null"} in schema.get("anyOf", ())
        core = next((each for each in schema.get("anyOf", ()) if each != {"type": "null"}), schema) if nulls else schema
        inner = core.get("items", core)
        return {
            "name": name,
            "kind": self._words(core),
            "links": list(self._links(core)),
            "nullable": nulls,
            "values": inner.get("enum") or ([inner["const"]] if "const" in inner else []),
            "limits": _limits(core),
            "text": schema.get("description") or resolved.get("description", ""),
            "default": json.dumps(core["default"]) if "default" in core else None,
        }

    def _words(self, schema: Schema) -> str:
        if schema.get("type") == "array":
            inner = self._words(schema.get("items", {}))
            return f"list of {inner}" if inner else "list of"
        if "$ref" in schema or "oneOf" in schema or "anyOf" in schema or "allOf" in schema:
            return ""
        if schema.get("pattern", "").startswith("^[0-9a-f]{24}"):
            return "id"
        kind = schema.get("format") in _FORMATS and _FORMATS[schema["format"]]
        given = schema.get("type", "anything")
        return kind or _WORDS.get(given, "object" if given == "object" else str(given))

    def _links(self, schema: Schema) -> Iterator[View]:
        """The components that a field may hold; the members of a union by what tells them apart."""
        if "$ref" in schema:
            yield {"name": schema["$ref"].removeprefix(COMPONENTS), "kind": ""}
        yield from self._members(schema)
        if isinstance(schema.get("items"), dict):
            yield from self._links(schema["items"])

    def _members(self, schema: Schema) -> list[View]:
        kinds = {target: kind for kind, target in schema.get("discriminator", {}).get("mapping", {}).items()}
        members = [*schema.get("oneOf", ()), *schema.get("anyOf", ()), *schema.get("allOf", ())]
        targets = [each["$ref"] for each in members if "$ref" in each]
        return [{"name": each.removeprefix(COMPONENTS), "kind": kinds.get(each, "")} for each in targets]

    def _resolved(self, node: Schema) -> Schema:
        if "$ref" not in node:
            return node
        found: Any = self._document
        for step in node["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        return dict(found)


def pretty(value: Any) -> str:
    """JSON for people."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def _limits(schema: Schema) -> str:
    least, most, unit = _LIMITS.get(schema.get("type", ""), ("", "", ""))
    low, high = schema.get(least), schema.get(most)
    if low is None and high is None:
        return ""
    if low == high:
        return f"{low} {unit}".strip()
    bounds = f"{low} to {high}" if None not in (low, high) else f"at most {high}" if low is None else f"at least {low}"
    return f"{bounds} {unit}".strip()


def _curl(path: str, method: str, operation: Schema, keyed: bool) -> list[str]:
    """A command, cut where the server's address belongs."""
    query = []
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path":
            path = path.replace("{" + parameter["name"] + "}", quote(str(parameter.get("example", "id")), safe=""))
        elif parameter["in"] == "query" and parameter.get("required"):
            members = parameter.get("schema", {}).get("properties", {})
            name = f"{parameter['name']}[{next(iter(members))}]" if members else parameter["name"]
            sample = _SAMPLES.get(name) or (parameter.get("schema", {}).get("enum") or ["value"])[0]
            query.append(f"{name}={sample}")
    verb = "" if method == "GET" else f"-X {method} "
    lines = [path + ("?" + "&".join(query) if query else "") + "'"]
    if keyed:
        lines.append('  -u "$KEY_ID:$KEY_SECRET"')
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        if kind.startswith("multipart"):
            lines.append("  -F 'source=@lamp.jpg'")
        else:
            body = pretty(content.get("example", {})).replace("'", "'\\''")
            lines += [f"  -H 'Content-Type: {kind}'", f"  -d '{body}'"]
    return [f"curl -g {verb}'", " \\\n".join(lines)]


_SAMPLES = {
    "filter[userId]": "66b1000000000000000000b1",
    "filter[identities.email]": "noa@example.com",
    "redirect_uri": "https://desk.example.org/granted",
    "client_id": "order-desk",
}
