"""The OpenAPI document: what the framework cannot know of an operation, from the tables that rule it."""

from typing import Any

from fastapi import FastAPI

from heliograph.api import reference
from heliograph.api.auth import SCOPES


class DocumentedApp(FastAPI):
    """An app whose document says all there is to say. It is made when it is first asked for."""

    def openapi(self) -> dict[str, Any]:
        """The document at ``/openapi.json``."""
        if self.openapi_schema is None:
            document = super().openapi()
            reference.complete(document, SCOPES)
            self.openapi_schema = document
        return self.openapi_schema or {}
