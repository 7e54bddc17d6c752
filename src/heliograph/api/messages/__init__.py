"""Messages (Sunshine reference 1.6, 2.7): models of what is posted, its completion, and the operations."""

from heliograph.api.messages.routes import router

__all__ = ["router"]
