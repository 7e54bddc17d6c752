"""A simulator of Meta's side of Instagram Direct: Graph API, signed webhooks, accounts and people, and a phone to play.

For demos, development and tests. It meets the server over HTTP only. In a test: ``with running() as meta:``.
"""

from heliograph.simulator.app import create_app
from heliograph.simulator.client.link import SimulatorError
from heliograph.simulator.client.meta import Meta
from heliograph.simulator.running import running
from heliograph.simulator.server import serve
from heliograph.simulator.world import World

__all__ = ["Meta", "SimulatorError", "World", "create_app", "running", "serve"]
