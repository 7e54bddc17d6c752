"""The simulator as one ASGI application: phone page, control API, media CDN, and the Graph API for everything else."""

from urllib.parse import parse_qs

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from heliograph.simulator.cdn_ranges import serve_range
from heliograph.simulator.control.routes import create_control
from heliograph.simulator.graph import instagram
from heliograph.simulator.graph.flavours import INSTAGRAM_LOGIN, INSTAGRAM_PREFIX
from heliograph.simulator.graph.routes import Graph
from heliograph.simulator.pages import Pages
from heliograph.simulator.world import World

_CONTROL = "/_simulator"
_CDN = "/ig_messaging_cdn/"


class Simulator:
    """Sends each request to the part that answers it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._graph = Graph(world)
        self._instagram = Graph(world, INSTAGRAM_LOGIN, instagram.WORDS, instagram.EDGES)
        self._control = create_control(world)
        self._pages = Pages(world)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or start and stop with the server that carries us."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            self.world.seen_at(_origin(scope))
            await self._route(scope)(scope, receive, send)

    def _route(self, scope: Scope) -> ASGIApp:
        path = scope["path"]
        if page := self._pages.find(scope["method"], path):
            return page
        if path.startswith(_CONTROL + "/"):
            scope["path"] = path.removeprefix(_CONTROL)
            scope["raw_path"] = scope["path"].encode()
            return self._control
        if path in (_CDN, _CDN[:-1]):
            return self._media(scope)
        return self._instagram if path.startswith(f"{INSTAGRAM_PREFIX}/") else self._graph

    def _media(self, scope: Scope) -> ASGIApp:
        query = parse_qs(scope["query_string"].decode("latin-1"))
        asset_id, signature = (query.get(name, [""])[0] for name in ("asset_id", "signature"))
        found = self.world.cdn.fetch(asset_id, signature)
        if isinstance(found, tuple):
            status, reason = found
            return Response(reason, status, media_type="text/plain")
        asked = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"range"), None)
        return serve_range(found, asked)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            event = await receive()
            if event["type"] == "lifespan.startup":
                await self.world.start()
                await send({"type": "lifespan.startup.complete"})
            else:
                await self.world.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return


def _origin(scope: Scope) -> str:
    host = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"host"), "127.0.0.1")
    return f"{scope.get('scheme', 'http')}://{host}"


def create_app(state: World | None = None) -> ASGIApp:
    """The simulator over ``state``, or over an empty world in memory. The lifespan starts and stops the world."""
    return Simulator(state or World())
