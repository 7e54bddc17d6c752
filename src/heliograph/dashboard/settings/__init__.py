"""Settings: the members, the apps and their keys, the Facebook apps, and one's own account."""

from heliograph.dashboard.sections import Section
from heliograph.dashboard.settings.routes import ROUTES

SECTION = Section("settings", "Settings", "/settings", ROUTES, paths=("/apps/{appId}/settings",))
