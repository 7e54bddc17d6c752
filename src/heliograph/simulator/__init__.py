"""A simulator of Meta's side of Instagram Direct: Graph API, signed webhooks, accounts and people, and a phone to play.

For demos, development and tests. It meets the server over HTTP only.
"""

from heliograph.simulator.app import create_app
from heliograph.simulator.server import serve
from heliograph.simulator.world import World

__all__ = ["World", "create_app", "serve"]
