"""The pages of Integrations. Agents may look; what changes something is for owners."""

from heliograph.dashboard.entry import POST, of_app
from heliograph.dashboard.integrations import arrival, chooser, invitations, new, one, overview

START = "/apps/{appId}/integrations"
_CHOOSE = f"{START}/choose/{{attemptId}}"
_INVITATIONS = f"{START}/invitations"
_ONE = f"{START}/{{integrationId}}"

ROUTES = [
    of_app(START, overview.show),
    of_app(f"{START}/new", new.show, owner=True),
    of_app(f"{START}/new", new.authenticate, POST, owner=True),
    of_app(f"{START}/token", new.with_token, POST, owner=True),
    of_app(_CHOOSE, chooser.show, owner=True),
    of_app(_CHOOSE, chooser.save, POST, owner=True),
    of_app(f"{_CHOOSE}/anew", chooser.anew, POST, owner=True),
    of_app(f"{_CHOOSE}/start-over", chooser.start_over, POST, owner=True),
    # Before what takes any word for an integration's id.
    of_app(_INVITATIONS, invitations.show, owner=True),
    of_app(_INVITATIONS, invitations.create, POST, owner=True),
    of_app(f"{_INVITATIONS}/new", invitations.new, owner=True),
    of_app(f"{_INVITATIONS}/{{invitationId}}/cancel", invitations.cancel, POST, owner=True),
    of_app(_ONE, one.show),
    of_app(_ONE, one.change, POST, owner=True),
    of_app(f"{_ONE}/reconnect", one.reconnect, POST, owner=True),
    of_app(f"{_ONE}/disconnect", one.disconnect, POST, owner=True),
    of_app(f"{_ONE}/arrival", arrival.follow),
]
