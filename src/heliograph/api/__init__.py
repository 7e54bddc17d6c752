"""The Sunshine Conversations API v2 over HTTP (`/v2` and `/sc/v2`).

One module per resource, its wire models in it or beside it. What every request goes through, in this order:
`asgi` (prefix, raw path, metrics) → `operation` (body, authentication, scope, query, transaction) → the resource.
"""

from heliograph.api.app import create_api
from heliograph.api.services import Services

__all__ = ["Services", "create_api"]
