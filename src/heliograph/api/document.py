"""The OpenAPI document: what the framework cannot know of an operation, from the tables that rule it."""

from typing import Any

from fastapi import FastAPI

from heliograph.api.auth import OPEN, SCOPES

_SCHEMES = {
    "basicAuth": {"type": "http", "scheme": "basic", "description": "Key id and secret (act_, app_, int_)."},
    "bearerAuth": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A JWT, HS256, signed with a key's secret; its kid is the key's id. Or a token from OAuth.",
    },
}


class DocumentedApp(FastAPI):
    """An app whose document says who may call what. It is made when it is first asked for."""

    def openapi(self) -> dict[str, Any]:
        """The document at ``/openapi.json``."""
        if self.openapi_schema is None:
            document = super().openapi()
            document["components"]["securitySchemes"] = _SCHEMES
            for operations in document["paths"].values():
                for operation in operations.values():
                    operation["security"] = _security(operation["operationId"])
        return self.openapi_schema or {}


def _security(operation: str) -> list[dict[str, list[str]]]:
    if operation in OPEN:
        return []
    return [{scheme: sorted(SCOPES[operation])} for scheme in _SCHEMES]
