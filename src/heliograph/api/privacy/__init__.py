"""Pages about people's data, for the people themselves: no login, no scripts, and nothing personal on them.

``request_page`` tells how far a data deletion is.
"""

from heliograph.api.privacy.request_page import page_of

__all__ = ["page_of"]
