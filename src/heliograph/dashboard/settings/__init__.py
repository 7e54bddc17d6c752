"""Settings: the members, the apps and their keys, the Facebook apps, and one's own account.

account        one's own                         member_pages  who may sign in
app_pages      apps                              keys          their keys
facebook_apps  by which accounts are connected   review_pages  App Review
routes         which page is where
"""

from heliograph.dashboard.sections import Section
from heliograph.dashboard.settings.routes import ROUTES

SECTION = Section("settings", "Settings", "/settings", ROUTES, paths=("/apps/{appId}/settings",))
