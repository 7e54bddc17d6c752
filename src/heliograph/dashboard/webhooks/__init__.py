"""Webhooks: where an app's events are delivered to, and how each delivery went."""

from heliograph.dashboard.sections import Section
from heliograph.dashboard.webhooks.routes import ROUTES

SECTION = Section("webhooks", "Webhooks", "/apps/{appId}/webhooks", ROUTES)
