"""The pages of Health. Agents see and check the accounts of their apps; the installation is for owners."""

from heliograph.dashboard.entry import POST, of_app
from heliograph.dashboard.health import checkup, house, overview

START = "/apps/{appId}/health"
_ONE = f"{START}/{{integrationId}}"

ROUTES = [
    of_app(START, overview.show),
    of_app(f"{START}/live", overview.live),
    of_app(f"{START}/installation", house.show, owner=True),
    of_app(_ONE, checkup.show),
    of_app(f"{_ONE}/live", checkup.live),
    of_app(f"{_ONE}/check", checkup.check, POST),
]
