"""The list of an app's integrations."""

from starlette.responses import Response

from heliograph.dashboard import wording
from heliograph.dashboard.frame import Visit
from heliograph.dashboard.integrations import queries
from heliograph.dashboard.integrations.standing import LIVE

wording.say({"disconnected": "Disconnected. Its people and conversations stay."})

_LONGEST_SEARCH = 100


async def show(visit: Visit) -> Response:
    """The page."""
    wanted = " ".join(visit.request.query_params.get("q", "").replace("\0", "").split())[:_LONGEST_SEARCH]
    async with visit.services.database.pool.acquire() as connection:
        listed, of_all = await queries.listed(connection, visit.app.id, wanted)
    return visit.page(
        "integrations/overview.html",
        title="Integrations",
        listed=listed,
        of_all=of_all,
        most=queries.MOST_LISTED,
        wanted=wanted,
        no_account=not wanted and not any(one.kind == LIVE for one in listed),
    )
