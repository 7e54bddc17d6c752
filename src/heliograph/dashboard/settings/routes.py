"""The pages of Settings: all but one's own account, one's apps and App Review are for owners."""

from heliograph.dashboard.entry import POST, of_app, signed_in
from heliograph.dashboard.settings import account, app_pages, facebook_apps, keys, member_pages, review_pages

_APP = "/apps/{appId}/settings"
_FACEBOOK_APP = f"{facebook_apps.PATH}/{{facebookAppId}}"

ROUTES = [
    signed_in("/settings", account.start),
    signed_in("/settings/account", account.show),
    signed_in("/settings/account/name", account.rename, POST),
    signed_in("/settings/account/password", account.change_password, POST),
    signed_in("/settings/account/sign-out-everywhere", account.sign_out_everywhere, POST),
    signed_in("/settings/members", member_pages.show_all, owner=True),
    signed_in("/settings/members", member_pages.invite, POST, owner=True),
    signed_in("/settings/members/new", member_pages.ask, owner=True),
    signed_in("/settings/members/{memberId}", member_pages.show, owner=True),
    signed_in("/settings/members/{memberId}", member_pages.change, POST, owner=True),
    signed_in("/settings/members/{memberId}/link", member_pages.link, POST, owner=True),
    signed_in("/settings/members/{memberId}/disable", member_pages.disable, POST, owner=True),
    signed_in("/settings/members/{memberId}/enable", member_pages.enable, POST, owner=True),
    signed_in("/settings/members/{memberId}/withdraw", member_pages.withdraw, POST, owner=True),
    signed_in("/settings/apps", app_pages.show_all),
    signed_in("/settings/apps", app_pages.create, POST, owner=True),
    signed_in("/settings/apps/new", app_pages.ask, owner=True),
    signed_in("/settings/app-review", review_pages.show_all),
    signed_in("/settings/app-review/{facebookAppId}", review_pages.show),
    signed_in("/settings/app-review/{facebookAppId}/calls", review_pages.make_calls, POST, owner=True),
    signed_in(facebook_apps.PATH, facebook_apps.show_all, owner=True),
    signed_in(facebook_apps.PATH, facebook_apps.add, POST, owner=True),
    signed_in(f"{facebook_apps.PATH}/new", facebook_apps.ask, owner=True),
    signed_in(_FACEBOOK_APP, facebook_apps.show, owner=True),
    signed_in(_FACEBOOK_APP, facebook_apps.change, POST, owner=True),
    signed_in(f"{_FACEBOOK_APP}/secret", facebook_apps.rotate, POST, owner=True),
    signed_in(f"{_FACEBOOK_APP}/remove", facebook_apps.remove, POST, owner=True),
    of_app(_APP, app_pages.show, owner=True),
    of_app(f"{_APP}/name", app_pages.rename, POST, owner=True),
    of_app(f"{_APP}/delete", app_pages.delete, POST, owner=True),
    of_app(f"{_APP}/keys", keys.create, POST, owner=True),
    of_app(f"{_APP}/keys/{{keyId}}/delete", keys.delete, POST, owner=True),
]
