"""Pages to connect an account from, under ``/connect``: for people who have no session here, only an invitation.

    invitation ──Authenticate──▶ Meta's dialog ──▶ callback ──▶ chooser ──Save──▶ leaving

``callback`` is where Meta sends everybody back to, members of the dashboard too: it goes on to their chooser.

app         the routes                   services  what the pages work with
invitation  an invitation's page         chooser   the accounts, to choose one
callback    back from Meta's dialog      leaving   the way back to whoever invited, pure
pages       the dead ends, and the end   forms     what was sent, and from where
sheets      how the pages look           words     what they say to people without an installation
"""

from heliograph.connect.app import CONNECT_PATH, create_connect
from heliograph.connect.services import Services

__all__ = ["CONNECT_PATH", "Services", "create_connect"]
