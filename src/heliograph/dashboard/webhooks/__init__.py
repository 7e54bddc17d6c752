"""Webhooks: where an app's events are delivered to, and how each delivery went.

pages     the list, and one webhook     changes   adding, editing, removing
fields    a webhook as a form           triggers  the events it can ask for, pure
verdicts  what an attempt means, pure   verify    how a program checks a POST
queries   what the pages read           routes    which page is where
"""

from heliograph.dashboard.sections import Section
from heliograph.dashboard.webhooks.routes import ROUTES

SECTION = Section("webhooks", "Webhooks", "/apps/{appId}/webhooks", ROUTES)
