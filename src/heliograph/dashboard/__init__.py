"""The pages of the people who run this installation, under ``/dashboard``: server-rendered, live by htmx and SSE.

    request ─▶ app (headers, last catch) ─▶ entry (session, origin, token of the form, role, app) ─▶ a section's page
                                                                                                └─▶ visit.page(template)

A section is a sub-package with its own routes, templates and styles, and a row in :mod:`sections`. A page of it is a
function of a :class:`Visit`; nothing is reachable that did not go through :mod:`entry`.
"""

from heliograph.dashboard.app import Dashboard, create_dashboard

__all__ = ["Dashboard", "create_dashboard"]
