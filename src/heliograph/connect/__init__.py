"""Pages to connect an account from, under ``/connect``: for people who have no session here, only an invitation.

``callback`` is where Meta sends everybody back to, members of the dashboard too: it goes on to their chooser.
"""

from heliograph.connect.app import CONNECT_PATH, create_connect
from heliograph.connect.services import Services

__all__ = ["CONNECT_PATH", "Services", "create_connect"]
