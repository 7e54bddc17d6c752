"""The pages of Webhooks: members of the app look, owners change. Secrets are the owners' alone."""

from heliograph.dashboard.entry import POST, of_app
from heliograph.dashboard.webhooks import changes, pages

_ALL = "/apps/{appId}/webhooks"
_ONE = f"{_ALL}/{{webhookId}}"

ROUTES = [
    of_app(_ALL, pages.show_all),
    of_app(_ALL, changes.add, POST, owner=True),
    of_app(f"{_ALL}/live", pages.live_all),
    of_app(f"{_ALL}/new", changes.ask, owner=True),
    of_app(_ONE, pages.show),
    of_app(_ONE, changes.change, POST, owner=True),
    of_app(f"{_ONE}/live", pages.live),
    of_app(f"{_ONE}/edit", changes.edit, owner=True),
    of_app(f"{_ONE}/secret", changes.show_secret, POST, owner=True),
    of_app(f"{_ONE}/remove", changes.remove, POST, owner=True),
]
