"""The OpenAPI document: what the framework cannot know of an operation, from the tables that rule it."""

from typing import Any

from fastapi import FastAPI

from heliograph.api.auth import SCOPES

_SCHEMES = {"basicAuth": {"type": "http", "scheme": "basic", "description": "Key id and secret (act_, app_, int_)."}}


class DocumentedApp(FastAPI):
    """An app whose document says who may call what. It is made when it is first asked for."""

    def openapi(self) -> dict[str, Any]:
        """The document at ``/openapi.json``."""
        if self.openapi_schema is None:
            document = super().openapi()
            document["components"]["securitySchemes"] = _SCHEMES
            for operations in document["paths"].values():
                for operation in operations.values():
                    operation["security"] = [{"basicAuth": sorted(SCOPES[operation["operationId"]])}]
        return self.openapi_schema or {}
