"""Health: what is well and what is not, for each account of an app, with its repair; and the installation itself.

condition  what a report says in a word and in a sentence, pure   queries  what the pages read, and the feeds
overview   all accounts of an app                                 checkup  one account, and "Check now"
house      the installation, for owners                           pieces   what changes on a page that is open
routes     which page is where
"""

from heliograph.dashboard.health.routes import ROUTES
from heliograph.dashboard.sections import Section

SECTION = Section("health", "Health", "/apps/{appId}/health", ROUTES)
